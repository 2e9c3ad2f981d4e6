import { captionOf } from "./caption";
import { rules } from "./rules.svelte";
import type { TreeSession } from "./session.svelte";
import type { ViewState } from "./view.svelte";

/** The caption of what is in view now. */
export const captionOfView = (session: TreeSession, view: ViewState, link: string | null): string[] =>
  captionOf({
    prompt: session.tree.prompt.text,
    rule: session.tree.rule,
    steps: session.steps,
    heights: view.heights,
    conditioned: view.isConditioned,
    seed: view.seed,
    seq: session.model.seq,
    version: rules.status?.version ?? null,
    at: new Date(),
    link,
  });
