/** A tree of a million nodes in the page: what each event of its log costs. */
import { bench, describe } from "vitest";
import { TreeModel } from "./tree";

const NODES = 1_000_000;
const WIDTH = 3;
const CANDIDATES = 6;
const BATCH = 256;

const model = new TreeModel({
  kind: "appending",
  endKeys: [],
  alphabetSize: 64,
  promptLength: 1,
  maxLength: 4096,
});
let frontier = 0;

/** One event as a server sends it: `count` states expanded, the leading of each made children. */
function grow(count: number): void {
  const size = model.size;
  const each = <T>(make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
  const children = count * WIDTH;
  const many = count * CANDIDATES;
  const columns = {
    node_parent: Uint32Array.from({ length: children }, (_, i) => frontier + Math.floor(i / WIDTH)),
    node_key: Uint32Array.from({ length: children }, (_, i) => i % WIDTH),
    node_log_prob: new Float32Array(children).fill(Math.log(1 / CANDIDATES)),
    expanded_node: Uint32Array.from(each((i) => frontier + i)),
    expanded_log_sum_exp: new Float32Array(count),
    expanded_entropy: new Float32Array(count).fill(Math.log2(CANDIDATES)),
    expanded_count: new Uint32Array(count).fill(CANDIDATES),
    expanded_complete: new Uint8Array(count).fill(1),
    candidate_key: Uint32Array.from({ length: many }, (_, i) => i % CANDIDATES),
    candidate_log_prob: new Float32Array(many).fill(Math.log(1 / CANDIDATES)),
  };
  frontier += count;
  model.applyFrame(
    {
      type: "event",
      seq: model.seq + 1,
      kind: "grow",
      at: 0,
      by: "bench",
      change: "bench",
      payload: { first_node: size },
      ledger: model.ledger,
    },
    columns,
  );
}

grow(1);
while (model.size < NODES) grow(Math.min(4096, model.size - frontier));

describe(`a tree of ${NODES.toLocaleString("en")} nodes`, () => {
  bench(`event of ${BATCH} states`, () => grow(BATCH), { time: 1000 });
});
