import type { Step } from "./wire";

export type StepKind = Step["kind"];
export type TokenStep = Extract<Step, { kind: "forbid" | "force" | "bias" }>;
export type NumberStep = Exclude<Step, TokenStep>;

/** The one number of a step: what may be typed, and the ends of its slider. */
export interface StepNumber {
  /** What it is called in a sentence, at its beginning. */
  name: string;
  least: number;
  most: number;
  /** The ends themselves are not allowed. */
  above?: boolean;
  below?: boolean;
  whole?: boolean;
  /** Of the slider; `log` gives every decade the same length. */
  from: number;
  to: number;
  step: number;
  log?: boolean;
  unit?: string;
}

export interface StepInfo {
  kind: StepKind;
  name: string;
  /** What it does, in a sentence. */
  says: string;
  /** What it begins as. */
  first: Step;
  number: StepNumber | null;
  /** Keeps the rule's order, so that rules without tokens can be sampled by it. */
  byRank: boolean;
}

export const GROUPS: readonly { name: string; kinds: readonly StepKind[] }[] = [
  { name: "Sharpen or flatten", kinds: ["temperature"] },
  { name: "Cut away", kinds: ["top_k", "top_p", "min_p", "typical", "epsilon", "eta"] },
  { name: "Against repeating", kinds: ["repetition", "presence", "frequency", "no_repeat"] },
  { name: "Chosen tokens", kinds: ["forbid", "force", "bias"] },
];

const share = (name: string): StepNumber => ({
  name, least: 0, most: 1, above: true, from: 0.01, to: 1, step: 0.01,
});
const threshold = (name: string): StepNumber => ({
  name, least: 0, most: 1, above: true, below: true, from: 1e-5, to: 0.1, step: 0.00001, log: true,
});
const nats = (name: string): StepNumber => ({
  name, least: -100, most: 100, from: -2, to: 2, step: 0.05, unit: "nats",
});

export const STEPS: Readonly<Record<StepKind, StepInfo>> = {
  temperature: {
    kind: "temperature",
    name: "Temperature",
    says: "Under 1 sharpens, over 1 flattens; 0 is greedy: always the most probable.",
    first: { kind: "temperature", value: 0.7 },
    number: { name: "Temperature", least: 0, most: 100, from: 0, to: 2, step: 0.05 },
    byRank: true,
  },
  top_k: {
    kind: "top_k",
    name: "Top-k",
    says: "Keeps the k most probable next states.",
    first: { kind: "top_k", k: 40 },
    number: { name: "k", least: 1, most: 4294967294, whole: true, from: 1, to: 200, step: 1 },
    byRank: true,
  },
  top_p: {
    kind: "top_p",
    name: "Top-p",
    says: "Keeps the fewest leading next states that together reach p: the nucleus.",
    first: { kind: "top_p", p: 0.95 },
    number: share("p"),
    byRank: true,
  },
  min_p: {
    kind: "min_p",
    name: "Min-p",
    says: "Keeps what is at least p times as probable as the leading next state.",
    first: { kind: "min_p", p: 0.05 },
    number: { name: "p", least: 0, most: 1, from: 0, to: 1, step: 0.01 },
    byRank: true,
  },
  typical: {
    kind: "typical",
    name: "Typical",
    says: "Keeps what is about as surprising as the state is uncertain, until the mass p is reached.",
    first: { kind: "typical", p: 0.9 },
    number: share("p"),
    byRank: false,
  },
  epsilon: {
    kind: "epsilon",
    name: "Epsilon",
    says: "Keeps what is at least ε probable, never nothing.",
    first: { kind: "epsilon", epsilon: 0.001 },
    number: threshold("ε"),
    byRank: true,
  },
  eta: {
    kind: "eta",
    name: "Eta",
    says: "As epsilon, with a threshold that falls where the state is uncertain.",
    first: { kind: "eta", epsilon: 0.001 },
    number: threshold("ε"),
    byRank: true,
  },
  repetition: {
    kind: "repetition",
    name: "Repetition",
    says: "Over 1 makes tokens less probable that came before, in the prompt too.",
    first: { kind: "repetition", penalty: 1.2 },
    number: { name: "The penalty", least: 0.01, most: 100, from: 0.5, to: 2, step: 0.05 },
    byRank: false,
  },
  presence: {
    kind: "presence",
    name: "Presence",
    says: "Takes so many nats off every token that was generated (not the prompt's).",
    first: { kind: "presence", penalty: 0.5 },
    number: nats("The penalty"),
    byRank: false,
  },
  frequency: {
    kind: "frequency",
    name: "Frequency",
    says: "Takes so many nats off a token for each time that it was generated.",
    first: { kind: "frequency", penalty: 0.5 },
    number: nats("The penalty"),
    byRank: false,
  },
  no_repeat: {
    kind: "no_repeat",
    name: "No repeat",
    says: "No run of n tokens comes a second time, those of the prompt included.",
    first: { kind: "no_repeat", n: 4 },
    number: { name: "n", least: 1, most: 64, whole: true, from: 1, to: 12, step: 1, unit: "tokens" },
    byRank: false,
  },
  forbid: {
    kind: "forbid",
    name: "Forbid",
    says: "These tokens never.",
    first: { kind: "forbid", keys: [] },
    number: null,
    byRank: false,
  },
  force: {
    kind: "force",
    name: "Force",
    says: "These tokens only.",
    first: { kind: "force", keys: [] },
    number: null,
    byRank: false,
  },
  bias: {
    kind: "bias",
    name: "Bias",
    says: "Raises or lowers chosen tokens by nats; +1 nat makes one 2.7 times as probable beside others.",
    first: { kind: "bias", biases: [] },
    number: null,
    byRank: false,
  },
};

const LEAST_TEMPERATURE = 0.01;
export const MOST_NATS = 100;

export const isTokenStep = (step: Step): step is TokenStep =>
  step.kind === "forbid" || step.kind === "force" || step.kind === "bias";

/** The number of a step that has one. */
export function numberOf(step: NumberStep): number {
  switch (step.kind) {
    case "temperature":
      return step.value;
    case "top_k":
      return step.k;
    case "no_repeat":
      return step.n;
    case "epsilon":
    case "eta":
      return step.epsilon;
    case "repetition":
    case "presence":
    case "frequency":
      return step.penalty;
    case "top_p":
    case "min_p":
    case "typical":
      return step.p;
  }
}

export function withNumber(step: NumberStep, value: number): NumberStep {
  switch (step.kind) {
    case "temperature":
      return { kind: step.kind, value };
    case "top_k":
      return { kind: step.kind, k: value };
    case "no_repeat":
      return { kind: step.kind, n: value };
    case "epsilon":
    case "eta":
      return { kind: step.kind, epsilon: value };
    case "repetition":
    case "presence":
    case "frequency":
      return { kind: step.kind, penalty: value };
    case "top_p":
    case "min_p":
    case "typical":
      return { kind: step.kind, p: value };
  }
}

/** The tokens that a step names, ascending as the server keeps them. */
export const keysOf = (step: TokenStep): number[] =>
  step.kind === "bias" ? step.biases.map(({ key }) => key) : step.keys;

/** The same step with one token more, or the same where it has it. */
export function withKey(step: TokenStep, key: number): TokenStep {
  if (keysOf(step).includes(key)) return step;
  if (step.kind === "bias") {
    const biases = [...step.biases, { key, nats: 1 }].sort((a, b) => a.key - b.key);
    return { kind: "bias", biases };
  }
  return { kind: step.kind, keys: [...step.keys, key].sort((a, b) => a - b) };
}

export function withoutKey(step: TokenStep, key: number): TokenStep {
  if (step.kind === "bias") {
    return { kind: "bias", biases: step.biases.filter((bias) => bias.key !== key) };
  }
  return { kind: step.kind, keys: step.keys.filter((one) => one !== key) };
}

/** One sentence on what is wrong with a step, or null. */
export function faultOf(step: Step): string | null {
  if (isTokenStep(step)) return tokenFault(step);
  const { name, number } = STEPS[step.kind];
  const value = numberOf(step);
  if (number === null) return null;
  if (!Number.isFinite(value)) return `${name} takes a number.`;
  if (number.whole && !Number.isInteger(value)) return `${name}: ${number.name} is a whole number.`;
  if (step.kind === "temperature" && value !== 0 && !(value >= LEAST_TEMPERATURE && value <= 100)) {
    return "Temperature is 0, or lies between 0.01 and 100.";
  }
  const low = number.above ? value > number.least : value >= number.least;
  const high = number.below ? value < number.most : value <= number.most;
  if (low && high) return null;
  return `${name}: ${number.name} ${rangeOf(number)}.`;
}

function rangeOf({ least, most, above, below }: StepNumber): string {
  if (most > 1e9) return `is ${least} or more`;
  if (above && below) return `lies above ${least} and below ${most}`;
  if (above) return `lies above ${least}, up to ${most}`;
  return `lies between ${signed(least)} and ${most}`;
}

const signed = (value: number): string => String(value).replace("-", "−");

function tokenFault(step: TokenStep): string | null {
  const { name } = STEPS[step.kind];
  if (step.kind === "force" && step.keys.length === 0) {
    return "Force needs a token: forcing none would leave nothing.";
  }
  if (step.kind === "bias") {
    const wrong = step.biases.find(({ nats }) => !(Math.abs(nats) <= MOST_NATS));
    if (wrong) return `${name}: nats lie between −${MOST_NATS} and ${MOST_NATS}.`;
  }
  return null;
}

const SHORT: Readonly<Partial<Record<StepKind, string>>> = {
  temperature: "T",
  epsilon: "ε",
  eta: "η",
  repetition: "repeat",
  presence: "pres.",
  frequency: "freq.",
  no_repeat: "n-gram",
};

/** A step as the head of a narrow column. */
export function headOf(step: Step): string {
  const words = wordsOf(step);
  const short = SHORT[step.kind];
  return short === undefined || isTokenStep(step) ? words : `${short} ${numberOf(step)}`;
}

/** A step in a few words: "temperature 0.7", "forbid 3 tokens". */
export function wordsOf(step: Step): string {
  const name = STEPS[step.kind].name.toLowerCase();
  if (isTokenStep(step)) {
    const { length } = keysOf(step);
    return `${name} ${length} ${length === 1 ? "token" : "tokens"}`;
  }
  if (step.kind === "temperature" && step.value === 0) return "greedy";
  return `${name} ${numberOf(step)}`;
}
