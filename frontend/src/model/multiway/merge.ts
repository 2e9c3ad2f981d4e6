/** Merging the states of a subtree into classes, with their probabilities, cycles and closed components. */
import { componentsOf } from "./components";
import { classesOf, type Classes, type Equivalence } from "./equivalence";
import { EDGE, TRAIT, type Multiway, type Recurrence, type Rest } from "./graph";
import { MOST_CLASSES } from "./limits";
import { PairTable } from "./pairs";
import { IS_EXPANDED, IS_TERMINAL, type Subtree } from "./subtree";

/** Probabilities that are float32 numbers add up to 1 no better than this. */
const NOTHING = 1e-6;

/**
 * The merged graph of a subtree: at most `most` classes, the most probable first, and what is left
 * as one more.
 */
export function merge(
  subtree: Subtree,
  equivalence: Equivalence,
  most: number = MOST_CLASSES,
): Multiway {
  const classes = classesOf(subtree, equivalence);
  const { probability, unknown } = probabilities(subtree);
  const all = measure(subtree, classes, probability, equivalence.by === "state");
  const edges = edgesOf(subtree, classes.classOf, probability);
  const found = recurrencesOf(subtree, classes, probability, all, edges);
  const place = placesOf(all.reach, most);
  const shown = Math.min(classes.count, most);
  const hasRest = classes.count > shown;
  const size = shown + (hasRest ? 1 : 0);
  const placeOf = classes.classOf.map((one) => place[one]!);
  const members = membersBy(placeOf, size, probability, subtree.node);

  const head = new Uint32Array(size);
  const lead = new Uint32Array(size);
  const step = new Uint32Array(size).fill(0xffffffff);
  const reach = new Float64Array(size);
  const visits = new Float64Array(size);
  const traits = new Uint8Array(size);
  for (let one = 0; one < classes.count; one++) {
    const at = place[one]!;
    step[at] = Math.min(step[at]!, all.step[one]!);
    visits[at]! += all.visits[one]!;
    if (at === shown) continue;
    reach[at] = all.reach[one]!;
    traits[at] = all.traits[one]!;
  }
  for (let at = 0; at < size; at++) {
    const own = members.memberNode.subarray(members.memberStart[at]!, members.memberStart[at + 1]!);
    lead[at] = own[0]!;
    head[at] = own.reduce((least, node) => Math.min(least, node), own[0]!);
  }
  let rest: Rest | null = null;
  if (hasRest) {
    const isRest = placeOf.map((at) => (at === shown ? 0 : 1));
    reach[shown] = firstPassages(subtree, isRest, 2, probability)[0]!;
    rest = {
      classes: classes.count - shown,
      states: members.memberStart[size]! - members.memberStart[shown]!,
      reach: reach[shown]!,
    };
  }
  const ended = all.traits.reduce((sum, one) => sum + (one & TRAIT.ended ? 1 : 0), 0);
  return {
    anchor: subtree.anchor,
    size,
    head,
    lead,
    step,
    reach,
    visits,
    traits,
    ...members,
    classAt: classAt(subtree, placeOf),
    ...shownEdges(subtree, edges, place, shown, step, found.of, found.recurs),
    recurrences: found.list.map((one) => ({
      ...one,
      classes: one.classes.map((own) => place[own]!).filter((at) => at < shown),
    })),
    rest,
    counts: {
      states: subtree.size,
      classes: classes.count,
      recurring: found.list.length,
      closed: found.list.filter(({ closed }) => closed).length,
      ended,
      pruned: subtree.pruned,
      unknown,
      steps: step.reduce((last, one) => Math.max(last, one), 0),
    },
  };
}

/** From the anchor, by state; what is not known counts as nothing, and is counted. */
function probabilities({ size, parent, logProb }: Subtree): {
  probability: Float64Array;
  unknown: number;
} {
  const probability = new Float64Array(size);
  const isUnknown = new Uint8Array(size);
  let unknown = 0;
  probability[0] = 1;
  for (let i = 1; i < size; i++) {
    const own = Math.exp(logProb[i]!);
    if (Number.isNaN(own) || isUnknown[parent[i]!] === 1) {
      isUnknown[i] = 1;
      unknown++;
    } else probability[i] = probability[parent[i]!]! * own;
  }
  return { probability, unknown };
}

/** The probability of ever coming to each group: that of its members with none of it before them. */
export function firstPassages(
  { size, childStart }: Subtree,
  groupOf: ArrayLike<number>,
  groups: number,
  probability: ArrayLike<number>,
): Float64Array<ArrayBuffer> {
  const reach = new Float64Array(groups);
  const onPath = new Uint32Array(groups);
  const cursor = childStart.slice(0, size);
  const path: number[] = [];
  const enter = (state: number): void => {
    const group = groupOf[state]!;
    if (onPath[group] === 0) reach[group]! += probability[state]!;
    onPath[group]!++;
    path.push(state);
  };
  enter(0);
  while (path.length > 0) {
    const state = path[path.length - 1]!;
    if (cursor[state]! < childStart[state + 1]!) enter(cursor[state]!++);
    else {
      onPath[groupOf[state]!]!--;
      path.pop();
    }
  }
  return reach;
}

interface Measured {
  readonly reach: Float64Array;
  readonly visits: Float64Array;
  readonly step: Uint32Array;
  readonly traits: Uint8Array<ArrayBuffer>;
  /** Of each class's expanded members: what comes to them, and what of it goes where nothing is grown. */
  readonly come: Float64Array;
  readonly leak: Float64Array;
}

/**
 * What follows a class is known whole when it is known of every member; of equal states of a
 * rewriting rule one member tells it for all, unless trajectories end there by their length alone.
 */
function measure(
  subtree: Subtree,
  { count, classOf }: Classes,
  probability: Float64Array,
  oneTellsAll: boolean,
): Measured {
  const { size, childStart, logProb, flags, step } = subtree;
  const visits = new Float64Array(count);
  const firstStep = new Uint32Array(count).fill(0xffffffff);
  const come = new Float64Array(count);
  const leak = new Float64Array(count);
  const members = new Uint32Array(count);
  const terminal = new Uint32Array(count);
  const expanded = new Uint32Array(count);
  const whole = new Uint32Array(count);
  for (let i = 0; i < size; i++) {
    const one = classOf[i]!;
    visits[one]! += probability[i]!;
    firstStep[one] = Math.min(firstStep[one]!, step[i]!);
    members[one]!++;
    if ((flags[i]! & IS_TERMINAL) !== 0) {
      terminal[one]!++;
      continue;
    }
    if ((flags[i]! & IS_EXPANDED) === 0) continue;
    expanded[one]!++;
    let sum = 0;
    for (let c = childStart[i]!; c < childStart[i + 1]!; c++) {
      const own = Math.exp(logProb[c]!);
      if (!Number.isNaN(own)) sum += own;
    }
    come[one]! += probability[i]!;
    if (1 - sum > NOTHING) leak[one]! += probability[i]! * (1 - sum);
    else whole[one]!++;
  }
  const traits = new Uint8Array(count);
  for (let one = 0; one < count; one++) {
    const isEnded = terminal[one] === members[one];
    const isSettled = oneTellsAll
      ? isEnded || whole[one]! > 0
      : terminal[one]! + whole[one]! === members[one]!;
    traits[one] =
      (isEnded ? TRAIT.ended : expanded[one] === 0 ? TRAIT.open : 0) |
      (isSettled ? TRAIT.settled : 0);
  }
  const reach = firstPassages(subtree, classOf, count, probability);
  return { reach, visits, step: firstStep, traits, come, leak };
}

interface Edges {
  readonly from: Uint32Array;
  readonly to: Uint32Array;
  readonly flow: Float64Array;
  /** Number of the most probable state that the step leads to. */
  readonly lead: Uint32Array;
}

function edgesOf(
  { size, parent }: Subtree,
  groupOf: ArrayLike<number>,
  probability: ArrayLike<number>,
): Edges {
  const table = new PairTable();
  const number = new Uint32Array(size);
  for (let i = 1; i < size; i++) number[i] = table.intern(groupOf[parent[i]!]!, groupOf[i]!);
  const flow = new Float64Array(table.size);
  const lead = new Uint32Array(table.size);
  for (let i = 1; i < size; i++) {
    const edge = number[i]!;
    flow[edge]! += probability[i]!;
    if (lead[edge] === 0 || probability[i]! > probability[lead[edge]!]!) lead[edge] = i;
  }
  const ends = (end: (edge: number) => number): Uint32Array =>
    Uint32Array.from({ length: table.size }, (_, edge) => end(edge));
  return {
    from: ends((edge) => table.firstOf(edge)),
    to: ends((edge) => table.secondOf(edge)),
    flow,
    lead,
  };
}

interface Found {
  /** The component of each class, and whether states recur in a component. */
  readonly of: Uint32Array;
  readonly recurs: Uint8Array;
  readonly list: readonly Recurrence[];
}

/** The components in which states recur; marks the classes in them. */
function recurrencesOf(
  subtree: Subtree,
  { count, classOf }: Classes,
  probability: Float64Array,
  { traits, come, leak }: Measured,
  { from, to }: Edges,
): Found {
  const { count: components, of } = componentsOf(count, from, to);
  const recurs = new Uint8Array(components);
  const leaves = new Uint8Array(components);
  const inner = new Uint32Array(components);
  for (let edge = 0; edge < from.length; edge++) {
    const own = of[from[edge]!]!;
    if (own !== of[to[edge]!]!) leaves[own] = 1;
    else {
      recurs[own] = 1;
      inner[own]!++;
    }
  }
  const classesIn = new Map<number, number[]>();
  for (let one = 0; one < count; one++) {
    const own = of[one]!;
    if (recurs[own] === 0) continue;
    traits[one]! |= TRAIT.recurs | (leaves[own] === 0 ? TRAIT.closed : 0);
    const known = classesIn.get(own);
    if (known) known.push(one);
    else classesIn.set(own, [one]);
  }
  if (classesIn.size === 0) return { of, recurs, list: [] };
  const componentAt = classOf.map((one) => of[one]!);
  const reach = firstPassages(subtree, componentAt, components, probability);
  const sumOver = (own: readonly number[], values: Float64Array): number =>
    own.reduce((sum, one) => sum + values[one]!, 0);
  const list = [...classesIn].map(([own, classes]): Recurrence => {
    const closed = leaves[own] === 0;
    const comes = sumOver(classes, come);
    return {
      classes,
      size: classes.length,
      isCycle: inner[own] === classes.length,
      closed,
      exact: closed && classes.every((one) => (traits[one]! & TRAIT.settled) !== 0),
      reach: reach[own]!,
      leak: comes > 0 ? sumOver(classes, leak) / comes : 0,
    };
  });
  list.sort(
    (a, b) =>
      Number(b.closed) - Number(a.closed) || b.reach - a.reach || a.classes[0]! - b.classes[0]!,
  );
  return { of, recurs, list };
}

/** Where each class is shown: the `most` most probable in their order, all others at `most`. */
function placesOf(reach: Float64Array, most: number): Uint32Array {
  const place = Uint32Array.from(reach, (_, one) => one);
  if (reach.length <= most) return place;
  const order = [...place].sort((a, b) => reach[b]! - reach[a]! || a - b);
  const kept = order.slice(0, most).sort((a, b) => a - b);
  place.fill(most);
  kept.forEach((one, at) => (place[one] = at));
  return place;
}

/** Members by class, the most probable first, ties by id. */
function membersBy(
  placeOf: Uint32Array,
  size: number,
  probability: Float64Array,
  node: Uint32Array,
): Pick<Multiway, "memberStart" | "memberNode"> {
  const order = Uint32Array.from(placeOf, (_, i) => i).sort(
    (a, b) =>
      placeOf[a]! - placeOf[b]! || probability[b]! - probability[a]! || node[a]! - node[b]!,
  );
  const memberStart = new Uint32Array(size + 1);
  for (const at of placeOf) memberStart[at + 1]!++;
  for (let at = 0; at < size; at++) memberStart[at + 1]! += memberStart[at]!;
  return { memberStart, memberNode: order.map((i) => node[i]!) };
}

function classAt({ node, anchor }: Subtree, placeOf: Uint32Array): Int32Array<ArrayBuffer> {
  const last = node.reduce((most, id) => Math.max(most, id), anchor);
  const found = new Int32Array(last - anchor + 1).fill(-1);
  node.forEach((id, i) => (found[id - anchor] = placeOf[i]!));
  return found;
}

/** The edges between what is shown; steps within the rest are left out. */
function shownEdges(
  { node }: Subtree,
  edges: Edges,
  place: Uint32Array,
  rest: number,
  step: Uint32Array,
  componentOf: Uint32Array,
  recurs: Uint8Array,
): Pick<Multiway, "from" | "to" | "flow" | "edgeKind" | "edgeLead"> {
  const table = new PairTable();
  const flow: number[] = [];
  const lead: number[] = [];
  const kind: number[] = [];
  const best: number[] = [];
  for (let edge = 0; edge < edges.from.length; edge++) {
    const a = place[edges.from[edge]!]!;
    const b = place[edges.to[edge]!]!;
    if (a === rest && b === rest) continue;
    const at = table.intern(a, b);
    if (at === flow.length) {
      const own = componentOf[edges.from[edge]!]!;
      const isCycle = recurs[own] === 1 && own === componentOf[edges.to[edge]!]!;
      flow.push(0);
      best.push(-1);
      lead.push(0);
      kind.push(isCycle ? EDGE.cycle : step[b]! > step[a]! ? EDGE.forward : EDGE.back);
    }
    flow[at]! += edges.flow[edge]!;
    if (edges.flow[edge]! <= best[at]!) continue;
    best[at] = edges.flow[edge]!;
    lead[at] = node[edges.lead[edge]!]!;
  }
  return {
    from: Uint32Array.from(flow, (_, at) => table.firstOf(at)),
    to: Uint32Array.from(flow, (_, at) => table.secondOf(at)),
    flow: Float64Array.from(flow),
    edgeKind: Uint8Array.from(kind),
    edgeLead: Uint32Array.from(lead),
  };
}
