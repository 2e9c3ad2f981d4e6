import { untrack } from "svelte";
import { compareTrees, readTree } from "../api/client";
import { asProblem, type Problem } from "../api/problem";
import { Alignment, otherSide, type Side } from "../model/alignment";
import { logRatio } from "../model/ratio";
import { sameRef, type StateRef } from "../model/ref";
import { FIRST_VIEW, readView, type Colour, type Heights } from "./address";
import { TreeSession } from "./session.svelte";
import { ViewState } from "./view.svelte";
import type { Comparison, Job } from "./wire";

const SETTLE_MS = 180;
const WHILE_GROWING_MS = 1200;
/** The depths of larger trees take longer to compare. */
const A_STATE_MS = 0.5;

/** One of the two trees, and how this visitor looks at it. */
export interface Half {
  readonly session: TreeSession;
  readonly view: ViewState;
}

interface Wanted {
  readonly side: Side;
  readonly state: StateRef;
  readonly heights: Heights;
}

/** What the two have in common while their tokens agree. */
interface Look {
  readonly selection: StateRef;
  readonly anchor: number;
  readonly seed: number;
}
const lookOf = ({ selection, camera, seed }: ViewState): Look => ({
  selection,
  anchor: camera.anchor,
  seed,
});

/** Two trees side by side: what is chosen in one is chosen in the other, where tokens agree. */
export class ComparedPair {
  readonly alignment: Alignment;
  /** Why the two have no alphabet in common, or null; undefined until the server has said. */
  apart = $state<string | null | undefined>(undefined);
  state = $state.raw<Comparison["state"]>(null);
  levels = $state.raw<Comparison["levels"]>(null);
  problem = $state.raw<Problem | null>(null);
  asking = $state(false);
  /** Whose selection the numbers are of. */
  lead = $state<Side>("a");

  private timer: ReturnType<typeof setTimeout> | undefined;
  private turn = 0;
  private wanted: Wanted | null = null;
  /** Of which trees the depths are, and of which they would be. */
  private levelsOf = "";
  private levelsWanted = "";
  private followed: Record<Side, Look>;

  private constructor(
    readonly a: Half,
    readonly b: Half,
  ) {
    this.alignment = new Alignment(a.session.model, b.session.model);
    this.followed = { a: lookOf(a.view), b: lookOf(b.view) };
    this.colourBy("ratio");
  }

  /** Throws the server's Problem when one of the two is not there. */
  static async open(a: string, b: string): Promise<ComparedPair> {
    // Both are asked for before either is followed, so that nothing has to be let go of.
    await Promise.all([readTree(a), readTree(b)]);
    const [first, second] = await Promise.all([TreeSession.open(a), TreeSession.open(b)]);
    return new ComparedPair(halfOf(first), halfOf(second));
  }

  get isApart(): boolean {
    return typeof this.apart === "string";
  }

  get heights(): Heights {
    return this.a.view.heights;
  }
  set heights(heights: Heights) {
    this.a.view.heights = this.b.view.heights = heights;
  }

  /** Whether the selected state is one of the other tree too. */
  readonly agrees: boolean = $derived.by(() => {
    void [this.a.session.version, this.b.session.version];
    const { lead } = this;
    if (this.apart !== null) return false;
    return this.alignment.stateOf(lead, this[lead].view.selection) !== null;
  });

  /** Changes whenever a colour may. */
  readonly depends: unknown = $derived.by(() => [
    this.a.session.version,
    this.b.session.version,
    this.a.session.weighting,
    this.b.session.weighting,
    this.apart,
  ]);

  /** log₂ of how much more probable a next state is in a than in b, by the heights' measure. */
  readonly ratioIn: Readonly<Record<Side, (parent: number, key: number) => number>> = {
    a: (parent, key) => this.ratio("a", parent, key),
    b: (parent, key) => this.ratio("b", parent, key),
  };

  /**
   * Reads what the comparison depends on, and asks for it anew: at once where something was chosen,
   * now and then while the trees grow, and once more when they have come to rest.
   */
  follow(): void {
    this.share();
    const halves = [this.a, this.b];
    const grows = halves.some(({ session }) => session.jobs.some(isRunning));
    const trees = halves.map(({ session }) => [session.version, session.model.fingerprint]);
    const wanted: Wanted = {
      side: this.lead,
      state: this[this.lead].view.selection,
      heights: this.heights,
    };
    const isNew = JSON.stringify(wanted) !== JSON.stringify(this.wanted);
    this.wanted = wanted;
    this.levelsWanted = JSON.stringify([trees, wanted.heights]);
    if (isNew || !grows) clearTimeout(this.timer);
    else if (this.timer !== undefined) return;
    const states = halves.reduce((sum, { session }) => sum + session.states, 0);
    const wait = isNew || !grows ? SETTLE_MS : WHILE_GROWING_MS + states * A_STATE_MS;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      // While the trees grow, an answer on its way is as good as another.
      if (!this.asking || isNew || !grows) void this.ask();
    }, wait);
  }

  /** Asks anew after a failure. */
  again(): void {
    this.problem = null;
    this.levelsOf = "";
    void this.ask();
  }

  close(): void {
    clearTimeout(this.timer);
    this.turn += 1;
    this.a.session.close();
    this.b.session.close();
  }

  private colourBy(colour: Colour): void {
    for (const { view } of [this.a, this.b]) view.colour = colour;
  }

  /** What was chosen, zoomed into or drawn in one is in the other. */
  private share(): void {
    for (const side of ["a", "b"] as const) {
      const look = lookOf(this[side].view);
      const before = this.followed[side];
      const other = this[otherSide(side)].view;
      const chosen = !sameRef(look.selection, before.selection);
      if (!chosen && look.anchor === before.anchor && look.seed === before.seed) continue;
      if (chosen) this.lead = side;
      untrack(() => {
        other.seed = look.seed;
        if (this.apart !== null) return;
        if (chosen) other.select(this.alignment.nearest(side, look.selection));
        if (look.anchor !== before.anchor) this.zoomLike(side);
      });
      this.followed = { a: lookOf(this.a.view), b: lookOf(this.b.view) };
      return;
    }
  }

  private zoomLike(side: Side): void {
    const { anchor } = this[side].view.camera;
    const there = this.alignment.nodeOf(side, anchor);
    const other = this[otherSide(side)].view;
    if (there !== -1 && other.camera.anchor !== there) other.zoomTo(there);
  }

  private ratio(side: Side, parent: number, key: number): number {
    if (this.apart !== null) return NaN;
    const { a, b } = this;
    const weightings = {
      a: this.heights === "rule" ? a.session.model.ruleWeighting : a.session.weighting,
      b: this.heights === "rule" ? b.session.model.ruleWeighting : b.session.weighting,
    };
    return logRatio(this.alignment, side, weightings, parent, key);
  }

  private async ask(): Promise<void> {
    const { wanted, levelsWanted } = this;
    if (wanted === null) return;
    const turn = ++this.turn;
    const byDepth = levelsWanted !== this.levelsOf;
    this.asking = true;
    try {
      const found = await compareTrees({
        a: this.a.session.ref,
        b: this.b.session.ref,
        side: wanted.side,
        node: wanted.state.node,
        key: wanted.state.key ?? null,
        heights: wanted.heights,
        by_depth: byDepth,
      });
      if (turn !== this.turn) return;
      const wasApart = this.isApart;
      this.apart = found.apart;
      if (found.apart !== null && !wasApart) this.colourBy(FIRST_VIEW.colour);
      this.state = found.state;
      if (byDepth) {
        this.levels = found.levels;
        this.levelsOf = levelsWanted;
      }
      this.problem = null;
    } catch (thrown) {
      if (turn === this.turn) this.problem = asProblem(thrown);
    } finally {
      if (turn === this.turn) this.asking = false;
    }
  }
}

const isRunning = (job: Job): boolean => job.state === "running";

function halfOf(session: TreeSession): Half {
  return { session, view: new ViewState(readView(""), session) };
}
