/** What instruments find of a tree; loaded when one is first used. */
import { client, told } from "./client";
import { decodeFrame, type Frame } from "./frame";
import type { components } from "./schema";

export type InstrumentReading = components["schemas"]["InstrumentReading"];

/** What an instrument has found of every state: a frame with the column "values". */
export async function readOverlay(
  ref: string,
  name: "varentropy" | "rank" | "trajectory",
  heights: "rule" | "procedure",
  signal: AbortSignal,
): Promise<Frame> {
  const params = { path: { ref, name }, query: { heights } };
  const asked = client.GET("/api/trees/{ref}/instruments/overlays/{name}", {
    params,
    parseAs: "arrayBuffer",
    signal,
  });
  return decodeFrame((await told(asked)) as unknown as ArrayBuffer);
}

/** Information along the trajectory to a node. */
export const readProfile = (
  ref: string,
  node: number,
  heights: "rule" | "procedure",
  signal: AbortSignal,
): Promise<InstrumentReading> =>
  told(
    client.GET("/api/trees/{ref}/instruments/profile", {
      params: { path: { ref }, query: { node, heights } },
      signal,
    }),
  );
