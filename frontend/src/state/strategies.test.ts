import { describe, expect, it } from "vitest";
import { STOPS, stopFault, stopOf, stopsFor } from "./stops";
import { faultOf, firstValues, mostStates, STRATEGIES, strategyOf } from "./strategies";

const WORLDS = { lines: 38, steps: 27, offset: 0.5, seed: 3, conditioned: false };
const named = (kind: string) => STRATEGIES.find((info) => info.kind === kind)!;

describe("a growth strategy", () => {
  it.each(STRATEGIES)("$kind starts from values that make sense", (info) => {
    const values = firstValues(info);
    for (const parameter of info.parameters) {
      expect(faultOf(parameter, values[parameter.name] ?? Number.NaN)).toBeNull();
    }
    expect(strategyOf(info.kind, values, WORLDS, 0).kind).toBe(info.kind);
    expect(mostStates(info.kind, values) ?? 0).toBeLessThanOrEqual(4096);
  });

  it.each(STRATEGIES)("$kind says what it does and what it guarantees, a sentence each", (info) => {
    for (const text of [info.says, info.guarantee]) expect(text).toMatch(/^[A-Z].*[.]$/);
  });

  it("takes the size of worlds from the view", () => {
    expect(strategyOf("worlds", {}, WORLDS, 9)).toEqual({ kind: "worlds", lo: 0, hi: 1, origin: 0, ...WORLDS });
  });

  it("has a seed where it draws at random, and none where it does not", () => {
    for (const info of STRATEGIES) {
      const sent = strategyOf(info.kind, firstValues(info), WORLDS, 9);
      expect("seed" in sent).toBe(info.random);
      if (info.random && info.kind !== "worlds") expect(sent).toMatchObject({ seed: 9 });
    }
  });

  it("knows how many states it may evaluate at most", () => {
    expect(mostStates("breadth", { k: 2, depth: 3 })).toBe(7);
    expect(mostStates("breadth", { k: 1, depth: 5 })).toBe(5);
    expect(mostStates("ancestral", { rollouts: 8, steps: 4 })).toBe(32);
    expect(mostStates("greedy", { steps: 64 })).toBe(64);
    expect(mostStates("beam", { k: 10, steps: 5 })).toBe(41);
    expect(mostStates("stochastic_beam", { k: 8, steps: 10 })).toBe(82);
    expect(mostStates("best_first", { states: 4 })).toBeNull();
  });

  it("evaluates fewer where a stop keeps it from going deeper", () => {
    expect(mostStates("beam", { k: 100, steps: 1000 }, 2)).toBe(201);
    expect(mostStates("breadth", { k: 64, depth: 64 }, 1)).toBe(65);
    expect(mostStates("greedy", { steps: 4 }, 100)).toBe(4);
  });

  it("says in a sentence what is wrong", () => {
    const parameter = (kind: string, name: string) =>
      named(kind).parameters.find((p) => p.name === name)!;
    expect(faultOf(parameter("breadth", "k"), 0)).toMatch(/between 1 and/);
    expect(faultOf(parameter("breadth", "k"), 2.5)).toMatch(/whole number/);
    expect(faultOf(parameter("mass", "epsilon"), 0)).toMatch(/above 0/);
    expect(faultOf(parameter("mass", "epsilon"), 2)).toMatch(/between 0 and 1/);
    expect(faultOf(parameter("best_first", "states"), Number.NaN)).toMatch(/is a number/);
  });
});

describe("a stop", () => {
  const best = named("best_first");
  const rollouts = named("ancestral");

  it("sends what is switched on, and nothing for nothing", () => {
    expect(stopOf(best, {})).toBeNull();
    expect(stopOf(best, { depth: 4, resolved: 0.9 })).toEqual({ ended: null, depth: 4, resolved: 0.9 });
  });

  it("never looks at what a random growth has found", () => {
    expect(stopsFor(rollouts).map(({ name }) => name)).toEqual(["depth"]);
    expect(stopOf(rollouts, { ended: 3, resolved: 0.5 })).toBeNull();
    expect(stopsFor(best)).toEqual(STOPS);
  });

  it("says in a sentence what is wrong with it", () => {
    expect(stopFault(best, { depth: 0 })).toMatch(/Depth lies between 1/);
    expect(stopFault(best, { resolved: 0 })).toMatch(/above 0/);
    expect(stopFault(best, { ended: Number.NaN })).toMatch(/is a number/);
    expect(stopFault(rollouts, { ended: Number.NaN })).toBeNull();
    expect(stopFault(best, { depth: 3, ended: 2, resolved: 1 })).toBeNull();
  });
});
