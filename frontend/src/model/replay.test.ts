import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EventHeader } from "../base/headers";
import { bytesOf, copied } from "./copying";
import { Replay, type LoggedEvent } from "./replay";
import { ToyTree } from "./toy";
import { TreeModel, type TreeShape } from "./tree";
import { RULE } from "./weighting";

const SHAPE: TreeShape = {
  kind: "appending", endKeys: [3], alphabetSize: 4, promptLength: 1, maxLength: 40,
};
const COLD = [{ kind: "temperature", value: 0.5 }] as const;
const OWN = [{ kind: "repetition", penalty: 2 }] as const;

/** A tree that writes down its log. */
class Logged extends ToyTree {
  readonly log: LoggedEvent[] = [];

  constructor() {
    super(() => [0.4, 0.3, 0.2, 0.1], { shape: SHAPE });
    const apply = this.model.applyFrame.bind(this.model);
    this.model.applyFrame = (header, columns) => {
      if (header.type === "event") this.log.push({ header, columns });
      apply(header, columns);
    };
  }
}

type Act = readonly [number, number];

/** A tree that people worked on: `acts` choose what and where. */
function worked(acts: readonly Act[]): LoggedEvent[] {
  const toy = new Logged();
  const { model } = toy;
  toy.expand(0);
  const undone: number[] = [];
  for (const [what, place] of acts) {
    const node = place % model.size;
    switch (what % 10) {
      case 0: case 1: case 2:
        if (!model.isHidden(node) && !model.isTerminal(node)) toy.expand(node);
        break;
      case 3: case 4: case 5:
        if (model.candidates(node) !== null) toy.child(node, place % 4);
        break;
      case 6:
        toy.event(model.isCut(node) ? "restore" : "prune", { node });
        break;
      case 7:
        if (node > 0) {
          toy.event("hide", {}, { hidden_node: Uint32Array.of(node), hidden_expansion: Uint32Array.of(node) });
          undone.push(node);
        }
        break;
      case 8: {
        const back = undone.pop();
        if (back !== undefined) toy.event("show", {}, { shown_node: Uint32Array.of(back) });
        else toy.event("bookmark", { node, on: place % 2 === 0 });
        break;
      }
      default:
        if (place % 4 === 0) toy.event("procedure", { procedure: COLD, fingerprint: "cold" });
        else if (place % 4 === 1) toy.weigh(COLD, "cold", 2);
        else if (place % 4 === 2) toy.weighOwn(OWN, "own", (p) => [...p].reverse());
        else toy.event("rename", { name: `after ${place}` });
    }
  }
  return toy.log;
}

/** All that can be asked of a model. */
function told(model: TreeModel): unknown {
  const weightings = [RULE, "cold", "own"].map((name) =>
    model.weightingFor(name, name === "cold" ? COLD : name === "own" ? OWN : []),
  );
  return {
    seq: model.seq, size: model.size, name: model.name, procedure: model.procedure,
    fingerprint: model.fingerprint, ledger: model.ledger, expansions: model.expansions,
    cuts: model.topCuts(), people: model.origins.people, marked: model.annotations.nodes(),
    nodes: Array.from({ length: model.size }, (_, node) => {
      const stored = model.candidates(node);
      return [
        model.parent[node], model.key[node], model.logProb[node], model.depth[node],
        model.cumLogProb[node], model.rank[node], model.visits[node], model.isHidden(node),
        model.isCut(node), model.isExpanded(node), model.isTerminal(node), model.entropy(node),
        model.told(node), model.children(node), model.annotations.marksOf(node),
        model.origins.eventOf(node), model.origins.personOf(node),
        stored && [...stored.keys, ...stored.logProbs, stored.complete],
        [...model.symbolBytes(model.key[node]!)],
        weightings.map((each) => [each.weightsAt(node), each.tailCumAt(node), rankingOf(each.ownAt(node))]),
      ];
    }),
  };
}

const rankingOf = (own: { keys: Uint32Array; logQ: Float32Array; from: number; end: number } | null): unknown =>
  own && [[...own.keys.subarray(own.from, own.end)], [...own.logQ.subarray(own.from, own.end)]];

function after(log: readonly LoggedEvent[], seq: number): TreeModel {
  const model = new TreeModel(SHAPE);
  for (const { header, columns } of log.slice(0, seq)) model.applyFrame(header, columns);
  return model;
}

function lead(replay: Replay, model: TreeModel, seq: number): void {
  for (const _ of replay.leads(model, seq));
}

const acts = fc.array(fc.tuple(fc.nat(9), fc.nat(1000)), { minLength: 5, maxLength: 60 });

describe("the tree as it was after an event", () => {
  it("is that of the log up to it, wherever one comes from", () => {
    fc.assert(
      fc.property(acts, fc.array(fc.nat(1000), { minLength: 1, maxLength: 8 }), (worked_, places) => {
        const log = worked(worked_);
        const replay = new Replay(SHAPE);
        log.forEach((event) => expect(replay.add(event)).toBe(true));
        const shown = new TreeModel(SHAPE);
        for (const place of places) {
          const seq = place % (log.length + 1);
          const { version } = shown;
          const before = shown.seq;
          lead(replay, shown, seq);
          expect(told(shown)).toEqual(told(after(log, seq)));
          if (seq !== before) expect(shown.version).toBeGreaterThan(version);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("begins from a copy near it, and leaves that copy as it is", () => {
    const toy = new Logged();
    const wide = new Uint32Array(30_000);
    for (let i = 0; i < 6; i++) {
      toy.event("grow", { first_node: toy.model.size }, {
        node_parent: wide.fill(0).slice(),
        node_key: Uint32Array.from(wide, (_, k) => 4 + i * wide.length + k),
        node_log_prob: new Float32Array(wide.length).fill(-9),
      });
    }
    const replay = new Replay(SHAPE);
    toy.log.forEach((event) => replay.add(event));
    const shown = new TreeModel(SHAPE);
    const steps = (seq: number): number => [...replay.leads(shown, seq)].filter((share) => share > 0).length;
    expect(steps(6)).toBeGreaterThanOrEqual(6);
    for (const seq of [5, 4, 5, 3]) {
      const done = steps(seq);
      expect(done).toBeLessThanOrEqual(1);
      expect(shown.size).toBe(1 + seq * wide.length);
      expect(shown.children(0)).toHaveLength(seq * wide.length);
    }
  });

  it("keeps fewer copies of a larger tree", () => {
    const toy = new ToyTree(() => [0.5, 0.5]);
    const before = bytesOf(toy.model);
    toy.growTo(9);
    expect(bytesOf(toy.model)).toBeGreaterThan(before + 16 * toy.model.size);
  });

  it("takes events in their order only", () => {
    const [first, second] = worked([[0, 0], [3, 0], [3, 1]]) as [LoggedEvent, LoggedEvent];
    const replay = new Replay(SHAPE);
    expect(replay.add(second)).toBe(false);
    expect(replay.add(first)).toBe(true);
    expect(replay.add(first)).toBe(false);
    expect(replay.add(second)).toBe(true);
  });
});

describe("a copy of a tree", () => {
  it("goes its own way", () => {
    const log = worked([[3, 0], [0, 1], [9, 1], [9, 2], [8, 2], [7, 1], [3, 2]]);
    const half = after(log, 5);
    const copying = copied(half);
    let step = copying.next();
    while (!step.done) step = copying.next();
    const copy = step.value;
    const before = told(copy);
    expect(before).toEqual(told(half));
    for (const { header, columns } of log.slice(5)) half.applyFrame(header as EventHeader, columns);
    expect(told(copy)).toEqual(before);
    for (const { header, columns } of log.slice(5)) copy.applyFrame(header, columns);
    expect(told(copy)).toEqual(told(half));
  });
});
