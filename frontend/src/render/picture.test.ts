import { PLAIN } from "../model/emphasis";
import { DOMParser } from "@xmldom/xmldom";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Painter } from "../model/painter";
import { cameraOf, ToyTree } from "../model/toy";
import { layoutWorlds } from "../model/worlds";
import { legendOf } from "./legend";
import { pictureAsSvg, type PictureOptions } from "./picture";
import { asCanvasContext, SvgContext, svgDocument, type MeasureText } from "./svg/context";
import { THEMES } from "./theme";
import { drawWorlds } from "./worlds";
import { wrap } from "./wrap";

/** Every character has one width, as in the mono face. */
const measure: MeasureText = (font, text) =>
  ({ width: text.length * Number(/([\d.]+)px/.exec(font)![1]) * 0.6 }) as TextMetrics;

/** What a strict XML parser finds. */
function parsed(svg: string) {
  const document = new DOMParser({
    onError: (level, message) => {
      throw new Error(`${level}: ${message}`);
    },
  }).parseFromString(svg, "image/svg+xml");
  const all = (name: string) => Array.from(document.getElementsByTagName(name));
  return { root: document.documentElement!, all, texts: all("text").map((one) => one.textContent ?? "") };
}

function drawn(draw: (context: CanvasRenderingContext2D) => void) {
  const context = new SvgContext(200, 100, measure);
  draw(asCanvasContext(context));
  return parsed(svgDocument(context, "t", "d", { width: "200px", height: "100px" }));
}

const NASTY = '</text><script>alert(1)</script>&amp;"\' \u0007\u0000\ufffe\ud800 é 漢';
const toy = new ToyTree(() => [0.5, 0.3, 0.1, 0.06, 0.04], {
  bytesOf: (key) => new TextEncoder().encode([" a", "<b>&amp;</b>", "\n", " שלום", "\u0007"][key]),
});
toy.growTo(4);

function worlds(lines: number): Painter {
  return {
    title: "Worlds from the prompt",
    paint(context, { width, height, theme, ratio }) {
      const scene = layoutWorlds(toy.model, toy.rules, cameraOf(0), {
        width,
        height,
        linePitch: 17,
        columnWidth: 96,
        lines,
        seed: 0,
        offset: 0.5,
        linesOn: true,
        heights: "procedure",
        conditioned: false,
        colour: "entropy",
        measure: (text) => text.length * 7.5,
      });
      drawWorlds(context, scene, THEMES[theme], {
        selection: null,
        line: null,
        hover: null,
        now: 0,
        reducedMotion: true,
        growing: false,
        awaits: false,
        emphasis: PLAIN,
        ratio,
      });
      return { scale: legendOf("dark", scene.domain), notes: [`each line is 1 of ${lines}`] };
    },
  };
}

const OPTIONS: PictureOptions = {
  width: 900,
  height: 700,
  ratio: 1,
  theme: "paper",
  heading: "The night call",
  caption: ["Prompt: “be me”", "Rule: a coin"],
  withKey: true,
};
const PHYSICAL = { width: "89mm", height: "70mm" };

describe("a picture as SVG", () => {
  it("has its size, a title, a heading, the key and the caption, as text", () => {
    const { root, all, texts } = parsed(pictureAsSvg(worlds(12), OPTIONS, measure, PHYSICAL));
    expect(root.getAttribute("width")).toBe("89mm");
    expect(root.getAttribute("viewBox")).toBe("0 0 900 700");
    expect(all("title")[0]!.textContent).toBe("The night call: Worlds from the prompt");
    expect(all("desc")[0]!.textContent).toContain("Rule: a coin");
    for (const text of ["The night call", "Worlds from the prompt", "entropy", "each line is 1 of 12", "Prompt: “be me”", "Rule: a coin"]) {
      expect(texts).toContain(text);
    }
    expect(all("linearGradient").length).toBe(1);
  });

  it("has every line that the view lays out for that size, and all that is said in it", () => {
    const { texts } = parsed(pictureAsSvg(worlds(12), OPTIONS, measure, PHYSICAL));
    const rows = new Set<string>();
    const { all } = parsed(pictureAsSvg(worlds(12), { ...OPTIONS, heading: null, caption: [], withKey: false }, measure, PHYSICAL));
    for (const one of all("text")) rows.add(one.getAttribute("y")!);
    expect(rows.size).toBeGreaterThanOrEqual(12);
    expect(texts.join("")).toContain("<b>&amp;</b>");
    expect(all("b")).toEqual([]);
  });

  it("leaves out what is not wanted, and then gives the view the whole size", () => {
    const bare = { ...OPTIONS, heading: null, caption: [], withKey: false };
    const { all, texts } = parsed(pictureAsSvg(worlds(12), bare, measure, PHYSICAL));
    expect(texts).not.toContain("The night call");
    const inner = all("svg")[1]!;
    expect([inner.getAttribute("width"), inner.getAttribute("height")]).toEqual(["900", "700"]);
  });

  it("names the house's fonts and what may stand for them", () => {
    const { all } = parsed(pictureAsSvg(worlds(12), OPTIONS, measure, PHYSICAL));
    const families = new Set(all("text").map((one) => one.getAttribute("font-family")));
    expect([...families].every((one) => /^'(IBM Plex Mono|Inter)'.*(monospace|sans-serif)$/.test(one!))).toBe(true);
    expect(families.size).toBe(2);
  });

  it("keeps a long caption within its width and part of its height", () => {
    const caption = [`Prompt: “${"many words ".repeat(400)}”`, "Rule: a coin"];
    const { all, texts } = parsed(pictureAsSvg(worlds(12), { ...OPTIONS, caption }, measure, PHYSICAL));
    expect(texts.filter((text) => text.includes("many words")).length).toBe(4);
    expect(texts).toContain("Rule: a coin");
    expect(Number(all("svg")[1]!.getAttribute("height"))).toBeGreaterThan(350);
  });
});

describe("text in an SVG", () => {
  it("is never markup, whatever it says", () => {
    const { all, texts } = drawn((context) => context.fillText(NASTY, 0, 10));
    expect(all("script")).toEqual([]);
    expect(texts).toEqual(['</text><script>alert(1)</script>&amp;"\' ⟨07⟩⟨00⟩⟨FFFE⟩⟨D800⟩ é 漢']);
  });

  it("is the same after a parser has read it, with its spaces", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const { texts } = drawn((context) => context.fillText(text, 0, 10));
        const line = text.replace(/[\t\n\v\f\r]/g, " ");
        const shown = line.replace(/[\0-\x1f\ufffe\uffff]/g, (one) => `⟨${one.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}⟩`);
        expect(texts).toEqual(line.trim() === "" ? [] : [shown]);
      }),
    );
  });

  it("keeps a hostile title and colour inside their places", () => {
    const context = new SvgContext(10, 10, measure);
    context.fillStyle = 'red" onload="alert(1)';
    context.fillRect(0, 0, 5, 5);
    const { root, all } = parsed(svgDocument(context, NASTY, NASTY, { width: '1px" x="', height: "1px" }));
    expect(all("path")[0]!.getAttribute("onload")).toBe(null);
    expect(root.getAttribute("x")).toBe(null);
    expect(all("script")).toEqual([]);
  });

  it("stands where a canvas would set it", () => {
    const { all } = drawn((context) => {
      context.translate(10, 20);
      context.font = "italic 600 20px Inter, sans-serif";
      context.textAlign = "right";
      context.textBaseline = "middle";
      context.fillText("ab", 5, 5);
      context.scale(2, 2);
      context.fillText("cd", 1, 1);
    });
    const [first, second] = all("text");
    expect(first!.getAttribute("x")).toBe("15");
    expect(first!.getAttribute("y")).toBe("31.8");
    expect(first!.getAttribute("text-anchor")).toBe("end");
    expect(first!.getAttribute("font-weight")).toBe("600");
    expect(first!.getAttribute("font-style")).toBe("italic");
    expect(first!.getAttribute("textLength")).toBe("24");
    expect(second!.getAttribute("transform")).toBe("matrix(2 0 0 2 10 20)");
  });
});

describe("shapes in an SVG", () => {
  it("have their opacity apart from their colour", () => {
    const { all } = drawn((context) => {
      context.globalAlpha = 0.5;
      context.fillStyle = "rgb(242 184 75 / 20%)";
      context.fillRect(1, 2, 3, 4);
      context.fillStyle = "#11223380";
      context.fillRect(0, 0, 1, 1);
    });
    expect(all("path")[0]!.getAttribute("fill")).toBe("#f2b84b");
    expect(all("path")[0]!.getAttribute("fill-opacity")).toBe("0.1");
    expect(all("path")[0]!.getAttribute("d")).toBe("M1,2L4,2L4,6L1,6Z");
    expect(all("path")[1]!.getAttribute("fill-opacity")).toBe("0.251");
  });

  it("can be filled twice, and clipped as long as the state lasts", () => {
    const { all } = drawn((context) => {
      context.save();
      context.beginPath();
      context.rect(0, 0, 10, 10);
      context.clip();
      context.fill();
      context.fillStyle = "#ff0000";
      context.fill();
      context.restore();
      context.fillRect(0, 0, 1, 1);
    });
    const shapes = all("path").filter((one) => one.parentNode!.nodeName !== "clipPath");
    expect(shapes.map((one) => one.getAttribute("fill"))).toEqual(["#000000", "#ff0000", "#000000"]);
    expect(shapes.map((one) => one.parentNode!.nodeName)).toEqual(["g", "g", "svg"]);
    expect(all("clipPath").length).toBe(1);
  });

  it("turns a full circle in four quarters", () => {
    const { all } = drawn((context) => {
      context.beginPath();
      context.arc(10, 10, 5, 0, 2 * Math.PI);
      context.fill();
    });
    expect(all("path")[0]!.getAttribute("d")!.match(/C/g)!.length).toBe(4);
    expect(all("path")[0]!.getAttribute("d")!.endsWith(" 15,10")).toBe(true);
  });

  it("say what they cannot do instead of leaving it out", () => {
    const context = asCanvasContext(new SvgContext(1, 1, measure));
    expect(() => context.putImageData).toThrow("putImageData");
    expect(() => (context.globalCompositeOperation = "lighter")).toThrow("globalCompositeOperation");
  });
});

describe("wrapped text", () => {
  const wide = (text: string): number => text.length;
  it("keeps every line within the width and all words in order", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 80 }), fc.integer({ min: 3, max: 30 }), (text, width) => {
        const lines = wrap(text, width, 1000, wide);
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
        expect(lines.join("").replaceAll(" ", "")).toBe(text.replaceAll(" ", ""));
      }),
    );
  });
  it("ends in an ellipsis where there is more", () => {
    expect(wrap("one two three four", 9, 2, wide)).toEqual(["one two", "three…"]);
    expect(wrap("one two", 9, 2, wide)).toEqual(["one two"]);
  });
});
