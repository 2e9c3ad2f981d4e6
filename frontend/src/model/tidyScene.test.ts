import { describe, expect, it } from "vitest";
import { Subtrees } from "./subtrees";
import { layoutTidy } from "./tidy";
import { beyondSaid, TIDY_FADE, TIDY_RADIUS, tidyScene, WEDGE_GAP, type TidyScene, type TidyView } from "./tidyScene";
import { ToyTree } from "./toy";

const COLUMN = 100;
const ROOT = 18;
const measure = (text: string): number => 7 * text.length;

/** Long words, nine steps deep. */
const toy = new ToyTree(() => [0.7, 0.3], {
  bytesOf: (key) => new TextEncoder().encode(key === 0 ? "catastrophe" : "metamorphosis"),
});
toy.growTo(9);
const subtrees = new Subtrees(toy.model);

function sceneOf(some: Partial<TidyView>, root = 0): TidyScene {
  const options = { root, rows: 20, collapsed: new Set<number>(), opened: new Map<number, number>(), kept: [] };
  const tidy = layoutTidy(toy.model, toy.rules, subtrees, options);
  const view: TidyView = {
    width: 460,
    height: 400,
    x: 0,
    y: 0,
    rowHeight: 24,
    columnWidth: COLUMN,
    colour: "probability",
    measure,
    ...some,
  };
  return tidyScene(toy.model, toy.rules, tidy, view);
}

describe("at the right edge of a tidy tree", () => {
  it("no state and no label is cut, however wide the view and wherever it is moved", () => {
    for (let width = 80; width < 1100; width += 7) {
      for (const x of [0, -13, -250]) {
        const { states, wedges, beyond } = sceneOf({ width, x });
        for (const state of states) {
          expect(state.x + TIDY_RADIUS).toBeLessThanOrEqual(width);
          const from = state.x + TIDY_RADIUS + 4;
          const fades = beyond !== null && state.label.endsWith("…");
          const end = fades ? width - TIDY_FADE : width;
          if (state.label !== "") expect(from + measure(state.label)).toBeLessThanOrEqual(end);
        }
        for (const { x1, label } of wedges) {
          if (label !== "") expect(x1 + WEDGE_GAP + 0.85 * measure(label)).toBeLessThanOrEqual(width);
        }
      }
    }
  });

  it("a label that finds too little room ends in an ellipsis, or is left out", () => {
    const last = (width: number): string => {
      const { states } = sceneOf({ width });
      const right = Math.max(...states.map(({ x }) => x));
      return states.find(({ x }) => x === right)!.label;
    };
    const fourth = ROOT + 4 * COLUMN;
    expect(last(fourth + COLUMN)).toBe("catastro…");
    expect(last(fourth + 80)).toBe("catas…");
    expect(last(fourth + 40)).toBe("");
  });

  it("says which steps are beyond, as the tree counts them", () => {
    const fourth = ROOT + 4 * COLUMN;
    const { states, beyond } = sceneOf({ width: fourth + 50 });
    expect(Math.max(...states.map(({ x }) => x))).toBe(fourth);
    const whole = sceneOf({ width: 3000 });
    const most = Math.round((Math.max(...whole.states.map(({ x }) => x)) - ROOT) / COLUMN);
    expect(most).toBeGreaterThan(5);
    expect(beyond).toEqual({ first: 5, last: most });
    expect(whole.beyond).toBeNull();
    expect(sceneOf({ width: fourth + 50, x: -COLUMN }).beyond).toEqual({ first: 6, last: most });
    const hoisted = sceneOf({ width: fourth + 50 }, 1);
    expect(hoisted.beyond!.first).toBe(6);
  });

  it("says so in a sentence", () => {
    expect(beyondSaid({ first: 12, last: 37 })).toBe("steps 12 to 37 are beyond the right edge");
    expect(beyondSaid({ first: 9, last: 9 })).toBe("step 9 is beyond the right edge");
    expect(beyondSaid(null)).toBe("");
  });
});
