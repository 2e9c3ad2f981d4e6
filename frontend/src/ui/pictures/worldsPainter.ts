/** The Worlds view as a picture: the same worlds, laid out for another size. */
import type { Painter, PaintSize, PictureKey } from "../../model/painter";
import { textSizeFor, type WorldsOptions } from "../../model/scene";
import { selectionOf } from "../../model/selection";
import { layoutWorlds } from "../../model/worlds";
import { legendOf } from "../../render/legend";
import { createMeasure, measureCells } from "../../render/measure";
import { THEMES } from "../../render/theme";
import { drawWorlds, type WorldsLook } from "../../render/worlds";
import { factsOf } from "../../state/facts";
import type { TreeSession } from "../../state/session.svelte";
import { STAGE } from "../../state/stage";
import type { ViewState } from "../../state/view.svelte";

const COLUMN = 96;
const NARROW_COLUMN = 72;
const NARROW = 560;
/** Room for a row of cells on a line. */
const ROW = 132;
const NARROW_ROW = 58;
/** The least height that a line can be read at, CSS pixels. */
const LEAST_PITCH = 8;

type Rest = Pick<WorldsLook, "rowOf"> & Pick<WorldsOptions, "ratio">;

/** Lets the view be made a picture of; returns how to end that. */
export function offerPicture(session: TreeSession, view: ViewState, rest: Rest): () => void {
  const painter = worldsPainter(session, view, rest);
  view.painter = painter;
  return () => {
    if (view.painter === painter) view.painter = null;
  };
}

function worldsPainter(session: TreeSession, view: ViewState, rest: Rest): Painter {
  const { model } = session;
  function paint(context: CanvasRenderingContext2D, size: PaintSize): PictureKey {
    const { width, height, ratio } = size;
    // The lines of the screen, if they can be read; else some of them.
    const room = Math.max(1, Math.min(view.size.room, Math.floor(height / LEAST_PITCH)));
    const linePitch = Math.min(STAGE.linePitch, height / room);
    const measure = createMeasure(context, textSizeFor(linePitch));
    const cellRow = width < NARROW ? NARROW_ROW : ROW;
    const scene = layoutWorlds(model, session.weighting, view.camera, {
      width,
      height,
      linePitch,
      columnWidth: width < NARROW ? NARROW_COLUMN : COLUMN,
      ...view.shape,
      room,
      linesOn: view.linesOn,
      heights: view.heights,
      conditioned: view.conditioned,
      colour: view.colour,
      ratio: rest.ratio ?? null,
      measure: rest.rowOf ? measureCells(measure, cellRow) : measure,
    });
    const theme = THEMES[size.theme];
    drawWorlds(context, scene, theme, {
      selection: selectionOf(model, view.selection),
      line: view.line,
      hover: null,
      now: 0,
      reducedMotion: true,
      growing: false,
      awaits: false,
      emphasis: view.emphasis,
      ratio,
      rowOf: rest.rowOf ?? null,
    });
    const measured = view.heights === "rule" ? "the rule" : "the procedure";
    const notes = [`height is probability under ${measured}`];
    if (view.linesOn) {
      const worlds = scene.lines.length;
      notes.push(`each line is 1 of ${worlds} equally likely worlds`, "underlined: surprising tokens");
    }
    if (scene.open > 0) notes.push(`hatched: not grown (${scene.open} lines)`);
    return { scale: legendOf(theme.name, scene.domain), notes };
  }
  return {
    get title() {
      const { text } = factsOf(model, session.weighting, { node: view.camera.anchor });
      return text === "" ? "Worlds from the prompt" : `Worlds after “${text}”`;
    },
    paint,
  };
}
