import type { Colour } from "../state/address";

/** What a colour says, as one reads it in a list. */
export const COLOUR_NAMES: Readonly<Record<Colour, string>> = {
  entropy: "entropy of what follows",
  surprisal: "surprisal of the step",
  probability: "probability of the step",
  depth: "step",
  author: "who grew it",
  time: "when it was grown",
  varentropy: "varentropy of what follows",
  rank: "rank of the step",
  trajectory: "surprisal of the whole trajectory",
  ratio: "log-ratio, A to B",
};
