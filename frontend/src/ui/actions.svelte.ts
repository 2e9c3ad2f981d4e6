/** What a person can do on a page: one list for its keys, its help and its palette. */
import { getContext, setContext, untrack } from "svelte";
import { neighbour, type Direction } from "../model/neighbours";
import type { TreeSession } from "../state/session.svelte";
import type { ViewState } from "../state/view.svelte";

export const GROUPS = ["Walk", "Look", "Change", "Find", "Page", "Go to"] as const;

export interface Action {
  readonly id: string;
  /** What it does, as one reads it in a list: "zoom into the selected state". */
  readonly name: string;
  readonly group: (typeof GROUPS)[number];
  /** As `chordOf` writes them: "ArrowLeft", "Ctrl+z", "Shift+P", "?". The first one is shown. */
  readonly keys: readonly string[];
  /** Whether it can be done now; always, if left out. */
  readonly when?: () => boolean;
  /** Its keys mean it also where one types. */
  readonly anywhere?: boolean;
  readonly run: () => void;
}

/** The actions of a screen and of what is open on it; what was added last goes first. */
export class Actions {
  private sets = $state.raw<readonly (() => readonly Action[])[]>([]);
  /** The same: what leaves reads states as they were before what comes in its place was there. */
  private list: readonly (() => readonly Action[])[] = [];

  /** Adds actions; returns how to remove them. */
  add(set: () => readonly Action[]): () => void {
    this.change([set, ...this.list]);
    return () => this.change(this.list.filter((one) => one !== set));
  }

  private change(list: readonly (() => readonly Action[])[]): void {
    this.list = list;
    // Who adds does not depend on what others have added.
    untrack(() => (this.sets = list));
  }

  /** All of them, those that can be done now or not. */
  get all(): readonly Action[] {
    const all = this.sets.flatMap((set) => set());
    // A view may have its own way of doing what the screen does.
    const own = new Map(all.toReversed().map((one) => [one.id, one]));
    return all.filter((one) => own.get(one.id) === one);
  }

  /** The action of that name, where it can be done now. */
  able(id: string): Action | null {
    return this.all.find((one) => one.id === id && (one.when?.() ?? true)) ?? null;
  }

  /** Does what a key means here; false where it means nothing. */
  take(event: KeyboardEvent): boolean {
    const isTyping = belongsToField(event);
    const chord = chordOf(event);
    const action = this.all.find(
      ({ keys, when, anywhere }) =>
        keys.includes(chord) &&
        (!isTyping || (anywhere === true && !isWritten(chord))) &&
        (when?.() ?? true),
    );
    if (action === undefined) return false;
    event.preventDefault();
    action.run();
    return true;
  }
}

const CONTEXT = Symbol("actions");

/** The list of a screen, for everything on it. */
export function provideActions(): Actions {
  return setContext(CONTEXT, new Actions());
}

/** Adds a component's own actions while it is there; to be called while it is made. */
export function registerActions(set: () => readonly Action[]): void {
  const actions = getContext<Actions | undefined>(CONTEXT);
  if (actions) $effect.pre(() => actions.add(set));
}

/** The list of the screen that one is on; null where there is none. */
export const knownActions = (): Actions | null => getContext<Actions | undefined>(CONTEXT) ?? null;

const TYPES = "input, textarea, select, dialog, [contenteditable]";
const PRESSES = "button, a, summary, [role=treeitem], [role=option]";

/** Keys that move a slider. */
const SLIDES = /^(Arrow|Page|Home$|End$)/;

/** Whether a key belongs to the field or button that it is pressed in. */
function belongsToField(event: KeyboardEvent): boolean {
  const target = event.target instanceof Element ? event.target : null;
  const field = target?.closest(TYPES);
  const kind = field instanceof HTMLInputElement ? field.type : "";
  if (kind === "range" && !field!.closest("dialog")) return SLIDES.test(event.key);
  if (field && kind !== "checkbox") return true;
  if (event.isComposing || event.altKey) return true;
  return (event.key === "Enter" || event.key === " ") && target?.closest(PRESSES) != null;
}

/** A sign that one writes in a field: there it is never an action's. */
export const isWritten = (chord: string): boolean => [...chord].length === 1;

/** How a key with its modifiers is written: ⌘ counts as Ctrl, Shift only where a key has no sign of its own with it. */
export function chordOf(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "shiftKey">): string {
  const ctrl = event.ctrlKey || event.metaKey;
  const isLetter = /^[a-z]$/i.test(event.key);
  const shift = event.shiftKey && (isLetter || event.key.length > 1);
  const key = isLetter ? (shift && !ctrl ? event.key.toUpperCase() : event.key.toLowerCase()) : event.key;
  return `${ctrl ? "Ctrl+" : ""}${shift ? "Shift+" : ""}${key}`;
}

const SIGNS: Readonly<Record<string, string>> = {
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  Escape: "Esc",
  Backspace: "⌫",
};

/** A chord as people read it: "Ctrl Z", "←". */
export const keyName = (chord: string): string =>
  chord
    .split(/\+(?=.)/)
    .map((part, i) => SIGNS[part] ?? (i > 0 && part.length === 1 ? part.toUpperCase() : part))
    .join(" ");

/** Walking by the arrows and looking closer: what every screen with a tree on it has. */
export function walking(
  at: () => { session: TreeSession; view: ViewState },
): Action[] {
  const go = (direction: Direction) => (): void => {
    const { session, view } = at();
    const next = neighbour(session.model, view.selection, direction, session.weighting);
    if (next) view.select(next);
  };
  const group = "Walk";
  return [
    { id: "right", name: "the most probable next state", group, keys: ["ArrowRight"], run: go("right") },
    { id: "left", name: "the state before", group, keys: ["ArrowLeft"], run: go("left") },
    { id: "up", name: "the next state a rank more probable", group, keys: ["ArrowUp"], run: go("up") },
    { id: "down", name: "the next state a rank less probable", group, keys: ["ArrowDown"], run: go("down") },
    {
      id: "zoom",
      name: "zoom into the selected state",
      group: "Look",
      keys: ["z"],
      when: () => at().view.selection.key === undefined,
      run: () => at().view.zoomTo(at().view.selection.node),
    },
    { id: "out", name: "zoom out", group: "Look", keys: ["Escape", "Backspace"], run: () => void at().view.zoomOut() },
    { id: "draw", name: "another draw of worlds", group: "Look", keys: ["n"], run: () => at().view.anotherDraw() },
  ];
}
