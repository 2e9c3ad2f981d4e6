/**
 * Pruning is conditioning: what is left of a distribution when nothing that is cut may happen
 * (SCIENCE §8).
 *
 * h(s), what is left of a state's mass: 0 at a cut, else 1 − Σ of what its next states lose. The
 * condition makes P(next | never pruned) = q·h(next)/h(s). Only states above a cut differ from what
 * they were; they are told in a ranking of their own, in the order that they had, so that what is
 * left keeps its place beside its neighbours.
 */
import { type Fan, widthAt } from "./fan";
import { logQOf } from "./next";
import type { TreeModel } from "./tree";
import { ALL_KEPT, type Ranking, type Weighting, type Weights } from "./weighting";

/** Less than this cannot be told from nothing by sums of float32 numbers. */
const NOTHING = 1e-6;
const LEAST_FOR_ENTROPY = 1e-3;

/** A next state that loses mass: where its share begins, its q, and what is left of it. */
interface Dent {
  readonly key: number;
  readonly start: number;
  readonly q: number;
  readonly left: number;
}

/** A state above a cut, under the condition. */
interface Dented {
  readonly left: number;
  readonly weights: Weights;
  readonly ranking: Ranking;
  readonly dents: readonly Dent[];
}

export class Conditioning {
  /** By state above a cut; null where it cannot be known yet. Cuts themselves are not in it. */
  private readonly dented = new Map<number, Dented | null>();
  /** How many cuts there are that are under no other. */
  readonly cuts: number;
  /** The base under the condition that nothing that is cut happens. */
  readonly weighting: Weighting;

  constructor(
    private readonly tree: TreeModel,
    private readonly base: Weighting,
  ) {
    const cuts = tree.topCuts();
    this.cuts = cuts.length;
    const above = new Set<number>();
    for (const cut of cuts) {
      for (let at = cut; at > 0 && !above.has(tree.parent[at]!); ) above.add((at = tree.parent[at]!));
    }
    // Children have greater ids than their parents.
    for (const node of [...above].sort((a, b) => b - a)) this.dented.set(node, this.dent(node));
    this.weighting = this.cuts === 0 ? base : this.conditioned();
  }

  /** h: the share of a state's mass that no cut takes; NaN where it cannot be known yet. */
  leftAt(node: number): number {
    if (this.tree.underCut(node)) return 0;
    const dented = this.dented.get(node);
    return dented === undefined ? 1 : (dented?.left ?? NaN);
  }

  private conditioned(): Weighting {
    const { tree, base } = this;
    const at = (node: number): Dented | null | undefined => this.dented.get(node);
    const ofParent = (node: number): number => tree.parent[node]!;
    return {
      fingerprint: base.fingerprint,
      beta: base.beta,
      weightsAt: (node) => {
        const dented = at(node);
        return dented === undefined ? base.weightsAt(node) : (dented?.weights ?? null);
      },
      isWeighed: (node) => (at(node) === undefined ? base.isWeighed(node) : at(node) !== null),
      isUntold: (node) => base.isUntold(node),
      ownAt: (node) => at(node)?.ranking ?? base.ownAt(node),
      tailCumAt: (node) => this.moved(ofParent(node), base.tailCumAt(node)),
      tailScaledAt: (node) => {
        const dented = at(ofParent(node));
        if (dented === undefined) return base.tailScaledAt(node);
        const logQ = logQOf(tree, base, ofParent(node), tree.key[node]!);
        if (dented === null || logQ === null) return NaN;
        return logQ + Math.log(this.leftAt(node)) - Math.log(dented.left);
      },
      leftAt: (node) => this.leftAt(node),
      moved: (node, cum) => this.moved(node, cum),
    };
  }

  private moved(node: number, cum: number): number {
    const dented = this.dented.get(node);
    if (dented === undefined) return cum;
    if (dented === null) return NaN;
    let before = cum;
    for (const { start, q, left } of dented.dents) if (start < cum) before -= q * (1 - left);
    return Math.min(1, Math.max(0, before / dented.left));
  }

  private dent(node: number): Dented | null {
    const { tree, base } = this;
    const fan = tree.fan(node, base);
    if (fan === null) return null;
    const starts = startsOf(fan);
    const dents: Dent[] = [];
    let known = true;
    tree.eachChild(node, (child) => {
      const left = this.leftAt(child);
      if (left === 1) return;
      const key = tree.key[child]!;
      const logQ = logQOf(tree, base, node, key);
      // What the procedure takes out anyway is no loss.
      if (logQ === -Infinity) return;
      const start = starts.get(key) ?? base.tailCumAt(child);
      if (logQ === null || Number.isNaN(left) || Number.isNaN(start)) known = false;
      else dents.push({ key, start, q: Math.exp(logQ), left });
    });
    return known ? this.dentedBy(node, fan, dents) : null;
  }

  private dentedBy(node: number, fan: Fan, dents: readonly Dent[]): Dented {
    const lefts = new Map(dents.map(({ key, left }) => [key, left]));
    const places: number[] = [];
    let whole = 0;
    let kept = 0;
    for (let i = fan.from; i < fan.end; i++) {
      const width = widthAt(fan, i);
      const left = lefts.get(fan.keys[i]!) ?? 1;
      whole += width;
      kept += width * left;
      if (left > 0) places.push(i);
    }
    const lost = dents.reduce((sum, { q, left }) => sum + q * (1 - left), 0);
    const rest = fan.complete ? kept : 1 - lost;
    const left = fan.complete ? kept / whole : rest > NOTHING ? rest : 0;
    if (left === 0) places.length = 0;
    const ranking: Ranking = {
      keys: Uint32Array.from(places, (i) => fan.keys[i]!),
      logProbs: Float32Array.from(places, (i) => fan.logProbs[i]!),
      logQ: Float32Array.from(places, (i) =>
        Math.log((widthAt(fan, i) * (lefts.get(fan.keys[i]!) ?? 1)) / rest),
      ),
      from: 0,
      end: places.length,
    };
    const entropy = fan.complete
      ? entropyOf(ranking)
      : entropyBits(this.base.weightsAt(node)!.entropy, dents, left);
    const all = fan.complete || left === 0;
    const weights = { logZ: 0, kept: all ? places.length : ALL_KEPT, entropy };
    return { left, weights, ranking, dents };
  }
}

/** F(t⁻) of each of the next states of a fan, by key. */
function startsOf(fan: Fan): Map<number, number> {
  const starts = new Map<number, number>();
  let start = 0;
  for (let i = fan.from; i < fan.end; i++) {
    starts.set(fan.keys[i]!, start);
    start += widthAt(fan, i);
  }
  return starts;
}

/** Of a ranking that has all next states, bits. */
function entropyOf({ logQ }: Ranking): number {
  return logQ.reduce((nats, log) => nats - Math.exp(log) * log, 0) / Math.LN2;
}

/**
 * Of the conditioned distribution, bits, from that of the whole one, which is stored as float32;
 * NaN where that is not known, or where so little is left that its rounding would show.
 */
function entropyBits(whole: number, dents: readonly Dent[], left: number): number {
  if (left === 0) return 0;
  if (left < LEAST_FOR_ENTROPY) return NaN;
  let nats = whole * Math.LN2;
  let others = 1;
  let dented = 0;
  for (const { q, left: kept } of dents) {
    const r = (q * kept) / left;
    nats += q * Math.log(q);
    others -= q;
    if (r > 0) dented -= r * Math.log(r);
  }
  return Math.max(0, nats / left + (Math.max(0, others) / left) * Math.log(left) + dented) / Math.LN2;
}
