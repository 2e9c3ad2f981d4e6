import { type Camera, isWhole, wholeOf } from "../model/camera";
import { Conditioning } from "../model/conditioning";
import { emphasisOf, type Emphasis, type EmphasisSource } from "../model/emphasis";
import type { LatticeOptions } from "../model/lattice";
import type { Painter } from "../model/painter";
import { offsetOf } from "../model/random";
import { sameRef, type StateRef } from "../model/ref";
import type { Scene } from "../model/scene";
import type { Query } from "../model/search/messages";
import type { Weighting } from "../model/weighting";
import { writeView, type Colour, type Heights, type ViewAddress, type ViewKind } from "./address";
import { NO_FILTER, type FilterDraft } from "./filter";
import type { InstrumentKind } from "./instrumentKinds";
import type { Lines } from "./history";
import { Marks } from "./marks.svelte";
import { FIRST_MULTIWAY, type MultiwayChoice } from "./multiway";
import type { TreeSession } from "./session.svelte";
import { stopOf, type StopDraft } from "./stops";
import { firstValues, STRATEGIES, strategyOf, type StrategyKind, type Values } from "./strategies";
import type { Stop, Strategy } from "./wire";

/** How this visitor looks at a tree. Everything here is the visitor's own, nothing is shared. */
export class ViewState {
  kind = $state<ViewKind>("worlds");
  /** Where the camera is going; the canvas animates towards it. */
  camera = $state.raw<Camera>({ anchor: 0, lo: 0, hi: 1 });
  selection = $state.raw<StateRef>({ node: 0 });
  /** The line whose world is read on after the selection; null is the first that passes. */
  line = $state<number | null>(null);
  /** What the view that is open is asked to bring into sight; counted, so that it can be asked again. */
  revealed = $state.raw<{ readonly ref: StateRef; readonly count: number } | null>(null);
  hover = $state.raw<StateRef | null>(null);
  heights = $state<Heights>("procedure");
  /** Heights and lines of what is not pruned only (SCIENCE §8). */
  conditioned = $state(false);
  colour = $state<Colour>("entropy");
  /** The axis of time is open. */
  timeOpen = $state(false);
  /** The instrument that is open beneath the canvas. */
  instrument = $state<InstrumentKind | null>(null);
  /** Entropy was chosen for the page one reads; where nobody chose, it shows surprisal. */
  readsEntropy = $state(false);
  linesOn = $state(true);
  seed = $state(0);
  growing = $state(true);
  multiway = $state.raw<MultiwayChoice>(FIRST_MULTIWAY);
  strategy = $state<StrategyKind>("worlds");
  values = $state.raw<Partial<Record<StrategyKind, Values>>>({});
  stop = $state.raw<StopDraft>({});
  /** Of growths that draw at random, worlds apart: the same seed draws the same. */
  growthSeed = $state(0);
  /**
   * What the canvas holds: lines of text in its height (room), steps in its width; and n, of how
   * many even worlds its lines are (model/lattice.ts). That stays while the canvas changes, so that
   * a smaller one shows some of the same worlds, and no others.
   */
  size = $state.raw<{ lines: number; room: number; steps: number }>({ lines: 38, room: 38, steps: 27 });
  /** Lines that the address asks for, so that a reader sees the worlds that were grown. */
  asked: number | null = null;
  /** What the canvas shows, at rest. */
  scene = $state.raw<Scene | null>(null);

  /** What the heights are by: the rule, or the procedure. */
  readonly base: Weighting = $derived.by(() => {
    const { model, version, weighting } = this.session;
    void version;
    return this.heights === "rule" ? model.ruleWeighting : weighting;
  });
  /** The same, and what pruning has left of it. */
  readonly conditioning: Conditioning = $derived.by(() => {
    const { model, version } = this.session;
    void version;
    return new Conditioning(model, this.base);
  });
  /** Whether the picture shows only what is not pruned, and something is. */
  readonly isConditioned: boolean = $derived(this.conditioned && this.conditioning.cuts > 0);
  /** What a state's interval is divided by, as it is drawn. */
  readonly measure: Weighting = $derived(
    this.isConditioned ? this.conditioning.weighting : this.base,
  );

  /** What is picked and visited here. */
  readonly marks: Marks;
  /** Whether the outline of the tree stands beside the canvas. */
  outline = $state(false);
  /** What makes states stand out beside that: a search, a filter. */
  sources = $state.raw<readonly EmphasisSource[]>([]);
  /** What stands out among the states, in every view. */
  readonly emphasis: Emphasis = $derived.by(() =>
    emphasisOf([this.marks.source, ...this.sources]),
  );
  /** What is looked for while the search is open, and the filter as it was typed; state/find.svelte.ts
   * writes both, and takes over what comes from an address. */
  sought = $state.raw<Query | null>(null);
  filter = $state.raw<FilterDraft>(NO_FILTER);
  /** What is drawn plainly while the rest is faint, in words and in states, and how to end that. */
  held = $state.raw<{
    readonly says: string;
    readonly left: number;
    readonly of: number;
    readonly clear: () => void;
  } | null>(null);
  /** What the view that is open draws, for pictures; null where it draws nothing. */
  painter = $state.raw<Painter | null>(null);

  readonly offset: number = $derived(offsetOf(this.seed));
  /** Which lines there are. */
  readonly shape: LatticeOptions = $derived({
    lines: this.size.lines,
    room: this.size.room,
    offset: this.offset,
    seed: this.seed,
  });
  /** Which of them are in view. */
  readonly lines: Lines = $derived({ ...this.camera, ...this.shape });

  /** A worlds growth as large as the canvas. */
  readonly worlds = $derived({
    lines: this.size.lines,
    steps: this.size.steps,
    offset: this.offset,
    seed: this.seed,
    conditioned: this.isConditioned,
  });

  constructor(
    address: ViewAddress,
    private readonly session: TreeSession,
  ) {
    this.marks = new Marks(session);
    this.restore(address);
  }

  /** Takes a view from the address; states that this tree has not are passed over. */
  restore(address: ViewAddress): void {
    this.kind = address.kind;
    const known = (node: number): number => (this.session.model.has(node) ? node : 0);
    const { window } = address;
    const anchor = known(address.anchor);
    this.camera =
      window === null || anchor !== address.anchor
        ? wholeOf(anchor)
        : { anchor, lo: window.lo, hi: window.hi, home: known(window.home) };
    this.selection = { node: known(address.selected) };
    this.line = null;
    this.seed = address.seed;
    this.heights = address.heights;
    this.conditioned = address.conditioned;
    // Of a distribution that is told in part the entropy is not known; of an automaton's rows with
    // noise only the likeliest are told.
    const { model, tree } = this.session;
    const isPartial = !tree.rule.whole_distribution || model.shape.cells === true;
    this.colour = isPartial && address.colour === "entropy" ? "surprisal" : address.colour;
    this.asked = address.lines;
    this.multiway = address.multiway;
    this.sought = address.sought;
    this.filter = address.filter;
  }

  /** The query that leads back to this view. */
  readonly query: string = $derived(
    writeView({
      kind: this.kind,
      anchor: this.camera.anchor,
      window: windowOf(this.camera),
      selected: this.selection.node,
      seed: this.seed,
      heights: this.heights,
      conditioned: this.conditioned,
      colour: this.colour,
      lines: this.size.lines,
      multiway: this.multiway,
      sought: this.sought,
      filter: this.filter,
    }),
  );

  select(state: StateRef, line: number | null = null): void {
    if (!sameRef(state, this.selection)) {
      this.selection = state;
      this.session.here(state.node);
      if (state.key === undefined) this.marks.visit(state.node);
    }
    this.line = line;
  }

  /** Selects a state, and has the view that is open show it. */
  goTo(state: StateRef): void {
    this.select(state);
    this.revealed = { ref: state, count: (this.revealed?.count ?? 0) + 1 };
  }

  zoomTo(anchor: number): void {
    this.marks.visit(anchor);
    this.camera = wholeOf(anchor);
  }

  /** One state back out; false at the prompt. */
  zoomOut(): boolean {
    const { anchor } = this.camera;
    if (!isWhole(this.camera)) this.zoomTo(anchor);
    else if (anchor === 0) return false;
    else this.zoomTo(this.session.model.parent[anchor] ?? 0);
    return true;
  }

  anotherDraw(): void {
    this.seed = freshSeed();
  }

  anotherGrowth(): void {
    this.growthSeed = freshSeed();
  }

  /** The growth that is set up. */
  growth(): { strategy: Strategy; stop: Stop | null } {
    const info = STRATEGIES.find(({ kind }) => kind === this.strategy) ?? STRATEGIES[0]!;
    const values = this.values[info.kind] ?? firstValues(info);
    return {
      strategy: strategyOf(info.kind, values, this.worlds, this.growthSeed),
      stop: stopOf(info, this.stop),
    };
  }
}

/** What the address keeps of a view that is not all of a state. */
function windowOf(camera: Camera): ViewAddress["window"] {
  const { anchor, lo, hi, home } = camera;
  return isWhole(camera) ? null : { lo, hi, home: home ?? anchor };
}

const freshSeed = (): number => 1 + (Math.floor(Math.random() * 0x7fff_fffe) >>> 0);
