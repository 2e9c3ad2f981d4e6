import { describe, expect, it } from "vitest";
import { MOST_STATES, MOST_TREES, Visited, type Keeper } from "./visited";

function keeper(): Keeper & { readonly held: Map<string, string> } {
  const held = new Map<string, string>();
  return {
    held,
    getItem: (key) => held.get(key) ?? null,
    setItem: (key, value) => void held.set(key, value),
    removeItem: (key) => void held.delete(key),
  };
}

describe("visited states", () => {
  it("are remembered for a tree, by this browser", () => {
    const kept = keeper();
    const first = new Visited("tA", kept);
    expect(first.add(7)).toBe(true);
    expect(first.add(7)).toBe(false);
    first.write();
    expect(new Visited("tA", kept).has(7)).toBe(true);
    expect(new Visited("tB", kept).has(7)).toBe(false);
  });

  it("are so many at most, and those visited last stay", () => {
    const kept = keeper();
    const visited = new Visited("tA", kept);
    for (let node = 0; node < MOST_STATES; node++) visited.add(node);
    visited.add(0);
    visited.add(MOST_STATES);
    expect(visited.count).toBe(MOST_STATES);
    expect(visited.has(0)).toBe(true);
    expect(visited.has(1)).toBe(false);
  });

  it("of trees not seen for long are forgotten", () => {
    const kept = keeper();
    for (let i = 0; i <= MOST_TREES; i++) {
      const visited = new Visited(`t${i}`, kept);
      visited.add(1);
      visited.write();
    }
    expect(new Visited("t0", kept).count).toBe(0);
    expect(new Visited("t1", kept).count).toBe(1);
    expect(kept.held.size).toBe(MOST_TREES + 1);
  });

  it("begin anew where what is kept cannot be read, or cannot be kept", () => {
    const kept = keeper();
    kept.held.set("semioscope.visited.tA", '{"a": 1');
    expect(new Visited("tA", kept).count).toBe(0);
    const full: Keeper = {
      ...kept,
      setItem: () => {
        throw new Error("full");
      },
    };
    const visited = new Visited("tC", full);
    visited.add(3);
    visited.write();
    expect(visited.has(3)).toBe(true);
  });
});
