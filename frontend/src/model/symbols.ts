/** The bytes behind every key that a tree uses, and their text where they are whole characters. */
import { column, type Columns } from "../base/columns";

const NO_BYTES = new Uint8Array(0);

export class Symbols {
  private readonly labels = new Map<number, Uint8Array>();
  private readonly texts = new Map<number, string | null>();
  private readonly decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

  /** The token's bytes, or the label of a rewriting step; empty for a key never used. */
  bytesOf(key: number): Uint8Array {
    return this.labels.get(key) ?? NO_BYTES;
  }

  /** The text of a token that is whole characters by itself, else null. */
  wholeText(key: number): string | null {
    let text = this.texts.get(key);
    if (text === undefined) {
      try {
        text = this.decoder.decode(this.bytesOf(key));
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
    const lengths = column(columns, "symbol_length");
    const bytes = Uint8Array.from(column(columns, "symbol_bytes"));
    let start = 0;
    for (let i = 0; i < keys.length; i++) {
      const end = start + lengths[i]!;
      this.labels.set(keys[i]!, bytes.subarray(start, end));
      this.texts.delete(keys[i]!);
      start = end;
    }
  }
}
