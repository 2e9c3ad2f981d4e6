/** The keys that the help lists: one line a key, whatever is open. */
import { GROUPS, type Action } from "./actions.svelte";

export interface HelpLine {
  readonly key: string;
  readonly says: string;
}

/** What a page does with a key before any action has its turn. */
const BEFORE: Readonly<Record<string, string>> = { Escape: "close a dialog, or leave a field" };

/** By group, in the order of `GROUPS`. A key that does several things says so once, in the order in which they are tried. */
export function helpOf(actions: readonly Action[]): { group: Action["group"]; lines: HelpLine[] }[] {
  const byKey = new Map<string, Action[]>();
  for (const action of actions) {
    const [key] = action.keys;
    if (key !== undefined) byKey.set(key, [...(byKey.get(key) ?? []), action]);
  }
  const lines = [...byKey].map(([key, some]) => {
    const names = [...new Set([...(BEFORE[key] ? [BEFORE[key]] : []), ...some.map(({ name }) => name)])];
    // The last is what the key does when nothing else is open: the line stands with that.
    return { key, group: some.at(-1)!.group, says: names.length === 1 ? names[0]! : `in this order: ${names.join("; ")}` };
  });
  return GROUPS.map((group) => ({ group, lines: lines.filter((line) => line.group === group) })).filter(
    ({ lines: some }) => some.length > 0,
  );
}
