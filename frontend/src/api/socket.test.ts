import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { TreeSocket, type Connection } from "./socket";

/** As much of a browser's socket as is needed to see what is done to it. */
class Wire {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static made: Wire[] = [];
  readyState = Wire.CONNECTING;
  closedWhile: number | null = null;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;

  constructor(readonly address: URL) {
    Wire.made.push(this);
  }
  open(): void {
    this.readyState = Wire.OPEN;
    this.onopen?.();
  }
  close(): void {
    this.closedWhile = this.readyState;
  }
}

function follow(): { socket: TreeSocket<unknown>; wire: Wire; states: Connection[] } {
  const states: Connection[] = [];
  const socket = new TreeSocket("t-of-a-test", {
    event: () => undefined,
    message: () => states.push("offline"),
    connection: (state) => states.push(state),
    seq: () => 7,
  });
  return { socket, wire: Wire.made.at(-1)!, states };
}

beforeEach(() => {
  Wire.made = [];
  vi.stubGlobal("WebSocket", Wire);
  vi.stubGlobal("location", { href: "https://example.test/t/x" });
  vi.stubGlobal("addEventListener", () => undefined);
  vi.stubGlobal("removeEventListener", () => undefined);
});
afterEach(() => vi.unstubAllGlobals());

describe("a tree's socket", () => {
  it("asks for what comes after the last event, over TLS where the page is", () => {
    const { wire } = follow();
    expect(wire.address.href).toBe("wss://example.test/api/trees/t-of-a-test/socket?after=7");
  });

  it("is never closed before it is open, and then at once", () => {
    const { socket, wire } = follow();
    socket.close();
    expect(wire.closedWhile).toBeNull();
    wire.open();
    expect(wire.closedWhile).toBe(Wire.OPEN);
  });

  it("is heard no more once it is left", () => {
    const { socket, wire, states } = follow();
    wire.open();
    socket.close();
    expect(wire.closedWhile).toBe(Wire.OPEN);
    expect(wire.onmessage).toBeNull();
    expect(states).toEqual(["open", "closed"]);
  });
});
