import type { Scene } from "../model/scene";
import type { TreeModel } from "../model/tree";

const ENOUGH_STEPS = 12;

/** How far the lines in view have come, and marks on the browser's timeline for the benchmark. */
export class Milestones {
  /** Steps that every line has, counted from the camera's state; ended lines hold none back. */
  columns = 0;
  private first = false;
  private enough = false;

  see(model: TreeModel, scene: Scene): void {
    const from = model.depth[scene.camera.anchor] ?? 0;
    let least = Infinity;
    let most = 0;
    for (const { at, end } of scene.lines) {
      const steps = (model.depth[at.node] ?? 0) + (at.key === undefined ? 0 : 1) - from;
      most = Math.max(most, steps);
      if (end === "open" || end === "unweighed") least = Math.min(least, steps);
    }
    this.columns = least === Infinity ? most : least;
    if (!this.first && this.columns >= 1) {
      this.first = true;
      performance.mark("semioscope:first-column");
    }
    if (!this.enough && this.columns >= 1 && (least === Infinity || least >= ENOUGH_STEPS)) {
      this.enough = true;
      performance.mark("semioscope:worlds-12");
    }
  }
}
