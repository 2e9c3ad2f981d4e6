/** A large tree on its way: its first piece is here, the others are taken in between frames. */
import { openTree, type Sight } from "../api/client";
import type { Frame } from "../api/frame";
import { asProblem, type Problem } from "../api/problem";
import { backoff } from "../api/resume";
import type { PieceHeader, TreeHeader } from "../base/headers";
import type { TreeModel } from "../model/tree";

/** The page shows no more often than so what has come. */
const TELL_MS = 200;

export interface Heard {
  /** More of the tree is here. */
  more(): void;
  /** The tree cannot be had any more. */
  lost(problem: Problem): void;
}

export class Loading {
  /** States that are here. */
  here = $state(0);
  of = $state(0);
  private isOver = false;
  private told = 0;

  constructor(
    private readonly model: TreeModel,
    private readonly ref: string,
    private readonly sight: Sight,
    private readonly heard: Heard,
  ) {
    this.count();
  }

  /** Takes in the pieces after the first, and begins again when they break off, until all are here. */
  async run(frames: AsyncGenerator<Frame>): Promise<void> {
    for (let attempt = 0; !this.isOver; attempt++) {
      try {
        await this.takeAll(frames);
        if (this.isOver || this.model.absent === 0) return;
      } catch (thrown) {
        const problem = asProblem(thrown);
        if (problem.status === 404 || problem.status === 410) return this.heard.lost(problem);
      }
      await pause(backoff(attempt, Math.random()));
      frames = openTree(this.ref, this.sight);
    }
  }

  stop(): void {
    this.isOver = true;
  }

  private async takeAll(frames: AsyncGenerator<Frame>): Promise<void> {
    for await (const { header, columns } of frames) {
      if (this.isOver) return;
      const piece = header as unknown as PieceHeader | TreeHeader;
      if (piece.type === "piece") this.model.applyPiece(piece, columns);
      else this.model.applyFrame(piece, columns);
      if (performance.now() - this.told > TELL_MS) {
        this.count();
        this.heard.more();
      }
      // A person's clicks and the next frame come first.
      await pause(0);
    }
  }

  private count(): void {
    this.told = performance.now();
    this.of = this.model.size;
    this.here = this.of - this.model.absent;
  }
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
