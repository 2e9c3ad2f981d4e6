/** How a visitor merges states: the equivalence, the arrangement, and what stands for it in the address. */
import type { Equivalence } from "../model/multiway/equivalence";
import type { Layout } from "../model/multiway/layout";

export interface MultiwayChoice {
  /** null leaves it to the rule. */
  readonly by: Equivalence["by"] | null;
  /** Of "last": how many tokens. */
  readonly k: number;
  readonly layout: Layout;
  /** Of a cellular automaton: rows of cells instead of the graph. */
  readonly spacetime: boolean;
}

export const FIRST_MULTIWAY: MultiwayChoice = { by: null, k: 2, layout: "layers", spacetime: false };

/** Reads "last3-force", "text", "spacetime" …; what makes no sense is the first choice. */
export function readMultiway(text: string | null): MultiwayChoice {
  const match = /^(?:(text|state|last([1-8])))?-?(force)?-?(spacetime)?$/.exec(text ?? "");
  if (match === null) return FIRST_MULTIWAY;
  const [, kind, k, force, spacetime] = match;
  return {
    by: k !== undefined ? "last" : ((kind as "text" | "state" | undefined) ?? null),
    k: k === undefined ? FIRST_MULTIWAY.k : Number(k),
    layout: force === undefined ? "layers" : "force",
    spacetime: spacetime !== undefined,
  };
}

/** What `readMultiway` reads; "" for the first choice. */
export function writeMultiway({ by, k, layout, spacetime }: MultiwayChoice): string {
  const words = [
    by === "last" ? `last${k}` : by,
    layout === "force" ? "force" : null,
    spacetime ? "spacetime" : null,
  ];
  return words.filter((word) => word !== null).join("-");
}

/** What a rule's family makes of equal states unless one chooses. */
export function equivalenceOf(
  { by, k }: MultiwayChoice,
  rule: { readonly kind: string; readonly family: string },
): Equivalence {
  if (rule.kind === "rewriting") return { by: "state" };
  if (by === "text" || by === "last") return by === "last" ? { by, k } : { by };
  return CHAINS.has(rule.family) ? { by: "last", k: 1 } : { by: "text" };
}

/** Rules whose next token is decided by the last few. */
const CHAINS = new Set(["chain", "coin", "markov"]);

/** What may be said of states that an equivalence takes for one (SCIENCE §2). */
export function exactness(equivalence: Equivalence): string {
  switch (equivalence.by) {
    case "state":
      return "Equal states of this rule are one: what follows them is the same. Exact.";
    case "text":
      return "The same text is one state, whichever tokens wrote it. Exact as text.";
    case "last":
      return "States with the same last tokens count as one. Exact only for a rule that remembers no more; of a language model it is an analogy.";
  }
}
