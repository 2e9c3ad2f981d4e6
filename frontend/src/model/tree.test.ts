import { describe, expect, it } from "vitest";
import { ToyTree } from "./toy";
import { RULE } from "./weighting";

const fair = (): ToyTree => new ToyTree(() => [0.5, 0.3, 0.2]);

describe("a tree", () => {
  it("begins as its root, waiting to be expanded", () => {
    const { model } = fair();
    expect(model.size).toBe(1);
    expect(model.candidates(0)).toBeNull();
    expect(model.isExpanded(0)).toBe(false);
    expect(model.isTerminal(0)).toBe(false);
    expect(model.entropy(0)).toBeNaN();
  });

  it("stores candidates most probable first, and ranks children among them", () => {
    const toy = new ToyTree(() => [0.2, 0.5, 0.3]);
    toy.expand(0);
    const node = toy.child(0, 0);
    expect([...toy.model.candidates(0)!.keys]).toEqual([1, 2, 0]);
    expect(toy.model.rank[node]).toBe(2);
    expect(toy.model.cumLogProb[node]).toBeCloseTo(Math.log(0.2), 6);
    expect(toy.model.path(node)).toEqual([0, node]);
  });

  it("knows no children of a state that was never added, however far off its number is", () => {
    const toy = new ToyTree(() => [0.5, 0.5]);
    toy.growTo(2);
    for (const node of [toy.model.size, 1_000_000]) {
      toy.model.eachChild(node, (child) => expect.unreachable(`${child} is no child`));
      expect(() => toy.model.path(node)).toThrow("no state");
    }
  });

  it("ranks children that were there before their parent was expanded", () => {
    const toy = fair();
    const node = toy.child(0, 2);
    toy.expand(0);
    expect(toy.model.rank[node]).toBe(2);
  });

  it("lists children most probable first, whatever order they came in", () => {
    const toy = fair();
    toy.expand(0);
    const [c, a] = [toy.child(0, 2), toy.child(0, 0)];
    expect(toy.model.children(0)).toEqual([a, c]);
    expect(toy.model.childOf(0, 1)).toBe(-1);
  });

  it("grows to thousands of nodes and keeps every one", () => {
    const toy = fair();
    toy.growTo(7);
    expect(toy.model.size).toBe((3 ** 8 - 1) / 2);
    expect(toy.model.depth[toy.model.size - 1]).toBe(7);
    const last = toy.model.path(toy.model.size - 1).map((node) => toy.model.key[node]);
    expect(last).toEqual([0, 2, 2, 2, 2, 2, 2, 2]);
  });

  it("hides and shows nodes and expansions", () => {
    const toy = fair();
    toy.expand(0);
    const node = toy.child(0, 0);
    toy.event("hide", {}, { hidden_node: Uint32Array.of(node), hidden_expansion: Uint32Array.of(0) });
    expect(toy.model.has(node)).toBe(false);
    expect(toy.model.children(0)).toEqual([]);
    expect(toy.model.candidates(0)).toBeNull();
    toy.event("show", {}, { shown_node: Uint32Array.of(node), shown_expansion: Uint32Array.of(0) });
    expect(toy.model.children(0)).toEqual([node]);
    expect(toy.model.candidates(0)!.count).toBe(3);
  });

  it("shows a hidden expansion again when it is expanded again, without doubling it", () => {
    const toy = fair();
    toy.expand(0);
    toy.event("hide", {}, { hidden_expansion: Uint32Array.of(0) });
    toy.expand(0);
    expect(toy.model.candidates(0)!.count).toBe(3);
    expect(toy.model.expansions).toBe(1);
  });

  it("keeps inner cuts when the outer one is restored", () => {
    const toy = fair();
    toy.growTo(2);
    const outer = toy.model.childOf(0, 0);
    const inner = toy.model.childOf(outer, 1);
    toy.event("prune", { node: inner });
    toy.event("prune", { node: outer });
    expect(toy.model.underCut(toy.model.childOf(outer, 0))).toBe(true);
    toy.event("restore", { node: outer });
    expect(toy.model.isCut(inner)).toBe(true);
    expect(toy.model.underCut(toy.model.childOf(outer, 0))).toBe(false);
  });

  it("ends at end tokens, at length L, and where nothing applies", () => {
    const toy = new ToyTree((keys) => (keys.length === 1 ? [] : [0.5, 0.5]), {
      shape: { endKeys: [1], promptLength: 3, maxLength: 5 },
    });
    toy.expand(0);
    const [open, end] = [toy.child(0, 0), toy.child(0, 1)];
    expect(toy.model.isTerminal(end)).toBe(true);
    expect(toy.model.isTerminal(open)).toBe(false);
    expect(toy.model.endsAt(open, 0)).toBe(true);
    toy.expand(open);
    expect(toy.model.isTerminal(open)).toBe(true);
  });

  it("ignores an event that it has already applied", () => {
    const toy = fair();
    toy.event("rename", { name: "one" });
    const { seq, version } = toy.model;
    toy.model.applyFrame(
      {
        type: "event",
        seq,
        kind: "rename",
        at: 0,
        by: "",
        change: "",
        payload: { name: "two" },
        ledger: toy.model.ledger,
      },
      {},
    );
    expect(toy.model.name).toBe("one");
    expect(toy.model.version).toBe(version);
  });

  it("weighs states under a procedure only where the log says so", () => {
    const toy = fair();
    toy.expand(0);
    toy.weigh([{ kind: "temperature", value: 0.5 }], "cold", 2);
    const node = toy.child(0, 0);
    toy.expand(node);
    const cold = toy.model.weightingFor("cold", [{ kind: "temperature", value: 0.5 }]);
    expect(cold.beta).toBe(2);
    expect(cold.weightsAt(0)!.logZ).toBeCloseTo(Math.log(0.25 + 0.09 + 0.04), 6);
    expect(cold.weightsAt(node)).toBeNull();
    expect(toy.model.weightingFor(RULE, []).weightsAt(node)).not.toBeNull();
  });

  it("takes its default procedure from the log", () => {
    const toy = fair();
    toy.event("procedure", { procedure: [{ kind: "top_k", k: 2 }], fingerprint: "k2" });
    expect(toy.model.fingerprint).toBe("k2");
    expect(toy.model.procedure).toEqual([{ kind: "top_k", k: 2 }]);
  });
});
