import { label, pathPieces } from "../model/text";
import type { TreeSession } from "../state/session.svelte";
import type { ViewState } from "../state/view.svelte";
import type { Action } from "./actions.svelte";

/** As many are offered at once. */
const MOST = 500;
/** Characters of the text before a state, and of a note. */
const TAIL = 40;

/** The states that bear a name, a note or a bookmark, as what one can go to. */
export function placesOf(session: TreeSession, view: ViewState): Action[] {
  const { model } = session;
  const { annotations } = model;
  return annotations
    .nodes()
    .filter((node) => model.has(node))
    .slice(0, MOST)
    .map((node) => {
      const text = node === 0 ? "the prompt" : label(pathPieces(model, node).join("")).slice(-TAIL);
      const note = annotations.note(node).split("\n")[0]!.slice(0, TAIL);
      const name = [annotations.label(node), note, text].filter((part) => part !== "").join(" · ");
      return { id: `go-${node}`, name, group: "Go to", keys: [], run: () => view.goTo({ node }) };
    });
}
