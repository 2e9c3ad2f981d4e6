/** What each event of a log did, in a few words and as a mark on an axis of time. */
import { column } from "../base/columns";
import type { LoggedEvent } from "./replay";

/** Kinds of marks: what was grown, what was cut or hidden, and what was set down or set up. */
export type MarkKind = "growth" | "cut" | "set";

/** What stands at one place of the axis, which may be several events. */
export interface Mark {
  /** The events first ≤ seq < end. */
  readonly first: number;
  readonly end: number;
  /** States added. */
  readonly added: number;
  readonly cuts: number;
  readonly sets: number;
}

/** States that an event added. */
export const addedBy = ({ columns }: LoggedEvent): number => column(columns, "node_parent").length;

export function kindOf({ header }: LoggedEvent): MarkKind {
  switch (header.kind) {
    case "grow":
      return "growth";
    case "prune":
    case "restore":
    case "hide":
    case "show":
      return "cut";
    default:
      return "set";
  }
}

/** The log as `places` marks side by side, event 1 in the first and event `last` in the last. */
export function marksAlong(events: readonly LoggedEvent[], last: number, places: number): Mark[] {
  const count = Math.max(1, Math.min(places, last));
  return Array.from({ length: count }, (_, i) => {
    const first = Math.floor((i * last) / count) + 1;
    const end = Math.floor(((i + 1) * last) / count) + 1;
    let [added, cuts, sets] = [0, 0, 0];
    for (const event of events.slice(first - 1, end - 1)) {
      added += addedBy(event);
      const kind = kindOf(event);
      if (kind === "cut") cuts++;
      else if (kind === "set") sets++;
    }
    return { first, end, added, cuts, sets };
  });
}

/** What an event did, as a sentence goes on: "38 states grown". */
export function saysOf(event: LoggedEvent): string {
  const { header, columns } = event;
  const { payload } = header;
  const undone = "undoes" in payload ? "undone: " : "redoes" in payload ? "redone: " : "";
  const cuts = Math.max(1, column(columns, "cut_node").length);
  switch (header.kind) {
    case "grow": {
      const added = addedBy(event);
      return added === 0 ? "states expanded" : `${many(added, "state")} grown`;
    }
    case "prune":
      return `${undone}${many(cuts, "branch", "branches")} pruned`;
    case "restore":
      return `${undone}${many(cuts, "branch", "branches")} restored`;
    case "hide":
      return "a growth undone";
    case "show":
      return "a growth redone";
    case "weigh":
      return "weighed under a procedure";
    case "procedure":
      return `${undone}another procedure`;
    case "rename":
      return `${undone}named “${String(payload["name"] ?? "")}”`;
    case "bookmark":
      return `${undone}${payload["on"] === false ? "a bookmark taken away" : "a bookmark"}`;
    case "note":
      return `${undone}${payload["text"] === "" ? "a note taken away" : "a note"}`;
    case "label":
      return `${undone}${payload["text"] === "" ? "a name taken away" : `a branch named “${String(payload["text"])}”`}`;
    default:
      return header.kind;
  }
}

const grouped = new Intl.NumberFormat("en-GB");

const many = (count: number, one: string, more = `${one}s`): string =>
  `${grouped.format(count)} ${count === 1 ? one : more}`;
