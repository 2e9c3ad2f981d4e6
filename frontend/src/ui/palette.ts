/** The actions that a few typed letters mean, best first. */
import uFuzzy from "@leeoniya/ufuzzy";
import { GROUPS, keyName, type Action } from "./actions.svelte";

/** A piece of a name; whether the letters that were typed are in it. */
export interface Part {
  readonly text: string;
  readonly isMatch: boolean;
}

export interface Choice {
  readonly action: Action;
  readonly parts: readonly Part[];
}

// One letter of a word may be wrong, missing, too much, or in the wrong place; names may be in any
// script.
const fuzzy = new uFuzzy({
  unicode: true,
  interSplit: "[^\\p{L}\\d']+",
  intraSplit: "\\p{Ll}\\p{Lu}",
  intraBound: "\\p{L}\\d|\\d\\p{L}|\\p{Ll}\\p{Lu}",
  intraChars: "[\\p{L}\\d']",
  intraContr: "'\\p{L}{1,2}\\b",
  intraMode: 1,
  intraIns: 1,
  intraSub: 1,
  intraTrn: 1,
  intraDel: 1,
});

const plain = (action: Action): Choice => ({
  action,
  parts: [{ text: action.name, isMatch: false }],
});

/** Of the actions that can be done now: all, by group, where nothing is typed; else what it may mean. */
export function choicesOf(actions: readonly Action[], typed: string): Choice[] {
  const able = actions
    .filter(({ when }) => when?.() ?? true)
    .toSorted((a, b) => GROUPS.indexOf(a.group) - GROUPS.indexOf(b.group));
  const needle = typed.trim();
  if (needle === "") return able.map(plain);
  const byKey = able
    .filter(({ keys }) => keys.some((chord) => keyName(chord).toLowerCase() === needle.toLowerCase()))
    .map(plain);
  const names = able.map(({ name }) => name);
  const [places, info, order] = fuzzy.search(names, needle, 1);
  const byName = (places ?? []).map((place, i): Choice => {
    const at = order?.[i];
    if (!info || at === undefined) return plain(able[place]!);
    const action = able[info.idx[at]!]!;
    return { action, parts: partsOf(action.name, info.ranges[at]!) };
  });
  const keyed = new Set(byKey.map(({ action }) => action));
  return [...byKey, ...byName.filter(({ action }) => !keyed.has(action))];
}

function partsOf(name: string, ranges: readonly number[]): Part[] {
  const parts: Part[] = [];
  let at = 0;
  const add = (to: number, isMatch: boolean): void => {
    if (to > at) parts.push({ text: name.slice(at, to), isMatch });
    at = Math.max(at, to);
  };
  for (let i = 0; i < ranges.length; i += 2) {
    add(ranges[i]!, false);
    add(ranges[i + 1]!, true);
  }
  add(name.length, false);
  return parts;
}
