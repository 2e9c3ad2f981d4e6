import type { Query } from "../model/search/messages";
import { NO_FILTER, type FilterDraft } from "./filter";
import { MEASURED } from "../model/overlay";
import { FIRST_MULTIWAY, readMultiway, writeMultiway, type MultiwayChoice } from "./multiway";
import { readFiltered, readSought, writeSought } from "./sought";

/** Colourings and heights that a view may name; the ratio belongs to a comparison. */
export const COLOURS = [
  ...(["entropy", "surprisal", "probability", "depth", "author", "time"] as const),
  ...MEASURED,
] as const;
export const HEIGHTS = ["procedure", "rule"] as const;
/** The ways to look at a tree; all share one camera and one selection. */
export const VIEWS = ["worlds", "tree", "multiway", "read"] as const;
export type ViewKind = (typeof VIEWS)[number];
export type Colour = (typeof COLOURS)[number] | "ratio";
export type Heights = (typeof HEIGHTS)[number];

/** What the address keeps of a view: enough to come back to the same picture. */
export interface ViewAddress {
  kind: ViewKind;
  anchor: number;
  /** The part of the anchor's interval that is in view, and the state its lines belong to; null: all. */
  window: { lo: number; hi: number; home: number } | null;
  selected: number;
  seed: number;
  heights: Heights;
  /** Renormalised to what is not pruned. */
  conditioned: boolean;
  colour: Colour;
  /** How many lines the height holds; null leaves it to the canvas. */
  lines: number | null;
  /** How the Multiway view merges and arranges states. */
  multiway: MultiwayChoice;
  /** What is looked for while the search is open; null: nothing. */
  sought: Query | null;
  /** What is drawn plainly while the rest is faint. */
  filter: FilterDraft;
}

export const FIRST_VIEW: ViewAddress = {
  kind: "worlds",
  anchor: 0,
  window: null,
  selected: 0,
  seed: 0,
  heights: "procedure",
  conditioned: false,
  colour: "entropy",
  lines: null,
  multiway: FIRST_MULTIWAY,
  sought: null,
  filter: NO_FILTER,
};

const FEWEST_LINES = 4;
const MOST_LINES = 120;

const VERSION = "1";
const LARGEST = 0xffff_fffe;

function whole(text: string | null): number {
  if (text === null || !/^\d{1,10}$/.test(text)) return 0;
  const value = Number(text);
  return value <= LARGEST ? value : 0;
}

function linesIn(text: string | null): number | null {
  const lines = whole(text);
  return lines >= FEWEST_LINES && lines <= MOST_LINES ? lines : null;
}

/** The narrowest part of a state that is looked at (model/anchoring.ts moves on into the next). */
const NARROWEST = 2 ** -24;

function windowIn(query: URLSearchParams): ViewAddress["window"] {
  const [lo, hi] = [query.get("lo"), query.get("hi")].map((text) =>
    text !== null && /^\d(\.\d+)?(e-\d{1,2})?$/.test(text) ? Number(text) : NaN,
  ) as [number, number];
  if (!(lo >= 0 && hi <= 1 && hi - lo >= NARROWEST)) return null;
  return { lo, hi, home: whole(query.get("of") ?? query.get("z")) };
}

const among = <T extends string>(choices: readonly T[], text: string | null): T | undefined =>
  choices.find((choice) => choice === text);

/** Reads `?v=1&z=…&s=…`; whatever it cannot read falls back, so that the tree always opens. */
export function readView(search: string): ViewAddress {
  const query = new URLSearchParams(search);
  if ((query.get("v") ?? VERSION) !== VERSION) return FIRST_VIEW;
  return {
    kind: among(VIEWS, query.get("view")) ?? FIRST_VIEW.kind,
    anchor: whole(query.get("z")),
    window: windowIn(query),
    selected: whole(query.get("s")),
    seed: whole(query.get("seed")),
    heights: among(HEIGHTS, query.get("heights")) ?? FIRST_VIEW.heights,
    conditioned: query.get("left") === "1",
    colour: among(COLOURS, query.get("colour")) ?? FIRST_VIEW.colour,
    lines: linesIn(query.get("lines")),
    multiway: readMultiway(query.get("mw")),
    sought: readSought(query),
    filter: readFiltered(query),
  };
}

/** The query of a view, with its `?`; empty for the first view. */
export function writeView(view: ViewAddress): string {
  const query = new URLSearchParams();
  if (view.kind !== FIRST_VIEW.kind) query.set("view", view.kind);
  if (view.anchor !== 0) query.set("z", String(view.anchor));
  if (view.window !== null) {
    const { lo, hi, home } = view.window;
    query.set("lo", String(lo));
    query.set("hi", String(hi));
    if (home !== view.anchor) query.set("of", String(home));
  }
  if (view.selected !== 0) query.set("s", String(view.selected));
  if (view.seed !== 0) query.set("seed", String(view.seed));
  if (view.heights !== FIRST_VIEW.heights) query.set("heights", view.heights);
  if (view.conditioned) query.set("left", "1");
  if (view.colour !== FIRST_VIEW.colour && view.colour !== "ratio") query.set("colour", view.colour);
  if (view.lines !== null) query.set("lines", String(view.lines));
  const multiway = writeMultiway(view.multiway);
  if (multiway !== "") query.set("mw", multiway);
  writeSought(query, view.sought, view.filter);
  const text = query.toString();
  return text === "" ? "" : `?v=${VERSION}&${text}`;
}

export type Place =
  | { page: "home" }
  | { page: "tree"; ref: string; invitation: string | null }
  | { page: "compare"; a: string; b: string }
  | { page: "recover"; secret: string | null }
  | { page: "nowhere" };

/** Which page an address means. A secret stands only in the fragment. */
export function readPlace(path: string, hash: string): Place {
  if (path === "/" || path === "") return { page: "home" };
  const tree = /^\/[tf]\/([tf][\w-]{8,64})\/?$/.exec(path);
  if (tree?.[1]) {
    const secret = /^#edit=([\w-]+)$/.exec(hash);
    return { page: "tree", ref: tree[1], invitation: secret?.[1] ?? null };
  }
  const pair = /^\/compare\/([tf][\w-]{8,64})\/([tf][\w-]{8,64})\/?$/.exec(path);
  if (pair?.[1] && pair[2]) return { page: "compare", a: pair[1], b: pair[2] };
  if (path === "/recover") {
    const secret = /^#([\w-]+)$/.exec(hash);
    return { page: "recover", secret: secret?.[1] ?? null };
  }
  return { page: "nowhere" };
}

/** The page path of a tree: `/t/…` live, `/f/…` frozen. */
export const treePath = (ref: string): string => `/${ref.startsWith("f") ? "f" : "t"}/${ref}`;

/** The page path of two trees side by side. */
export const comparePath = (a: string, b: string): string => `/compare/${a}/${b}`;
