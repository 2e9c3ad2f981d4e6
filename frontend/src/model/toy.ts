/** Small trees for tests, grown through the same events as real ones. */
import type { Column } from "../base/columns";
import type { Step } from "../base/headers";
import { wholeOf } from "./camera";
import { ALL_KEPT, RULE } from "./weighting";
import { TreeModel, type TreeShape } from "./tree";

/** Probabilities of the next states after the keys of a path; they may sum to less than 1. */
export type ToyRule = (keys: readonly number[]) => readonly number[];

const SHAPE: TreeShape = {
  kind: "appending",
  endKeys: [],
  alphabetSize: 64,
  promptLength: 1,
  maxLength: 4096,
};

export interface ToyOptions {
  readonly shape?: Partial<TreeShape>;
  /** Bytes of the token of a key; by default its letter, a to z and on. */
  readonly bytesOf?: (key: number) => Uint8Array;
  /** Of a rewriting rule: the state that a key leads to. */
  readonly stateOf?: (key: number) => Uint8Array;
  /** What is missing from 1 is not stored rather than impossible. */
  readonly incomplete?: boolean;
  /** The mass that the rule can tell apart; 1 by default. */
  readonly told?: number;
}

/** The whole interval of a state in view. */
export const cameraOf = wholeOf;

export class ToyTree {
  readonly model: TreeModel;
  private readonly bytesOf: (key: number) => Uint8Array;
  private readonly known = new Set<number>();

  constructor(
    private readonly rule: ToyRule,
    private readonly options: ToyOptions = {},
  ) {
    this.model = new TreeModel({ ...SHAPE, ...options.shape });
    this.bytesOf = options.bytesOf ?? ((key) => new TextEncoder().encode(` ${letters(key)}`));
  }

  /** Applies one event of that kind. */
  event(kind: string, payload: Record<string, unknown>, columns: Record<string, Column> = {}): void {
    const { model } = this;
    model.applyFrame(
      {
        type: "event",
        seq: model.seq + 1,
        kind,
        at: 0,
        by: "me",
        change: "c",
        payload,
        ledger: model.ledger,
      },
      columns,
    );
  }

  /** Expands states, all of them in one event. */
  expand(...nodes: number[]): void {
    const rows = nodes.map((node) => this.ranked(node));
    const keys = rows.flatMap((row) => row.map(({ key }) => key));
    const logs = rows.flatMap((row) => row.map(({ p }) => Math.log(p)));
    this.event("grow", { first_node: this.model.size }, {
      ...this.symbols(keys),
      expanded_node: Uint32Array.from(nodes),
      expanded_entropy: Float32Array.from(rows, (row) =>
        row.reduce((sum, { p }) => sum - p * Math.log2(p), 0),
      ),
      expanded_count: Uint32Array.from(rows, (row) => row.length),
      expanded_complete: new Uint8Array(nodes.length).fill(this.options.incomplete ? 0 : 1),
      expanded_told: new Float64Array(nodes.length).fill(this.options.told ?? 1),
      candidate_key: Uint32Array.from(keys),
      candidate_log_prob: Float32Array.from(logs),
    });
  }

  /** Makes a stored candidate a child; returns its node. */
  child(parent: number, key: number): number {
    const known = this.model.childOf(parent, key);
    if (known !== -1) return known;
    const found = this.ranked(parent).find((one) => one.key === key);
    const node = this.model.size;
    this.event("grow", { first_node: node }, {
      ...this.symbols([key]),
      node_parent: Uint32Array.of(parent),
      node_key: Uint32Array.of(key),
      node_log_prob: Float32Array.of(Math.log(found!.p)),
    });
    return node;
  }

  /** Expands everything to a depth, children for all candidates. */
  growTo(depth: number, from = 0): void {
    let level = [from];
    for (let step = 0; step < depth && level.length > 0; step++) {
      this.expand(...level);
      level = level.flatMap((node) =>
        Array.from(this.model.candidates(node)!.keys, (key) => this.child(node, key)),
      );
    }
  }

  /** Weighs states under a procedure by β and how many it keeps. */
  weigh(procedure: readonly Step[], fingerprint: string, beta: number, kept = ALL_KEPT): void {
    const nodes: number[] = [];
    const logZ: number[] = [];
    const entropy: number[] = [];
    for (let node = 0; node < this.model.size; node++) {
      const stored = this.model.candidates(node);
      if (stored === null) continue;
      const logs = Array.from(stored.logProbs).slice(0, kept);
      nodes.push(node);
      const z = Math.log(logs.reduce((sum, log) => sum + Math.exp(beta * log), 0));
      const nats = logs.reduce((sum, log) => sum - Math.exp(beta * log - z) * (beta * log - z), 0);
      logZ.push(z);
      entropy.push(nats / Math.LN2);
    }
    this.event("weigh", { procedure, fingerprint }, {
      weight_node: Uint32Array.from(nodes),
      weight_log_z: Float64Array.from(logZ),
      weight_kept: new Uint32Array(nodes.length).fill(kept),
      weight_entropy: Float32Array.from(entropy),
    });
  }

  /**
   * Weighs every expanded state under a procedure with rankings of its own: q by key of what may
   * follow the path, made of p. At most `stored` next states are stored of each.
   */
  weighOwn(
    procedure: readonly Step[],
    fingerprint: string,
    reshape: (p: readonly number[], path: readonly number[]) => readonly number[],
    stored = 64,
  ): void {
    const nodes = Array.from({ length: this.model.size }, (_, node) => node).filter((node) =>
      this.model.isExpanded(node),
    );
    const rows = nodes.map((node) => {
      const path = this.pathOf(node);
      const p = this.rule(path);
      const q = reshape(p, path).map((value, key) => ({ key, q: value, p: p[key] ?? 0 }));
      return q.filter((one) => one.q > 0).sort((a, b) => b.q - a.q || a.key - b.key);
    });
    const kept = rows.map((row) => row.slice(0, stored));
    const own = kept.flat();
    this.event("weigh", { procedure, fingerprint }, {
      ...this.symbols(own.map(({ key }) => key)),
      weight_node: Uint32Array.from(nodes),
      weight_log_z: new Float64Array(nodes.length),
      weight_kept: Uint32Array.from(rows, (row) => row.length),
      weight_entropy: Float32Array.from(rows, (row) =>
        row.reduce((sum, { q }) => sum - q * Math.log2(q), 0),
      ),
      weight_own_node: Uint32Array.from(nodes),
      weight_own_count: Uint32Array.from(kept, (row) => row.length),
      weight_own_key: Uint32Array.from(own, ({ key }) => key),
      weight_own_log_prob: Float32Array.from(own, ({ p }) => Math.log(p)),
      weight_own_log_q: Float32Array.from(own, ({ q }) => Math.log(q)),
    });
  }

  get rules() {
    return this.model.weightingFor(RULE, []);
  }

  private ranked(node: number): { key: number; p: number }[] {
    return this.rule(this.pathOf(node))
      .map((p, key) => ({ key, p }))
      .filter(({ p }) => p > 0)
      .sort((a, b) => b.p - a.p || a.key - b.key);
  }

  private pathOf(node: number): number[] {
    return this.model.path(node).slice(1).map((step) => this.model.key[step]!);
  }

  private symbols(keys: readonly number[]): Record<string, Column> {
    const fresh = [...new Set(keys)].filter((key) => !this.known.has(key));
    for (const key of fresh) this.known.add(key);
    const bytes = fresh.map((key) => this.bytesOf(key));
    const { stateOf } = this.options;
    const states = stateOf ? fresh.map(stateOf) : [];
    return {
      symbol_key: Uint32Array.from(fresh),
      symbol_length: Uint32Array.from(bytes, (one) => one.length),
      symbol_bytes: Uint8Array.from(bytes.flatMap((one) => [...one])),
      symbol_state_length: Uint32Array.from(states, (one) => one.length),
      symbol_state_bytes: Uint8Array.from(states.flatMap((one) => [...one])),
    };
  }
}

function letters(key: number): string {
  const letter = String.fromCharCode(97 + (key % 26));
  return key < 26 ? letter : letter + letters(Math.floor(key / 26) - 1);
}
