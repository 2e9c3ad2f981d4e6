/**
 * How far an expression looks. What it says of a place depends on so much text from there on, at
 * most; of a trajectory that shares that much with the one before it, it need not be asked again.
 */

/** Of a code point, code units; also what ^, $ and \b look at beyond a match. */
const POINT = 2;

/** Code units that are looked at from a place on; Infinity where that has no bound, or is not known. */
export function reachOf(source: string): number {
  return new Reader(source).read() + POINT;
}

class Reader {
  private at = 0;

  constructor(private readonly source: string) {}

  read(): number {
    const width = this.alternatives();
    // Something that no expression has outside a group: not understood.
    return this.at === this.source.length ? width : Infinity;
  }

  private alternatives(): number {
    let most = 0;
    for (;;) {
      let width = 0;
      while (this.at < this.source.length && !"|)".includes(this.source[this.at]!)) {
        width += this.term();
      }
      most = Math.max(most, width);
      if (this.source[this.at] !== "|") return most;
      this.at += 1;
    }
  }

  private term(): number {
    const width = this.atom();
    const { source } = this;
    const rest = source.slice(this.at);
    const counted = /^\{(\d+)(,?)(\d*)\}/.exec(rest);
    let times = 1;
    if (counted) {
      const [all, least, comma, most] = counted;
      times = comma === "" ? Number(least) : most === "" ? Infinity : Number(most);
      this.at += all.length;
    } else if ("*+".includes(rest[0] ?? " ")) {
      times = Infinity;
      this.at += 1;
    } else if (rest[0] === "?") {
      this.at += 1;
    } else return width;
    if (source[this.at] === "?") this.at += 1;
    // An empty group has no bound to lose.
    return width === 0 || times === 0 ? 0 : width * times;
  }

  private atom(): number {
    const { source } = this;
    const first = source[this.at]!;
    if (first === "(") return this.group();
    if (first === "^" || first === "$") return this.pass(1, 0);
    if (first === "[") {
      let end = this.at + 1;
      while (end < source.length && source[end] !== "]") end += source[end] === "\\" ? 2 : 1;
      return this.pass(end + 1 - this.at, POINT);
    }
    if (first !== "\\") return this.pass(source.codePointAt(this.at)! > 0xffff ? 2 : 1, POINT);
    const escaped = /^\\(?:[bB]|[pP]\{[^}]*\}|u\{[^}]*\}|u[\da-fA-F]{4}|x[\da-fA-F]{2}|c[a-zA-Z]|.)/su.exec(
      source.slice(this.at),
    )![0];
    // What a group has matched is as long as the group.
    if (/^\\[1-9k]/.test(escaped)) return this.pass(source.length - this.at, Infinity);
    return this.pass(escaped.length, /^\\[bB]$/.test(escaped) ? 0 : POINT);
  }

  private group(): number {
    const opened = /^\((?:\?:|\?<[^=!][^>]*>)?/.exec(this.source.slice(this.at))![0];
    // Looking ahead or back, and modifiers.
    if (opened === "(" && this.source[this.at + 1] === "?") {
      return this.pass(this.source.length - this.at, Infinity);
    }
    this.at += opened.length;
    const width = this.alternatives();
    this.at += 1;
    return width;
  }

  private pass(length: number, width: number): number {
    this.at += length;
    return width;
  }
}
