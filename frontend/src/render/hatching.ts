/** Hatching as a repeating pattern, made once for a colour and a pixel ratio. */

/** CSS pixels between two strokes, along the horizontal. */
const SPACING = 7;
const STROKE = 1.25;

/** A pattern made in one document is of no use in another: a picture as SVG is one of its own. */
const patterns = new WeakMap<object, Map<string, CanvasPattern | null>>();

/** Diagonal strokes, sharp at the given device pixels per CSS pixel; null without a canvas. */
export function hatching(
  context: CanvasRenderingContext2D,
  colour: string,
  ratio: number,
): CanvasPattern | null {
  const { ownerDocument } = context.canvas;
  let known = patterns.get(ownerDocument);
  if (known === undefined) patterns.set(ownerDocument, (known = new Map()));
  const name = `${colour}/${ratio}`;
  let pattern = known.get(name);
  if (pattern === undefined) {
    pattern = make(context, colour, ratio);
    known.set(name, pattern);
  }
  return pattern;
}

function make(
  context: CanvasRenderingContext2D,
  colour: string,
  ratio: number,
): CanvasPattern | null {
  const size = Math.max(4, Math.round(SPACING * ratio));
  const tile = context.canvas.ownerDocument.createElement("canvas");
  tile.width = tile.height = size;
  const brush = tile.getContext("2d");
  if (brush === null) return null;
  brush.strokeStyle = colour;
  brush.lineWidth = STROKE * ratio;
  brush.beginPath();
  for (const shift of [-size, 0, size]) {
    brush.moveTo(shift - 1, size + 1);
    brush.lineTo(shift + size + 1, -1);
  }
  brush.stroke();
  const pattern = context.createPattern(tile, "repeat");
  pattern?.setTransform({ a: 1 / ratio, d: 1 / ratio });
  return pattern;
}
