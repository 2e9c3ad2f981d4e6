import { encodeText } from "../api/client";
import { label, pieces } from "../model/text";
import type { TreeModel } from "../model/tree";
import type { Token } from "./wire";

/** Tokens that people typed: their keys, and what they look like. */
export class TokenTexts {
  private readonly known = new Map<number, string>();

  constructor(
    private readonly rule: string,
    private readonly model: TreeModel,
  ) {}

  /** The keys of a text's tokens, in its order; throws the server's Problem. */
  async encode(text: string): Promise<number[]> {
    const tokens = await encodeText(this.rule, text);
    for (const token of tokens) this.known.set(token.key, labelOf(token));
    return tokens.map(({ key }) => key);
  }

  /** A token as a label; one that nobody has seen yet by its number. */
  textOf(key: number): string {
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const bytes = this.model.symbolBytes(key);
    return bytes.length > 0 ? label(pieces([bytes])[0] ?? "") : `#${key}`;
  }
}

function labelOf({ bytes }: Token): string {
  const text = atob(bytes);
  return label(pieces([Uint8Array.from(text, (one) => one.charCodeAt(0))])[0] ?? "");
}
