/** Draws one frame at `now` (ms); true asks for another. */
export type Draw = (now: number) => boolean;

/** The page's one animation loop. It runs only while something has asked for a frame. */
export interface Frames {
  /** Adds a drawing; returns how to remove it. */
  add(draw: Draw): () => void;
  /** Asks for one frame, soon. */
  wake(): void;
}
