import { describe, expect, it } from "vitest";
import { isEverything, NO_FILTER, readFilter } from "./filter";

const read = (draft: Partial<typeof NO_FILTER>) => readFilter({ ...NO_FILTER, ...draft });

describe("a filter as it is typed", () => {
  it("lets everything through when nothing is typed", () => {
    const all = read({});
    expect(all.problem).toBeNull();
    expect(all.problem === null && isEverything(all.filter)).toBe(true);
    expect(all).toMatchObject({ says: null });
  });

  it("takes a probability in per cent or in bits, and says so", () => {
    const percent = read({ least: "12.5" });
    const bits = read({ least: "3", unit: "bits" });
    expect(percent.problem === null && percent.filter.minLogProb).toBeCloseTo(Math.log(1 / 8), 5);
    expect(bits.problem === null && bits.filter.minLogProb).toBeCloseTo(Math.log(1 / 8), 5);
    expect(percent).toMatchObject({ says: "at least 12.5%" });
    expect(bits).toMatchObject({ says: "at most 3 bits" });
  });

  it.each([
    [{ from: "2", to: "5" }, "steps 2–5"],
    [{ from: "4", to: "4" }, "step 4"],
    [{ from: "3" }, "from step 3"],
    [{ to: "9", least: "1" }, "at least 1%, up to step 9"],
  ])("says %j as “%s”", (draft, says) => expect(read(draft)).toMatchObject({ says }));

  it.each([
    [{ least: "0" }, "above 0 and at most 100 per cent"],
    [{ least: "101" }, "above 0 and at most 100 per cent"],
    [{ least: "x" }, "above 0 and at most 100 per cent"],
    [{ least: "-1", unit: "bits" as const }, "from 0 on"],
    [{ from: "1.5" }, "whole number"],
    [{ from: "5", to: "2" }, "exchange"],
  ])("refuses %j with one sentence", (draft, part) => {
    const { problem } = read(draft);
    expect(problem).toContain(part);
    expect(problem?.match(/\./g)).toHaveLength(1);
  });
});
