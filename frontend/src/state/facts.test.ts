import { ToyTree } from "../model/toy";
import { describe, expect, it } from "vitest";
import { TreeModel } from "../model/tree";
import { factsOf, nextStatesOf, passes, readingAfter, readingOf } from "./facts";

const TEXTS = ["a", "b", "c", "d"];
const P = [0.5, 0.25, 0.125, 0.125];

/** A prompt whose four next states are ½ a, ¼ b, ⅛ c, ⅛ d; a and d are grown, a is expanded too. */
function tree(): TreeModel {
  const model = new TreeModel({
    kind: "appending",
    endKeys: [3],
    alphabetSize: 4,
    promptLength: 1,
    maxLength: 9,
  });
  const logs = P.map(Math.log);
  model.applyFrame(
    {
      type: "event",
      seq: 1,
      kind: "grow",
      at: 0,
      by: "me",
      change: "c1",
      payload: { first_node: 1 },
      ledger: { terminal: 0, frontier: 1, residual: 0, pruned: 0 },
    },
    {
      node_parent: Uint32Array.of(0, 0, 1),
      node_key: Uint32Array.of(0, 3, 1),
      node_log_prob: Float32Array.of(logs[0]!, logs[3]!, logs[1]!),
      expanded_node: Uint32Array.of(0, 1),
      expanded_log_sum_exp: Float32Array.of(0, 0),
      expanded_entropy: Float32Array.of(1.75, 1.75),
      expanded_count: Uint32Array.of(4, 4),
      expanded_complete: Uint8Array.of(1, 1),
      candidate_key: Uint32Array.of(0, 1, 2, 3, 0, 1, 2, 3),
      candidate_log_prob: Float32Array.of(...logs, ...logs),
      symbol_key: Uint32Array.of(0, 1, 2, 3),
      symbol_length: Uint32Array.of(1, 1, 1, 1),
      symbol_bytes: Uint8Array.of(...TEXTS.map((text) => text.charCodeAt(0))),
    },
  );
  return model;
}

/** The same prompt under a rule that tells a and b only. */
function partial(): TreeModel {
  const model = tree();
  const told = new TreeModel(model.shape);
  told.applyFrame(
    {
      type: "event",
      seq: 1,
      kind: "grow",
      at: 0,
      by: "me",
      change: "c1",
      payload: { first_node: 1 },
      ledger: { terminal: 0, frontier: 0, residual: 1, pruned: 0 },
    },
    {
      expanded_node: Uint32Array.of(0),
      expanded_log_sum_exp: Float32Array.of(NaN),
      expanded_entropy: Float32Array.of(NaN),
      expanded_told: Float64Array.of(0.75),
      expanded_count: Uint32Array.of(2),
      expanded_complete: Uint8Array.of(0),
      candidate_key: Uint32Array.of(0, 1),
      candidate_log_prob: Float32Array.of(Math.log(0.5), Math.log(0.25)),
      symbol_key: Uint32Array.of(0, 1),
      symbol_length: Uint32Array.of(1, 1),
      symbol_bytes: Uint8Array.of(97, 98),
    },
  );
  return told;
}

function prune(model: TreeModel, node: number): void {
  model.applyFrame(
    {
      type: "event",
      seq: model.seq + 1,
      kind: "prune",
      at: 0,
      by: "me",
      change: "c2",
      payload: { node },
      ledger: model.ledger,
    },
    {},
  );
}

describe("what is known of a state", () => {
  it("sums log-probabilities from the prompt", () => {
    const model = tree();
    const facts = factsOf(model, model.ruleWeighting, { node: 3 });
    expect(facts).toMatchObject({ step: 2, text: "b", status: "frontier", cut: null });
    expect(facts.logProb).toBeCloseTo(Math.log(0.125), 5);
    expect(facts.logProbProcedure).toBeCloseTo(Math.log(0.125), 5);
  });

  it("tells a candidate from a state", () => {
    const model = tree();
    const facts = factsOf(model, model.ruleWeighting, { node: 1, key: 2 });
    expect(facts).toMatchObject({ step: 2, text: "c", status: "candidate" });
    expect(facts.logProb).toBeCloseTo(Math.log(0.0625), 5);
  });

  it("knows an end, and what lies under a cut", () => {
    const model = tree();
    expect(factsOf(model, model.ruleWeighting, { node: 2 }).status).toBe("terminal");
    prune(model, 1);
    expect(factsOf(model, model.ruleWeighting, { node: 3 })).toMatchObject({
      status: "pruned",
      cut: 1,
    });
  });
});

describe("what comes next", () => {
  it("lists the leading states and an exact rest", () => {
    const model = tree();
    const next = nextStatesOf(model, model.ruleWeighting, 1, 2);
    expect(next?.rows.map(({ text }) => text)).toEqual(["a", "b"]);
    expect(next?.restP).toBeCloseTo(0.25, 6);
    expect(next?.rows.map(({ child }) => child)).toEqual([-1, 3]);
  });

  it("lists grown states that are not among the leading", () => {
    const model = tree();
    const next = nextStatesOf(model, model.ruleWeighting, 0, 2);
    expect(next?.rows.map(({ text, extra }) => [text, extra])).toEqual([
      ["a", false],
      ["b", false],
      ["d", true],
    ]);
    expect(next?.restP).toBeCloseTo(0.125, 6);
  });

  it("has no rest when everything is listed, and is not known before an expansion", () => {
    const model = tree();
    expect(nextStatesOf(model, model.ruleWeighting, 0, 12)?.restP).toBe(0);
    expect(nextStatesOf(model, model.ruleWeighting, 3, 12)).toBeNull();
  });
});

describe("reading", () => {
  it("goes token by token, and on along a line", () => {
    const model = tree();
    expect(readingOf(model, { node: 3 }).map(({ text }) => text)).toEqual(["a", "b"]);
    const ahead = readingAfter(model, { node: 1 }, { node: 1, key: 2 });
    expect(ahead.map(({ text }) => text)).toEqual(["c"]);
    expect(passes(model, { node: 1 }, { node: 3 })).toBe(true);
    expect(passes(model, { node: 0, key: 0 }, { node: 3 })).toBe(true);
    expect(passes(model, { node: 2 }, { node: 3 })).toBe(false);
  });

  it("has nothing to read of a state that is not there", () => {
    const model = tree();
    expect(readingOf(model, { node: model.size })).toEqual([]);
    expect(() => model.path(model.size)).toThrow("no state");
  });
});

describe("a rule that tells only a part", () => {
  it("parts what is not told from what is not listed, and bounds the entropy", () => {
    const model = partial();
    const next = nextStatesOf(model, model.ruleWeighting, 0, 1)!;
    expect(next.restP).toBeCloseTo(0.5, 6);
    expect(next.untold).toBe(0.25);
    expect(next.entropy).toBeNaN();
    expect(next.leastEntropy).toBeCloseTo(1.5, 6);
    expect(factsOf(model, model.ruleWeighting, { node: 0 }).untold).toBe(0.25);
  });

  it("knows where a procedure needs more than is told", () => {
    const model = partial();
    const hot = [{ kind: "temperature", value: 2 }] as const;
    const header = { type: "event", seq: 2, kind: "weigh", at: 0, by: "me", change: "c2" } as const;
    const payload = { procedure: hot, fingerprint: "hot" };
    model.applyFrame(
      { ...header, payload, ledger: model.ledger },
      { weight_untold_node: Uint32Array.of(0) },
    );
    const facts = factsOf(model, model.weightingFor("hot", hot), { node: 0, key: 1 });
    expect(facts.unweighable).toBe(true);
    expect(facts.logProbProcedure).toBeNull();
    expect(factsOf(model, model.ruleWeighting, { node: 0, key: 1 }).unweighable).toBe(false);
  });
});

describe("next states under a procedure with an order of its own", () => {
  const STEPS = [{ kind: "typical" as const, p: 0.9 }];

  it("list what leads under it beside what leads under the rule, and bound what is not stored", () => {
    const toy = new ToyTree(() => [0.5, 0.3, 0.1, 0.06, 0.04]);
    toy.expand(0);
    toy.weighOwn(STEPS, "own", () => [0.05, 0.1, 0.15, 0.2, 0.5], 3);
    const next = nextStatesOf(toy.model, toy.model.weightingFor("own", STEPS), 0, 2)!;
    expect(next.rows.map(({ key, extra }) => [key, extra])).toEqual([
      [0, false],
      [1, false],
      [4, true],
      [3, true],
    ]);
    expect(next.rows.map(({ q }) => (q === null ? null : Number(q.toFixed(3))))).toEqual([
      null, null, 0.5, 0.2,
    ]);
    expect(next.rows[0]!.mostQ).toBeCloseTo(0.15, 5);
    expect(next.restQ).toBeCloseTo(0.3, 5);
    expect(next.restP).toBeCloseTo(0.1, 5);
  });
});
