import { describe, expect, it } from "vitest";
import { selectionOf } from "../model/selection";
import type { Scene } from "../model/scene";
import { cameraOf, ToyTree } from "../model/toy";
import { layoutWorlds } from "../model/worlds";
import { THEMES } from "./theme";
import { drawWorlds, type WorldsLook } from "./worlds";
import { drawZoom } from "./zoom";

interface Written {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly alpha: number;
  readonly ink: unknown;
}

/** A context that remembers what is written on it and how deep its saves are. */
class Recorder {
  readonly written: Written[] = [];
  depth = 0;
  globalAlpha = 1;
  fillStyle: unknown = "";
  private readonly saved: number[] = [];
  readonly canvas = { ownerDocument: { createElement: () => ({ getContext: () => null }) } };

  save(): void {
    this.depth++;
    this.saved.push(this.globalAlpha);
  }
  restore(): void {
    this.depth--;
    this.globalAlpha = this.saved.pop() ?? 1;
  }
  fillText(text: string, x: number, y: number): void {
    this.written.push({ text, x, y, alpha: this.globalAlpha, ink: this.fillStyle });
  }
  measureText(text: string): { width: number } {
    return { width: text.length * 7.5 };
  }
  createLinearGradient(): { addColorStop: () => void } {
    return { addColorStop: () => undefined };
  }
  beginPath(): void {}
  roundRect(): void {}
  fill(): void {}
  stroke(): void {}
  fillRect(): void {}

  /** What is seen of it. */
  get visible(): Written[] {
    return this.written.filter(({ alpha }) => alpha > 0);
  }
  get context(): CanvasRenderingContext2D {
    return this as unknown as CanvasRenderingContext2D;
  }
}

const toy = new ToyTree(() => [0.5, 0.3, 0.1, 0.06, 0.04], {
  bytesOf: (key) => new TextEncoder().encode([" a", "<b>b</b>", "\n", " שלום", " e"][key]),
});
toy.growTo(5);

const sceneAt = (anchor: number): Scene =>
  layoutWorlds(toy.model, toy.rules, cameraOf(anchor), {
    width: 900,
    height: 340,
    linePitch: 17,
    columnWidth: 92,
    lines: 20,
    seed: 0,
    offset: 0.5,
    linesOn: true,
    heights: "procedure",
    conditioned: false,
    colour: "entropy",
    measure: (text) => text.length * 7.5,
  });

const LOOK: WorldsLook = {
  selection: null,
  line: null,
  hover: null,
  now: 0,
  reducedMotion: false,
  growing: true,
  awaits: true,
  ratio: 2,
};
const theme = THEMES.dark;

function drawn(scene: Scene, look: Partial<WorldsLook> = {}): Recorder {
  const recorder = new Recorder();
  drawWorlds(recorder.context, scene, theme, { ...LOOK, ...look });
  return recorder;
}

describe("drawing the worlds", () => {
  const scene = sceneAt(0);

  it("writes every line's tokens as they are, markup as text", () => {
    const all = drawn(scene).written.map(({ text }) => text).join("");
    expect(all).toContain("<b>b</b>");
    expect(all).toContain(" \u2067שלום\u2069");
    expect(all).not.toContain("\n");
  });

  it("leaves the context as it was", () => {
    const recorder = drawn(scene);
    expect(recorder.depth).toBe(0);
    expect(recorder.globalAlpha).toBe(1);
  });

  it("writes the lines through the selected state in ink, the others softly", () => {
    const block = scene.blocks[1]!;
    const selection = selectionOf(toy.model, block.ref);
    const { written } = drawn(scene, { selection });
    const inkAt = (index: number): unknown[] =>
      written
        .filter(({ y, x }) => Math.abs(y - scene.lines[index]!.y) < 6 && x >= scene.lines[index]!.x0)
        .map(({ ink }) => ink);
    expect(inkAt(block.first)).toContain(theme.ink);
    expect(inkAt(block.last)).not.toContain(theme.ink);
  });
});

describe("zooming", () => {
  const block = sceneAt(0).blocks[0]!;
  const [outer, inner] = [sceneAt(0), sceneAt(block.ref.node)];
  const places = ({ visible }: Recorder): string[] =>
    visible.map(({ text, x, y }) => `${text}@${x.toFixed(1)},${y.toFixed(1)}`).sort();

  function zoomed(from: Scene, to: Scene, t: number): Recorder {
    const recorder = new Recorder();
    drawZoom(recorder.context, from, to, theme, LOOK, t);
    return recorder;
  }

  it("begins as the one picture and ends as the other, inward and outward", () => {
    for (const [from, to] of [
      [outer, inner],
      [inner, outer],
    ] as const) {
      expect(places(zoomed(from, to, 0))).toEqual(places(drawn(from)));
      expect(places(zoomed(from, to, 1))).toEqual(places(drawn(to)));
    }
  });

  it("never writes the texts of both pictures at once", () => {
    const ofLines = (scene: Scene): Set<number> => new Set(scene.lines.map(({ y }) => y));
    expect(ofLines(outer).size).toBe(20);
    for (let t = 0; t <= 1; t += 0.05) {
      const strong = zoomed(outer, inner, t).visible.filter(({ alpha }) => alpha > 0.5);
      expect(strong.length).toBeLessThanOrEqual(
        Math.max(places(drawn(outer)).length, places(drawn(inner)).length),
      );
    }
  });

  it("crossfades between pictures that do not contain each other", () => {
    const other = sceneAt(sceneAt(0).blocks.find(({ column, first }) => column === 0 && first > 0)!.ref.node);
    expect(places(zoomed(inner, other, 1))).toEqual(places(drawn(other)));
  });
});
