/** The kinds of rule that a visitor can make, in words. */
import type { RuleKind } from "./drafts";
import type { RuleDescription } from "./wire";

export interface KindInfo {
  readonly kind: RuleKind;
  readonly name: string;
  readonly says: string;
  /** How a prompt for it is written. */
  readonly prompt: string;
}

export const KINDS: readonly KindInfo[] = [
  {
    kind: "coin",
    name: "Coin",
    says: "Two sides, fair or biased. A sticky coin repeats its last side.",
    prompt: "Flips so far, such as HHT; it may be empty.",
  },
  {
    kind: "markov",
    name: "Chain from a text",
    says: "What follows the last n characters, words or tokens, counted in a text of yours.",
    prompt: "A beginning in the symbols of the text; it may be empty.",
  },
  {
    kind: "chain",
    name: "Chain by matrix",
    says: "A Markov chain as its matrix: each row says what follows one symbol.",
    prompt: "Symbols of the chain so far; it may be empty.",
  },
  {
    kind: "automaton",
    name: "Cellular automaton",
    says: "Wolfram's 256 rules: a row of cells, each next one by itself and its two neighbours.",
    prompt: "A row of cells in 0 and 1, such as 0000000100000000.",
  },
  {
    kind: "rewriting",
    name: "String rewriting",
    says: "A multiway system: every place where a rule applies is a branch, equal strings are one state.",
    prompt: "A string to begin with, such as A.",
  },
  {
    kind: "restricted",
    name: "Only some tokens",
    says: "A rule on offer that may say nothing but the tokens you name, renormalised.",
    prompt: "Text to begin with, as for the rule itself.",
  },
  {
    kind: "interpolated",
    name: "Between two rules",
    says: "(1 − λ) of one rule and λ of another with the same alphabet, or of itself after another prompt.",
    prompt: "Text to begin with, as for the two rules.",
  },
];

export const kindInfo = (kind: RuleKind): KindInfo => KINDS.find((info) => info.kind === kind)!;

const PROMPTS: Record<string, string> = {
  automaton: "0000000100000000",
  rewriting: "A",
};

/** What stands in an empty prompt box, to show how a prompt for that rule is written. */
export function placeholderFor(rule: RuleDescription | null): string {
  const row = rule && PROMPTS[rule.family];
  if (row) return row;
  return (rule?.needs_prompt ?? true)
    ? "Once there was a machine that"
    : "This rule needs no beginning.";
}
