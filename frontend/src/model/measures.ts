/** The measures that colour states, and the range that a colour scale spans. */
import { bitsOf } from "../base/interval";
import type { Colour, ColourDomain } from "./scene";
import type { TreeModel } from "./tree";
import type { Weighting } from "./weighting";

const MOST_ENTROPY = 9;
const MOST_SURPRISAL = 10;
const MOST_RATIO = 3;
/** Places of a scale of people, so that a person's place is the person's number (render/palette.ts). */
const PLACES = 64;

/** The range of a colour's unit: bits, a share, steps from the prompt, people, or events. */
export function domainOf(
  tree: TreeModel,
  colour: Colour,
  anchorDepth: number,
  columns: number,
): ColourDomain {
  switch (colour) {
    case "entropy": {
      const { alphabetSize } = tree.shape;
      const most = alphabetSize === null ? MOST_ENTROPY : Math.log2(Math.max(2, alphabetSize));
      return { colour, lo: 0, hi: Math.min(MOST_ENTROPY, most) };
    }
    case "surprisal":
      return { colour, lo: 0, hi: MOST_SURPRISAL };
    case "probability":
      return { colour, lo: 0, hi: 1 };
    case "ratio":
      return { colour, lo: -MOST_RATIO, hi: MOST_RATIO };
    case "depth":
      return { colour, lo: anchorDepth + 1, hi: anchorDepth + Math.max(2, columns) };
    case "author":
      return { colour, lo: 0, hi: PLACES - 1, names: namesOf(tree) };
    case "time": {
      const [first, last] = tree.origins.span;
      return { colour, lo: first, hi: Math.max(first + 1, last) };
    }
    case "varentropy":
    case "rank":
    case "trajectory":
      return { colour, lo: 0, hi: tree.overlay?.name === colour ? tree.overlay.hi : 1 };
  }
}

/** A next state's value, of every colour that one tree tells by itself: child −1 is a candidate only; NaN where it is not known. */
export function valueOf(
  tree: TreeModel,
  weighting: Weighting,
  colour: Exclude<Colour, "ratio">,
  parent: number,
  child: number,
  logProb: number,
  q: number,
): number {
  switch (colour) {
    case "entropy":
      return child === -1 ? NaN : (weighting.weightsAt(child)?.entropy ?? NaN);
    case "surprisal":
      return bitsOf(logProb);
    case "probability":
      return q;
    case "depth":
      return tree.depth[parent]! + 1;
    case "author":
      return child === -1 ? NaN : tree.origins.personOf(child) % PLACES;
    case "time":
      return child === -1 ? NaN : tree.origins.eventOf(child);
    case "varentropy":
    case "rank":
    case "trajectory":
      return child === -1 || tree.overlay?.name !== colour ? NaN : (tree.overlay.values[child] ?? NaN);
  }
}

/** Those who grew a tree, as one may call them: nothing tells who they are. */
export function namesOf(tree: TreeModel): string[] {
  return tree.origins.people.map((person, i) =>
    person === tree.shape.me ? "you" : `person ${i + 1}`,
  );
}
