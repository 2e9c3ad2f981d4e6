import type { Colour } from "../state/address";

/** What a colour says, as one reads it in a list. */
export const COLOUR_NAMES: Readonly<Record<Colour, string>> = {
  entropy: "entropy of what follows",
  surprisal: "surprisal of the step",
  probability: "probability of the step",
  depth: "step",
  author: "who grew it",
  time: "when it was grown",
  ratio: "log-ratio, A to B",
};
