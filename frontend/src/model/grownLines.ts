/** Of how many even worlds a tree was grown: whoever opens it without being told should see those. */
import { uniform } from "./random";
import type { TreeModel } from "./tree";
import { advance, lineStart, locate } from "./walk";
import type { Weighting } from "./weighting";

/** Steps after which the worlds of one number and those of another have hardly a state in common. */
const STEPS = 6;
/** By so many steps the lines of another number have to be grown further, on average. */
const CLEARLY = 0.75;

/**
 * The even number of lines, from fewest to most, whose worlds are grown furthest in the first steps
 * from the prompt; `fitting` where no other is clearly better.
 */
export function grownLines(
  tree: TreeModel,
  weighting: Weighting,
  { offset, seed }: { readonly offset: number; readonly seed: number },
  [fewest, fitting, most]: readonly [number, number, number],
): number {
  /** Steps a line, on average; −∞ as soon as it is sure to be less than `least`. */
  const scoreOf = (lines: number, least: number): number => {
    let spare = (STEPS - least) * lines;
    let steps = 0;
    for (let line = 0; line < lines && spare >= 0; line++) {
      const here = grown(tree, weighting, seed, offset, line, lines);
      steps += here;
      spare -= STEPS - here;
    }
    return spare >= 0 ? steps / lines : -Infinity;
  };
  let [best, score] = [fitting, scoreOf(fitting, -Infinity) + CLEARLY];
  for (let lines = fewest; lines <= most; lines += 2) {
    const other = scoreOf(lines, score);
    // A third or a fifth of the lines stand where all of them do: of equals the most.
    if (other >= score) [best, score] = [lines, other];
  }
  return best;
}

function grown(
  tree: TreeModel,
  weighting: Weighting,
  seed: number,
  offset: number,
  line: number,
  lines: number,
): number {
  let node = 0;
  let at = lineStart(0, 1, line, lines, offset);
  for (let step = 0; step < STEPS; step++) {
    if (tree.isTerminal(node)) return STEPS;
    const place = locate(tree, node, at.u, weighting);
    if (place === null || place.child === -1) return step;
    at = advance(at, place.start, place.q, uniform(seed, line, step));
    node = place.child;
  }
  return STEPS;
}
