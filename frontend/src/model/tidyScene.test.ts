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

describe("an automaton's tree", () => {
  const CELLS = 300;
  const shape = { kind: "rewriting", cells: true } as const;
  const written = (key: number): string => (key === 0 ? "0" : "01").repeat(CELLS).slice(0, CELLS);
  const rows = new ToyTree(() => [0.7, 0.3], {
    shape,
    stateOf: (key) => new TextEncoder().encode(written(key)),
  });
  rows.growTo(3);

  function statesOf(width: number): TidyScene["states"] {
    const options = { root: 0, rows: 20, collapsed: new Set<number>(), opened: new Map<number, number>(), kept: [] };
    const tidy = layoutTidy(rows.model, rows.rules, new Subtrees(rows.model), options);
    return tidyScene(rows.model, rows.rules, tidy, {
      width,
      height: 400,
      x: 0,
      y: 0,
      rowHeight: 24,
      columnWidth: COLUMN,
      colour: "probability",
      measure,
    }).states;
  }

  it("has cells in place of zeros, no wider than a column, and none over the right edge", () => {
    const [root, ...states] = statesOf(1000);
    expect(root!.label).toBe("prompt");
    expect(states.length).toBeGreaterThan(5);
    for (const { row, rowWidth, label, node, x, out } of states) {
      expect(label).toBe("");
      expect([...row!].join("")).toBe(written(rows.model.key[node]!));
      expect(rowWidth).toBeLessThan(COLUMN);
      expect(out).toBeLessThan(x + COLUMN);
    }
    for (let width = 80; width < 420; width += 7) {
      for (const { x, rowWidth } of statesOf(width)) {
        if (rowWidth > 0) expect(x + TIDY_RADIUS + rowWidth).toBeLessThanOrEqual(width);
      }
    }
  });
});

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
