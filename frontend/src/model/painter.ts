/** How a view draws itself anew for a picture of any size. */

/** "paper" is the light one on white, for print. */
export type PictureTheme = "dark" | "light" | "paper";

export interface PaintSize {
  /** CSS pixels. */
  readonly width: number;
  readonly height: number;
  readonly theme: PictureTheme;
  /** Device pixels per CSS pixel; the context is scaled by it already. */
  readonly ratio: number;
}

/** What tells the reader of a picture what its colours and marks mean. */
export interface PictureKey {
  /** A colour scale, from its low end to its high end; null where nothing is coloured by a number. */
  readonly scale: {
    readonly title: string;
    /** CSS colours, evenly spaced. */
    readonly stops: readonly string[];
    /** Such as "0 – 9 bits". */
    readonly range: string;
  } | null;
  /** Colours that stand for one thing each. */
  readonly swatches?: readonly { readonly colour: string; readonly name: string }[];
  /** Short sentences: "each line is 1 of 38 equally likely worlds". */
  readonly notes: readonly string[];
}

/** What a view that can be made a picture of provides while it is open. */
export interface Painter {
  /** What is pictured, in a few words: "Worlds after “the cat”". */
  readonly title: string;
  /**
   * Lays out for that size and draws, from the context's origin, in CSS pixels; the background too.
   * The context may write an SVG: what render/svg does not know raises an Error. Returns the key, if
   * the picture has one.
   */
  paint(context: CanvasRenderingContext2D, size: PaintSize): PictureKey | null | void;
}
