/** The colour of the page one reads: that of the other views, but surprisal where nobody chose. */
import type { Colour } from "./address";
import type { ViewState } from "./view.svelte";

export function readColour(view: ViewState): Exclude<Colour, "ratio"> {
  if (view.colour === "ratio") return "surprisal";
  return view.colour === "entropy" && !view.readsEntropy ? "surprisal" : view.colour;
}

export function chooseReadColour(view: ViewState, colour: Colour): void {
  view.readsEntropy = colour === "entropy";
  view.colour = colour;
}
