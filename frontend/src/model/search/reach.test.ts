import { describe, expect, it } from "vitest";
import { reachOf } from "./reach";

describe("how far an expression looks", () => {
  it.each([
    ["", 2],
    ["a", 4],
    ["\\w", 4],
    ["^the$", 8],
    ["\\bof\\b", 6],
    ["[\\]x-z]{2}", 6],
    ["a{2,5}?b", 14],
    ["(?:ab|c)?d", 8],
    ["(?<name>ab|cde)f", 10],
    ["\\u{1F30D}🌍\\p{L}\\x41\\cJ\\u0041", 14],
    ["\\(a\\|b\\)", 12],
    ["(a{0})*", 2],
  ])("is bounded for %s", (source, reach) => {
    new RegExp(source, "u");
    expect(reachOf(source)).toBe(reach);
  });

  it.each(["a*", "a+?", "a{2,}", "(ab)*c", "(?=a)b", "(?!a)b", "(?<=a)b", "(?<!a)b", "(a)\\1", "(?<n>a)\\k<n>", "x|y+"])(
    "has no bound for %s",
    (source) => expect(reachOf(source)).toBe(Infinity),
  );
});
