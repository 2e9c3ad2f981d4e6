/** What is on the canvas of the Worlds view: small records in CSS pixels, ready to be drawn. */
import type { Camera } from "./camera";
import type { Measured } from "./overlay";
import type { StateRef } from "./ref";

/** What is shown for an end token, which has no text of its own. */
export const END_MARK = "∎";

export type Colour =
  | "entropy"
  | "surprisal"
  | "probability"
  | "depth"
  | "author"
  | "time"
  | "ratio"
  | Measured;

export interface WorldsOptions {
  /** CSS pixels. */
  readonly width: number;
  readonly height: number;
  /** The height that a line of text likes to have, CSS pixels; sets the size of the text. */
  readonly linePitch: number;
  /** Width of one step's column of blocks, CSS pixels. */
  readonly columnWidth: number;
  /** n: how many equally likely worlds a whole state is asked for. */
  readonly lines: number;
  /** How many the height has room for; n where it is not said (model/lattice.ts). */
  readonly room?: number;
  readonly seed: number;
  /** Of the lines, in spacings from the top: 0.5 is centred. */
  readonly offset: number;
  readonly linesOn: boolean;
  /** What the heights are: probabilities under the procedure, or under the rule. */
  readonly heights: "procedure" | "rule";
  /** Of what is not pruned only: what is left fills the height (model/conditioning.ts). */
  readonly conditioned: boolean;
  readonly colour: Colour;
  /** What the colour "ratio" shows of a next state of `parent`: bits, ±∞ where only one allows it. */
  readonly ratio?: ((parent: number, key: number) => number) | null;
  /** Width of a text in the mono face at `textSizeFor(linePitch)`, CSS pixels. */
  measure(text: string): number;
}

export interface Block {
  readonly ref: StateRef;
  /** The state before it and the key between them. */
  readonly parent: number;
  readonly key: number;
  /** 0 for next states of the camera's anchor. */
  readonly column: number;
  readonly depth: number;
  /** The lines that go through it: first ≤ i < last. */
  readonly first: number;
  readonly last: number;
  /** Exact interval, as a share of the height in view. */
  readonly a: number;
  readonly b: number;
  /** As drawn; the heights give way to the lines by less than a line. */
  readonly x0: number;
  readonly x1: number;
  readonly y0: number;
  readonly y1: number;
  /** White space visible, shortened to fit; "" when nothing fits. */
  readonly label: string;
  /** Of the label, CSS pixels. */
  readonly size: number;
  /** Its share of what is in view, under the heights' measure; "" when it does not fit. */
  readonly percent: string;
  readonly percentBelow: boolean;
  /** In the unit of the colour; NaN where it is not known. */
  readonly value: number;
  readonly kind: "state" | "ended" | "cut" | "forbidden";
}

export interface Piece {
  readonly ref: StateRef;
  readonly x0: number;
  readonly x1: number;
  /** White space and controls visible; "" when the token shows nothing by itself; END_MARK. */
  readonly text: string;
  /** Surprisal under the rule. */
  readonly bits: number;
}

/**
 * How a line stops: at the right edge, at a terminal state, at a state that waits for growth,
 * under a cut, at a state not yet under the procedure, in what the procedure forbids, in what the
 * rule does not tell, or at a state of which it tells too little for the procedure.
 */
export type LineEnd =
  | "edge"
  | "ended"
  | "open"
  | "cut"
  | "unweighed"
  | "forbidden"
  | "untold"
  | "unweighable";

export interface Line {
  readonly index: number;
  /** What tells this world from others while one moves; its place for the lines of a whole state. */
  readonly id: number;
  /** Its own slot; slots never overlap. The text stands on the middle, `y`. */
  readonly y0: number;
  readonly y1: number;
  readonly y: number;
  /** Where its text begins, and where it stops. */
  readonly x0: number;
  readonly x1: number;
  readonly pieces: readonly Piece[];
  readonly end: LineEnd;
  /** The last state of it that is known. */
  readonly at: StateRef;
}

export interface Hatch {
  readonly kind: "unweighed" | "forbidden" | "untold" | "unweighable";
  readonly ref: StateRef;
  readonly x0: number;
  readonly x1: number;
  readonly y0: number;
  readonly y1: number;
  /** What it stands for, when there is room to say it. */
  readonly label: string;
}

/** A branch thinner than a line, at the left of the lines that go through it and its like. */
export interface Tick {
  readonly ref: StateRef;
  readonly x0: number;
  readonly x1: number;
  readonly y0: number;
  readonly y1: number;
  readonly value: number;
}

export interface ColourDomain {
  readonly colour: Colour;
  readonly lo: number;
  readonly hi: number;
  /** Of a colour that names instead of measuring: who the values 0, 1, … stand for. */
  readonly names?: readonly string[];
}

export interface Scene {
  readonly camera: Camera;
  readonly width: number;
  readonly height: number;
  /** height / lines: what one line of the n is worth, CSS pixels. */
  readonly pitch: number;
  readonly columnWidth: number;
  /** Of the lines' text, CSS pixels. */
  readonly textSize: number;
  readonly domain: ColourDomain;
  readonly blocks: readonly Block[];
  /** The last states before the anchor and itself, left of the picture: seen while it slides. */
  readonly before: readonly Block[];
  readonly lines: readonly Line[];
  readonly hatches: readonly Hatch[];
  readonly ticks: readonly Tick[];
  /** Lines that wait for growth within what is in view. */
  readonly open: number;
  /** Steps from the anchor that are on the screen. */
  readonly steps: number;
  /** About how many steps from the anchor fill the width. */
  readonly stepsToFill: number;
}

/** The size of the lines' text for a line pitch, CSS pixels. */
export function textSizeFor(linePitch: number): number {
  return Math.min(13, Math.round(linePitch * 1.5) / 2);
}
