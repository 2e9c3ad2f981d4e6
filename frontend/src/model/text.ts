/** Text of a path from the bytes of its tokens, and how white space and controls are shown. */
import type { TreeModel } from "./tree";

/** A character is four bytes at most, so a token needs no more of its past than three before it. */
const CONTEXT = 3;

/**
 * What each token of a path adds to the text: `Alphabet.pieces` of core/alphabet.py.
 *
 * A character split over several tokens is shown at the token that completes it, "" at the
 * earlier ones. A run of bytes that are no character is shown as ⟨E2 80⟩ at the token of its
 * last byte.
 */
export function pieces(tokens: readonly Uint8Array[]): string[] {
  const shown = tokens.map(() => "");
  const bytes: number[] = [];
  const owner: number[] = [];
  tokens.forEach((token, index) => {
    for (const byte of token) {
      bytes.push(byte);
      owner.push(index);
    }
  });
  let broken: number[] = [];
  const flush = (end: number): void => {
    if (broken.length > 0) shown[owner[end - 1]!] += `⟨${broken.map(hex).join(" ")}⟩`;
    broken = [];
  };
  let at = 0;
  while (at < bytes.length) {
    const length = characterLength(bytes, at);
    if (length === 0) {
      broken.push(bytes[at]!);
      at += 1;
      continue;
    }
    flush(at);
    shown[owner[at + length - 1]!] += String.fromCodePoint(codePoint(bytes, at, length));
    at += length;
  }
  flush(at);
  return shown;
}

/** The text of the token by which `key` follows `parent`, as the end of its path. */
export function pieceAfter(tree: TreeModel, parent: number, key: number): string {
  const whole = tree.symbols.wholeText(key);
  if (whole !== null) return whole;
  const tokens = [...contextOf(tree, parent), tree.symbolBytes(key)];
  return pieces(tokens)[tokens.length - 1]!;
}

/**
 * The texts of the tokens `keys` that follow `parent`, each as `pieces` gives it. Under a
 * rewriting rule: the states one after another, set apart, rows of cells by a space.
 */
export function piecesAfter(tree: TreeModel, parent: number, keys: readonly number[]): string[] {
  const whole = keys.map((key) => tree.symbols.wholeText(key));
  if (tree.shape.kind === "rewriting") {
    const apart = tree.shape.cells ? " " : " → ";
    return whole.map((text) => apart + (text ?? "⟨not text⟩"));
  }
  if (!whole.includes(null)) return whole as string[];
  const context = contextOf(tree, parent);
  const tokens = keys.map((key) => tree.symbolBytes(key));
  return pieces([...context, ...tokens]).slice(context.length);
}

/** The texts of all tokens from the root to `node`. */
export function pathPieces(tree: TreeModel, node: number): string[] {
  const keys = tree.path(node).slice(1);
  return piecesAfter(
    tree,
    0,
    keys.map((step) => tree.key[step]!),
  );
}

/** Controls, and characters that are blank, invisible, or turn the direction of what follows. */
const CONTROLS =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u00a0\u00ad\u061c\u115f\u1160\u1680\u180e\u2000-\u200b\u200e\u200f\u2028-\u202f\u205f-\u206f\u3000\u3164\ufeff\uffa0\u{e0000}-\u{e007f}]/gu;
/** Joiners and variation selectors belong to the character before them; without one they show. */
const JOINERS = /^[\u200c\u200d\ufe00-\ufe0f\u{e0100}-\u{e01ef}]+/u;

/**
 * Controls and invisible marks made visible; a line break as ↵ and a gap. `attached`: a character
 * stands before it, which a joiner at its beginning belongs to.
 */
export function visible(text: string, attached = false): string {
  return isPlain(text) ? text : marked(text, " ", attached);
}

/** Text as it was written, over several lines; only controls and invisible marks are made visible. */
export function written(text: string): string {
  return text.replace(CONTROLS, shownControl);
}

/** As `visible`, for a label: every space is shown as ␣, and nothing at all as ⟨⟩. */
export function label(text: string): string {
  if (text === "") return "⟨⟩";
  const spaced = text.replace(/⟨[^⟩]*⟩| /g, (found) => (found === " " ? "␣" : found));
  return marked(spaced, "");
}

/**
 * Which neighbouring texts are read from right to left together: [first, end) of each run. What
 * has no direction belongs to a run when right-to-left texts stand on both sides of it.
 */
export function rightToLeftRuns(texts: readonly string[]): [number, number][] {
  const runs: [number, number][] = [];
  let first = -1;
  let end = -1;
  const close = (): void => {
    if (first !== -1) runs.push([first, end]);
    first = -1;
  };
  texts.forEach((text, index) => {
    if (isPlain(text) ? /[^ ]/.test(text) : LEFT_TO_RIGHT.test(text)) close();
    else if (RIGHT_TO_LEFT.test(text)) {
      if (first === -1) first = index;
      end = index + 1;
    }
  });
  close();
  return runs;
}

/**
 * A text of a right-to-left run as it is drawn apart from its neighbours: it keeps its direction,
 * and letters that join (Arabic) keep the shapes they have beside `before` and `after`.
 */
export function inRun(text: string, before: string, after: string): string {
  const joins = (one: string, other: string): boolean => /\p{L}$/u.test(one) && /^\p{L}/u.test(other);
  const start = joins(before, text) ? "\u200d" : "";
  const stop = joins(text, after) ? "\u200d" : "";
  return `\u2067${start}${text}${stop}\u2069`;
}

/** Letters other than right-to-left ones, digits, and the marks of line breaks and bytes. */
const LEFT_TO_RIGHT =
  /(?![\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}])[\p{L}\p{N}↵⇥␍⟨⟩]/u;
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

function marked(text: string, gap: string, attached = false): string {
  return text
    .replace(/\r\n/g, "␍\n")
    .replace(/\n/g, `↵${gap}`)
    .replace(/\t/g, `⇥${gap}`)
    .replace(JOINERS, (joiners) =>
      attached ? joiners : [...joiners].map(shownControl).join(""),
    )
    .replace(CONTROLS, shownControl);
}

/** Printable ASCII only: nothing to escape, and as wide as it is long in a monospaced face. */
export function isPlain(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x20 || unit > 0x7e) return false;
  }
  return true;
}

function shownControl(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return "␡";
  return `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
}

/** The bytes of up to three tokens that end at `node`, which a split character may begin in. */
function contextOf(tree: TreeModel, node: number): Uint8Array[] {
  const context: Uint8Array[] = [];
  for (let at = node; at > 0 && context.length < CONTEXT; at = tree.parent[at]!) {
    const key = tree.key[at]!;
    if (tree.symbols.wholeText(key) !== null) break;
    context.push(tree.symbolBytes(key));
  }
  return context.reverse();
}

/** Bytes of the well-formed UTF-8 character at `at`, 0 when there is none (RFC 3629). */
function characterLength(bytes: readonly number[], at: number): number {
  const first = bytes[at]!;
  if (first < 0x80) return 1;
  const length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length === 0) return 0;
  for (let i = 1; i < length; i++) if (((bytes[at + i] ?? 0) & 0xc0) !== 0x80) return 0;
  const second = bytes[at + 1]!;
  if (first === 0xe0 && second < 0xa0) return 0;
  if (first === 0xed && second > 0x9f) return 0;
  if (first === 0xf0 && second < 0x90) return 0;
  if (first === 0xf4 && second > 0x8f) return 0;
  return length;
}

function codePoint(bytes: readonly number[], at: number, length: number): number {
  const first = bytes[at]!;
  if (length === 1) return first;
  let code = first & (0xff >> (length + 1));
  for (let i = 1; i < length; i++) code = (code << 6) | (bytes[at + i]! & 0x3f);
  return code;
}

function hex(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, "0");
}
