/** Starts the worker that merges. */
export const spawnMerging = (): Worker =>
  new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
