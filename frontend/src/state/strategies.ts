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
  /** What it does, and what is guaranteed (SCIENCE §1), in a sentence. */
  says: string;
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
    parameters: [],
  },
  {
    kind: "best_first",
    name: "Best first",
    says: "The most probable trajectories, in exact order of probability, whatever it takes.",
    parameters: [whole("n", "trajectories n", 20, 4096)],
  },
  {
    kind: "breadth",
    name: "Breadth",
    says: "The k most probable children of every state, d steps deep.",
    parameters: [whole("k", "children k", 3, 64), whole("depth", "depth d", 4, 64)],
  },
  {
    kind: "mass",
    name: "Mass ≥ ε",
    says: "Every state at least ε probable from here: never more than 1/ε of them a step.",
    parameters: [
      { name: "epsilon", label: "threshold ε", first: 0.01, least: 0, most: 1, step: "any" },
    ],
  },
  {
    kind: "ancestral",
    name: "Rollouts",
    says: "Independent samples under the procedure, merged into branches that count their visits.",
    parameters: [whole("rollouts", "rollouts m", 32, 4096), whole("steps", "steps n", 24, 2048)],
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

/** The strategy to send; worlds take their size and seed from the view. */
export function strategyOf(
  kind: StrategyKind,
  values: Values,
  worlds: { lines: number; steps: number; offset: number; seed: number; conditioned: boolean },
): Strategy {
  const value = (name: string): number => values[name] ?? 1;
  switch (kind) {
    case "worlds":
      return { kind, lo: 0, hi: 1, ...worlds };
    case "breadth":
      return { kind, k: value("k"), depth: value("depth") };
    case "mass":
      return { kind, epsilon: value("epsilon") };
    case "best_first":
      return { kind, n: value("n") };
    case "ancestral":
      return { kind, rollouts: value("rollouts"), steps: value("steps"), seed: worlds.seed };
    case "greedy":
      return { kind, steps: value("steps") };
    case "beam":
      return { kind, k: value("k"), steps: value("steps") };
    case "stochastic_beam":
      return { kind, k: value("k"), steps: value("steps"), seed: worlds.seed };
  }
}
