/** The JSON headers of binary frames; the columns beside them are described in `api/frame.ts`. */

/** One step of a sampling procedure, as the API writes it. */
export type Step =
  | { readonly kind: "temperature"; readonly value: number }
  | { readonly kind: "top_k"; readonly k: number }
  | { readonly kind: "top_p"; readonly p: number }
  | { readonly kind: "min_p"; readonly p: number }
  | { readonly kind: "typical"; readonly p: number }
  | { readonly kind: "epsilon"; readonly epsilon: number }
  | { readonly kind: "eta"; readonly epsilon: number }
  | { readonly kind: "repetition"; readonly penalty: number }
  | { readonly kind: "presence"; readonly penalty: number }
  | { readonly kind: "frequency"; readonly penalty: number }
  | { readonly kind: "no_repeat"; readonly n: number }
  | { readonly kind: "forbid"; readonly keys: number[] }
  | { readonly kind: "force"; readonly keys: number[] }
  | { readonly kind: "bias"; readonly biases: { key: number; nats: number }[] };

/** Conservation of probability under the rule: the four add up to 1. */
export interface Ledger {
  readonly terminal: number;
  readonly frontier: number;
  readonly residual: number;
  readonly pruned: number;
}

export interface ColumnEntry {
  readonly name: string;
  readonly dtype: string;
  readonly length: number;
  /** Bytes from the first byte after the padded header. */
  readonly offset: number;
}

export interface EventHeader {
  readonly type: "event";
  readonly seq: number;
  readonly kind: string;
  /** Unix seconds. */
  readonly at: number;
  /** Public id of the identity that made the change. */
  readonly by: string;
  readonly change: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly ledger: Ledger;
}

export interface TreeHeader {
  readonly type: "tree";
  readonly seq: number;
  readonly name: string;
  readonly procedure: readonly Step[];
  readonly fingerprint: string;
  readonly ledger: Ledger;
  /** How many nodes there are, where those of the frame (column `node_id`) are not all. */
  readonly states?: number;
  /** What people set down on states; left out where there is nothing. */
  readonly annotations?: AnnotationsHeader;
  /** Public ids of those who grew it; the column origin_by is a place in it. */
  readonly people?: readonly string[];
}

/** More of a tree that came in part: the nodes from `first` on. */
export interface PieceHeader {
  readonly type: "piece";
  readonly first: number;
}

/** Node ids, and [node, text]. */
export interface AnnotationsHeader {
  readonly bookmarks: readonly number[];
  readonly notes: readonly (readonly [number, string])[];
  readonly labels: readonly (readonly [number, string])[];
}

/** A reader's own view: the weight_* columns of one procedure. */
export interface WeightsHeader {
  readonly fingerprint: string;
  readonly procedure: readonly Step[];
}

export type TreeFrameHeader = EventHeader | TreeHeader;
