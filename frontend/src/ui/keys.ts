export type KeyCommand =
  | "left"
  | "right"
  | "up"
  | "down"
  | "expand"
  | "zoom"
  | "out"
  | "prune"
  | "undo"
  | "redo"
  | "draw"
  | "help";

const PLAIN: Readonly<Record<string, KeyCommand>> = {
  ArrowLeft: "left",
  ArrowRight: "right",
  ArrowUp: "up",
  ArrowDown: "down",
  Enter: "expand",
  z: "zoom",
  Escape: "out",
  Backspace: "out",
  Delete: "prune",
  n: "draw",
  "?": "help",
};

const TYPES = "input, textarea, select, dialog, [contenteditable]";
const PRESSES = "button, a, summary";

/** What a key means on the tree screen; null where it belongs to the field or button it is in. */
export function keyCommand(event: KeyboardEvent): KeyCommand | null {
  const target = event.target instanceof Element ? event.target : null;
  const field = target?.closest(TYPES);
  if (field && !(field instanceof HTMLInputElement && field.type === "checkbox")) return null;
  if (event.isComposing || event.altKey) return null;
  if (event.ctrlKey || event.metaKey) {
    if (event.key.toLowerCase() === "z") return event.shiftKey ? "redo" : "undo";
    return event.key.toLowerCase() === "y" ? "redo" : null;
  }
  if (event.key === "Enter" && target?.closest(PRESSES)) return null;
  return PLAIN[event.key] ?? null;
}
