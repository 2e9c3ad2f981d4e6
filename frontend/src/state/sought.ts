/** What is looked for in a tree and what a filter lets through, as an address keeps them. */
import type { Query } from "../model/search/messages";
import { LONGEST_QUERY } from "../model/search/search";
import { NO_FILTER, readFilter, type FilterDraft } from "./filter";

const LONGEST_NUMBER = 12;

/** Into an address; nothing of a search or a filter that there is not. */
export function writeSought(query: URLSearchParams, sought: Query | null, filter: FilterDraft): void {
  if (sought !== null && sought.text !== "") {
    query.set("q", sought.text);
    if (sought.isExpression) query.set("qre", "1");
    if (sought.matchCase) query.set("qcase", "1");
  }
  const { least, unit, from, to } = filter;
  if (least.trim() !== "") query.set(unit === "bits" ? "bits" : "least", least.trim());
  if (from.trim() !== "") query.set("from", from.trim());
  if (to.trim() !== "") query.set("to", to.trim());
}

/** Out of an address; null for what is too long, or no regular expression. */
export function readSought(query: URLSearchParams): Query | null {
  const text = query.get("q") ?? "";
  if (text === "" || [...text].length > LONGEST_QUERY) return null;
  const isExpression = query.get("qre") === "1";
  if (isExpression) {
    try {
      new RegExp(text, "u");
    } catch {
      return null;
    }
  }
  return { text, isExpression, matchCase: query.get("qcase") === "1" };
}

/** Out of an address; none where it makes no sense. */
export function readFiltered(query: URLSearchParams): FilterDraft {
  const bits = query.get("bits");
  const draft: FilterDraft = {
    least: bits ?? query.get("least") ?? "",
    unit: bits === null ? "percent" : "bits",
    from: query.get("from") ?? "",
    to: query.get("to") ?? "",
  };
  const { least, from, to } = draft;
  const isEmpty = least === "" && from === "" && to === "";
  const isLong = [least, from, to].some((one) => one.length > LONGEST_NUMBER);
  return isEmpty || isLong || readFilter(draft).problem !== null ? NO_FILTER : draft;
}
