import { describe, expect, it } from "vitest";
import { chordOf, isWritten, keyName } from "./actions.svelte";

const key = (key: string, held: Partial<Record<"ctrlKey" | "metaKey" | "shiftKey", boolean>> = {}) =>
  chordOf({ key, ctrlKey: false, metaKey: false, shiftKey: false, ...held });

describe("a key with its modifiers", () => {
  it("is its letter, whatever the caps lock says", () => {
    expect(key("z")).toBe("z");
    expect(key("Z")).toBe("z");
  });
  it("takes ⌘ for Ctrl", () => {
    expect(key("z", { metaKey: true })).toBe("Ctrl+z");
    expect(key("Z", { ctrlKey: true, shiftKey: true })).toBe("Ctrl+Shift+z");
  });
  it("names Shift where the key has no sign of its own with it", () => {
    expect(key("?", { shiftKey: true })).toBe("?");
    expect(key("P", { shiftKey: true })).toBe("Shift+P");
    expect(key("ArrowUp", { shiftKey: true })).toBe("Shift+ArrowUp");
  });
});

describe("a sign that is written in a field", () => {
  it.each(["/", "?", "b", "é"])("%s is one", (sign) => expect(isWritten(key(sign))).toBe(true));
  it("is none with Ctrl, and no key with a name is one", () => {
    expect(isWritten(key("f", { ctrlKey: true }))).toBe(false);
    expect(isWritten(key("F3"))).toBe(false);
    expect(isWritten(key("Escape"))).toBe(false);
  });
});

describe("a key's name", () => {
  it.each([
    ["ArrowLeft", "←"],
    ["Ctrl+Shift+z", "Ctrl Shift Z"],
    ["?", "?"],
    ["+", "+"],
    ["Escape", "Esc"],
  ])("%s is read as %s", (chord, name) => expect(keyName(chord)).toBe(name));
});
