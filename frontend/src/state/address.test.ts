import { describe, expect, it } from "vitest";
import { FIRST_VIEW, readPlace, readView, comparePath, treePath, writeView, type ViewAddress } from "./address";

const REF = "tAbCdEfGhIjKlMnOpQrStUv";

describe("a view in the address", () => {
  it("comes back as it was", () => {
    const view: ViewAddress = {
      kind: "read",
      anchor: 17,
      window: { lo: 0.1234567890123456, hi: 0.12345678901234999 + 5e-7, home: 12 },
      selected: 230,
      seed: 5,
      heights: "rule",
      conditioned: true,
      colour: "surprisal",
      lines: 38,
      multiway: { by: "last", k: 3, layout: "force", spacetime: true },
      sought: { text: "a & b=#%\\+\n é🌍?", isExpression: true, matchCase: true },
      filter: { least: "0.5", unit: "bits", from: "2", to: "17" },
    };
    expect(readView(writeView(view))).toEqual(view);
  });

  it("is empty for the first view", () => expect(writeView(FIRST_VIEW)).toBe(""));

  it.each(["?z=-3", "?z=banana", "?s=99999999999", "?heights=tall", "?v=9&z=4", "?%%%", "?seed=1e9", "?lines=0", "?lines=100000", "?lo=0.5&hi=0.5", "?lo=0.2", "?lo=-1&hi=2", "?lo=x&hi=1", "?mw=last9", "?mw=banana", "?mw=last", "?q=", "?q=(&qre=1", `?q=${"x".repeat(201)}`, "?qre=1", "?least=120", "?least=banana", "?bits=-1", "?from=5&to=2", "?to=1e3", "?least=1&to=x", `?least=0.${"1".repeat(40)}`])(
    "that makes no sense (%s) still opens the tree",
    (search) => expect(readView(search)).toEqual(FIRST_VIEW),
  );

  it("keeps a search for what is no expression, and a filter without one", () => {
    const sought = { text: "(", isExpression: false, matchCase: false };
    expect(readView("?q=(")).toEqual({ ...FIRST_VIEW, sought });
    const filter = { least: "2", unit: "percent", from: "", to: "" };
    expect(readView("?least=2&q=*&qre=1")).toEqual({ ...FIRST_VIEW, filter });
  });

  it("keeps what it can read", () => {
    expect(readView("?v=1&z=4&colour=mauve")).toEqual({ ...FIRST_VIEW, anchor: 4 });
  });
});

describe("an address", () => {
  it("leads home", () => expect(readPlace("/", "")).toEqual({ page: "home" }));
  it("leads to a tree", () => {
    expect(readPlace(treePath(REF), "")).toEqual({ page: "tree", ref: REF, invitation: null });
  });
  it("carries an invitation in its fragment only", () => {
    expect(readPlace(`/t/${REF}`, "#edit=s3cret_-x")).toEqual({
      page: "tree",
      ref: REF,
      invitation: "s3cret_-x",
    });
  });
  it("leads to a recovery", () => {
    expect(readPlace("/recover", "#abc")).toEqual({ page: "recover", secret: "abc" });
  });
  it("leads to two trees side by side", () => {
    const other = `f${REF.slice(1)}`;
    expect(readPlace(comparePath(REF, other), "")).toEqual({ page: "compare", a: REF, b: other });
    expect(readPlace(`/compare/${REF}`, "")).toEqual({ page: "nowhere" });
  });
  it("may lead nowhere", () => {
    expect(readPlace("/t/", "")).toEqual({ page: "nowhere" });
    expect(readPlace("/etc/passwd", "")).toEqual({ page: "nowhere" });
  });
});
