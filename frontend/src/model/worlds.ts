/**
 * The Worlds view as geometry: tree, procedure and camera in, a scene out. Pure.
 *
 * The height in view is a piece of the anchor's unit interval. A next state at least a line high
 * is a block in the column of its step; what is thinner than a line runs on as the text of each
 * line's own world. Lines walk by the arithmetic of core/walk.py, so the page and the server see
 * the same worlds.
 */
import { Conditioning } from "./conditioning";
import { type Fan, placeIn } from "./fan";
import { percentOf, fitLabel } from "./labels";
import { domainOf, valueOf } from "./measures";
import { enteredAt, freshAt, type Lattice, latticeOf } from "./lattice";
import type { StateRef } from "./ref";
import { runOn, type Walker } from "./running";
import {
  type Block,
  type ColourDomain,
  END_MARK,
  type Hatch,
  type Line,
  type LineEnd,
  type Scene,
  textSizeFor,
  type Tick,
  type WorldsOptions,
} from "./scene";
import { shareHeights } from "./share";
import { type Beyond, beyondAt, isForbidden, stopAt } from "./standing";
import { label, pieceAfter } from "./text";
import type { TreeModel } from "./tree";
import { advance, type Position } from "./walk";
import { widthOf, type Weighting } from "./weighting";
import { type Camera, isWhole } from "./camera";

export type { Block, Hatch, Line, Piece, Scene, Tick, WorldsOptions } from "./scene";

/** Text keeps this share of the width free of blocks. */
const TEXT_SHARE = 0.35;
/** Height of a line of text, in sizes of its font: less, and lines would touch. */
const LEADING = 1.16;
/** From a column's left edge to text in it: the ticks' strip and a gap. */
const TEXT_INDENT = 10;
const TICK_WIDTH = 5;
const TICK_HEIGHT = 1;
const MARGIN = 10;
const HATCH_WIDTH = 176;
const HATCH_LABEL = 15;
/** A hatched region at least this wide has room for a whole sentence. */
const WORDY_WIDTH = 400;
const MOST_TICKS = 2000;
/** Characters of an average token, for the estimate of steps when nothing is drawn yet. */
const TOKEN_CHARACTERS = 4.6;
const ROUNDING = 1e-9;
/** States that are drawn left of the picture while it slides. */
const BEFORE = 2;

export function layoutWorlds(
  tree: TreeModel,
  weighting: Weighting,
  camera: Camera,
  options: WorldsOptions,
): Scene {
  return new Layout(tree, weighting, camera, options).scene();
}

/** How many columns of blocks fit beside the text. */
function columnsOf(width: number, columnWidth: number, linesOn: boolean): number {
  const share = linesOn ? 1 - TEXT_SHARE : 1;
  return Math.max(1, Math.floor((width * share) / columnWidth));
}

/**
 * The height that each line can surely have: as many lines as may be in view share the height. One
 * that comes in at an edge must not make all others smaller.
 */
function roomOf(pitch: number, height: number, fits: boolean): number {
  return fits ? pitch : (pitch * height) / (height + pitch);
}

/** A block before the heights are shared out: its boundaries by number. */
interface BlockDraft {
  readonly ref: StateRef;
  readonly parent: number;
  readonly key: number;
  readonly column: number;
  readonly first: number;
  readonly last: number;
  readonly a: number;
  readonly b: number;
  readonly value: number;
  readonly kind: Block["kind"];
  readonly top: number;
  bottom: number;
}

interface TickDraft {
  readonly ref: StateRef;
  readonly a: number;
  readonly b: number;
  readonly value: number;
}

/** A stretch of the height without a block to its right. */
interface Segment {
  readonly node: number;
  readonly column: number;
  readonly first: number;
  readonly last: number;
  readonly a: number;
  readonly b: number;
  /** What stops every line of it at once; null: each walks on by itself. */
  readonly end: LineEnd | null;
  readonly ref: StateRef;
  readonly ticks: readonly TickDraft[];
}

class Layout {
  private readonly heights: Weighting;
  private readonly columns: number;
  private readonly textSize: number;
  private readonly shrink: number;
  private readonly pitch: number;
  private readonly domain: ColourDomain;
  private readonly walker: Walker;
  private readonly lattice: Lattice;
  private readonly count: number;
  private readonly u: Float64Array;
  private readonly left: Float64Array;
  private readonly ends: number[] = [];
  private readonly needs: number[] = [];
  private readonly segments: Segment[] = [];
  private readonly drafts: BlockDraft[] = [];
  private readonly lines: Line[] = [];
  private readonly hatches: Hatch[] = [];
  private readonly ticks: Tick[] = [];
  private tickCount = 0;
  private steps = 0;

  constructor(
    private readonly tree: TreeModel,
    private readonly procedure: Weighting,
    private readonly camera: Camera,
    private readonly options: WorldsOptions,
  ) {
    const { width, height, columnWidth, linePitch } = options;
    const heights = options.heights === "rule" ? tree.ruleWeighting : procedure;
    this.heights = options.conditioned ? new Conditioning(tree, heights).weighting : heights;
    this.columns = columnsOf(width, columnWidth, options.linesOn);
    this.lattice = latticeOf(tree, this.heights, camera, options);
    this.count = this.lattice.ids.length;
    this.pitch = this.lattice.spacing * height;
    const size = textSizeFor(linePitch);
    const fits = isWhole(camera) && this.count * this.pitch < height + ROUNDING;
    this.shrink = Math.min(1, roomOf(this.pitch, height, fits) / (size * LEADING));
    this.textSize = size * this.shrink;
    this.domain = domainOf(tree, options.colour, tree.depth[camera.anchor]!, this.columns);
    this.walker = {
      tree,
      heights: this.heights,
      procedure,
      by: options.heights,
      seed: options.seed,
      lattice: this.lattice,
      right: width - MARGIN,
      measure: (text) => options.measure(text) * this.shrink,
    };
    this.u = this.lattice.u.slice();
    this.left = this.lattice.left.slice();
  }

  scene(): Scene {
    const { camera, count, options, tree } = this;
    const size = camera.hi - camera.lo;
    const ref = { node: camera.anchor };
    this.descend(camera.anchor, ref, 0, count, -camera.lo / size, (1 - camera.lo) / size, 0);
    const drawn = shareHeights(this.ends, this.needs, options.height);
    const blocks = this.drafts.map((draft) => this.blockOf(draft, drawn));
    this.segments.forEach((segment, i) => this.fill(segment, drawn[i]!, drawn[i + 1]!));
    this.lines.sort((one, other) => one.index - other.index);
    for (const block of blocks) this.reach(block.depth);
    for (const { at } of this.lines) this.reach(depthOf(tree, at));
    return {
      camera,
      width: options.width,
      height: options.height,
      pitch: this.pitch,
      columnWidth: options.columnWidth,
      textSize: this.textSize,
      domain: this.domain,
      blocks,
      before: this.before(),
      lines: options.linesOn ? this.lines : [],
      hatches: this.hatches,
      ticks: this.ticks,
      open: this.lines.filter((line) => line.end === "open").length,
      steps: this.steps,
      stepsToFill: this.stepsToFill(),
    };
  }

  /** Cuts the body of a state, its interval [a, b) of what is in view, into blocks and segments. */
  private descend(
    node: number,
    ref: StateRef,
    first: number,
    last: number,
    a: number,
    b: number,
    column: number,
  ): void {
    const { tree, heights } = this;
    const end = stopAt(tree, heights, node);
    if (end !== null) {
      this.segment(node, ref, column, first, last, a, b, end, []);
      return;
    }
    const fan = tree.fan(node, heights)!;
    const { beta, from, keys, logProbs, logZ, scaled } = fan;
    const byRule = this.options.heights === "rule";
    const beyond = beyondAt(tree, heights, this.procedure, node, this.options.heights);
    const count = Math.min(beyond.rank, fan.end - from);
    // Rounding may leave the last end a little under one; the last next state holds the rest.
    const holdsAll = fan.complete && beyond.start === 1;
    const childAt = this.childrenByPlace(node, fan, count);
    const least = 1 / this.options.lines - ROUNDING;
    const leastTick = TICK_HEIGHT / this.options.height;
    // What is conditioned keeps the order that it had before.
    const isSorted = heights.leftAt(node) === 1;
    let ticks: TickDraft[] = [];
    let line = first;
    let runFirst = first;
    let runA = a;
    let start = 0;
    for (let rank = 0; rank < count; rank++) {
      const q = widthOf(beta, scaled[from + rank]!, logZ);
      const next = holdsAll && rank === count - 1 ? 1 : start + q;
      const ca = a + (b - a) * start;
      const cb = a + (b - a) * next;
      const share = Math.min(cb, 1) - Math.max(ca, 0);
      if (ca >= 1 || (isSorted && (b - a) * q < leastTick)) break;
      const before = line;
      while (line < last && this.u[line]! < next) line++;
      if (share >= leastTick) {
        const key = keys[from + rank]!;
        const logProb = logProbs[from + rank]!;
        const child = childAt?.[rank] ?? -1;
        const childRef = child === -1 ? { node, key } : { node: child };
        const value = this.valueOf(node, key, child, logProb, q);
        if (share >= least && column < this.columns) {
          this.segment(node, ref, column, runFirst, before, runA, ca, null, ticks);
          ticks = [];
          this.advanceAll(before, line, node, child, start, q);
          const ended = tree.endsAt(node, key);
          const forbidden = byRule && isForbidden(tree, this.procedure, node, key);
          const cut = child !== -1 && tree.isCut(child);
          const kind = forbidden ? "forbidden" : cut ? "cut" : ended ? "ended" : "state";
          const draft: BlockDraft = {
            ref: childRef,
            parent: node,
            key,
            column,
            first: before,
            last: line,
            a: ca,
            b: cb,
            value,
            kind,
            top: this.ends.length,
            bottom: 0,
          };
          this.drafts.push(draft);
          if (forbidden) {
            this.segment(node, childRef, column + 1, before, line, ca, cb, "forbidden", []);
          } else if (child === -1) {
            const stop = ended ? "ended" : "open";
            this.segment(node, childRef, column + 1, before, line, ca, cb, stop, []);
          } else {
            this.descend(child, childRef, before, line, ca, cb, column + 1);
          }
          draft.bottom = this.ends.length;
          runFirst = line;
          runA = cb;
        } else if (this.tickCount < MOST_TICKS) {
          ticks.push({ ref: childRef, a: ca, b: cb, value });
          this.tickCount++;
        }
      }
      start = next;
    }
    this.thin(node, ref, column, runFirst, last, runA, b, beyond, a + (b - a) * beyond.start, ticks);
  }

  private valueOf(node: number, key: number, child: number, logProb: number, q: number): number {
    const { colour } = this.domain;
    if (colour === "ratio") return this.options.ratio?.(node, key) ?? NaN;
    return valueOf(this.tree, this.heights, colour, node, child, logProb, q);
  }

  /** What is left of a body: thin branches, then where no line goes on. */
  private thin(
    node: number,
    ref: StateRef,
    column: number,
    first: number,
    last: number,
    a: number,
    b: number,
    beyond: Beyond,
    beyondFrom: number,
    ticks: readonly TickDraft[],
  ): void {
    const cut = Math.max(a, Math.min(b, beyondFrom));
    let line = last;
    const stops = cut < b - ROUNDING;
    // The lines are still relative to `node`; the first position beyond tells them.
    if (stops) while (line > first && this.u[line - 1]! >= beyond.start) line--;
    this.segment(node, ref, column, first, line, a, stops ? cut : b, null, ticks);
    if (stops) this.segment(node, ref, column, line, last, cut, b, beyond.kind, []);
  }

  private segment(
    node: number,
    ref: StateRef,
    column: number,
    first: number,
    last: number,
    a: number,
    b: number,
    end: LineEnd | null,
    ticks: readonly TickDraft[],
  ): void {
    const top = Math.max(0, a);
    const bottom = Math.min(1, b);
    if (last === first && bottom - top < ROUNDING) return;
    const { height, linesOn } = this.options;
    const isRoomy = linesOn && end !== "forbidden" && end !== "untold";
    this.ends.push(Math.max(0, bottom) * height);
    this.needs.push(isRoomy ? (last - first) * this.textSize * LEADING : 0);
    this.segments.push({ node, column, first, last, a: top, b: bottom, end, ref, ticks });
  }

  private advanceAll(
    first: number,
    last: number,
    node: number,
    child: number,
    start: number,
    q: number,
  ): void {
    const { lattice } = this;
    const depth = this.tree.depth[node]!;
    for (let i = first; i < last; i++) {
      const fresh = freshAt(lattice, this.options.seed, i, depth);
      this.place(i, enteredAt(lattice, i, child) ?? advance(this.position(i), start, q, fresh));
    }
  }

  private position(line: number): Position {
    return { u: this.u[line]!, left: this.left[line]! };
  }

  private place(line: number, at: Position): void {
    this.u[line] = at.u;
    this.left[line] = at.left;
  }

  /** The visible children that are in the fan, by their place in it; null when there are none. */
  private childrenByPlace(node: number, fan: Fan, count: number): Int32Array | null {
    const { tree } = this;
    let found: Int32Array | null = null;
    tree.eachChild(node, (child) => {
      const place = fan.ranked ? tree.rank[child]! : placeIn(fan, tree.key[child]!) - fan.from;
      if (place < 0 || place >= count) return;
      found ??= new Int32Array(count).fill(-1);
      found[place] = child;
    });
    return found;
  }

  private blockOf(draft: BlockDraft, drawn: Float64Array): Block {
    const { tree } = this;
    const { columnWidth } = this.options;
    const { top, bottom, parent, key, ...rest } = draft;
    const y0 = drawn[top]!;
    const y1 = drawn[bottom]!;
    const own = tree.isEndKey(key) ? END_MARK : label(pieceAfter(tree, parent, key));
    const name = draft.ref.key === undefined ? tree.annotations.label(draft.ref.node) : "";
    const text = name ? `${name} · ${own}` : own;
    const fitted = fitLabel(
      text,
      percentOf(shareInView(draft)),
      columnWidth,
      y1 - y0,
      (shown) => this.walker.measure(shown) / this.textSize,
    );
    const x0 = draft.column * columnWidth;
    const depth = tree.depth[parent]! + 1;
    return { ...rest, ...fitted, parent, key, depth, x0, x1: x0 + columnWidth, y0, y1 };
  }

  /** The anchor and the state before it, as columns of their own left of the first. */
  private before(): Block[] {
    const { tree, camera, options } = this;
    const found: Block[] = [];
    for (let node = camera.anchor; node !== 0 && found.length < BEFORE; ) {
      const parent = tree.parent[node]!;
      const column = -1 - found.length;
      const q = Math.exp(tree.logProb[node]!);
      const value = this.valueOf(parent, tree.key[node]!, node, tree.logProb[node]!, q);
      const draft = { ref: { node }, parent, key: tree.key[node]!, column, a: 0, b: 1, value };
      const heights = Float64Array.of(0, options.height);
      const lines = { first: 0, last: 0, kind: "state" as const, top: 0, bottom: 1 };
      found.push({ ...this.blockOf({ ...draft, ...lines }, heights), percent: "", percentBelow: false });
      node = parent;
    }
    return found;
  }

  private fill(segment: Segment, y0: number, y1: number): void {
    const { columnWidth } = this.options;
    const left = segment.column * columnWidth;
    if (isHatched(segment.end)) this.hatch(segment, segment.end, left, y0, y1);
    const scale = (y1 - y0) / (segment.b - segment.a);
    if (y1 > y0) {
      for (const tick of segment.ticks) {
        const t0 = y0 + (Math.max(tick.a, segment.a) - segment.a) * scale;
        const t1 = y0 + (Math.min(tick.b, segment.b) - segment.a) * scale;
        this.ticks.push({
          ref: tick.ref,
          x0: left + 1,
          x1: left + 1 + TICK_WIDTH,
          y0: t0,
          y1: Math.min(y1, t1),
          value: tick.value,
        });
      }
    }
    const slot = (y1 - y0) / Math.max(1, segment.last - segment.first);
    for (let index = segment.first; index < segment.last; index++) {
      const top = y0 + (index - segment.first) * slot;
      this.line(segment, index, left + TEXT_INDENT, top, top + slot);
    }
  }

  private line(segment: Segment, index: number, x: number, y0: number, y1: number): void {
    const stops = segment.end !== null;
    const running = stops
      ? { pieces: [], end: segment.end as LineEnd, at: segment.ref, x1: x }
      : runOn(this.walker, index, segment.node, this.position(index), x);
    this.lines.push({ index, id: this.lattice.ids[index]!, y0, y1, y: (y0 + y1) / 2, x0: x, ...running });
  }

  private hatch(
    segment: Segment,
    kind: Hatch["kind"],
    left: number,
    y0: number,
    y1: number,
  ): void {
    if (y1 - y0 < 1) return;
    const right = this.walker.right;
    const x1 = kind === "unweighed" ? Math.min(right, left + HATCH_WIDTH) : right;
    const words = wordsOf(kind, percentOf(segment.b - segment.a), x1 - left >= WORDY_WIDTH);
    const shown = y1 - y0 >= HATCH_LABEL ? words : "";
    this.hatches.push({ kind, ref: segment.ref, x0: left + 1, x1, y0, y1, label: shown });
  }

  private reach(depth: number): void {
    this.steps = Math.max(this.steps, depth - this.tree.depth[this.camera.anchor]!);
  }

  private stepsToFill(): number {
    let width = 0;
    let tokens = 0;
    let columns = this.columns;
    for (const { pieces, x0 } of this.lines) {
      tokens += pieces.length;
      if (pieces.length > 0) width += Math.max(...pieces.map(({ x1 }) => x1)) - x0;
      columns = Math.min(columns, Math.floor(x0 / this.options.columnWidth));
    }
    const usual = this.walker.measure("x") * TOKEN_CHARACTERS;
    const mean = tokens >= 40 ? width / tokens : usual;
    const room = this.walker.right - columns * this.options.columnWidth;
    return columns + Math.ceil((1.15 * room) / mean);
  }
}

function isHatched(end: LineEnd | null): end is Hatch["kind"] {
  return end === "forbidden" || end === "unweighed" || end === "untold" || end === "unweighable";
}

/** What is written on a hatched region; share: of what is in view. */
function wordsOf(kind: Hatch["kind"], share: string, isWide: boolean): string {
  switch (kind) {
    case "forbidden":
      return `everything else ${share}`;
    case "unweighed":
      return "not yet under this procedure";
    case "untold":
      return isWide ? `what lies here, the rule does not tell: ${share}` : `not told: ${share}`;
    case "unweighable":
      return isWide
        ? "this procedure needs more than the engine tells; with a small top-k it may be enough"
        : "too little told for this procedure";
  }
}

/** How much of what is in view a block takes up: what reaches beyond the edges does not count. */
export const shareInView = ({ a, b }: { readonly a: number; readonly b: number }): number =>
  Math.max(0, Math.min(1, b) - Math.max(0, a));

function depthOf(tree: TreeModel, ref: StateRef): number {
  return tree.depth[ref.node]! + (ref.key === undefined ? 0 : 1);
}
