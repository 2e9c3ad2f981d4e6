/** When a growth stops before its strategy does: what may be asked of which strategy. */
import { faultOf, type Parameter, type StrategyKindInfo } from "./strategies";
import type { Stop } from "./wire";

export type StopName = keyof Stop;

/** Values of the conditions that are switched on. */
export type StopDraft = Readonly<Partial<Record<StopName, number>>>;

export interface StopInfo {
  readonly name: StopName;
  readonly says: string;
  /** It looks at what was found: no stop for what draws at random, whose estimates it would bias. */
  readonly looks: boolean;
  readonly field: Parameter;
}

export const STOPS: readonly StopInfo[] = [
  {
    name: "ended",
    says: "so many have ended",
    looks: true,
    field: { name: "ended", label: "trajectories that end", first: 10, least: 1, most: 4096, step: 1 },
  },
  {
    name: "depth",
    says: "this deep",
    looks: false,
    field: { name: "depth", label: "depth", first: 16, least: 1, most: 4096, step: 1 },
  },
  {
    name: "resolved",
    says: "so much has ended",
    looks: true,
    field: { name: "resolved", label: "mass resolved", first: 0.5, least: 0, most: 1, step: "any" },
  },
];

/** The conditions that a strategy may be given. */
export const stopsFor = ({ random }: StrategyKindInfo): readonly StopInfo[] =>
  STOPS.filter(({ looks }) => !random || !looks);

/** One sentence on what is wrong with a condition that is switched on, or null. */
export function stopFault(info: StrategyKindInfo, draft: StopDraft): string | null {
  for (const { name, field } of stopsFor(info)) {
    const value = draft[name];
    if (value === undefined) continue;
    const fault = faultOf(field, value);
    if (fault !== null) return fault;
    if (name === "resolved" && value <= 0) return "Mass resolved lies above 0, up to 1.";
  }
  return null;
}

/** What is sent: what the strategy may be given of what is switched on; null for nothing. */
export function stopOf(info: StrategyKindInfo, draft: StopDraft): Stop | null {
  const given = stopsFor(info).filter(({ name }) => draft[name] !== undefined);
  if (given.length === 0) return null;
  const stop: Stop = { ended: null, depth: null, resolved: null };
  for (const { name } of given) stop[name] = draft[name] ?? null;
  return stop;
}
