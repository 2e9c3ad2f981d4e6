import { expect, test } from "vitest";
import { ToyTree } from "../toy";
import { Merging } from "./merging";
import type { MergeAnswer, MergeRequest } from "./protocol";
import { subtreeOf } from "./toy";

function toy(): ToyTree {
  const made = new ToyTree(() => [0.5, 0.3, 0.2]);
  made.growTo(3);
  return made;
}

const request = (id: number, more: Partial<MergeRequest> = {}): MergeRequest => ({
  id,
  subtree: subtreeOf(toy().model),
  equivalence: { by: "last", k: 1 },
  layout: "force",
  most: 2000,
  before: null,
  ...more,
});

function worker(): { merging: Merging; answers: MergeAnswer[] } {
  const answers: MergeAnswer[] = [];
  const breathe = (): Promise<void> => new Promise((done) => setTimeout(done, 0));
  return { merging: new Merging((answer) => answers.push(answer), breathe), answers };
}

test("a request is answered by its progress and by one graph with a place for every class", async () => {
  const { merging, answers } = worker();
  await merging.take(request(1));
  const done = answers.at(-1)!;
  expect(answers.slice(0, -1).every(({ type }) => type === "progress")).toBe(true);
  expect(answers.length).toBeGreaterThan(3);
  if (done.type !== "done") throw new Error(done.type);
  expect(done.graph.size).toBe(4);
  expect([done.places.x.length, done.places.y.length]).toEqual([4, 4]);
});

test("of requests that come one after another only the last is answered with a graph", async () => {
  const { merging, answers } = worker();
  const first = merging.take(request(1));
  await new Promise((done) => setTimeout(done, 20));
  await Promise.all([first, merging.take(request(2)), merging.take(request(3))]);
  expect(answers.filter(({ type }) => type === "done").map(({ id }) => id)).toEqual([3]);
});

test("another equivalence needs no tree sent again", async () => {
  const { merging, answers } = worker();
  await merging.take(request(1));
  await merging.take(request(2, { subtree: null, equivalence: { by: "last", k: 2 } }));
  const done = answers.at(-1)!;
  if (done.type !== "done") throw new Error(done.type);
  expect(done.graph.size).toBe(13);
});

test("without a tree the answer says so, and the next request is served", async () => {
  const { merging, answers } = worker();
  await merging.take(request(1, { subtree: null }));
  expect(answers.at(-1)).toMatchObject({ type: "failed", id: 1 });
  await merging.take(request(2));
  expect(answers.at(-1)).toMatchObject({ type: "done", id: 2 });
});
