import type { Strategy } from "./wire";

export type StrategyKind = Strategy["kind"];

export interface Parameter {
  name: string;
  label: string;
  first: number;
  least: number;
  most: number;
  /** "any" for numbers that need not be whole. */
  step: number | "any";
}

export interface StrategyKindInfo {
  kind: StrategyKind;
  name: string;
  /** What it does, in a sentence. */
  says: string;
  /** What is guaranteed of it (SCIENCE §1), in a sentence. */
  guarantee: string;
  /** It draws: a seed repeats it, and nothing that it finds may stop it. */
  random: boolean;
  parameters: readonly Parameter[];
}

const whole = (name: string, label: string, first: number, most: number): Parameter => ({
  name,
  label,
  first,
  least: 1,
  most,
  step: 1,
});

export const STRATEGIES: readonly StrategyKindInfo[] = [
  {
    kind: "worlds",
    name: "Worlds in view",
    says: "Evenly spaced worlds through the states you look at: an even picture of the whole future.",
    guarantee: "Every line is equally likely; over many draws the picture is unbiased.",
    random: true,
    parameters: [],
  },
  {
    kind: "best_first",
    name: "Best first",
    says: "The most probable trajectories that end, whatever it takes to be sure of them.",
    guarantee: "They come in exact order of probability, and what is unexplored is known exactly.",
    random: false,
    parameters: [whole("states", "states", 100, 4096)],
  },
  {
    kind: "breadth",
    name: "Breadth",
    says: "The k most probable children of every state, d steps deep.",
    guarantee: "Nothing is promised of what it leaves out, but how much that is.",
    random: false,
    parameters: [whole("k", "children k", 3, 64), whole("depth", "depth d", 4, 64)],
  },
  {
    kind: "mass",
    name: "Mass ≥ ε",
    says: "Every state at least ε probable from here, and no other.",
    guarantee: "At most 1/ε states are expanded a step.",
    random: false,
    parameters: [
      { name: "epsilon", label: "threshold ε", first: 0.01, least: 0, most: 1, step: "any" },
    ],
  },
  {
    kind: "greedy",
    name: "Greedy",
    says: "The most probable next state, over and over.",
    guarantee: "Always the same trajectory, ties to the lowest id; not the most probable one.",
    random: false,
    parameters: [whole("steps", "steps n", 64, 4096)],
  },
  {
    kind: "beam",
    name: "Beam",
    says: "The k most probable of the children of the k most probable, step by step.",
    guarantee: "Always the same k; a more probable trajectory may be missed.",
    random: false,
    parameters: [whole("k", "width k", 8, 1024), whole("steps", "steps n", 24, 1024)],
  },
  {
    kind: "ancestral",
    name: "Rollouts",
    says: "Independent samples under the procedure, merged into branches that count their visits.",
    guarantee: "Unbiased: shares of rollouts estimate probabilities, with a standard error.",
    random: true,
    parameters: [whole("rollouts", "rollouts m", 32, 4096), whole("steps", "steps n", 24, 2048)],
  },
  {
    kind: "stochastic_beam",
    name: "Without replacement",
    says: "Trajectories drawn at random without replacement, k of them (stochastic beam search).",
    guarantee: "All distinct, and unbiased with the weights that it tells, with a standard error.",
    random: true,
    parameters: [whole("k", "trajectories k", 16, 1024), whole("steps", "steps n", 24, 1024)],
  },
];

export type Values = Readonly<Record<string, number>>;

export const firstValues = (info: StrategyKindInfo): Values =>
  Object.fromEntries(info.parameters.map(({ name, first }) => [name, first]));

/** One sentence on what is wrong with a value, or null. */
export function faultOf(parameter: Parameter, value: number): string | null {
  const { label, least, most, step } = parameter;
  const name = label[0]?.toUpperCase() + label.slice(1);
  if (!Number.isFinite(value)) return `${name} is a number.`;
  if (step === 1 && !Number.isInteger(value)) return `${name} is a whole number.`;
  if (parameter.name === "epsilon" && value <= 0) return `${name} lies above 0, up to 1.`;
  if (value < least || value > most) return `${name} lies between ${least} and ${most}.`;
  return null;
}

/**
 * The most states that a growth may evaluate, by its own numbers; null where it sets no bound.
 * deepest: of a stop, steps below the state grown.
 */
export function mostStates(kind: StrategyKind, values: Values, deepest = Infinity): number | null {
  const value = (name: string): number => values[name] ?? 1;
  const levels = (name: string): number => Math.min(value(name), deepest + 1);
  switch (kind) {
    case "breadth": {
      const [k, depth] = [value("k"), levels("depth")];
      return k === 1 ? depth : (k ** depth - 1) / (k - 1);
    }
    case "greedy":
      return levels("steps");
    case "ancestral":
      return value("rollouts") * levels("steps");
    case "beam":
      return 1 + value("k") * (levels("steps") - 1);
    case "stochastic_beam":
      // One more than is kept is drawn: its place is what the weights are reckoned from.
      return 1 + (value("k") + 1) * (levels("steps") - 1);
    case "worlds":
    case "best_first":
    case "mass":
      return null;
  }
}

/** The strategy to send; worlds take their size and seed from the view, other draws `seed`. */
export function strategyOf(
  kind: StrategyKind,
  values: Values,
  worlds: { lines: number; steps: number; offset: number; seed: number; conditioned: boolean },
  seed: number,
): Strategy {
  const value = (name: string): number => values[name] ?? 1;
  switch (kind) {
    case "worlds":
      return { kind, lo: 0, hi: 1, origin: 0, ...worlds };
    case "breadth":
      return { kind, k: value("k"), depth: value("depth") };
    case "mass":
      return { kind, epsilon: value("epsilon") };
    case "best_first":
      return { kind, states: value("states") };
    case "ancestral":
      return { kind, rollouts: value("rollouts"), steps: value("steps"), seed };
    case "greedy":
      return { kind, steps: value("steps") };
    case "beam":
      return { kind, k: value("k"), steps: value("steps") };
    case "stochastic_beam":
      return { kind, k: value("k"), steps: value("steps"), seed };
  }
}
