import { afterEach, expect, test, vi } from "vitest";
import { Merging } from "../model/multiway/merging";
import type { MergeAnswer, MergeRequest } from "../model/multiway/protocol";
import { ToyTree } from "../model/toy";
import { Merger, type MergeWorker, type Wanted } from "./merger.svelte";

/** The worker's own work behind messages that are copied, as between threads. */
class Thread implements MergeWorker {
  static made: Thread[] = [];
  onmessage: ((event: MessageEvent<MergeAnswer>) => void) | null = null;
  onerror: ((event: ErrorEvent) => void) | null = null;
  ended = false;
  readonly requests: MergeRequest[] = [];
  private readonly merging = new Merging(
    (answer) => this.send(structuredClone(answer)),
    () => new Promise((done) => setTimeout(done, 0)),
  );

  constructor() {
    Thread.made.push(this);
  }
  postMessage(request: MergeRequest, transfer: Transferable[]): void {
    const received = structuredClone(request, { transfer: transfer as ArrayBuffer[] });
    this.requests.push(received);
    void this.merging.take(received);
  }
  terminate(): void {
    this.ended = true;
  }
  private send(data: MergeAnswer): void {
    if (!this.ended) this.onmessage?.({ data } as MessageEvent<MergeAnswer>);
  }
}

const merger = (): Merger => {
  Thread.made = [];
  return new Merger(() => new Thread());
};

function wanted({ model }: ToyTree, more: Partial<Wanted> = {}): Wanted {
  return {
    tree: model,
    anchor: 0,
    weighting: model.ruleWeighting,
    measure: "rule",
    prompt: { tokens: [], text: "" },
    equivalence: { by: "last", k: 1 },
    layout: "layers",
    ...more,
  };
}

function grownTo(depth: number): ToyTree {
  const toy = new ToyTree(() => [0.5, 0.3, 0.2]);
  toy.growTo(depth);
  return toy;
}

let open: Merger | null = null;
afterEach(() => open?.close());
const until = (condition: () => boolean): Promise<void> =>
  vi.waitFor(() => expect(condition()).toBe(true), { timeout: 10_000, interval: 5 });

test("what is wanted is merged by the worker, and nothing is under way then", async () => {
  open = merger();
  open.want(wanted(grownTo(3)));
  await until(() => open!.merged !== null);
  expect(open.merged!.graph.counts).toMatchObject({ states: 40, classes: 4 });
  expect(open.progress).toBeNull();
  expect(Thread.made).toHaveLength(1);
});

test("another way to merge the same tree sends it no second time", async () => {
  open = merger();
  const toy = grownTo(3);
  open.want(wanted(toy));
  await until(() => open!.merged !== null);
  open.want(wanted(toy, { equivalence: { by: "text" } }));
  await until(() => open!.merged!.equivalence.by === "text");
  const [{ requests }] = Thread.made as [Thread];
  expect(requests.map(({ subtree }) => subtree === null)).toEqual([false, true]);
  expect(open.merged!.graph.counts.classes).toBe(40);
});

test("a tree that grows is merged again, from the places it had", async () => {
  open = merger();
  const toy = grownTo(2);
  open.want(wanted(toy));
  await until(() => open!.merged !== null);
  toy.growTo(1, toy.model.size - 1);
  open.want(wanted(toy));
  await until(() => open!.merged!.graph.counts.states === toy.model.size);
  const last = Thread.made[0]!.requests.at(-1)!;
  expect(last.before).not.toBeNull();
});

test("another choice gives up what is under way, and only its own answer is shown", async () => {
  open = merger();
  const toy = grownTo(5);
  open.want(wanted(toy, { layout: "force" }));
  await until(() => open!.progress?.phase === "arranging");
  open.want(wanted(toy, { layout: "layers" }));
  expect(Thread.made[0]!.ended).toBe(true);
  await until(() => open!.merged !== null);
  expect(open.merged!.layout).toBe("layers");
  expect(Thread.made).toHaveLength(2);
});

test("a worker that breaks is told in a sentence, and the next wish has another", async () => {
  open = merger();
  const toy = grownTo(2);
  open.want(wanted(toy));
  await until(() => Thread.made.length === 1);
  Thread.made[0]!.onerror?.(new Event("error") as ErrorEvent);
  expect(open.failure).toMatch(/could not be merged/);
  expect(open.progress).toBeNull();
  open.want(wanted(toy, { equivalence: { by: "text" } }));
  await until(() => open!.merged !== null);
  expect(open.failure).toBeNull();
  expect(Thread.made).toHaveLength(2);
});
