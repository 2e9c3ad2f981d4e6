/** What one does with branches by the keyboard. */
import { neighbour, type Direction } from "../../model/neighbours";
import { pathPieces, pieceAfter } from "../../model/text";
import type { Commands } from "../../state/commands.svelte";
import { notices } from "../../state/notices.svelte";
import type { TreeSession } from "../../state/session.svelte";
import type { ViewState } from "../../state/view.svelte";
import type { Action } from "../actions.svelte";
import { copyPlain } from "../copy";

interface Here {
  session: TreeSession;
  commands: Commands;
  view: ViewState;
  /** Brings the inspector into sight, where it is a sheet. */
  showState: () => void;
}

export function branchActions({ session, commands, view, showState }: Here): Action[] {
  const canWrite = (): boolean => session.canWrite || session.past !== null;
  const isBranch = (): boolean => view.selection.node > 0 || view.selection.key !== undefined;
  const canName = (): boolean => canWrite() && isBranch();
  const write = (what: "note" | "label") => (): void => {
    showState();
    view.marks.writing = what;
  };
  const extend = (direction: Direction) => (): void => {
    const next = neighbour(session.model, view.selection, direction, session.weighting);
    if (next) commands.pickTo(next);
  };
  const group = "Change";
  return [
    {
      id: "unpick",
      name: "let go of what is picked",
      group,
      keys: ["Escape"],
      when: () => view.marks.picked.length > 0,
      run: () => view.marks.clear(),
    },
    {
      id: "bookmark",
      name: "bookmark the selected state, or no more",
      group,
      keys: ["b"],
      when: canWrite,
      run: () => void commands.bookmark(view.selection),
    },
    { id: "note", name: "write a note on it", group, keys: ["m"], when: canWrite, run: write("note") },
    { id: "label", name: "name its branch", group, keys: ["F2"], when: canName, run: write("label") },
    {
      id: "keep",
      name: "keep only this: prune all that has grown beside its path",
      group,
      keys: ["k"],
      when: canName,
      run: () => void commands.keep([view.selection]),
    },
    {
      id: "pick",
      name: "pick the selected state beside others, or no more",
      group,
      keys: ["x"],
      run: () => commands.pick(view.selection),
    },
    { id: "pick-up", name: "pick on upwards", group, keys: ["Shift+ArrowUp"], run: extend("up") },
    { id: "pick-down", name: "pick on downwards", group, keys: ["Shift+ArrowDown"], run: extend("down") },
    { id: "pick-left", name: "pick the state before too", group, keys: ["Shift+ArrowLeft"], run: extend("left") },
    { id: "pick-right", name: "pick the next state too", group, keys: ["Shift+ArrowRight"], run: extend("right") },
    {
      id: "prune-picked",
      name: "prune all that is picked",
      group,
      keys: ["Delete"],
      when: () => canWrite() && view.marks.picked.length > 0,
      run: () => void commands.pruneAll(view.marks.picked),
    },
    {
      id: "copy",
      name: "copy the trajectory to the selected state, as text",
      group: "Page",
      keys: ["c"],
      run: () => void copyTrajectory(session, view),
    },
    {
      id: "outline",
      name: "show or hide the outline of the tree",
      group: "Look",
      keys: ["o"],
      run: () => (view.outline = !view.outline),
    },
  ];
}

/** The prompt and what follows it, up to the selected state. */
export async function copyTrajectory(session: TreeSession, view: ViewState): Promise<void> {
  const { node, key } = view.selection;
  const pieces = pathPieces(session.model, node);
  if (key !== undefined) pieces.push(pieceAfter(session.model, node, key));
  const copied = await copyPlain(session.tree.prompt.text + pieces.join(""));
  notices.say(
    copied
      ? "The trajectory is copied."
      : "This browser does not let the page copy; select the text under the canvas instead.",
  );
}
