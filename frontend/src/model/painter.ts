/** How a view draws itself anew for a picture of any size. */

export interface PaintSize {
  /** CSS pixels. */
  readonly width: number;
  readonly height: number;
  readonly theme: "dark" | "light";
}

/** What a view that can be made a picture of provides while it is open. */
export interface Painter {
  /** What is pictured, in a few words: "Worlds after “the cat”". */
  readonly title: string;
  /** Lays out for that size and draws, from the context's origin. */
  paint(context: CanvasRenderingContext2D, size: PaintSize): void;
}
