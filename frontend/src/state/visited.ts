/** Which states of a tree this browser has been at; its own, never sent anywhere. */

export interface Keeper {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** States remembered of one tree, and trees remembered; the oldest give way. */
export const MOST_STATES = 2000;
export const MOST_TREES = 40;
const TREES = "semioscope.visited";
const WRITE_MS = 500;

export class Visited {
  private readonly nodes: Set<number>;
  private writing: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly ref: string,
    private readonly keeper: Keeper | null = browserKeeper(),
  ) {
    this.nodes = new Set(numbers(this.read(this.key)));
  }

  has(node: number): boolean {
    return this.nodes.has(node);
  }

  get count(): number {
    return this.nodes.size;
  }

  /** Whether it was not there before. */
  add(node: number): boolean {
    const isNew = !this.nodes.delete(node);
    this.nodes.add(node);
    if (this.nodes.size > MOST_STATES) {
      for (const oldest of this.nodes) {
        this.nodes.delete(oldest);
        break;
      }
    }
    this.writing ??= setTimeout(() => this.write(), WRITE_MS);
    return isNew;
  }

  /** Writes what is not written yet. */
  write(): void {
    clearTimeout(this.writing);
    this.writing = undefined;
    if (this.keeper === null) return;
    const trees = strings(this.read(TREES)).filter((ref) => ref !== this.ref);
    trees.push(this.ref);
    try {
      for (const old of trees.splice(0, Math.max(0, trees.length - MOST_TREES))) {
        this.keeper.removeItem(keyOf(old));
      }
      this.keeper.setItem(TREES, JSON.stringify(trees));
      this.keeper.setItem(this.key, JSON.stringify([...this.nodes]));
    } catch {
      // A browser that keeps nothing marks what is visited until the page closes.
    }
  }

  private get key(): string {
    return keyOf(this.ref);
  }

  private read(key: string): unknown {
    try {
      return JSON.parse(this.keeper?.getItem(key) ?? "[]");
    } catch {
      return [];
    }
  }
}

const keyOf = (ref: string): string => `${TREES}.${ref}`;

const listed = (told: unknown): readonly unknown[] => (Array.isArray(told) ? told : []);
const numbers = (told: unknown): number[] =>
  listed(told).filter((one): one is number => Number.isInteger(one));
const strings = (told: unknown): string[] =>
  listed(told).filter((one): one is string => typeof one === "string");

function browserKeeper(): Keeper | null {
  try {
    return localStorage;
  } catch {
    return null;
  }
}
