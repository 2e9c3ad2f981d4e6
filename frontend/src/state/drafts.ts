/** Rules as a person drafts them: fields, what is wrong at once, and the spec that they make. */
import { matrixOf, symbolsOf } from "./matrix";
import type { RuleSpec } from "./wire";

export type RuleKind = RuleSpec["kind"];

/** One sentence about one field. */
export interface Fault {
  readonly field: string;
  readonly says: string;
}

export interface PartDraft {
  rule: string;
  context: string;
  /** The beginning that the context stands in for; empty: it is put before everything. */
  replaces: string;
}

/** What the fields of every kind hold; numbers may be NaN while they are typed. */
export interface Drafts {
  coin: { heads: number; sticky: boolean; repeats: number };
  restricted: { base: string; texts: string };
  markov: {
    text: string;
    unit: "characters" | "words" | "tokens";
    base: string;
    order: number;
    smoothing: number;
  };
  chain: { symbols: string; matrix: string };
  automaton: { number: number; ring: boolean; noise: number };
  rewriting: { rules: string };
  interpolated: { first: PartDraft; second: PartDraft; weight: number };
}

export const LIMITS = { text: 200_000, texts: 4096, order: 8, smoothing: 1000 } as const;

export const FIRST_DRAFTS: Drafts = {
  coin: { heads: 0.5, sticky: true, repeats: 0.9 },
  restricted: { base: "", texts: " heads\n tails" },
  markov: { text: "", unit: "characters", base: "", order: 2, smoothing: 0 },
  chain: { symbols: "A B C", matrix: "0.9 0.1 0\n0.2 0.6 0.2\n0 0.5 0.5" },
  automaton: { number: 110, ring: true, noise: 0 },
  rewriting: { rules: "A->AB, B->A" },
  interpolated: {
    first: { rule: "", context: "", replaces: "" },
    second: { rule: "", context: "", replaces: "" },
    weight: 0.5,
  },
};

/** The tokens' texts, one a line; spaces belong to them. */
export const textsOf = (lines: string): string[] => lines.split("\n").filter((line) => line !== "");

type Checks = { [K in RuleKind]: (draft: Drafts[K]) => Fault | null };

/** What is wrong that needs no server to be seen: the first of it, or null. */
const CHECKS: Checks = {
  coin: ({ heads, sticky, repeats }) =>
    between("heads", "The probability of heads", heads, 0, 1) ??
    (sticky ? between("repeats", "The probability of repeating", repeats, 0, 1) : null),
  restricted: ({ base, texts }) => {
    if (base === "") return { field: "base", says: "Choose the rule to restrict." };
    const count = textsOf(texts).length;
    if (count === 0) return { field: "texts", says: "Name at least one token, one a line." };
    if (count > LIMITS.texts) {
      return { field: "texts", says: `There are ${count} tokens; at most ${LIMITS.texts} are taken.` };
    }
    const twice = textsOf(texts).find((text, i, all) => all.indexOf(text) !== i);
    if (twice !== undefined) return { field: "texts", says: `“${twice}” stands there twice.` };
    return null;
  },
  markov: ({ text, unit, base, order, smoothing }) => {
    if (text.trim() === "") {
      return { field: "text", says: "Paste a text, or choose a text file: the chain is fitted to it." };
    }
    if (text.length > LIMITS.text) {
      const [many, most] = [text.length, LIMITS.text].map((n) => n.toLocaleString("en-GB"));
      return { field: "text", says: `The text has ${many} characters; at most ${most} are taken.` };
    }
    if (unit === "tokens" && base === "") {
      return { field: "base", says: "Choose the rule whose tokens are counted." };
    }
    return (
      whole("order", "The order", order, 0, LIMITS.order) ??
      between("smoothing", "Smoothing", smoothing, 0, LIMITS.smoothing)
    );
  },
  chain: ({ symbols, matrix }) => {
    const { rows, fault } = matrixOf(matrix);
    if (fault !== null) return { field: "matrix", says: fault };
    const names = symbolsOf(symbols, rows.length);
    if (names.length !== rows.length) {
      return {
        field: "symbols",
        says: `There are ${names.length} symbols and ${rows.length} rows; each symbol has one row.`,
      };
    }
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined) return { field: "symbols", says: `“${twice}” names two rows.` };
    return null;
  },
  automaton: ({ number, noise }) =>
    whole("number", "The rule's number", number, 0, 255) ??
    between("noise", "The noise", noise, 0, 0.5),
  rewriting: ({ rules }) => {
    if (rules.trim() === "") return { field: "rules", says: "Write at least one rule, such as A->AB." };
    const odd = rewritesOf(rules).find((rule) => !/->|→/.test(rule));
    return odd === undefined
      ? null
      : { field: "rules", says: `“${odd}” has no arrow: a rule is written as A->AB.` };
  },
  interpolated: ({ first, second, weight }) => {
    if (first.rule === "") return { field: "first", says: "Choose the first rule." };
    if (second.rule === "") return { field: "second", says: "Choose the second rule." };
    if (first.rule === second.rule && first.context === second.context) {
      return { field: "second", says: "Both are the same rule: give one of them a context." };
    }
    return between("weight", "λ", weight, 0, 1);
  },
};

/** The rules of a rewriting system as they stand apart: by commas or lines. */
export const rewritesOf = (rules: string): string[] =>
  rules
    .split(/[,;\n]/)
    .map((rule) => rule.trim())
    .filter((rule) => rule !== "");

export function faultIn<K extends RuleKind>(kind: K, drafts: Drafts): Fault | null {
  return CHECKS[kind](drafts[kind]);
}

/** The spec of a draft without fault. */
export function specOf(kind: RuleKind, drafts: Drafts): RuleSpec {
  switch (kind) {
    case "coin": {
      const { heads, sticky, repeats } = drafts.coin;
      return { kind, heads, repeats: sticky ? repeats : null };
    }
    case "restricted":
      return {
        kind,
        base: drafts.restricted.base,
        texts: textsOf(drafts.restricted.texts),
        keys: null,
      };
    case "markov": {
      const { text, unit, base, order, smoothing } = drafts.markov;
      return { kind, text, unit, order, smoothing, base: unit === "tokens" ? base : null };
    }
    case "chain": {
      const matrix = matrixOf(drafts.chain.matrix).rows.map(({ values }) => [...values]);
      const symbols = symbolsOf(drafts.chain.symbols, matrix.length);
      return { kind, symbols, matrix, initial: null };
    }
    case "automaton":
      return { kind, ...drafts.automaton };
    case "rewriting":
      return { kind, rules: drafts.rewriting.rules };
    case "interpolated": {
      const part = ({ rule, context, replaces }: PartDraft) => ({
        rule,
        context: context || null,
        replaces: (context && replaces) || null,
      });
      const { first, second, weight } = drafts.interpolated;
      return { kind, first: part(first), second: part(second), weight };
    }
  }
}

/** Which field a sentence of the server belongs under, by the problem's code and what it names. */
export function fieldOf(kind: RuleKind, code: string, detail: string): string {
  const said = `${code} ${detail}`.toLowerCase();
  const fields = Object.keys(FIRST_DRAFTS[kind]);
  const quoted = fields.find((field) => said.includes(`“${field}”`));
  const named = WORDS[kind].find(([words]) => words.test(said));
  return quoted ?? named?.[1] ?? fields[0]!;
}

/** The fields by the words that a sentence about them has; the first that fits. */
const WORDS: Record<RuleKind, readonly [RegExp, string][]> = {
  coin: [[/repeat|sticky/, "repeats"]],
  restricted: [[/no rule|unknown rule|whole distribution|not loaded|rule-/, "base"], [/./, "texts"]],
  markov: [
    [/order/, "order"],
    [/smooth/, "smoothing"],
    [/no rule|unknown-rule|rule-loading|tokens of|base/, "base"],
  ],
  chain: [[/row|matrix|square|stochastic|sum/, "matrix"], [/symbol/, "symbols"], [/./, "matrix"]],
  automaton: [[/noise|flip/, "noise"], [/ring|line/, "ring"]],
  rewriting: [],
  interpolated: [[/weight|λ|lambda/, "weight"], [/first/, "first"], [/./, "second"]],
};

function between(field: string, name: string, value: number, least: number, most: number): Fault | null {
  if (!Number.isFinite(value)) return { field, says: `${name} is a number from ${least} to ${most}.` };
  if (value >= least && value <= most) return null;
  return { field, says: `${name} lies between ${least} and ${most}, not at ${value}.` };
}

function whole(field: string, name: string, value: number, least: number, most: number): Fault | null {
  const fault = between(field, name, value, least, most);
  if (fault !== null || Number.isInteger(value)) return fault;
  return { field, says: `${name} is a whole number, not ${value}.` };
}
