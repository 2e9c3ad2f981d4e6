/**
 * The bytes behind every key that a tree uses, and their text where they are whole characters.
 * Under a rewriting rule a key stands for a step: its label, and the state that it leads to.
 */
import { column, type Columns } from "../base/columns";

const NO_BYTES = new Uint8Array(0);

export class Symbols {
  private readonly labels = new Map<number, Uint8Array>();
  private readonly states = new Map<number, Uint8Array>();
  private readonly texts = new Map<number, string | null>();
  private readonly decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

  /** The token's bytes, or the label of a rewriting step; empty for a key never used. */
  bytesOf(key: number): Uint8Array {
    return this.labels.get(key) ?? NO_BYTES;
  }

  /** The state that a rewriting step leads to; null for a token. */
  stateOf(key: number): Uint8Array | null {
    return this.states.get(key) ?? null;
  }

  /**
   * The text of a token that is whole characters by itself, or of the state that a rewriting step
   * leads to; else null.
   */
  wholeText(key: number): string | null {
    let text = this.texts.get(key);
    if (text === undefined) {
      try {
        text = this.decoder.decode(this.stateOf(key) ?? this.bytesOf(key));
      } catch {
        text = null;
      }
      this.texts.set(key, text);
    }
    return text;
  }

  /** Takes the symbol_* columns of a frame. */
  add(columns: Columns): void {
    const keys = column(columns, "symbol_key");
    const labels = split(columns, "symbol_length", "symbol_bytes");
    const states = split(columns, "symbol_state_length", "symbol_state_bytes");
    for (let i = 0; i < keys.length; i++) {
      this.labels.set(keys[i]!, labels[i]!);
      if (states[i] !== undefined) this.states.set(keys[i]!, states[i]!);
      this.texts.delete(keys[i]!);
    }
  }
}

function split(columns: Columns, lengths: string, joined: string): Uint8Array[] {
  const bytes = Uint8Array.from(column(columns, joined));
  const found: Uint8Array[] = [];
  let start = 0;
  for (const length of column(columns, lengths)) {
    found.push(bytes.subarray(start, start + length));
    start += length;
  }
  return found;
}
