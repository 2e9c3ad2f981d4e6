/** A copy of a tree's model, made piece by piece, so that nobody has to wait for a large one. */
import { TreeModel } from "./tree";

/** Entries of a map that are copied in one piece. */
const PIECE = 4096;

/** Each step copies one array, or a part of a map; the model must not change meanwhile. */
export function* copied(model: TreeModel): Generator<void, TreeModel> {
  const copy = new TreeModel(model.shape);
  const held = { ...model } as Record<string, unknown>;
  // It reads the model that it belongs to.
  delete held["ruleWeighting"];
  for (const [name, value] of Object.entries(held)) held[name] = yield* copyOf(value);
  Object.assign(copy, held);
  return copy;
}

function* copyOf(value: unknown): Generator<void, unknown> {
  if (value === null || typeof value !== "object") return value;
  if (ArrayBuffer.isView(value)) {
    yield;
    return (value as Uint8Array).slice();
  }
  if (value instanceof Set) return new Set(value);
  if (value instanceof Map) return yield* copyOfMap(value);
  if (Array.isArray(value)) return copyOfBlocks(value);
  const entries = Object.entries(value);
  // What shows nothing of itself (a decoder) keeps no state of the tree.
  if (entries.length === 0) return value;
  // What is made of functions of the object itself is made anew with it.
  const Maker = value.constructor as new () => Record<string, unknown>;
  const copy = new Maker();
  for (const [name, part] of entries) {
    if (!isMadeOfFunctions(part)) copy[name] = yield* copyOf(part);
  }
  return copy;
}

/** Of blocks that are filled one after another only the last one changes. */
function copyOfBlocks(values: readonly unknown[]): unknown[] {
  return values.map((value, i) =>
    ArrayBuffer.isView(value) && i === values.length - 1 ? (value as Uint8Array).slice() : value,
  );
}

const isMadeOfFunctions = (value: unknown): boolean =>
  typeof value === "function" || (Array.isArray(value) && typeof value[0] === "function");

/** Arrays in a map are bytes of symbols, which never change; objects are tables, which grow. */
function* copyOfMap(map: Map<unknown, unknown>): Generator<void, Map<unknown, unknown>> {
  const copy = new Map<unknown, unknown>();
  for (const [key, value] of map) {
    copy.set(key, ArrayBuffer.isView(value) ? value : yield* copyOf(value));
    if (copy.size % PIECE === 0) yield;
  }
  return copy;
}

/** Bytes of the arrays of a model that a copy of it has for itself. */
export function bytesOf(value: unknown): number {
  if (ArrayBuffer.isView(value)) return value.byteLength;
  if (value === null || typeof value !== "object" || value instanceof Set) return 0;
  const parts = value instanceof Map ? [...value.values()] : Object.values(value);
  return parts.reduce<number>((sum, part) => sum + (Array.isArray(part) ? 0 : bytesOf(part)), 0);
}
