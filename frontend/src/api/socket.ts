import { decodeFrame, type Frame } from "./frame";
import { arrival, backoff } from "./resume";

export type Connection = "connecting" | "open" | "reconnecting" | "offline" | "closed";

/** What a tree's socket tells; `Message` is the JSON that comes between event frames. */
export interface Listener<Message> {
  event(frame: Frame): void;
  message(message: Message): void;
  connection(state: Connection): void;
  /** Sequence number of the last event applied. */
  seq(): number;
}

/** Closes a socket, and hears no more of it. */
function leave(socket: WebSocket | null): null {
  if (socket === null) return null;
  socket.onmessage = socket.onclose = null;
  // Browsers complain about one that is closed before it was open.
  if (socket.readyState === WebSocket.CONNECTING) socket.onopen = () => socket.close();
  else socket.close();
  return null;
}

const OFFLINE_AFTER_ATTEMPTS = 4;
/** Application close codes (4000–4999) and a policy violation say: do not come back. */
const final = (code: number): boolean => code === 1008 || (code >= 4000 && code < 5000);

/**
 * A tree's events, in sequence; it reconnects and resumes after the last one applied. While its
 * page is left it asks for nothing; a page that comes back as it was goes on.
 */
export class TreeSocket<Message> {
  private socket: WebSocket | null = null;
  private attempts = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private closed = false;

  constructor(
    private readonly ref: string,
    private readonly listener: Listener<Message>,
  ) {
    globalThis.addEventListener("online", this.retryNow);
    globalThis.addEventListener("pageshow", this.retryNow);
    globalThis.addEventListener("pagehide", this.rest);
    this.connect();
  }

  /** Says where this visitor is, for the others on the tree. */
  here(node: number): void {
    if (this.socket?.readyState === WebSocket.OPEN) {
      this.socket.send(JSON.stringify({ type: "here", node }));
    }
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    globalThis.removeEventListener("online", this.retryNow);
    globalThis.removeEventListener("pageshow", this.retryNow);
    globalThis.removeEventListener("pagehide", this.rest);
    this.socket = leave(this.socket);
    this.listener.connection("closed");
  }

  private readonly retryNow = (): void => {
    if (this.closed || this.socket !== null) return;
    clearTimeout(this.timer);
    this.connect();
  };

  private readonly rest = (): void => {
    clearTimeout(this.timer);
    this.socket = leave(this.socket);
  };

  private connect(): void {
    const address = new URL(`/api/trees/${this.ref}/socket`, globalThis.location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    address.searchParams.set("after", String(this.listener.seq()));
    const socket = new WebSocket(address);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.attempts = 0;
      this.listener.connection("open");
    };
    socket.onmessage = ({ data }: MessageEvent<ArrayBuffer | string>) => {
      if (typeof data === "string") this.listener.message(JSON.parse(data) as Message);
      else this.receive(data);
    };
    socket.onclose = ({ code }) => {
      if (this.socket !== socket) return;
      this.socket = null;
      if (this.closed) return;
      if (final(code)) this.close();
      else this.comeBack();
    };
    this.socket = socket;
  }

  private receive(data: ArrayBuffer): void {
    const frame = decodeFrame(data);
    const next = frame.header["seq"];
    if (typeof next !== "number") return;
    const what = arrival(this.listener.seq(), next);
    if (what === "apply") this.listener.event(frame);
    else if (what === "gap") this.socket?.close();
  }

  private comeBack(): void {
    this.listener.connection(this.attempts >= OFFLINE_AFTER_ATTEMPTS ? "offline" : "reconnecting");
    this.timer = setTimeout(() => this.connect(), backoff(this.attempts, Math.random()));
    this.attempts += 1;
  }
}
