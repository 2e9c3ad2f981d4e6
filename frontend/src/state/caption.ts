/** What a picture says below it: enough to make it again. */
import { describe } from "./procedure";
import type { Step, TreeView } from "./wire";

export interface Pictured {
  readonly prompt: string;
  readonly rule: Pick<TreeView["rule"], "name" | "revision" | "fingerprint">;
  readonly steps: readonly Step[];
  readonly heights: "procedure" | "rule";
  readonly conditioned: boolean;
  readonly seed: number;
  /** Of the tree's last event. */
  readonly seq: number;
  /** Of the software; null where it is not known. */
  readonly version: string | null;
  readonly at: Date;
  /** Null leaves it out. */
  readonly link: string | null;
}

/** A paragraph each. */
export function captionOf(pictured: Pictured): string[] {
  const { prompt, rule, steps, heights, conditioned, seed, seq, version, at, link } = pictured;
  const revision = rule.revision == null ? "" : `revision ${rule.revision}, `;
  const measure = heights === "rule" ? "; heights are under the rule" : "";
  const given = conditioned ? ", given that nothing pruned happens" : "";
  const made = version === null ? "Semioscope" : `Semioscope ${version}`;
  const day = at.toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });
  return [
    prompt === "" ? "No prompt." : `Prompt: “${visibly(prompt)}”`,
    `Rule: ${visibly(rule.name)} (${revision}fingerprint ${rule.fingerprint.slice(0, 12)}).`,
    `Procedure: ${describe(steps)}${measure}${given}. Seed ${seed}.`,
    `${made}, ${day}, event ${seq} of the tree.${link === null ? "" : ` ${link}`}`,
  ];
}

const visibly = (text: string): string => text.replace(/\r\n?|\n/g, "↵ ").replaceAll("\t", "⇥ ");

/** A name that any system takes for a file. */
export function fileName(name: string): string {
  const plain = name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/[^a-z0-9]+/g, "-");
  return plain.slice(0, 60).replace(/^-+|-+$/g, "") || "multiverse";
}
