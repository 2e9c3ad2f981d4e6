/** Which states are drawn plainly: by their probability under the rule, and by their step. */
import { EVERYTHING, type Filter } from "../model/search/search";

export type Unit = "percent" | "bits";

/** What stands in the fields, as it was typed. */
export interface FilterDraft {
  readonly least: string;
  readonly unit: Unit;
  readonly from: string;
  readonly to: string;
}

export const NO_FILTER: FilterDraft = { least: "", unit: "percent", from: "", to: "" };

export type Read =
  | { readonly filter: Filter; readonly says: string | null; readonly problem: null }
  | { readonly problem: string };

/** Sums of float32 logs: a state of 12.5% may be a little less. */
const ROUNDING = 1e-6;

/** What a draft asks for, and that in words; or one sentence on what is wrong with it. */
export function readFilter({ least, unit, from, to }: FilterDraft): Read {
  const minLogProb = leastOf(least, unit);
  if (typeof minLogProb === "string") return { problem: minLogProb };
  const minDepth = stepOf(from) ?? 0;
  const maxDepth = stepOf(to) ?? Infinity;
  if (Number.isNaN(minDepth) || Number.isNaN(maxDepth)) {
    return { problem: "A step is a whole number from 0 on." };
  }
  if (minDepth > maxDepth) return { problem: "The first step comes after the last; exchange them." };
  const filter = { minLogProb: minLogProb - ROUNDING, minDepth, maxDepth };
  return { filter, says: wordsOf({ least, unit, from, to }), problem: null };
}

export const isEverything = (filter: Filter): boolean =>
  filter.minLogProb === EVERYTHING.minLogProb &&
  filter.minDepth === EVERYTHING.minDepth &&
  filter.maxDepth === EVERYTHING.maxDepth;

function leastOf(least: string, unit: Unit): number | string {
  if (least.trim() === "") return -Infinity;
  const value = Number(least.trim().replace(",", "."));
  if (unit === "bits") {
    return value >= 0 && Number.isFinite(value) ? -value * Math.LN2 : "Bits are a number from 0 on.";
  }
  return value > 0 && value <= 100
    ? Math.log(value / 100)
    : "A probability is above 0 and at most 100 per cent.";
}

const stepOf = (text: string): number | null =>
  text.trim() === "" ? null : /^\d{1,6}$/.test(text.trim()) ? Number(text) : NaN;

function wordsOf({ least, unit, from, to }: FilterDraft): string | null {
  const value = least.trim();
  const probable =
    value === "" ? null : unit === "percent" ? `at least ${value}%` : `at most ${value} bits`;
  const [first, last] = [from.trim(), to.trim()];
  const steps =
    first !== "" && last !== ""
      ? first === last
        ? `step ${first}`
        : `steps ${first}–${last}`
      : first !== ""
        ? `from step ${first}`
        : last !== ""
          ? `up to step ${last}`
          : null;
  return [probable, steps].filter((one) => one !== null).join(", ") || null;
}
