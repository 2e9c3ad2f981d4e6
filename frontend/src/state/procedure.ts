import { faultOf, wordsOf } from "./steps";
import type { Step } from "./wire";

/** A step in the editor. One that is off stays in sight on this page, and is not sent. */
export interface Entry {
  readonly id: number;
  readonly step: Step;
  readonly on: boolean;
}

export type Entries = readonly Entry[];

export const MOST_STEPS = 16;

let last = 0;
export const entryOf = (step: Step): Entry => ({ id: ++last, step, on: true });

/** What is sent: the steps that are on, in their order. */
export const stepsOf = (entries: Entries): Step[] =>
  entries.filter(({ on }) => on).map(({ step }) => step);

export const sameSteps = (one: readonly Step[], other: readonly Step[]): boolean =>
  JSON.stringify(one) === JSON.stringify(other);

/**
 * The entries after the procedure has become `steps` (by this page or another, or by an undo):
 * those that say so already stay as they are, others are made anew; what is off keeps its place.
 */
export function follow(entries: Entries, steps: readonly Step[]): Entries {
  if (sameSteps(stepsOf(entries), steps)) return entries;
  const made = steps.map((step, index): Entry => {
    const before = entries.filter(({ on }) => on)[index];
    return before?.step.kind === step.kind ? { ...before, step } : entryOf(step);
  });
  entries.forEach((entry, index) => {
    if (!entry.on) made.splice(Math.min(index, made.length), 0, entry);
  });
  return made;
}

/** Entry `from` put at place `to` of the others. */
export function moved(entries: Entries, from: number, to: number): Entries {
  const others = entries.filter((_, index) => index !== from);
  const entry = entries[from];
  if (entry === undefined) return entries;
  return [...others.slice(0, to), entry, ...others.slice(to)];
}

export const replaced = (entries: Entries, id: number, part: Partial<Entry>): Entries =>
  entries.map((entry) => (entry.id === id ? { ...entry, ...part } : entry));

/** What is wrong with the steps that are on, by entry. */
export function faultsOf(entries: Entries): ReadonlyMap<number, string> {
  const faults = new Map<number, string>();
  for (const { id, step, on } of entries) {
    const fault = on ? faultOf(step) : null;
    if (fault !== null) faults.set(id, fault);
  }
  return faults;
}

/** One sentence on what is wrong with the steps together, or null. */
export function contradiction(entries: Entries): string | null {
  let allowed: readonly number[] | undefined;
  const forbidden = new Set<number>();
  const named: string[] = [];
  const on = entries.filter((entry) => entry.on);
  if (on.length > MOST_STEPS) return `A sampling procedure has at most ${MOST_STEPS} steps.`;
  for (const [index, { step }] of on.entries()) {
    if (step.kind === "force") {
      const before: readonly number[] = allowed ?? step.keys;
      allowed = step.keys.filter((key) => before.includes(key));
    } else if (step.kind === "forbid") {
      for (const key of step.keys) forbidden.add(key);
    } else continue;
    named.push(`${index + 1} (${step.kind === "force" ? "forced" : "forbidden"} tokens)`);
    if (allowed?.every((key) => forbidden.has(key))) {
      return `Steps ${named.join(" and ")} contradict each other: no token is left by all of them.`;
    }
  }
  const product = on.reduce((all, { step }) => all * (step.kind === "temperature" ? step.value : 1), 1);
  if (product !== 0 && !(product >= 0.01 && product <= 100)) {
    return "The temperatures together must be 0, or multiply to between 0.01 and 100.";
  }
  return null;
}

/** The procedure in one line, for a summary. */
export function describe(steps: readonly Step[]): string {
  return steps.length === 0 ? "the rule itself" : steps.map(wordsOf).join(" → ");
}

export interface Preset {
  readonly name: string;
  readonly steps: readonly Step[];
}

export const PRESETS: readonly Preset[] = [
  { name: "The rule itself", steps: [] },
  { name: "Greedy", steps: [{ kind: "temperature", value: 0 }] },
  { name: "Nucleus 0.95", steps: [{ kind: "top_p", p: 0.95 }] },
  { name: "Top-k 40", steps: [{ kind: "top_k", k: 40 }] },
  {
    name: "T 0.7, min-p 0.05",
    steps: [{ kind: "temperature", value: 0.7 }, { kind: "min_p", p: 0.05 }],
  },
  {
    name: "T 1.5, min-p 0.1",
    steps: [{ kind: "temperature", value: 1.5 }, { kind: "min_p", p: 0.1 }],
  },
  { name: "Typical 0.9", steps: [{ kind: "typical", p: 0.9 }] },
  { name: "Eta 0.0003", steps: [{ kind: "eta", epsilon: 0.0003 }] },
  {
    name: "No loops",
    steps: [{ kind: "repetition", penalty: 1.2 }, { kind: "no_repeat", n: 4 }],
  },
];
