import { describe, expect, it } from "vitest";
import { figure } from "./numbers";

describe("a figure of a growth", () => {
  it("stands with its unit", () => {
    expect(figure(12, "trajectories")).toBe("12 trajectories");
    expect(figure(1, "trajectories")).toBe("1 trajectory");
    expect(figure(0.34, "share")).toBe("34.0%");
    expect(figure(0, "share")).toBe("0%");
    expect(figure(3.21, "bits/token")).toBe("3.21 bits/token");
    expect(figure(1234, "states")).toBe("1,234 states");
    expect(figure(0.123456, "")).toBe("0.1235");
  });
});
