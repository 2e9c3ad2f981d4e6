/** Who grew which states, and when: one row for each event that added some (core/origins.py). */
import { column, type Columns } from "../base/columns";
import type { EventHeader } from "../base/headers";
import { grown } from "./nodes";

/**
 * Ids run in the order of events, so that a row holds from its first node to that of the next:
 * nothing is kept for each node. Before the first row are the prompt, and what an old snapshot
 * does not tell.
 */
export class Origins {
  /** Public ids, in the order in which they first grew something. */
  people: string[] = [];
  private rows = 0;
  private node = new Uint32Array(0);
  private seq = new Uint32Array(0);
  private at = new Float64Array(0);
  private by = new Uint32Array(0);

  /** Number of the event that added a node; NaN where it is not known. */
  eventOf(node: number): number {
    const row = this.rowOf(node);
    return row === -1 ? NaN : this.seq[row]!;
  }

  /** When a node was added, Unix seconds; NaN where it is not known. */
  timeOf(node: number): number {
    const row = this.rowOf(node);
    return row === -1 ? NaN : this.at[row]!;
  }

  /** Who added a node, as a place in `people`; NaN where it is not known. */
  personOf(node: number): number {
    const row = this.rowOf(node);
    return row === -1 ? NaN : this.by[row]!;
  }

  /** The numbers of the first and the last event that added nodes; 0, 0 before there is one. */
  get span(): readonly [number, number] {
    return this.rows === 0 ? [0, 0] : [this.seq[0]!, this.seq[this.rows - 1]!];
  }

  /** Takes in a growth that adds `count` nodes from `first` on. */
  take(header: EventHeader, first: number, count: number): void {
    if (count === 0) return;
    this.reserve(this.rows + 1);
    let person = this.people.indexOf(header.by);
    if (person === -1) person = this.people.push(header.by) - 1;
    this.node[this.rows] = first;
    this.seq[this.rows] = header.seq;
    this.at[this.rows] = header.at;
    this.by[this.rows] = person;
    this.rows++;
  }

  /** Takes the origin_* columns of a tree frame, and the people of its header. */
  restore(people: readonly string[] | undefined, columns: Columns): void {
    this.people = [...(people ?? [])];
    this.node = Uint32Array.from(column(columns, "origin_node"));
    this.seq = Uint32Array.from(column(columns, "origin_seq"));
    this.at = Float64Array.from(column(columns, "origin_at"));
    this.by = Uint32Array.from(column(columns, "origin_by"));
    this.rows = this.node.length;
  }

  /** The last row that begins at or before a node; −1 where there is none. */
  private rowOf(node: number): number {
    let low = 0;
    let high = this.rows;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.node[middle]! <= node) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  private reserve(size: number): void {
    const held = this.node.length;
    if (size <= held) return;
    const capacity = Math.max(64, Math.ceil(held * 1.6));
    this.node = grown(this.node, capacity);
    this.seq = grown(this.seq, capacity);
    this.at = grown(this.at, capacity);
    this.by = grown(this.by, capacity);
  }
}
