import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { cancelGrowth, growTree } from "../api/client";
import type { Scene } from "../model/scene";
import { ToyTree } from "../model/toy";
import { Grower } from "./grower";
import type { TreeSession } from "./session.svelte";
import type { ViewState } from "./view.svelte";

vi.mock("../api/client", () => ({
  growTree: vi.fn(async () => ({ id: "j", state: "done" })),
  cancelGrowth: vi.fn(async () => ({ id: "j", state: "cancelled" })),
}));
vi.mock("./rules.svelte", () => ({ rules: { status: null } }));

const asked = vi.mocked(growTree);
const LINES = { lines: 38, room: 38, offset: 0.5, seed: 0 };
const waiting = { open: 5 } as Scene;
const full = { open: 0 } as Scene;

function world(): { session: TreeSession; view: ViewState } {
  const session = {
    ref: "t1",
    canWrite: true,
    tree: { rule_available: true },
    jobs: [],
    epoch: 0,
    failure: null,
    allowance: null,
    loading: null,
    client: "page",
    model: { fingerprint: "rule" },
    takeJob: () => undefined,
    refresh: () => undefined,
  } as unknown as TreeSession;
  const view = {
    growing: true,
    seed: 0,
    offset: 0.5,
    heights: "procedure",
    camera: { anchor: 7, lo: 0, hi: 1 },
  } as unknown as ViewState;
  return { session, view };
}

async function rest(grower: Grower, scene: Scene): Promise<void> {
  grower.consider(scene, LINES, 24);
  await vi.advanceTimersByTimeAsync(500);
}

describe("growing into view", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    asked.mockClear();
  });
  afterEach(() => vi.useRealTimers());

  it("names the lines one by one where there is room for some of them only", async () => {
    const { session, view } = world();
    const toy = new ToyTree(() => [0.5, 0.3, 0.2]);
    toy.growTo(2);
    Object.assign(session, { model: toy.model });
    Object.assign(view, { measure: toy.rules, camera: { anchor: 0, lo: 0, hi: 1 } });
    const scene = { open: 3, height: 300, blocks: [], lines: [0, 4, 7].map((index) => ({ index, end: "open" })) };
    new Grower(session, view).consider(scene as unknown as Scene, { ...LINES, room: 21 }, 24);
    await vi.advanceTimersByTimeAsync(500);
    const places = [0, 4, 7].map((i) => ({ node: 0, u: (2 * i + 0.5) / 38, line: 2 * i }));
    expect(asked.mock.calls[0]?.[1]).toMatchObject({ strategy: { lines: 3, places, origin: 0 } });
  });

  it("asks for the worlds of the state in view", async () => {
    const { session, view } = world();
    await rest(new Grower(session, view), waiting);
    expect(asked).toHaveBeenCalledOnce();
    expect(asked.mock.calls[0]?.[1]).toMatchObject({
      state: { node: 7 },
      automatic: true,
      client: "page",
      strategy: { kind: "worlds", lines: 38, steps: 24, seed: 0, offset: 0.5 },
    });
  });

  it("is quiet when nothing waits, when it is switched off, and for readers", async () => {
    const { session, view } = world();
    await rest(new Grower(session, view), full);
    await rest(new Grower(session, { ...view, growing: false } as ViewState), waiting);
    await rest(new Grower({ ...session, canWrite: false } as TreeSession, view), waiting);
    expect(asked).not.toHaveBeenCalled();
  });

  it("never goes round in circles", async () => {
    const { session, view } = world();
    const grower = new Grower(session, view);
    for (let i = 0; i < 20; i += 1) await rest(grower, waiting);
    const steps = asked.mock.calls.map(([, body]) => (body.strategy as { steps: number }).steps);
    expect(steps).toEqual([24, 36, 48, 60, 72, 84, 96]);
  });

  it("stays within the budget of one growth", async () => {
    const { session, view } = world();
    const grower = new Grower(session, view);
    for (let i = 0; i < 20; i += 1) {
      grower.consider(waiting, { ...LINES, lines: 80, room: 80 }, 48);
      await vi.advanceTimersByTimeAsync(500);
    }
    const asks = asked.mock.calls.map(([, body]) => body.strategy as { steps: number });
    expect(asks.map(({ steps }) => steps)).toEqual([48, 51]);
  });

  it("leaves the growth that came with the tree alone", async () => {
    const { session, view } = world();
    const grower = new Grower(session, view);
    grower.begun(38, 96);
    await rest(grower, waiting);
    expect(asked).not.toHaveBeenCalled();
  });

  it("asks anew after a change of view or an undo", async () => {
    const { session, view } = world();
    const grower = new Grower(session, view);
    await rest(grower, waiting);
    (view as { seed: number }).seed = 9;
    await rest(grower, waiting);
    (session as { epoch: number }).epoch = 1;
    await rest(grower, waiting);
    expect(asked).toHaveBeenCalledTimes(3);
  });

  it("asks for what failed again as it was, later and later, and in the end no more", async () => {
    const { session, view } = world();
    const grower = new Grower(session, view);
    const fails = (count: number) =>
      Object.assign(session, { failure: { count, at: Date.now(), message: "busy", isWaived: false } });
    await rest(grower, waiting);
    const waits: number[] = [];
    for (let count = 1; count <= 8; count += 1) {
      fails(count);
      const began = Date.now();
      grower.consider(waiting, LINES, 24);
      const before = asked.mock.calls.length;
      while (asked.mock.calls.length === before && Date.now() - began < 60_000) {
        await vi.advanceTimersByTimeAsync(100);
      }
      if (asked.mock.calls.length > before) waits.push(Math.round((Date.now() - began) / 1000));
    }
    expect(waits).toEqual([2, 4, 8, 16, 30, 30]);
    const steps = asked.mock.calls.map(([, body]) => (body.strategy as { steps: number }).steps);
    expect(new Set(steps)).toEqual(new Set([24]));
  });

  it("asks at once for what failed when a person wants it", async () => {
    const { session, view } = world();
    const grower = new Grower(session, view);
    await rest(grower, waiting);
    const failure = { count: 0, at: Date.now(), message: "busy", isWaived: true };
    Object.assign(session, { failure });
    await rest(grower, waiting);
    expect(asked.mock.calls.map(([, body]) => (body.strategy as { steps: number }).steps)).toEqual([
      24, 24,
    ]);
  });

  it("calls off what grew for a view that is gone, or that nobody wants any more", async () => {
    for (const change of [{ camera: { anchor: 3, lo: 0, hi: 1 } }, { growing: false }]) {
      vi.mocked(cancelGrowth).mockClear();
      const { session, view } = world();
      const grower = new Grower(session, view);
      await rest(grower, waiting);
      Object.assign(session, { jobs: [{ id: "j", automatic: true, state: "running" }] });
      await rest(grower, full);
      expect(cancelGrowth).not.toHaveBeenCalled();
      Object.assign(view, change);
      await rest(grower, full);
      expect(vi.mocked(cancelGrowth).mock.calls).toEqual([["t1", "j"]]);
    }
  });

  it("rests while its allowance is used up", async () => {
    const { session, view } = world();
    const allowance = { states: 0, most: 100, at: Date.now() };
    Object.assign(session, { allowance });
    const grower = new Grower(session, view);
    grower.consider(waiting, LINES, 24);
    await vi.advanceTimersByTimeAsync(59_000);
    expect(asked).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(asked).toHaveBeenCalledOnce();
  });

  it("waits for the growth that runs", async () => {
    const { session, view } = world();
    const grower = new Grower(session, view);
    await rest(grower, waiting);
    (session as unknown as { jobs: unknown[] }).jobs = [{ automatic: true, state: "running" }];
    await rest(grower, waiting);
    expect(asked).toHaveBeenCalledOnce();
  });
});
