import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ToyTree } from "../toy";
import type { TreeModel } from "../tree";
import { chunkOf } from "./chunk";
import { Corpus } from "./corpus";
import { Decoder } from "./decoder";
import { compiled, ExpressionSearch } from "./expression";
import { foldPoint, pointsOf } from "./fold";
import { LiteralSearch } from "./literal";
import { ordered, rowOf } from "./results";
import { EVERYTHING } from "./search";

const NEVER = (): boolean => false;
const utf8 = new TextEncoder();

/** Tokens that share beginnings and ends, differ in case, and split characters. */
const TOKENS: readonly Uint8Array[] = [
  ...["a", "b", "ab", "Ba", " a", "bab\n", "é", "", "Ä", "ß", "aa a"].map((text) => utf8.encode(text)),
  utf8.encode("🌍").slice(0, 1),
  utf8.encode("🌍").slice(1, 3),
  utf8.encode("🌍").slice(3),
  utf8.encode("é").slice(0, 1),
  utf8.encode("é").slice(1),
  Uint8Array.of(0xff),
];

/** A tree is made anew for each run, since a test may change it. */
class Grown {
  readonly toy: ToyTree;
  constructor(
    readonly prompt: string,
    private readonly made: () => ToyTree,
  ) {
    this.toy = made();
  }
  [fc.cloneMethod](): Grown {
    return new Grown(this.prompt, this.made);
  }
  toString(): string {
    const { model } = this.toy;
    const nodes = Array.from({ length: model.size }, (_, i) => `${model.parent[i]}:${model.key[i]}:${model.has(i)}`);
    return `${JSON.stringify(this.prompt)} ${nodes.join(" ")}`;
  }
}

/** A tree whose every node hangs below an earlier one, some of them hidden, some cut. */
const trees = (most = 40): fc.Arbitrary<Grown> =>
  fc
    .record({
      nodes: fc.array(fc.tuple(fc.nat(), fc.nat(TOKENS.length - 1)), { maxLength: most }),
      hidden: fc.array(fc.nat(), { maxLength: 2 }),
      cut: fc.array(fc.nat(), { maxLength: 2 }),
      prompt: fc.constantFrom("", "a", "xab", "Ab a", "é"),
    })
    .map(({ nodes, hidden, cut, prompt }) => new Grown(prompt, () => {
      const toy = new ToyTree(() => TOKENS.map((_, key) => (key + 1) / 200), {
        bytesOf: (key) => TOKENS[key]!,
        incomplete: true,
      });
      growBy(toy, nodes);
      const { model } = toy;
      if (model.size > 1) {
        const some = (list: number[]): Uint32Array =>
          Uint32Array.from(list, (one) => 1 + (one % (model.size - 1)));
        toy.event("hide", {}, { hidden_node: some(hidden) });
        for (const node of some(cut)) toy.event("prune", { node });
      }
      return toy;
    }));

function growBy(toy: ToyTree, nodes: readonly (readonly [number, number])[]): void {
  for (const [place, key] of nodes) toy.child(place % toy.model.size, key);
}

function corpusOf(tree: TreeModel, prompt: string, parts = 1): Corpus {
  const corpus = new Corpus(prompt, tree.shape.kind === "rewriting");
  const known = new Set<number>();
  for (let part = 0; part < parts; part++) {
    const from = Math.floor((tree.size * part) / parts);
    corpus.append(chunkOf(tree, from, Math.floor((tree.size * (part + 1)) / parts), known));
  }
  return corpus;
}

/** The text of a state as a stream decoder gives it: a character that is not complete is left out. */
function textOf(tree: TreeModel, prompt: string, node: number): string {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const steps = tree.path(node).slice(1);
  return prompt + steps.map((at) => decoder.decode(tree.symbolBytes(tree.key[at]!), { stream: true })).join("");
}

const visible = (tree: TreeModel): number[] =>
  Array.from({ length: tree.size }, (_, node) => node).filter((node) => tree.has(node));

/** By brute force: the states whose own text completes an occurrence of the query. */
function literalOracle(tree: TreeModel, prompt: string, query: string, matchCase: boolean): number[] {
  const wanted = pointsOf(query, matchCase).join() + ",";
  return visible(tree).filter((node) => {
    if (node === 0) return false;
    const points = pointsOf(textOf(tree, prompt, node), matchCase);
    const before = [...textOf(tree, prompt, tree.parent[node]!)].length;
    for (let end = before + 1; end <= points.length; end++) {
      const from = end - [...query].length;
      if (from >= 0 && points.slice(from, end).join() + "," === wanted) return true;
    }
    return false;
  });
}

/** By brute force: each whole trajectory is searched like a text, from its beginning. */
function expressionOracle(
  tree: TreeModel,
  prompt: string,
  source: string,
  matchCase: boolean,
  window: number,
): Map<number, number> {
  const found = new Map<number, number>();
  for (const leaf of visible(tree)) {
    if (tree.children(leaf).length > 0) continue;
    const path = tree.path(leaf);
    const until = path.map((node) => textOf(tree, prompt, node).length);
    const text = textOf(tree, prompt, leaf);
    const placeOf = (at: number): number => until.findIndex((end) => end > at);
    const expression = new RegExp(source, matchCase ? "muy" : "imuy");
    let at = 0;
    while (at <= text.length) {
      const limit = until[placeOf(at) + window - 1] ?? text.length;
      const length = [text, text.slice(0, limit)]
        .map((one) => {
          expression.lastIndex = at;
          return expression.exec(one)?.[0].length ?? 0;
        })
        .find((one, i) => i === 1 || one === 0 || at + one <= limit)!;
      if (length === 0) {
        at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
        continue;
      }
      const start = path[placeOf(at)]!;
      const end = path[placeOf(at + length - 1)]!;
      if (end !== 0) found.set(end, Math.min(found.get(end) ?? Infinity, start));
      at += length;
    }
  }
  return found;
}

const listOf = (search: { ends: Uint32Array; found: number }, tree: TreeModel): number[] =>
  [...search.ends.subarray(0, search.found)].filter((node) => tree.has(node)).sort((a, b) => a - b);

describe("what is counted", () => {
  it("is states, each once, however often a text ends in it and whoever shares it", () => {
    const toy = new ToyTree(() => [0.5, 0.5], { bytesOf: (key) => new TextEncoder().encode(["banana", "a"][key]!) });
    const first = toy.child(0, 0);
    const ends = [first, toy.child(first, 0), toy.child(first, 1), toy.child(0, 1)].sort((a, b) => a - b);
    const corpus = corpusOf(toy.model, "");
    const literal = new LiteralSearch(corpus, "a", true);
    const expression = new ExpressionSearch(corpus, compiled("a", true));
    for (const search of [literal, expression]) {
      search.advance(() => false);
      expect(search.found).toBe(ends.length);
      expect(listOf(search, toy.model)).toEqual(ends);
    }
    // Trajectories told one by one hold the text far more often.
    const leaves = ends.filter((node) => toy.model.children(node).length === 0);
    const told = leaves.map((leaf) => textOf(toy.model, "", leaf).split("a").length - 1);
    expect(told.reduce((sum, one) => sum + one)).toBe(6 + 4 + 1);
    expect(literalOracle(toy.model, "", "a", true)).toEqual(ends);
  });
});

const QUERIES = fc
  .array(fc.constantFrom("a", "b", "A", " ", "é", "É", "🌍", "ß", "ẞ", "\n", "aba", "\ufffd"), {
    minLength: 1,
    maxLength: 4,
  })
  .map((parts) => parts.join(""));

describe("text along a tree", { timeout: 60_000 }, () => {
  it("is decoded token by token as a stream decoder does", () => {
    const bytes = fc.constantFrom(0x61, 0x80, 0x82, 0xa0, 0xac, 0xc2, 0xc0, 0xe0, 0xe2, 0xed, 0xf0, 0x9f, 0xf4, 0x90, 0xff);
    fc.assert(
      fc.property(fc.array(fc.array(bytes, { maxLength: 5 }), { maxLength: 6 }), (tokens) => {
        const ours = new Decoder(false);
        const theirs = new TextDecoder("utf-8", { ignoreBOM: true });
        let pending = 0;
        for (const token of tokens) {
          const piece = ours.step(pending, ours.add(Uint8Array.from(token)));
          pending = piece.pending;
          expect(piece.text).toBe(theirs.decode(Uint8Array.from(token), { stream: true }));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("is folded as the expressions of the language fold it", () => {
    const odd: string[] = [];
    for (let point = 0; point <= 0x1ffff; point++) {
      if (point >= 0xd800 && point < 0xe000) continue;
      const folded = foldPoint(point);
      if (folded === point) continue;
      const one = String.fromCodePoint(point);
      const escaped = `\\u{${folded.toString(16)}}`;
      if (!new RegExp(`^${escaped}$`, "iu").test(one)) odd.push(`${one} ${escaped}`);
    }
    expect(odd).toEqual([]);
    expect(pointsOf("ẞΣςſK", false)).toEqual(pointsOf("ßσσsk", false));
    expect(pointsOf("ß", false)).not.toEqual(pointsOf("ss", false));
  });
});

describe("a search for a text", { timeout: 60_000 }, () => {
  it("finds every state at which the text ends, and no other", () => {
    fc.assert(
      fc.property(trees(), QUERIES, fc.boolean(), fc.integer({ min: 1, max: 3 }), (grown, query, matchCase, parts) => {
        const { model } = grown.toy;
        const search = new LiteralSearch(corpusOf(model, grown.prompt, parts), query, matchCase);
        search.advance(NEVER);
        expect(listOf(search, model)).toEqual(literalOracle(model, grown.prompt, query, matchCase));
      }),
      { numRuns: 400 },
    );
  });

  it("goes on where the tree has grown since", () => {
    const more = fc.array(fc.tuple(fc.nat(), fc.nat(TOKENS.length - 1)), { maxLength: 20 });
    fc.assert(
      fc.property(trees(20), more, QUERIES, ({ toy, prompt }, nodes, query) => {
        const { model } = toy;
        const corpus = new Corpus(prompt, false);
        const known = new Set<number>();
        corpus.append(chunkOf(model, 0, model.size, known));
        const search = new LiteralSearch(corpus, query, false);
        search.advance(NEVER);
        const before = model.size;
        growBy(toy, nodes);
        corpus.append(chunkOf(model, before, model.size, known));
        search.advance(NEVER);
        expect(listOf(search, model)).toEqual(literalOracle(model, prompt, query, false));
      }),
      { numRuns: 150 },
    );
  });

  it("tells the text of each match, and the first state that it touches", () => {
    fc.assert(
      fc.property(trees(), QUERIES, ({ toy, prompt }, query) => {
        const { model } = toy;
        const corpus = corpusOf(model, prompt);
        const search = new LiteralSearch(corpus, query, false);
        search.advance(NEVER);
        for (const node of ordered(corpus, search, EVERYTHING)) {
          const row = rowOf(corpus, search, node);
          expect(pointsOf(row.match, false)).toEqual(pointsOf(query, false));
          expect(textOf(model, prompt, node).endsWith(row.before + row.match + row.after)).toBe(true);
          expect(row.isCut).toBe(model.underCut(node));
          if (!query.includes("\ufffd")) expect(row.start).toBe(startOracle(model, prompt, node, row));
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** By bytes: the state that the first byte of a match belongs to. */
function startOracle(
  tree: TreeModel,
  prompt: string,
  node: number,
  row: { match: string; after: string },
): number {
  const path = tree.path(node).slice(1);
  let left = utf8.encode(row.match + row.after).length;
  // A character that is not complete stands after them, and every broken byte is one of U+FFFD.
  if (textOf(tree, prompt, node).includes("\ufffd")) return rowStartByText(tree, prompt, node, row);
  const bytes = path.reduce((sum, at) => sum + tree.symbolBytes(tree.key[at]!).length, 0);
  left += bytes - utf8.encode(textOf(tree, prompt, node).slice(prompt.length)).length;
  for (const at of path.reverse()) {
    left -= tree.symbolBytes(tree.key[at]!).length;
    if (left <= 0) return at;
  }
  return 0;
}

function rowStartByText(
  tree: TreeModel,
  prompt: string,
  node: number,
  row: { match: string; after: string },
): number {
  const place = textOf(tree, prompt, node).length - row.match.length - row.after.length;
  const path = tree.path(node);
  let at = path.findIndex((one) => textOf(tree, prompt, one).length > place);
  // The bytes before it that are pending there are of the match's first character.
  const isFirst = at > 0 && textOf(tree, prompt, path[at - 1]!).length === place;
  const pending = isFirst ? pendingOf(tree, path.slice(1, at)) : 0;
  for (let left = pending; left > 0; ) {
    at -= 1;
    left -= tree.symbolBytes(tree.key[path[at]!]!).length;
  }
  return path[at]!;
}

/** Bytes at the end of a path that a stream decoder holds back. */
function pendingOf(tree: TreeModel, path: readonly number[]): number {
  const bytes = path.flatMap((at) => [...tree.symbolBytes(tree.key[at]!)]);
  const given = (cut: number): string =>
    new TextDecoder("utf-8", { ignoreBOM: true }).decode(
      Uint8Array.from(bytes.slice(0, bytes.length - cut)),
      { stream: true },
    );
  for (let cut = 3; cut > 0; cut--) {
    if (cut <= bytes.length && given(cut) === given(0) && given(cut).length > 0 === given(0).length > 0) {
      const whole = new TextDecoder("utf-8", { ignoreBOM: true }).decode(
        Uint8Array.from(bytes.slice(0, bytes.length - cut)),
      );
      if (whole === given(0)) return cut;
    }
  }
  return 0;
}

const EXPRESSIONS = fc.constantFrom(
  "a+", "ab", "b.", "a.*b", "[^a]b?", "(?<=b)a", "a(?!b)", "\\bab", "a$", "^a", "b|ba", "🌍|é", "\\s", "x*", "(a|b)+?$",
);

describe("a search by an expression", { timeout: 60_000 }, () => {
  it("finds in all trajectories what a search through each whole text finds", () => {
    fc.assert(
      fc.property(trees(30), EXPRESSIONS, fc.boolean(), ({ toy, prompt }, source, matchCase) => {
        const { model } = toy;
        const search = new ExpressionSearch(corpusOf(model, prompt), compiled(source, matchCase));
        search.advance(NEVER);
        const expected = expressionOracle(model, prompt, source, matchCase, 64);
        expect(listOf(search, model)).toEqual([...expected.keys()].sort((a, b) => a - b));
        for (const [end, start] of expected) expect(search.spanOf(end)!.start).toBe(start);
      }),
      { numRuns: 400 },
    );
  });

  it("takes no match beyond its window, and the longest that ends within it instead", () => {
    const local = fc.constantFrom("a+", "a.*b", "b[^b]*", "[^é]+", "ab?");
    const deep = fc
      .array(fc.tuple(fc.boolean(), fc.nat(4)), { minLength: 5, maxLength: 40 })
      .map((steps) => {
        const toy = new ToyTree(() => TOKENS.map(() => 0.01), { bytesOf: (key) => TOKENS[key]!, incomplete: true });
        let node = 0;
        for (const [back, key] of steps) {
          if (back && node > 0) node = toy.model.parent[node]!;
          node = toy.child(node, key);
        }
        return toy;
      });
    fc.assert(
      fc.property(deep, local, fc.integer({ min: 1, max: 5 }), ({ model }, source, window) => {
        const search = new ExpressionSearch(corpusOf(model, "ab"), compiled(source, true), window);
        search.advance(NEVER);
        const expected = expressionOracle(model, "ab", source, true, window);
        expect(listOf(search, model)).toEqual([...expected.keys()].sort((a, b) => a - b));
      }),
      { numRuns: 300 },
    );
  });

  it("tells the text of each match in its context", () => {
    fc.assert(
      fc.property(trees(), EXPRESSIONS, ({ toy, prompt }, source) => {
        const { model } = toy;
        const corpus = corpusOf(model, prompt);
        const search = new ExpressionSearch(corpus, compiled(source, true));
        search.advance(NEVER);
        for (const node of ordered(corpus, search, EVERYTHING)) {
          const row = rowOf(corpus, search, node);
          const text = textOf(model, prompt, node);
          expect(row.match).not.toBe("");
          expect(text.endsWith(row.before + row.match + row.after)).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("asks each state of a rewriting rule by itself", () => {
    const toy = new ToyTree(() => [0.5, 0.5], {
      shape: { kind: "rewriting" },
      bytesOf: (key) => utf8.encode(["ab", "ba"][key]!),
    });
    toy.growTo(2);
    const corpus = corpusOf(toy.model, "ab");
    for (const search of [
      new ExpressionSearch(corpus, compiled("b$", true)),
      new LiteralSearch(corpus, "ab", true),
    ]) {
      search.advance(NEVER);
      const found = [...ordered(corpus, search, EVERYTHING)];
      expect(found.map((node) => toy.model.key[node])).toEqual(found.map(() => 0));
      expect(found.length).toBe(3);
      expect(rowOf(corpus, search, found[0]!).match).toBe(search instanceof LiteralSearch ? "ab" : "b");
    }
  });
});

describe("what was found", { timeout: 60_000 }, () => {
  it("is listed most probable first, and only what the filter lets through", () => {
    fc.assert(
      fc.property(trees(), fc.double({ min: -20, max: 0, noNaN: true }), fc.nat(4), ({ toy, prompt }, minLogProb, minDepth) => {
        const { model } = toy;
        const corpus = corpusOf(model, prompt);
        const search = new LiteralSearch(corpus, "a", false);
        search.advance(NEVER);
        const filter = { minLogProb, minDepth, maxDepth: 5 };
        const expected = literalOracle(model, prompt, "a", false)
          .filter((node) => model.cumLogProb[node]! >= minLogProb)
          .filter((node) => model.depth[node]! >= minDepth && model.depth[node]! <= 5)
          .sort((a, b) => Math.fround(model.cumLogProb[b]!) - Math.fround(model.cumLogProb[a]!) || a - b);
        expect([...ordered(corpus, search, filter)]).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });
});
