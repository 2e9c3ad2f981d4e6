/**
 * The page's end of the search: keeps a worker in step with the tree, and asks it. The columns are
 * copied in parts, so that the page is never held up.
 */
import type { TreeModel } from "../tree";
import { chunkOf } from "./chunk";
import type { Answer, Port, Query, Request } from "./messages";
import type { Row } from "./results";
import { EVERYTHING, type Filter } from "./search";

/** Nodes that are copied at once: a few milliseconds. */
export const CHUNK = 32_768;
/** Growth reaches the worker no more often than so, ms. */
const SYNC_MS = 150;
/** A worker that has said nothing for so long while it searches is not coming back, ms. */
const PATIENCE_MS = 4000;
/** … and one is replaced that has said nothing for so long when another search is begun, ms. */
const HEARING_MS = 500;
const LOOK_MS = 250;

export interface SearchWorker extends Port<Request, Answer> {
  terminate(): void;
}

export interface Listener {
  progress(scanned: number, of: number): void;
  found(ends: Uint32Array, starts: Uint32Array, held: number, isDone: boolean): void;
  rows(from: number, rows: readonly Row[]): void;
  /** The expression takes for ever at one place; the search is off. */
  stuck(): void;
}

export class SearchClient {
  private worker: SearchWorker | null = null;
  private sent = 0;
  private sentVersion = -1;
  /** The tree was read anew when these are other symbols. */
  private symbols: TreeModel["symbols"];
  private keys = new Set<number>();
  private copying: ReturnType<typeof setTimeout> | null = null;
  private id = 0;
  private isSearching = false;
  private filter: Filter = EVERYTHING;
  private heardAt = 0;
  private isLate = false;
  private watch: ReturnType<typeof setInterval> | null = null;

  /** @param spawn makes a worker that runs worker.ts. */
  constructor(
    private readonly tree: TreeModel,
    private readonly prompt: string,
    private readonly spawn: () => SearchWorker,
    private readonly listener: Listener,
  ) {
    this.symbols = tree.symbols;
  }

  /** Has the worker know what the tree has become, soon; from the first call on there is one. */
  sync(): void {
    if (this.worker === null) {
      this.start();
      this.copy();
    } else if (this.copying === null && this.sentVersion !== this.tree.version) {
      this.copying = setTimeout(() => this.copy(), SYNC_MS);
    }
  }

  /** Begins a search; the one before it is given up. */
  find(query: Query): void {
    // One that hangs on the search before would not hear of this one.
    if (this.isSearching && performance.now() - this.heardAt > HEARING_MS) this.close();
    this.sync();
    this.id += 1;
    this.isSearching = true;
    this.heardAt = performance.now();
    this.isLate = false;
    this.watch ??= setInterval(() => this.look(), LOOK_MS);
    this.say({ type: "find", id: this.id, query });
  }

  narrow(filter: Filter): void {
    this.filter = filter;
    if (this.worker !== null) this.say({ type: "filter", filter });
  }

  /** Asks for the rows of the list from `from` on. */
  page(from: number): void {
    if (this.worker !== null) this.say({ type: "page", from });
  }

  stop(): void {
    if (this.isSearching && performance.now() - this.heardAt > HEARING_MS) this.close();
    this.id += 1;
    this.isSearching = false;
    if (this.worker !== null) this.say({ type: "stop" });
  }

  close(): void {
    if (this.copying !== null) clearTimeout(this.copying);
    if (this.watch !== null) clearInterval(this.watch);
    this.copying = this.watch = null;
    this.worker?.terminate();
    this.worker = null;
  }

  private start(): void {
    const worker = this.spawn();
    this.worker = worker;
    worker.onmessage = ({ data }) => {
      if (this.worker === worker) this.hear(data);
    };
    this.introduce();
    this.say({ type: "filter", filter: this.filter });
  }

  private introduce(): void {
    this.sent = 0;
    this.sentVersion = -1;
    this.symbols = this.tree.symbols;
    this.keys = new Set();
    this.say({ type: "tree", prompt: this.prompt, isAlone: this.tree.shape.kind === "rewriting" });
  }

  /** Copies one part of what the worker has not, and sees to the next. */
  private copy(): void {
    this.copying = null;
    const { tree } = this;
    if (tree.absent > 0) {
      // A tree that comes in pieces does not come in the order of ids.
      this.copying = setTimeout(() => this.copy(), SYNC_MS);
      return;
    }
    if (this.symbols !== tree.symbols) this.introduce();
    const { version, size } = tree;
    const known = this.sent;
    if (known < size) {
      const chunk = chunkOf(tree, known, Math.min(size, known + CHUNK), this.keys);
      this.sent = known + chunk.parent.length;
      const isLast = this.sent === size;
      const { parent, key, logProb, marks, symbolKey, symbolLength, symbolBytes } = chunk;
      const columns = [parent, key, logProb, marks, symbolKey, symbolLength, symbolBytes];
      this.say({ type: "nodes", chunk, isLast }, columns.map(({ buffer }) => buffer));
      if (!isLast) {
        this.copying = setTimeout(() => this.copy(), 0);
        return;
      }
    }
    // What was there before may have been hidden, shown, cut or restored meanwhile.
    if (known > 0) {
      const marks = tree.marks.slice(0, size);
      this.say({ type: "marks", marks }, [marks.buffer]);
    }
    this.sentVersion = version;
  }

  private hear(answer: Answer): void {
    this.heardAt = performance.now();
    this.isLate = false;
    if (answer.id !== this.id) return;
    switch (answer.type) {
      case "progress":
        this.isSearching = !answer.isDone;
        this.listener.progress(answer.scanned, answer.of);
        break;
      case "found":
        this.isSearching = !answer.isDone;
        this.listener.found(answer.ends, answer.starts, answer.held, answer.isDone);
        break;
      case "rows":
        this.listener.rows(answer.from, answer.rows);
        break;
    }
  }

  /** A search that says nothing is given up, on the second look: the page may have been busy itself. */
  private look(): void {
    const isCopied = this.copying === null;
    const isQuiet = performance.now() - this.heardAt > PATIENCE_MS;
    if (!this.isSearching || !isCopied || !isQuiet) {
      this.isLate = false;
      return;
    }
    if (!this.isLate) {
      this.isLate = true;
      return;
    }
    this.close();
    this.isSearching = false;
    this.listener.stuck();
  }

  private say(request: Request, transfer: Transferable[] = []): void {
    this.worker?.postMessage(request, transfer);
  }
}

/** By node: 1 where a match ends, and where one goes through whose start is known. */
export function matchedOf(
  ends: Uint32Array,
  starts: Uint32Array,
  { parent, size }: { readonly parent: Uint32Array; readonly size: number },
): Uint8Array {
  const matched = new Uint8Array(size);
  for (let i = 0; i < ends.length; i++) matched[ends[i]!] = 1;
  for (let i = 0; i < starts.length; i++) {
    const start = Math.max(1, starts[i]!);
    for (let at = parent[ends[i]!]!; at >= start && at < size; at = parent[at]!) matched[at] = 1;
  }
  return matched;
}
