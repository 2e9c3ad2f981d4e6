/**
 * Text from the bytes of tokens, one token after another: what TextDecoder gives in a stream. A
 * character that is split belongs to the token that completes it; bytes that are no character
 * are U+FFFD.
 */

/** What a token adds to the text. */
export interface Piece {
  readonly text: string;
  /** Bytes of a character that has begun and is not complete: see `pendingLength`. */
  readonly pending: number;
}

/** Pending bytes as a number, a 1 before them: 0x1e2, 0x1e282, 0x1f09f8d; 0 is none. */
export const pendingLength = (pending: number): number =>
  pending === 0 ? 0 : pending < 0x10000 ? 1 : pending < 0x1000000 ? 2 : 3;

const BROKEN = 0xfffd;

export class Decoder {
  private readonly bytes: Uint8Array[] = [];
  private readonly whole: (Piece | undefined)[] = [];
  private readonly after = new Map<number, Map<number, Piece>>();

  /** @param isAlone every symbol is a text of its own: the states of a rewriting rule. */
  constructor(private readonly isAlone: boolean) {}

  /** Symbols are numbered in the order in which they are added. */
  add(bytes: Uint8Array): number {
    this.bytes.push(bytes);
    return this.bytes.length - 1;
  }

  get count(): number {
    return this.bytes.length;
  }

  lengthOf(symbol: number): number {
    return this.bytes[symbol]!.length;
  }

  /** What a symbol adds where `pending` is left of what was before it. */
  step(pending: number, symbol: number): Piece {
    if (pending === 0) return (this.whole[symbol] ??= this.decoded(0, symbol));
    let known = this.after.get(pending);
    if (known === undefined) this.after.set(pending, (known = new Map()));
    let piece = known.get(symbol);
    if (piece === undefined) known.set(symbol, (piece = this.decoded(pending, symbol)));
    return piece;
  }

  private decoded(pending: number, symbol: number): Piece {
    const text: string[] = [];
    let held = this.isAlone ? 0 : pending;
    for (const byte of this.bytes[symbol]!) {
      if (held !== 0 && !goesOn(held, byte)) {
        text.push(String.fromCodePoint(BROKEN));
        held = 0;
      }
      if (held === 0) {
        if (byte < 0x80) text.push(String.fromCharCode(byte));
        else if (byte >= 0xc2 && byte < 0xf5) held = 0x100 | byte;
        else text.push(String.fromCodePoint(BROKEN));
        continue;
      }
      held = held * 0x100 + byte;
      if (isComplete(held)) {
        text.push(String.fromCodePoint(codePoint(held)));
        held = 0;
      }
    }
    if (this.isAlone && held !== 0) {
      text.push(String.fromCodePoint(BROKEN));
      held = 0;
    }
    return { text: text.join(""), pending: held };
  }
}

const firstOf = (held: number): number => {
  const length = held < 0x10000 ? 1 : held < 0x1000000 ? 2 : held < 0x100000000 ? 3 : 4;
  return Math.floor(held / 0x100 ** (length - 1)) & 0xff;
};

/** Whether a byte may follow the bytes of a character (RFC 3629). */
function goesOn(held: number, byte: number): boolean {
  if (held >= 0x10000) return (byte & 0xc0) === 0x80;
  const first = held & 0xff;
  const least = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const most = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  return byte >= least && byte <= most;
}

function isComplete(held: number): boolean {
  const first = firstOf(held);
  if (first < 0xe0) return held >= 0x10000;
  if (first < 0xf0) return held >= 0x1000000;
  return held >= 0x100000000;
}

function codePoint(held: number): number {
  const first = firstOf(held);
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  let code = first & (0xff >> (length + 1));
  for (let i = length - 2; i >= 0; i--) {
    code = (code << 6) | (Math.floor(held / 0x100 ** i) & 0x3f);
  }
  return code;
}
