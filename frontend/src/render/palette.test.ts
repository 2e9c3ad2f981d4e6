import { lab } from "d3-color";
import { describe, expect, it } from "vitest";
import type { Colour } from "../model/scene";
import { legendOf } from "./legend";
import { contrast, LEGIBLE, scaleOf, stepOf } from "./palette";
import { THEMES, type ThemeName } from "./theme";

const NAMES: ThemeName[] = ["dark", "light"];
const COLOURS: Colour[] = ["entropy", "surprisal", "probability", "depth", "time"];
const ALL = NAMES.flatMap((name) => COLOURS.map((colour) => [name, colour] as const));

describe.each(ALL)("the %s scale of %s", (name, colour) => {
  const { colours, inks } = scaleOf(name, colour);

  it("gets steadily lighter on dark, darker on light", () => {
    const sign = name === "dark" ? 1 : -1;
    const lightness = colours.map((one) => sign * lab(one).l);
    for (let i = 1; i < lightness.length; i++) {
      expect(lightness[i]! - lightness[i - 1]!).toBeGreaterThan(0);
    }
  });

  it("carries labels that can be read", () => {
    colours.forEach((one, i) => expect(contrast(inks[i]!, one)).toBeGreaterThanOrEqual(LEGIBLE));
  });

  it("is seen on the canvas at its low end too", () => {
    const least = name === "light" ? 1.5 : 1.35;
    for (const one of colours) {
      expect(contrast(one, THEMES[name].background)).toBeGreaterThanOrEqual(least);
    }
  });
});

describe.each(NAMES)("the %s scale of ratios", (name) => {
  const { colours, inks } = scaleOf(name, "ratio");
  const middle = colours.length / 2;

  it("gets steadily stronger from the middle to both ends", () => {
    const sign = name === "dark" ? 1 : -1;
    const lightness = colours.map((one) => sign * lab(one).l);
    for (let i = 1; i < colours.length; i++) {
      if (i < middle) expect(lightness[i - 1]! - lightness[i]!).toBeGreaterThan(0);
      if (i > middle) expect(lightness[i]! - lightness[i - 1]!).toBeGreaterThan(0);
    }
  });

  it("is blue at one end and yellow at the other, which no colour-blindness but one confuses", () => {
    expect(lab(colours[0]!).b).toBeLessThan(-20);
    expect(lab(colours.at(-1)!).b).toBeGreaterThan(20);
  });

  it("carries labels that can be read", () => {
    colours.forEach((one, i) => expect(contrast(inks[i]!, one)).toBeGreaterThanOrEqual(LEGIBLE));
  });
});

describe.each(NAMES)("the %s colours of people", (name) => {
  const { colours, inks } = scaleOf(name, "author");

  it("are a person's own, and begin anew after eight", () => {
    const domain = { colour: "author", lo: 0, hi: 63 } as const;
    expect(Array.from({ length: 9 }, (_, person) => stepOf(domain, person))).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8,
    ]);
    expect(new Set(colours.slice(0, 8)).size).toBe(8);
    expect(colours[8]).toBe(colours[0]);
  });

  it("carry labels that can be read, and are seen on the canvas", () => {
    colours.forEach((one, i) => {
      expect(contrast(inks[i]!, one)).toBeGreaterThanOrEqual(LEGIBLE);
      expect(contrast(one, THEMES[name].background)).toBeGreaterThanOrEqual(2.4);
    });
  });

  it("are named in the legend, side by side", () => {
    const legend = legendOf(name, { colour: "author", lo: 0, hi: 63, names: ["you", "person 2"] });
    expect(legend.range).toBe("you, person 2");
    expect(new Set(legend.stops)).toEqual(new Set(colours.slice(0, 2)));
    const many = Array.from({ length: 7 }, (_, i) => `person ${i + 1}`);
    expect(legendOf(name, { colour: "author", lo: 0, hi: 63, names: many }).range).toContain(
      "person 4 and 3 more",
    );
  });
});

describe.each([...NAMES, "paper"] as const)("the %s canvas", (name) => {
  const theme = THEMES[name];

  it("has text that can be read", () => {
    for (const ink of [theme.ink, theme.text, theme.soft, theme.ended]) {
      expect(contrast(ink, theme.background)).toBeGreaterThanOrEqual(LEGIBLE);
    }
    expect(contrast(theme.text, theme.neutral)).toBeGreaterThanOrEqual(LEGIBLE);
    expect(contrast(theme.ended, theme.neutral)).toBeGreaterThanOrEqual(LEGIBLE - 0.5);
  });

  it("has marks that can be seen", () => {
    expect(contrast(theme.faint, theme.background)).toBeGreaterThanOrEqual(3);
    expect(contrast(theme.accent, theme.background)).toBeGreaterThanOrEqual(3);
  });
});

describe("a value on a scale", () => {
  const domain = { colour: "entropy", lo: 0, hi: 8 } as const;

  it("is held to the ends, and has no place where it is not known", () => {
    expect([stepOf(domain, -1), stepOf(domain, 0), stepOf(domain, 8), stepOf(domain, 99)]).toEqual([
      0, 0, 63, 63,
    ]);
    expect(stepOf(domain, NaN)).toBe(-1);
    expect([stepOf(domain, -Infinity), stepOf(domain, Infinity)]).toEqual([0, 63]);
  });

  it("is named in the legend with its unit", () => {
    const { range, stops } = legendOf("dark", domain);
    expect(range).toBe("0 – 8 bits");
    expect(stops[0]).toBe(scaleOf("dark", "entropy").colours[0]);
    expect(legendOf("light", { colour: "probability", lo: 0, hi: 1 }).range).toBe("0 – 100 %");
    expect(legendOf("dark", { colour: "ratio", lo: -3, hi: 3 }).range).toBe("B +3 … A +3 bits");
  });
});
