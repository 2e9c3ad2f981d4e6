import { describe, expect, it } from "vitest";
import { arrival, backoff } from "./resume";

describe("an event that arrives", () => {
  it("is applied when it is the next one", () => expect(arrival(4, 5)).toBe("apply"));
  it("is passed over when it was applied already", () => {
    expect(arrival(4, 4)).toBe("duplicate");
    expect(arrival(4, 1)).toBe("duplicate");
  });
  it("asks for what is missing when one was skipped", () => expect(arrival(4, 6)).toBe("gap"));
});

describe("the wait before a reconnection", () => {
  it("doubles from a third of a second", () => {
    expect(backoff(0, 1)).toBeCloseTo(300);
    expect(backoff(1, 1)).toBeCloseTo(600);
    expect(backoff(2, 1)).toBeCloseTo(1200);
  });
  it("never exceeds ten seconds", () => expect(backoff(50, 1)).toBe(10_000));
  it("is spread, never under half", () => expect(backoff(3, 0)).toBeCloseTo(1200));
});
