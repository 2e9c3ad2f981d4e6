/** Numbers for pairs of numbers, given in the order in which the pairs first come. */

const FIRST_CAPACITY = 1024;

/** A hash table with open addressing on typed arrays: half a million pairs cost no objects. */
export class PairTable {
  size = 0;
  private first = new Uint32Array(FIRST_CAPACITY);
  private second = new Uint32Array(FIRST_CAPACITY);
  /** Number + 1 of the pair in each slot; 0 where there is none. */
  private slots = new Uint32Array(2 * FIRST_CAPACITY);

  /** The number of the pair (a, b), a new one if it has none; a and b are u32. */
  intern(a: number, b: number): number {
    const mask = this.slots.length - 1;
    let slot = hash(a, b) & mask;
    for (;;) {
      const held = this.slots[slot]!;
      if (held === 0) break;
      if (this.first[held - 1] === a && this.second[held - 1] === b) return held - 1;
      slot = (slot + 1) & mask;
    }
    if (this.size === this.first.length) {
      this.grow();
      return this.intern(a, b);
    }
    const number = this.size++;
    this.first[number] = a;
    this.second[number] = b;
    this.slots[slot] = number + 1;
    return number;
  }

  firstOf(number: number): number {
    return this.first[number]!;
  }

  secondOf(number: number): number {
    return this.second[number]!;
  }

  private grow(): void {
    const capacity = this.first.length * 2;
    const first = new Uint32Array(capacity);
    const second = new Uint32Array(capacity);
    first.set(this.first);
    second.set(this.second);
    this.first = first;
    this.second = second;
    this.slots = new Uint32Array(2 * capacity);
    const mask = this.slots.length - 1;
    for (let number = 0; number < this.size; number++) {
      let slot = hash(first[number]!, second[number]!) & mask;
      while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
      this.slots[slot] = number + 1;
    }
  }
}

/** Multiply and mix, as in murmur3's last steps. */
function hash(a: number, b: number): number {
  let h = Math.imul(a ^ 0x9e3779b1, 0x85ebca6b) ^ Math.imul(b + 0x7f4a7c15, 0xc2b2ae35);
  h ^= h >>> 15;
  h = Math.imul(h, 0x2c1b3c6d);
  return (h ^ (h >>> 13)) >>> 0;
}
