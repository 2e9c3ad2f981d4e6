import type { Camera } from "../model/camera";
import { Conditioning } from "../model/conditioning";
import { offsetOf } from "../model/random";
import { sameRef, type StateRef } from "../model/ref";
import type { Scene } from "../model/scene";
import { writeView, type Colour, type Heights, type ViewAddress } from "./address";
import type { TreeSession } from "./session.svelte";
import type { StrategyKind, Values } from "./strategies";

/** How this visitor looks at a tree. Everything here is the visitor's own, nothing is shared. */
export class ViewState {
  /** Where the camera is going; the canvas animates towards it. */
  camera = $state.raw<Camera>({ anchor: 0, lo: 0, hi: 1 });
  selection = $state.raw<StateRef>({ node: 0 });
  /** The line whose world is read on after the selection; null is the first that passes. */
  line = $state<number | null>(null);
  hover = $state.raw<StateRef | null>(null);
  heights = $state<Heights>("procedure");
  /** Heights and lines of what is not pruned only (SCIENCE §8). */
  conditioned = $state(false);
  colour = $state<Colour>("entropy");
  linesOn = $state(true);
  seed = $state(0);
  growing = $state(true);
  strategy = $state<StrategyKind>("worlds");
  values = $state.raw<Partial<Record<StrategyKind, Values>>>({});
  /** What the canvas holds: lines of text in its height, steps in its width. */
  size = $state.raw<{ lines: number; steps: number }>({ lines: 38, steps: 27 });
  /** Lines that the address asks for, so that a reader sees the worlds that were grown. */
  asked: number | null = null;
  /** What the canvas shows, at rest. */
  scene = $state.raw<Scene | null>(null);

  /** What the heights are by, and what pruning has left of it. */
  readonly conditioning: Conditioning = $derived.by(() => {
    const { model, version, weighting } = this.session;
    void version;
    return new Conditioning(model, this.heights === "rule" ? model.ruleWeighting : weighting);
  });
  /** Whether the picture shows only what is not pruned, and something is. */
  readonly isConditioned: boolean = $derived(this.conditioned && this.conditioning.cuts > 0);

  readonly offset: number = $derived(offsetOf(this.seed));

  /** A worlds growth as large as the canvas. */
  readonly worlds = $derived({ ...this.size, offset: this.offset, seed: this.seed });

  constructor(
    address: ViewAddress,
    private readonly session: TreeSession,
  ) {
    this.restore(address);
  }

  /** Takes a view from the address; states that this tree has not are passed over. */
  restore(address: ViewAddress): void {
    const known = (node: number): number => (this.session.model.has(node) ? node : 0);
    this.camera = { anchor: known(address.anchor), lo: 0, hi: 1 };
    this.selection = { node: known(address.selected) };
    this.line = null;
    this.seed = address.seed;
    this.heights = address.heights;
    this.conditioned = address.conditioned;
    // Of a distribution that is told in part the entropy is not known.
    const isPartial = !this.session.tree.rule.whole_distribution;
    this.colour = isPartial && address.colour === "entropy" ? "surprisal" : address.colour;
    this.asked = address.lines;
  }

  /** The query that leads back to this view. */
  readonly query: string = $derived(
    writeView({
      anchor: this.camera.anchor,
      selected: this.selection.node,
      seed: this.seed,
      heights: this.heights,
      conditioned: this.conditioned,
      colour: this.colour,
      lines: this.size.lines,
    }),
  );

  select(state: StateRef, line: number | null = null): void {
    if (!sameRef(state, this.selection)) {
      this.selection = state;
      this.session.here(state.node);
    }
    this.line = line;
  }

  zoomTo(anchor: number): void {
    this.camera = { anchor, lo: 0, hi: 1 };
  }

  /** One state back out; false at the prompt. */
  zoomOut(): boolean {
    const { anchor, lo, hi } = this.camera;
    if (lo > 0 || hi < 1) this.zoomTo(anchor);
    else if (anchor === 0) return false;
    else this.zoomTo(this.session.model.parent[anchor] ?? 0);
    return true;
  }

  anotherDraw(): void {
    this.seed = 1 + (Math.floor(Math.random() * 0x7fff_fffe) >>> 0);
  }
}
