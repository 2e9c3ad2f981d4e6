/** Frames that follow one another in one body, each after its length in bytes (u64, LE). */
import { decodeFrame, FrameError, type Frame } from "./frame";

const LENGTH = 8;

/** Reads frame after frame as they come. Throws FrameError for a body that ends inside one. */
export async function* readFrames(body: ReadableStream<Uint8Array>): AsyncGenerator<Frame> {
  const bytes = new Incoming(body.getReader());
  try {
    for (;;) {
      const length = await bytes.take(LENGTH);
      if (length === null) return;
      const view = new DataView(length);
      const frame = await bytes.take(view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32);
      if (frame === null) throw new FrameError("The tree ends inside a frame.");
      yield decodeFrame(frame);
    }
  } finally {
    bytes.leave();
  }
}

class Incoming {
  private chunk = new Uint8Array(0);

  constructor(private readonly reader: ReadableStreamDefaultReader<Uint8Array>) {}

  /** The next `count` bytes; null where the body ends before the first of them. */
  async take(count: number): Promise<ArrayBuffer | null> {
    const found = new Uint8Array(count);
    for (let filled = 0; filled < count; ) {
      if (this.chunk.length === 0) {
        const { done, value } = await this.reader.read();
        if (done) {
          if (filled === 0) return null;
          throw new FrameError("The tree ends inside a frame.");
        }
        this.chunk = value as Uint8Array<ArrayBuffer>;
        continue;
      }
      const some = this.chunk.subarray(0, count - filled);
      found.set(some, filled);
      filled += some.length;
      this.chunk = this.chunk.subarray(some.length);
    }
    return found.buffer;
  }

  leave(): void {
    // A body that broke off has nothing left to cancel.
    this.reader.cancel().catch(() => undefined);
  }
}
