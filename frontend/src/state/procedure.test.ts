import { describe as group, expect, it } from "vitest";
import {
  contradiction,
  describe,
  entryOf,
  faultsOf,
  follow,
  moved,
  PRESETS,
  replaced,
  sameSteps,
  stepsOf,
} from "./procedure";
import { faultOf, GROUPS, isTokenStep, numberOf, STEPS, withKey, withNumber, withoutKey } from "./steps";
import type { Step } from "./wire";

const list = (...steps: Step[]) => steps.map(entryOf);
const T: Step = { kind: "temperature", value: 0.7 };
const P: Step = { kind: "top_p", p: 0.9 };
const K: Step = { kind: "top_k", k: 40 };

group("the procedure's steps", () => {
  it("are sent in their order, without those that are off", () => {
    const entries = list(T, P, K);
    expect(stepsOf(entries)).toEqual([T, P, K]);
    expect(stepsOf(replaced(entries, entries[1]!.id, { on: false }))).toEqual([T, K]);
  });

  it("can be put in another order", () => {
    const entries = list(T, P, K);
    expect(stepsOf(moved(entries, 0, 1))).toEqual([P, T, K]);
    expect(stepsOf(moved(entries, 2, 0))).toEqual([K, T, P]);
    expect(stepsOf(moved(entries, 0, 2))).toEqual([P, K, T]);
    expect(moved(entries, 1, 1).map(({ id }) => id)).toEqual(entries.map(({ id }) => id));
  });

  it("follow what the tree has: the same entries where it agrees, what is off in its place", () => {
    const entries = list(T, P);
    expect(follow(entries, [T, P])).toBe(entries);
    const off = replaced(entries, entries[0]!.id, { on: false });
    expect(follow(off, [P])).toBe(off);
    const after = follow(off, [K]);
    expect(after.map(({ step, on }) => [step.kind, on])).toEqual([["temperature", false], ["top_k", true]]);
  });

  it("keep their identity when only a number has changed elsewhere", () => {
    const entries = list(T, P);
    const after = follow(entries, [{ kind: "temperature", value: 2 }, P]);
    expect(after.map(({ id }) => id)).toEqual(entries.map(({ id }) => id));
  });

  it("are all offered, each once, and begin as something that makes sense", () => {
    const offered = GROUPS.flatMap(({ kinds }) => kinds);
    expect([...offered].sort()).toEqual(Object.keys(STEPS).sort());
    for (const kind of offered) {
      const { first } = STEPS[kind];
      expect(first.kind).toBe(kind);
      if (kind !== "force") expect(faultOf(first)).toBeNull();
      if (!isTokenStep(first)) expect(withNumber(first, numberOf(first))).toEqual(first);
    }
    for (const { steps } of PRESETS) expect(faultsOf(list(...steps)).size).toBe(0);
  });

  it.each<[Step, RegExp | null]>([
    [{ kind: "temperature", value: -1 }, /Temperature is 0, or/],
    [{ kind: "temperature", value: 0.001 }, /Temperature is 0, or/],
    [{ kind: "temperature", value: 0 }, null],
    [{ kind: "temperature", value: Number.NaN }, /takes a number/],
    [{ kind: "top_k", k: 0 }, /1 or more/],
    [{ kind: "top_k", k: 1.5 }, /whole number/],
    [{ kind: "top_p", p: 0 }, /above 0, up to 1/],
    [{ kind: "top_p", p: 1 }, null],
    [{ kind: "min_p", p: 2 }, /between 0 and 1/],
    [{ kind: "epsilon", epsilon: 1 }, /above 0 and below 1/],
    [{ kind: "repetition", penalty: 0 }, /between 0.01 and 100/],
    [{ kind: "presence", penalty: -101 }, /between −100 and 100/],
    [{ kind: "no_repeat", n: 65 }, /between 1 and 64/],
    [{ kind: "force", keys: [] }, /needs a token/],
    [{ kind: "bias", biases: [{ key: 3, nats: 200 }] }, /between −100 and 100/],
  ])("say in a sentence what is wrong: %j", (step, says) => {
    if (says === null) expect(faultOf(step)).toBeNull();
    else expect(faultOf(step)).toMatch(says);
  });

  it("are not held to be wrong while they are off", () => {
    const entries = list({ kind: "top_p", p: 7 });
    expect(faultsOf(entries).size).toBe(1);
    expect(faultsOf(replaced(entries, entries[0]!.id, { on: false })).size).toBe(0);
  });

  it("name each other when they contradict", () => {
    const clash = list({ kind: "force", keys: [1, 2] }, T, { kind: "forbid", keys: [1, 2, 3] });
    expect(contradiction(clash)).toMatch(/Steps 1 \(forced tokens\) and 3 \(forbidden tokens\) contradict/);
    expect(contradiction(list({ kind: "force", keys: [1] }, { kind: "force", keys: [2] }))).toMatch(/contradict/);
    expect(contradiction(list({ kind: "force", keys: [1, 2] }, { kind: "forbid", keys: [1] }))).toBeNull();
    const hot: Step = { kind: "temperature", value: 50 };
    expect(contradiction(list(hot, hot))).toMatch(/together/);
    expect(contradiction(list(...Array.from({ length: 17 }, () => K)))).toMatch(/at most 16/);
  });

  it("hold each token once, in the order in which the server keeps them", () => {
    const step = withKey(withKey(withKey({ kind: "forbid", keys: [] }, 9), 2), 9);
    expect(step).toEqual({ kind: "forbid", keys: [2, 9] });
    expect(withoutKey(step, 2)).toEqual({ kind: "forbid", keys: [9] });
    const bias = withKey({ kind: "bias", biases: [{ key: 5, nats: -2 }] }, 1);
    expect(bias).toEqual({ kind: "bias", biases: [{ key: 1, nats: 1 }, { key: 5, nats: -2 }] });
  });

  it("read as one line", () => {
    expect(describe([T, { kind: "forbid", keys: [1] }])).toBe("temperature 0.7 → forbid 1 token");
    expect(describe([{ kind: "temperature", value: 0 }])).toBe("greedy");
    expect(describe([])).toBe("the rule itself");
    expect(sameSteps([T, P], [P, T])).toBe(false);
  });
});
