/**
 * Searches over 1,000,000 states, as the worker does them, and what the page does for them:
 * `npx vitest bench --run src/model/search`. The bar: first matches within 100 ms, all within
 * 1.5 s, and the page never held up for 50 ms.
 */
import { bench, describe } from "vitest";
import { ToyTree } from "../toy";
import { chunkOf } from "./chunk";
import { CHUNK, matchedOf } from "./client";
import { Corpus, type NodeChunk } from "./corpus";
import { compiled, ExpressionSearch } from "./expression";
import { LiteralSearch } from "./literal";
import { ordered } from "./results";
import { EVERYTHING, type Search } from "./search";

const NODES = 1_000_000;
const SYMBOLS = 20_000;
const SYLLABLES = ["ba", "ne", "the", "cat", " of", " w", "ing", "er", " a", "s", "qu", "ou", "é", " 1", "\n"];

const corpus = grown();

/** A tree as growth leaves it: about three children a state, some trajectories much deeper. */
function grown(): Corpus {
  let seed = 1;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  const words = Array.from({ length: SYMBOLS }, () =>
    Array.from({ length: 1 + random(3) }, () => SYLLABLES[random(SYLLABLES.length)]).join(""),
  );
  const bytes = words.map((word) => new TextEncoder().encode(word));
  const chunk: NodeChunk = {
    parent: new Uint32Array(NODES),
    key: new Uint32Array(NODES),
    logProb: new Float32Array(NODES).fill(-1.5),
    marks: new Uint8Array(NODES),
    symbolKey: Uint32Array.from(bytes, (_, key) => key),
    symbolLength: Uint32Array.from(bytes, ({ length }) => length),
    symbolBytes: Uint8Array.from(bytes.flatMap((one) => [...one])),
  };
  chunk.parent[0] = 0xffffffff;
  for (let node = 1; node < NODES; node++) {
    chunk.parent[node] = random(4) === 0 ? node - 1 : Math.floor((node - 1) / 3);
    chunk.key[node] = random(SYMBOLS);
    chunk.logProb[node] = -random(1000) / 200;
  }
  const made = new Corpus("Once upon a time", false);
  made.append(chunk);
  return made;
}

function first(search: Search): void {
  while (search.found === 0 && !search.isDone) search.advance(() => true);
}

function all(search: Search): void {
  search.advance(() => false);
  ordered(corpus, search, EVERYTHING);
}

/** A tree in the page, of as many states, with the symbols of a language model. */
function tree(): ToyTree {
  const toy = new ToyTree(() => []);
  const symbols = Uint32Array.from({ length: SYMBOLS }, (_, key) => key);
  toy.event("grow", {}, {
    node_parent: Uint32Array.from({ length: NODES - 1 }, (_, i) => Math.floor(i / 3)),
    node_key: Uint32Array.from({ length: NODES - 1 }, (_, i) => (i * 7919) % SYMBOLS),
    node_log_prob: new Float32Array(NODES - 1).fill(-1),
    symbol_key: symbols,
    symbol_length: new Uint32Array(SYMBOLS).fill(4),
    symbol_bytes: new Uint8Array(4 * SYMBOLS).fill(97),
  });
  return toy;
}

describe("the page's part, of 1,000,000 states", () => {
  const { model } = tree();
  const options = { iterations: 10, time: 0, warmupIterations: 1, warmupTime: 0 };
  bench("a part of the copy with as many new symbols as may be", () => void chunkOf(model, 0, CHUNK, new Set()), options);
  const known = new Set<number>();
  for (let from = 0; from < NODES; ) from += chunkOf(model, from, NODES, known).parent.length;
  bench("a part without new symbols", () => void chunkOf(model, CHUNK, 2 * CHUNK, known), options);
  bench("marks of all states", () => void model.marks.slice(0, NODES), options);
  const ends = Uint32Array.from({ length: NODES }, (_, i) => i);
  bench("as many matches, marked", () => void matchedOf(ends, ends.subarray(0, 2000), model), options);
});

describe("search over 1,000,000 states", () => {
  const options = { iterations: 3, time: 0, warmupIterations: 1, warmupTime: 0 };
  bench("a text: the first match", () => first(new LiteralSearch(corpus, "banecat", false)), options);
  bench("a text: all matches", () => all(new LiteralSearch(corpus, "banecat", false)), options);
  bench("a letter: all matches, nearly everywhere", () => all(new LiteralSearch(corpus, "e", false)), options);
  bench("an expression: the first match", () => first(new ExpressionSearch(corpus, compiled("b\\w+cat", false))), options);
  bench("an expression: all matches", () => all(new ExpressionSearch(corpus, compiled("b\\w+cat", false))), options);
  bench("an expression: all matches, nearly everywhere", () => all(new ExpressionSearch(corpus, compiled("\\w+", false))), options);
});
