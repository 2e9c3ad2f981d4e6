/** What a rule is made of, in words and numbers that people know from the form. */
import { shown } from "./matrix";

export interface SpecFact {
  readonly name: string;
  readonly value: string;
}

/** A spec as it is stored: JSON of a known kind, or of one that this page does not know. */
export type StoredSpec = Readonly<Record<string, unknown>>;

const MOST = 600;
const text = (value: unknown): string => {
  const said = typeof value === "string" ? value : JSON.stringify(value);
  return said.length <= MOST ? said : `${said.slice(0, MOST)}…`;
};
const named = (rule: unknown): string =>
  typeof rule === "string" ? rule : `(${specFacts(rule as StoredSpec).map(({ value }) => value).join(", ")})`;

export function specFacts(spec: StoredSpec): SpecFact[] {
  const facts: SpecFact[] = [];
  const say = (name: string, value: unknown): void => {
    if (value !== null && value !== undefined) facts.push({ name, value: text(value) });
  };
  switch (spec["kind"]) {
    case "coin":
      say(spec["repeats"] === null ? "heads" : "first flip heads", spec["heads"]);
      say("repeats with", spec["repeats"]);
      break;
    case "markov":
      say("counts", spec["unit"]);
      say("order", spec["order"]);
      say("smoothing", spec["smoothing"]);
      if (spec["base"] !== null) say("tokens of", named(spec["base"]));
      say("text", spec["text"]);
      break;
    case "chain": {
      const rows = spec["matrix"] as number[][];
      say("symbols", (spec["symbols"] as string[]).join(" "));
      say("matrix", rows.slice(0, 12).map((row) => row.map(shown).join("  ")).join("\n"));
      say("begins with", (spec["initial"] as number[] | null)?.map(shown).join("  "));
      break;
    }
    case "automaton":
      say("number", spec["number"]);
      say("ends", spec["ring"] ? "joined in a ring" : "a line, zeros beyond");
      say("noise", spec["noise"]);
      break;
    case "rewriting":
      say("rules", spec["rules"]);
      break;
    case "restricted":
      say("speaks", named(spec["base"]));
      say("says only", spec["texts"]);
      say("says only", spec["keys"]);
      break;
    case "interpolated":
      for (const which of ["first", "second"]) {
        const part = spec[which] as StoredSpec;
        say(which, named(part["rule"]));
        say(`${which}, after`, part["context"]);
        say(`${which}, in place of`, part["replaces"]);
      }
      say("λ", spec["weight"]);
      break;
    default:
      for (const [name, value] of Object.entries(spec)) say(name, value);
  }
  return facts;
}
