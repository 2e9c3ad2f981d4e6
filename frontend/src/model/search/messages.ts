/** What the page and the search's worker say to each other. */
import type { NodeChunk } from "./corpus";
import type { Row } from "./results";
import type { Filter } from "./search";

export interface Query {
  readonly text: string;
  readonly isExpression: boolean;
  readonly matchCase: boolean;
}

/** To the worker. A search has a number; what belongs to an older one is passed over. */
export type Request =
  | { readonly type: "tree"; readonly prompt: string; readonly isAlone: boolean }
  | { readonly type: "nodes"; readonly chunk: NodeChunk; readonly isLast: boolean }
  | { readonly type: "marks"; readonly marks: Uint8Array<ArrayBuffer> }
  | { readonly type: "find"; readonly id: number; readonly query: Query }
  | { readonly type: "filter"; readonly filter: Filter }
  /** Of the list, the rows from `from` on, until told otherwise. */
  | { readonly type: "page"; readonly from: number }
  | { readonly type: "stop" };

/** From the worker. */
export type Answer =
  /** It is at work, and so far. */
  | {
      readonly type: "progress";
      readonly id: number;
      readonly scanned: number;
      readonly of: number;
      readonly isDone: boolean;
    }
  /** All that has been found so far and is let through, most probable first. */
  | {
      readonly type: "found";
      readonly id: number;
      readonly ends: Uint32Array<ArrayBuffer>;
      /** The first state that each of the first matches touches; at most `MOST_STARTS`. */
      readonly starts: Uint32Array<ArrayBuffer>;
      /** Matches that are not let through, or hidden. */
      readonly held: number;
      readonly isDone: boolean;
    }
  | { readonly type: "rows"; readonly id: number; readonly from: number; readonly rows: readonly Row[] };

/** Matches whose beginnings are told: more than fit a screen. */
export const MOST_STARTS = 2000;
/** Rows that are told at once. */
export const PAGE = 50;

/** One end of a channel: a worker, or what stands for the page within one. */
export interface Port<Out, In> {
  postMessage(message: Out, transfer: Transferable[]): void;
  onmessage: ((event: MessageEvent<In>) => void) | null;
}
