import { describe, expect, it } from "vitest";
import { captionOf, fileName, type Pictured } from "./caption";
import { asOnScreen, MOST_PIXELS, physicalOf, PRESETS, refusalOf } from "./pictureSize";

const PICTURED: Pictured = {
  prompt: "be me\nattorney at law",
  rule: { name: "SmolLM2 135M Instruct", revision: "0.1.2", fingerprint: "0123456789abcdef" },
  steps: [
    { kind: "temperature", value: 0.8 },
    { kind: "top_p", p: 0.95 },
  ],
  heights: "procedure",
  conditioned: false,
  seed: 7,
  seq: 42,
  version: "0.1.0",
  at: new Date(2026, 0, 2, 12),
  link: "http://127.0.0.1:8000/t/x",
};

describe("a caption", () => {
  it("says all that it takes to make the picture again", () => {
    const [prompt, rule, procedure, made] = captionOf(PICTURED);
    expect(prompt).toBe("Prompt: “be me↵ attorney at law”");
    expect(rule).toBe("Rule: SmolLM2 135M Instruct (revision 0.1.2, fingerprint 0123456789ab).");
    expect(procedure).toMatch(/^Procedure: .*0\.8.* → .*0\.95.*\. Seed 7\.$/);
    expect(made).toBe("Semioscope 0.1.0, 2 January 2026, event 42 of the tree. http://127.0.0.1:8000/t/x");
  });

  it("says what is left out and what the heights are", () => {
    const bare = { ...PICTURED, prompt: "", steps: [], heights: "rule", conditioned: true, link: null } as const;
    const [prompt, , procedure, made] = captionOf({ ...bare, rule: { ...PICTURED.rule, revision: null } });
    expect(prompt).toBe("No prompt.");
    expect(procedure).toBe(
      "Procedure: the rule itself; heights are under the rule, given that nothing pruned happens. Seed 7.",
    );
    expect(made).toBe("Semioscope 0.1.0, 2 January 2026, event 42 of the tree.");
  });
});

describe("the name of a file", () => {
  it.each([
    ["The night call", "the-night-call"],
    ["../../etc/passwd", "etc-passwd"],
    ["Überlegung", "uberlegung"],
    ["夜の電話", "multiverse"],
    ["x".repeat(300), "x".repeat(60)],
  ])("of %s is %s", (name, safe) => {
    expect(fileName(name)).toBe(safe);
  });
});

describe("the size of a picture", () => {
  it("can be any of those offered", () => {
    for (const { size } of PRESETS) expect(refusalOf(size)).toBe(null);
    expect(PRESETS.find(({ id }) => id === "column")!.size.width).toBe(1051);
    expect(PRESETS.find(({ id }) => id === "page")!.size.width).toBe(2161);
  });

  it("is refused with a reason outside its bounds", () => {
    const size = { width: 1000, height: 1000, scale: 1, millimetres: null };
    expect(refusalOf(size)).toBe(null);
    for (const spoilt of [
      { ...size, width: 10 },
      { ...size, height: MOST_PIXELS + 1 },
      { ...size, width: 1000.5 },
      { ...size, width: NaN },
      { ...size, width: 8000, height: 8000 },
      { ...size, scale: 0 },
      { ...size, scale: 6, width: 300 },
    ]) {
      expect(refusalOf(spoilt)).toMatch(/\.$/);
    }
  });

  it("is the screen's with its own pixels, and millimetres on paper", () => {
    expect(asOnScreen(800, 600, 2)).toEqual({ width: 1600, height: 1200, scale: 2, millimetres: null });
    expect(asOnScreen(9000, 100, 2)).toEqual({ width: 8192, height: 240, scale: 2, millimetres: null });
    expect(physicalOf({ width: 1051, height: 1051, scale: 2, millimetres: 89 })).toEqual({ width: "89mm", height: "89mm" });
    expect(physicalOf({ width: 1920, height: 1080, scale: 2, millimetres: null }).width).toBe("1920px");
  });
});
