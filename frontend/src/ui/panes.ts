/** Which component draws which view. Worlds is there at once; the others are loaded when first needed. */
import type { Component } from "svelte";
import type { Commands } from "../state/commands.svelte";
import type { Frames } from "../state/frames";
import type { TreeSession } from "../state/session.svelte";
import type { ViewKind } from "../state/address";
import type { ViewState } from "../state/view.svelte";
import WorldsPane from "./WorldsPane.svelte";

export interface PaneProps {
  session: TreeSession;
  commands: Commands;
  view: ViewState;
  frames: Frames;
}

export type Pane = Component<PaneProps>;

const LOADERS: Readonly<Partial<Record<ViewKind, () => Promise<{ default: Pane }>>>> = {
  tree: () => import("./tree/TreePane.svelte"),
  multiway: () => import("./multiway/MultiwayPane.svelte"),
  read: () => import("./read/ReadPane.svelte"),
};

/** The pane of a view that is there at once; null where it has to be loaded first. */
export const paneAtOnce = (kind: ViewKind): Pane | null =>
  kind in LOADERS ? null : (WorldsPane as Pane);

/** The pane of a view; of one that is not in the house, Worlds. */
export function paneOf(kind: ViewKind): Pane | Promise<Pane> {
  const load = LOADERS[kind];
  return load ? load().then((module) => module.default) : (WorldsPane as Pane);
}
