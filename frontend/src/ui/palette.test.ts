import { describe, expect, it } from "vitest";
import type { Action } from "./actions.svelte";
import { choicesOf } from "./palette";

const action = (id: string, name: string, more: Partial<Action> = {}): Action => ({
  id,
  name,
  group: "Page",
  keys: [],
  run: () => {},
  ...more,
});
const ACTIONS = [
  action("share", "share this tree"),
  action("prune", "prune the selected state", { group: "Change", keys: ["Delete"] }),
  action("zoom", "zoom into the selected state", { group: "Look", keys: ["z"] }),
  action("help", "keys and words", { keys: ["?"] }),
  action("redo", "redo it", { group: "Change", when: () => false }),
  action("name", "go to «Привет»", { group: "Find" }),
];
const found = (typed: string): string[] => choicesOf(ACTIONS, typed).map(({ action: { id } }) => id);

describe("what a few letters mean", () => {
  it("is everything that can be done now, by group, where nothing is typed", () => {
    expect(found("")).toEqual(["zoom", "prune", "name", "share", "help"]);
  });
  it("is found by parts of words in any order", () => {
    expect(found("sel pru")).toEqual(["prune"]);
    expect(found("state").sort()).toEqual(["prune", "zoom"]);
  });
  it("is found with a letter wrong, missing, or exchanged", () => {
    for (const typed of ["prine", "prue", "purne"]) expect(found(typed)).toContain("prune");
  });
  it("is found by its key", () => {
    expect(found("?")).toEqual(["help"]);
    expect(found("z")[0]).toBe("zoom");
  });
  it("is found in any script", () => expect(found("прив")).toEqual(["name"]));
  it("is nothing where nothing fits", () => expect(found("xyzzy")).toEqual([]));
  it("shows which letters were meant, and every letter once", () => {
    const [choice] = choicesOf(ACTIONS, "words");
    expect(choice!.parts).toEqual([
      { text: "keys and ", isMatch: false },
      { text: "words", isMatch: true },
    ]);
    for (const { parts, action: { name } } of choicesOf(ACTIONS, "sel st")) {
      expect(parts.map(({ text }) => text).join("")).toBe(name);
    }
  });
});
