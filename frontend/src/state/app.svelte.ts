import { acceptInvitation, acceptRecovery, type Sight } from "../api/client";
import { asProblem, type Problem } from "../api/problem";
import { comparePath, readPlace, readView, treePath, type Place, type ViewAddress } from "./address";
import { ComparedPair } from "./compare.svelte";
import { notices } from "./notices.svelte";
import { TreeSession, type NewTree } from "./session.svelte";
import { firstGrowth } from "./stage";
import { ViewState } from "./view.svelte";

/** One open tree: what the server says of it, and how this visitor looks at it. */
export interface OpenTree {
  session: TreeSession;
  view: ViewState;
}

/** Which page is shown, and the tree that is open on it. */
class App {
  place = $state.raw<Place>({ page: "home" });
  open = $state.raw<OpenTree | null>(null);
  /** Two trees side by side, instead of one. */
  pair = $state.raw<ComparedPair | null>(null);
  problem = $state.raw<Problem | null>(null);
  opening = $state(false);
  /** What the tree that is being visited opens with. */
  private dialog: "share" | null = null;
  private turn = 0;

  start(): void {
    addEventListener("popstate", () => void this.arrive());
    void this.arrive();
  }

  async home(): Promise<void> {
    if (location.pathname !== "/") history.pushState(null, "", "/");
    await this.arrive();
  }

  /** Makes a tree and goes there; throws the Problem when the server refuses. */
  async grow(tree: NewTree): Promise<void> {
    const session = await TreeSession.create(tree);
    this.enter(session, new ViewState(readView(""), session));
    history.pushState(null, "", treePath(session.ref));
    this.place = { page: "tree", ref: session.ref, invitation: null };
  }

  /** Goes to a tree of mine or another's. */
  async visit(ref: string, dialog: "share" | null = null): Promise<void> {
    history.pushState(null, "", treePath(ref));
    this.dialog = dialog;
    await this.arrive();
  }

  /** Puts a tree beside another. */
  async compare(a: string, b: string): Promise<void> {
    history.pushState(null, "", comparePath(a, b));
    await this.arrive();
  }

  private async arrive(): Promise<void> {
    const turn = ++this.turn;
    const place = readPlace(location.pathname, location.hash);
    const here = place.page === "tree" && this.open?.session.ref === place.ref;
    if (here && place.invitation === null) {
      this.open?.view.restore(readView(location.search));
      return;
    }
    this.leave();
    this.place = place;
    if (place.page === "home" || place.page === "nowhere") return;
    this.opening = true;
    try {
      if (place.page === "compare") {
        const pair = await ComparedPair.open(place.a, place.b);
        if (turn !== this.turn) pair.close();
        else this.pair = pair;
        return;
      }
      const ref = await this.redeem(place);
      if (ref === null) return;
      const session = await TreeSession.open(ref, sightOf(readView(location.search)));
      if (turn !== this.turn) session.close();
      else this.enter(session, new ViewState(readView(location.search), session));
    } catch (thrown) {
      if (turn === this.turn) this.problem = asProblem(thrown);
    } finally {
      if (turn === this.turn) this.opening = false;
    }
  }

  /** Exchanges a secret in the fragment for a right, and takes it out of the address. */
  private async redeem(place: Place): Promise<string | null> {
    if (place.page === "tree") {
      if (place.invitation === null) return place.ref;
      history.replaceState(null, "", location.pathname + location.search);
      const granted = await acceptInvitation(place.invitation);
      notices.say("You can now grow and prune this tree.");
      if (granted.ref !== place.ref) history.replaceState(null, "", treePath(granted.ref));
      this.place = { page: "tree", ref: granted.ref, invitation: null };
      return granted.ref;
    }
    if (place.page !== "recover" || place.secret === null) return null;
    history.replaceState(null, "", "/recover");
    const granted = await acceptRecovery(place.secret);
    history.replaceState(null, "", treePath(granted.ref));
    notices.say("This tree now belongs to this browser.");
    this.place = { page: "tree", ref: granted.ref, invitation: null };
    return granted.ref;
  }

  /** The dialog that a screen opens with, once. */
  takeDialog(): "share" | null {
    const { dialog } = this;
    this.dialog = null;
    return dialog;
  }

  private enter(session: TreeSession, view: ViewState): void {
    this.leave();
    this.open = { session, view };
  }

  private leave(): void {
    this.open?.session.close();
    this.open = null;
    this.pair?.close();
    this.pair = null;
    this.problem = null;
    this.opening = false;
  }
}

/** What an address is going to show first. */
function sightOf(view: ViewAddress): Sight {
  const { anchor, selected, seed, heights, conditioned, lines } = view;
  const fitting = firstGrowth(innerWidth, innerHeight, false).lines;
  return { anchor, selected, seed, heights, conditioned, lines: lines ?? fitting };
}

export const app = new App();
