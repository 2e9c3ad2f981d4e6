/** The page's end and the worker's end over a real channel: what is sent is copied and transferred. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { ToyTree } from "../toy";
import { matchedOf, SearchClient, type SearchWorker } from "./client";
import type { Answer, Port, Request } from "./messages";
import type { Row } from "./results";
import { serve } from "./serve";

const utf8 = new TextEncoder();
const WORDS = ["the", " cat", " dog", " sat", "!"];

class Heard {
  ends: number[] = [];
  starts: number[] = [];
  held = 0;
  isDone = false;
  rows: readonly Row[] = [];
  isStuck = false;
  times = 0;

  progress(): void {}
  found(ends: Uint32Array, starts: Uint32Array, held: number, isDone: boolean): void {
    this.ends = [...ends];
    this.starts = [...starts];
    this.held = held;
    this.isDone = isDone;
    this.times += 1;
  }
  rowsFrom = 0;
  rowsOf(from: number, rows: readonly Row[]): void {
    this.rowsFrom = from;
    this.rows = rows;
  }
  stuck(): void {
    this.isStuck = true;
  }
}

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

/** Workers that answer, over channels of their own; `isDeaf` never answers, as one that hangs. */
function spawner(deaf: { count: number } = { count: 0 }): () => SearchWorker {
  return () => {
    const { port1, port2 } = new MessageChannel();
    if (deaf.count > 0) deaf.count -= 1;
    else serve(port2 as unknown as Port<Answer, Request>);
    const close = (): void => {
      port1.close();
      port2.close();
    };
    open.push(close);
    return Object.assign(port1, { terminate: close }) as unknown as SearchWorker;
  };
}

function searching(toy: ToyTree, prompt = "Once", deaf?: { count: number }) {
  const heard = new Heard();
  const client = new SearchClient(toy.model, prompt, spawner(deaf), {
    progress: () => heard.progress(),
    found: (ends, starts, held, isDone) => heard.found(ends, starts, held, isDone),
    rows: (from, rows) => heard.rowsOf(from, rows),
    stuck: () => heard.stuck(),
  });
  open.push(() => client.close());
  return { heard, client };
}

const tree = (): ToyTree =>
  new ToyTree(() => [0.3, 0.25, 0.2, 0.15, 0.1], { bytesOf: (key) => utf8.encode(WORDS[key]!) });

const text = (query: string) => ({ text: query, isExpression: false, matchCase: false });
const expression = (query: string) => ({ text: query, isExpression: true, matchCase: false });

describe("a search in a worker", { timeout: 30_000 }, () => {
  it("finds what runs across tokens, with its context", async () => {
    const toy = tree();
    const the = toy.child(0, 0);
    const cat = toy.child(the, 1);
    const { heard, client } = searching(toy);
    client.find(text("HE C"));
    await vi.waitFor(() => expect(heard.isDone && heard.rows.length).toBe(1));
    expect(heard.ends).toEqual([cat]);
    expect(heard.rows[0]).toEqual({
      node: cat,
      start: the,
      before: "Oncet",
      match: "he c",
      after: "at",
      isCut: false,
    });
    expect(heard.starts).toEqual([the]);
    const marked = matchedOf(Uint32Array.from(heard.ends), Uint32Array.from(heard.starts), toy.model);
    expect([...marked], "the whole match, and not the prompt").toEqual([0, 1, 1]);
    client.find(expression("Oncet.*c"));
    await vi.waitFor(() => expect(heard.starts).toEqual([0]));
  });

  it("hears of what has grown, was hidden, and was cut since", async () => {
    const toy = tree();
    const the = toy.child(0, 0);
    const { heard, client } = searching(toy);
    client.find(text("cat"));
    await vi.waitFor(() => expect(heard.isDone).toBe(true));
    expect(heard.ends).toEqual([]);

    const cat = toy.child(the, 1);
    const other = toy.child(0, 1);
    client.sync();
    await vi.waitFor(() => expect(heard.ends).toEqual([other, cat]));

    toy.event("hide", {}, { hidden_node: Uint32Array.of(other) });
    client.sync();
    await vi.waitFor(() => expect(heard.ends).toEqual([cat]));
    expect(heard.held).toBe(1);

    toy.event("prune", { node: the });
    client.sync();
    await vi.waitFor(() => expect(heard.rows[0]?.isCut).toBe(true));
    expect(heard.ends).toEqual([cat]);
  });

  it("asks an expression of whole trajectories, and again when they have grown", async () => {
    const toy = tree();
    const the = toy.child(0, 0);
    const { heard, client } = searching(toy);
    client.find(expression("the$"));
    await vi.waitFor(() => expect(heard.ends).toEqual([the]));
    const cat = toy.child(the, 1);
    client.sync();
    await vi.waitFor(() => expect(heard.ends).toEqual([]));
    client.find(expression("\\bc\\w+"));
    await vi.waitFor(() => expect(heard.ends).toEqual([cat]));
  });

  it("narrows what is found to what a filter lets through, and widens it again", async () => {
    const toy = tree();
    const [near, the] = [toy.child(0, 1), toy.child(0, 0)];
    const far = toy.child(the, 1);
    const { heard, client } = searching(toy);
    client.find(text("cat"));
    await vi.waitFor(() => expect(heard.ends).toEqual([near, far]));
    client.narrow({ minLogProb: Math.log(0.2), minDepth: 0, maxDepth: Infinity });
    await vi.waitFor(() => expect(heard.ends).toEqual([near]));
    expect(heard.held).toBe(1);
    client.narrow({ minLogProb: -Infinity, minDepth: 2, maxDepth: 2 });
    await vi.waitFor(() => expect(heard.ends).toEqual([far]));
  });

  it("tells the rows of the page of the list that is asked for", async () => {
    const toy = tree();
    let node = 0;
    for (let i = 0; i < 120; i++) node = toy.child(node, 1);
    const { heard, client } = searching(toy);
    client.find(text("cat"));
    await vi.waitFor(() => expect(heard.rows.length).toBe(50));
    client.page(100);
    await vi.waitFor(() => expect(heard.rowsFrom).toBe(100));
    expect(heard.rows.map((row) => row.node)).toEqual(Array.from({ length: 20 }, (_, i) => 101 + i));
  });

  it("copies a large tree in parts, and a tree that was read anew from its beginning", async () => {
    const toy = tree();
    const size = 70_000;
    toy.child(0, 0);
    toy.event("grow", {}, {
      node_parent: new Uint32Array(size).fill(1),
      node_key: new Uint32Array(size),
      node_log_prob: new Float32Array(size).fill(-1),
    });
    const { heard, client } = searching(toy, "");
    client.find(text("thethe"));
    await vi.waitFor(() => expect(heard.isDone && heard.ends.length).toBe(size), { timeout: 5000 });

    const { model } = toy;
    model.applyFrame(
      { type: "tree", seq: model.seq, name: "", procedure: [], fingerprint: "rule", ledger: model.ledger } as never,
      {
        node_parent: Uint32Array.of(0),
        node_key: Uint32Array.of(7),
        node_log_prob: Float32Array.of(-1),
        symbol_key: Uint32Array.of(7),
        symbol_length: Uint32Array.of(6),
        symbol_bytes: utf8.encode("thethe"),
      },
    );
    client.sync();
    await vi.waitFor(() => expect(heard.ends).toEqual([1]));
  });

  it("says that a search does not come back, and searches on in a new worker", async () => {
    const toy = tree();
    toy.child(0, 1);
    vi.useFakeTimers({ toFake: ["setInterval", "setTimeout", "performance"] });
    try {
      const { heard, client } = searching(toy, "", { count: 1 });
      client.find(expression("(a+)+$"));
      vi.advanceTimersByTime(5000);
      expect(heard.isStuck).toBe(true);
      vi.useRealTimers();
      client.find(text("cat"));
      await vi.waitFor(() => expect(heard.ends).toEqual([1]));
    } finally {
      vi.useRealTimers();
    }
  });

  it("does not let a search that hangs hold up the next one", async () => {
    const toy = tree();
    toy.child(0, 1);
    vi.useFakeTimers({ toFake: ["setInterval", "setTimeout", "performance"] });
    try {
      const { heard, client } = searching(toy, "", { count: 1 });
      client.find(expression("(a+)+$"));
      vi.advanceTimersByTime(1000);
      vi.useRealTimers();
      client.find(text("cat"));
      await vi.waitFor(() => expect(heard.ends).toEqual([1]));
      expect(heard.isStuck).toBe(false);
    } finally {
      vi.useRealTimers();
    }
  });
});
