import { describe, expect, it } from "vitest";
import type { Action } from "./actions.svelte";
import { helpOf } from "./help";

const action = (id: string, group: Action["group"], ...keys: string[]): Action => ({
  id,
  name: id,
  group,
  keys,
  run: () => undefined,
});

describe("the help", () => {
  it("has one line for a key that does several things, in their order, where the last of them stands", () => {
    const help = helpOf([
      action("close the list", "Page", "Escape"),
      action("close time", "Look", "Escape"),
      action("undo", "Change", "Ctrl+z"),
      action("zoom out", "Look", "Escape", "Backspace"),
    ]);
    expect(help).toEqual([
      {
        group: "Look",
        lines: [
          {
            key: "Escape",
            group: "Look",
            says: "in this order: close a dialog, or leave a field; close the list; close time; zoom out",
          },
        ],
      },
      { group: "Change", lines: [{ key: "Ctrl+z", group: "Change", says: "undo" }] },
    ]);
  });

  it("leaves out what has no key", () => {
    expect(helpOf([action("share", "Page")])).toEqual([]);
  });
});
