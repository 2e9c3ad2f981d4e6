/** How a tree grew: its log, and the tree as it was after any event of it. */
import { column, type Columns } from "../base/columns";
import type { EventHeader } from "../base/headers";
import { bytesOf, copied } from "./copying";
import { TreeModel, type TreeShape } from "./tree";

export interface LoggedEvent {
  readonly header: EventHeader;
  readonly columns: Columns;
}

/** Copies that are kept on the way, so that going back begins near: at most so many and so large. */
const MOST_COPIES = 12;
const COPIES_BYTES = 256e6;
/** A way shorter than this needs no copy; in rows of columns. */
const SHORT = 20_000;

/** The whole log of a tree, as far as it has been read, and how to get to any place of it. */
export class Replay {
  readonly events: LoggedEvent[] = [];
  /** Rows of columns up to each event: how long it takes to get there. */
  private readonly work: number[] = [0];
  private copies: TreeModel[] = [];
  private most = MOST_COPIES;

  constructor(private readonly shape: TreeShape) {}

  /** Takes the next event of the log; false for one that does not follow. */
  add(event: LoggedEvent): boolean {
    if (event.header.seq !== this.events.length + 1) return false;
    this.events.push(event);
    this.work.push(this.work.at(-1)! + rowsOf(event.columns));
    return true;
  }

  /** A tree of that size at the end of the log: how many copies there is room for. */
  expect(model: TreeModel): void {
    const room = Math.floor((2 * COPIES_BYTES) / Math.max(1, bytesOf(model)));
    this.most = Math.max(1, Math.min(MOST_COPIES, room));
  }

  /**
   * Makes `model` the tree after event `seq`, in steps of some milliseconds at most; it shows an
   * earlier or a later event until the last step. `model` must have come from here, or be fresh.
   */
  *leads(model: TreeModel, seq: number): Generator<number, void> {
    const start = this.nearest(model, seq);
    const isAhead = start === model;
    let at = model;
    if (!isAhead) {
      at = start === null ? new TreeModel(this.shape) : yield* paced(copied(start), 0);
    }
    const whole = Math.max(1, this.work[seq]! - this.work[at.seq]!);
    const from = this.work[at.seq]!;
    while (at.seq < seq) {
      const { header, columns } = this.events[at.seq]!;
      at.applyFrame(header, columns);
      if (this.isDue(at.seq)) this.keep(yield* paced(copied(at), (this.work[at.seq]! - from) / whole));
      yield (this.work[at.seq]! - from) / whole;
    }
    if (!isAhead) model.become(at);
  }

  /** The latest there is that is not after `seq`; null: begin anew. */
  private nearest(model: TreeModel, seq: number): TreeModel | null {
    let best = model.seq <= seq ? model : null;
    for (const copy of this.copies) {
      if (copy.seq > seq || copy.seq <= (best?.seq ?? 0)) continue;
      // A copy costs about as much as a short way.
      if (best !== null && this.work[copy.seq]! - this.work[best.seq]! < SHORT) continue;
      best = copy;
    }
    return best;
  }

  /** Whether a copy belongs after that event: evenly along the log, none near another. */
  private isDue(seq: number): boolean {
    const apart = Math.max(SHORT, this.work.at(-1)! / (this.most + 1));
    const here = this.work[seq]!;
    return here >= apart && this.copies.every((copy) => Math.abs(this.work[copy.seq]! - here) >= apart);
  }

  private keep(copy: TreeModel): void {
    this.copies.push(copy);
  }
}

/** Says how far it is at each step of a copy. */
function* paced(copying: Generator<void, TreeModel>, share: number): Generator<number, TreeModel> {
  for (;;) {
    const { done, value } = copying.next();
    if (done) return value;
    yield share;
  }
}

const COUNTED = ["node_parent", "expanded_node", "weight_node", "hidden_node", "shown_node"] as const;
/** Candidates are copied as arrays, many at a time. */
const CANDIDATES_A_ROW = 16;

function rowsOf(columns: Columns): number {
  const counted = COUNTED.reduce((sum, name) => sum + column(columns, name).length, 1);
  return counted + column(columns, "candidate_key").length / CANDIDATES_A_ROW;
}
