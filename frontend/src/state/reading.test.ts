import { describe, expect, it } from "vitest";
import { ToyTree } from "../model/toy";
import { mostProbableEnd, pageEnd } from "./onward";
import { forkAt, isOpenFork, siblingsOf, stateAt, stepOf, trajectoryTo } from "./reading";

/** Three next states everywhere, 0.5, 0.3 and 0.2, grown to depth 3. */
function grown(): ToyTree {
  const toy = new ToyTree(() => [0.5, 0.3, 0.2]);
  toy.growTo(3);
  return toy;
}
const { ruleWeighting: rule } = grown().model;

describe("the page of a state", () => {
  it("goes on along what is most probable and grown", () => {
    const { model } = grown();
    const second = model.childOf(0, 1);
    const end = pageEnd(model, model.ruleWeighting, { node: second }, null, null);
    const page = trajectoryTo(model, end);
    expect(page.keys).toEqual([1, 0, 0]);
    expect(page.stop).toBe("open");
    expect(stepOf(model, page, { node: second })).toBe(1);
    expect(stateAt(page, 0)).toEqual({ node: 0 });
  });

  it("is walked no further than is asked for", () => {
    const { model } = grown();
    const end = pageEnd(model, model.ruleWeighting, { node: model.childOf(0, 1) }, null, null, 1);
    expect(trajectoryTo(model, end).keys).toEqual([1, 0]);
  });

  it("stays while one walks along it, and turns when one steps aside", () => {
    const { model } = grown();
    const path = [1, 2, 0].reduce((node, key) => model.childOf(node, key), 0);
    const open = pageEnd(model, model.ruleWeighting, { node: path }, null, null);
    const back = pageEnd(model, model.ruleWeighting, { node: model.parent[path]! }, open, null);
    expect(back).toEqual(open);
    const aside = { node: model.childOf(0, 2) };
    const turned = trajectoryTo(model, pageEnd(model, model.ruleWeighting, aside, open, null));
    expect(turned.keys).toEqual([2, 0, 0]);
  });

  it("follows what grows at its end, and a candidate that becomes a state", () => {
    const toy = new ToyTree(() => [0.6, 0.4]);
    const { model } = toy;
    toy.expand(0);
    const candidate = { node: 0, key: 1 };
    let open = pageEnd(model, model.ruleWeighting, candidate, null, null);
    expect(trajectoryTo(model, open)).toEqual({ nodes: [-1], keys: [1], stop: "candidate" });
    const child = toy.child(0, 1);
    expect(stepOf(model, trajectoryTo(model, open), candidate)).toBe(1);
    toy.expand(child);
    const below = toy.child(child, 0);
    open = pageEnd(model, model.ruleWeighting, { node: child }, open, null);
    expect(open).toEqual({ node: below });
  });

  it("prefers the world of a line that passes", () => {
    const { model } = grown();
    const end = [0, 1, 2].reduce((node, key) => model.childOf(node, key), 0);
    const along = pageEnd(model, model.ruleWeighting, { node: model.childOf(0, 0) }, null, { node: end });
    expect(trajectoryTo(model, along).keys).toEqual([0, 1, 2]);
    const other = pageEnd(model, model.ruleWeighting, { node: model.childOf(0, 1) }, null, { node: end });
    expect(trajectoryTo(model, other).keys).toEqual([1, 0, 0]);
  });

  it("follows the procedure where that turns the order round, and shuns what is pruned", () => {
    const toy = grown();
    const { model } = toy;
    toy.weighOwn([{ kind: "repetition", penalty: 2 }], "own", () => [0.1, 0.2, 0.7]);
    const own = model.weightingFor("own", [{ kind: "repetition", penalty: 2 }]);
    expect(trajectoryTo(model, { node: mostProbableEnd(model, own, 0) }).keys).toEqual([2, 2, 2]);
    toy.event("prune", { node: model.childOf(0, 0) });
    expect(model.key[model.path(mostProbableEnd(model, model.ruleWeighting, 0))[1]!]).toBe(1);
    const cut = trajectoryTo(model, { node: model.childOf(0, 0) });
    expect(cut.stop).toBe("pruned");
  });
});

describe("what else could have come", () => {
  it("is every known next state in order, with its probabilities and its way on", () => {
    const { model } = grown();
    const node = model.childOf(0, 1);
    const fork = forkAt(model, model.ruleWeighting, { node })!;
    expect(fork.rows.map(({ key }) => key)).toEqual([0, 1, 2]);
    expect(fork.rows.map(({ isHere }) => isHere)).toEqual([false, true, false]);
    expect(fork.rows.map(({ logProb }) => Math.exp(logProb))).toEqual([
      expect.closeTo(0.5, 6),
      expect.closeTo(0.3, 6),
      expect.closeTo(0.2, 6),
    ]);
    expect(fork.rows[0]!.after).toBe(" a a");
    expect(fork.rest).toBe(0);
    expect(forkAt(model, model.ruleWeighting, { node: 0 })).toBeNull();
    expect(siblingsOf(model, 0, node)).toBe(2);
  });

  describe("of many", () => {
    const many = Array.from({ length: 40 }, (_, i) => (40 - i) / 820);
    const toy = new ToyTree(() => many);
    toy.expand(0);
    const at = (key: number, whole = false) => forkAt(toy.model, rule, { node: 0, key }, whole)!;
    const keysOf = (fork: ReturnType<typeof at>) => fork.rows.map(({ key }) => key);

    it("shows the most probable ones, and the one that is here between its neighbours", () => {
      const fork = at(20);
      expect(keysOf(fork)).toEqual([0, 1, 2, 3, 18, 19, 20, 21, 22]);
      expect(fork.rows.find(({ isHere }) => isHere)).toMatchObject({ key: 20, isGrown: false });
      expect(fork.gap).toMatchObject({ at: 4, count: 14 });
      expect(fork.beyond).toBe(17);
      const shown = fork.rows.reduce((sum, { logProb }) => sum + Math.exp(logProb), 0);
      expect(shown + fork.gap!.share + fork.rest).toBeCloseTo(1, 6);
    });

    it("shows what is left out between them when somebody asks for it", () => {
      const fork = at(20, true);
      expect(keysOf(fork)).toEqual(Array.from({ length: 23 }, (_, i) => i));
      expect(fork.gap).toBeNull();
      expect(fork.rest).toBeCloseTo(at(20).rest, 6);
    });

    it.each([0, 3, 5, 6, 7, 8, 9, 38, 39])("counts every one once, and has the one that is here: %i", (key) => {
      const fork = at(key);
      const keys = keysOf(fork);
      expect(keys).toContain(key);
      expect(keys.slice(0, 4)).toEqual([0, 1, 2, 3]);
      expect(keys).toEqual([...new Set(keys)].sort((a, b) => a - b));
      expect(keys.length + (fork.gap?.count ?? 0) + fork.beyond).toBe(40);
      expect(fork.gap?.count).not.toBe(1);
      if (key > 0) expect(keys).toContain(key - 1);
      if (key < 39) expect(keys).toContain(key + 1);
    });
  });

  it("is marked where much was possible", () => {
    const toy = new ToyTree((keys) => (keys.length === 0 ? [0.25, 0.25, 0.25, 0.25] : [0.99, 0.01]));
    toy.growTo(2);
    expect(isOpenFork(toy.model, 0, 2)).toBe(true);
    expect(isOpenFork(toy.model, toy.model.childOf(0, 0), 2)).toBe(false);
  });
});
