/** What people set down on the states of a tree: bookmarks, notes, and names of branches. */
import { column, type Column, type Columns } from "../base/columns";
import type { AnnotationsHeader, EventHeader } from "../base/headers";
import { MARK } from "./emphasis";

export class Annotations {
  /** Goes up with every change. */
  version = 0;
  private readonly marked = new Set<number>();
  private readonly noted = new Map<number, string>();
  private readonly named = new Map<number, string>();
  /** Bits of MARK, of states that have any. */
  private readonly bits = new Map<number, number>();

  /** Bits of MARK: bookmark, note, label. */
  marksOf(node: number): number {
    return this.bits.get(node) ?? 0;
  }

  isBookmarked(node: number): boolean {
    return this.marked.has(node);
  }

  /** Empty where there is none. */
  note(node: number): string {
    return this.noted.get(node) ?? "";
  }

  /** The name of the branch that begins at a state; empty where it has none. */
  label(node: number): string {
    return this.named.get(node) ?? "";
  }

  /** Every state that has something, ascending. */
  nodes(): number[] {
    return [...this.bits.keys()].sort((a, b) => a - b);
  }

  /** Takes what a whole tree carries, in place of what was here. */
  restore(header: AnnotationsHeader | undefined): void {
    this.marked.clear();
    this.noted.clear();
    this.named.clear();
    this.bits.clear();
    for (const node of header?.bookmarks ?? []) this.marked.add(node);
    for (const [node, text] of header?.notes ?? []) this.noted.set(node, text);
    for (const [node, text] of header?.labels ?? []) this.named.set(node, text);
    for (const node of [...this.marked, ...this.noted.keys(), ...this.named.keys()]) this.count(node);
    this.version++;
  }

  /** Takes an event of another kind without a word. */
  take({ kind, payload }: EventHeader): void {
    const node = payload["node"] as number;
    if (kind === "bookmark") {
      if (payload["on"] === true) this.marked.add(node);
      else this.marked.delete(node);
    } else if (kind === "note" || kind === "label") {
      const texts = kind === "note" ? this.noted : this.named;
      const text = payload["text"] as string;
      if (text === "") texts.delete(node);
      else texts.set(node, text);
    } else return;
    this.count(node);
    this.version++;
  }

  private count(node: number): void {
    const bits =
      (this.marked.has(node) ? MARK.bookmark : 0) |
      (this.noted.has(node) ? MARK.note : 0) |
      (this.named.has(node) ? MARK.label : 0);
    if (bits === 0) this.bits.delete(node);
    else this.bits.set(node, bits);
  }
}

/** The states that a prune or a restore is about: one, or a column of several. */
export function cutNodes({ payload }: EventHeader, columns: Columns): Column | readonly number[] {
  const node = payload["node"] as number | undefined;
  return node === undefined ? column(columns, "cut_node") : [node];
}
