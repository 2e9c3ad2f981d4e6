import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EventHeader } from "../base/headers";
import { domainOf, namesOf, valueOf } from "./measures";
import { Origins } from "./origins";
import { ToyTree } from "./toy";
import { TreeModel } from "./tree";

const LEDGER = { terminal: 0, frontier: 1, residual: 0, pruned: 0 };

function grew(seq: number, by: string): EventHeader {
  return { type: "event", seq, kind: "grow", at: 1000 + seq, by, change: "c", payload: {}, ledger: LEDGER };
}

describe("who grew a state, and when", () => {
  it("is what the log says of the event that added it", () => {
    const growth = fc.record({ count: fc.nat(5), by: fc.constantFrom("ann", "ben", "eve"), skips: fc.nat(2) });
    fc.assert(
      fc.property(fc.array(growth, { maxLength: 90 }), (growths) => {
        const origins = new Origins();
        const told: { seq: number; by: string }[] = [];
        let seq = 0;
        for (const { count, by, skips } of growths) {
          seq += 1 + skips;
          origins.take(grew(seq, by), 1 + told.length, count);
          for (let i = 0; i < count; i++) told.push({ seq, by });
        }
        expect(origins.eventOf(0)).toBeNaN();
        told.forEach(({ seq: event, by }, i) => {
          expect(origins.eventOf(1 + i)).toBe(event);
          expect(origins.timeOf(1 + i)).toBe(1000 + event);
          expect(origins.people[origins.personOf(1 + i)]).toBe(by);
        });
      }),
    );
  });

  it("comes with a tree frame, and goes on with the events after it", () => {
    const model = new TreeModel({
      kind: "appending", endKeys: [], alphabetSize: 8, promptLength: 1, maxLength: 9, me: "ben",
    });
    model.applyFrame(
      { type: "tree", seq: 4, name: "", procedure: [], fingerprint: "rule", ledger: LEDGER, people: ["ann", "ben"] },
      {
        node_parent: Uint32Array.of(0, 0, 1),
        node_key: Uint32Array.of(1, 2, 1),
        node_log_prob: Float32Array.of(-1, -1, -1),
        origin_node: Uint32Array.of(1, 3),
        origin_seq: Uint32Array.of(2, 4),
        origin_at: Float64Array.of(10, 20),
        origin_by: Uint32Array.of(0, 1),
      },
    );
    model.applyFrame(grew(5, "ann"), {
      node_parent: Uint32Array.of(2),
      node_key: Uint32Array.of(1),
      node_log_prob: Float32Array.of(-1),
    });
    const events = [1, 2, 3, 4].map((node) => model.origins.eventOf(node));
    expect(events).toEqual([2, 2, 4, 5]);
    expect(namesOf(model)).toEqual(["person 1", "you"]);
    const value = (colour: "author" | "time", node: number): number =>
      valueOf(model, model.ruleWeighting, colour, model.parent[node]!, node, -1, 1);
    expect([1, 3, 4].map((node) => value("author", node))).toEqual([0, 1, 0]);
    expect(value("time", 3)).toBe(4);
    expect(value("time", -1)).toBeNaN();
    expect(domainOf(model, "time", 0, 4)).toMatchObject({ lo: 2, hi: 5 });
  });

  it("is not known of states that an older snapshot holds", () => {
    const toy = new ToyTree(() => [0.5, 0.5]);
    toy.model.applyFrame(
      { type: "tree", seq: 1, name: "", procedure: [], fingerprint: "rule", ledger: LEDGER },
      { node_parent: Uint32Array.of(0), node_key: Uint32Array.of(0), node_log_prob: Float32Array.of(-1) },
    );
    expect(toy.model.origins.eventOf(1)).toBeNaN();
    toy.expand(1);
    const child = toy.child(1, 1);
    expect(toy.model.origins.eventOf(child)).toBe(toy.model.seq);
    expect(toy.model.origins.eventOf(1)).toBeNaN();
  });
});
