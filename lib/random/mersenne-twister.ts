const words = 624;
const shift = 397;

/**
 * Mersenne Twister MT19937: Matsumoto and Nishimura, "Mersenne Twister", ACM TOMACS 8 (1998), seeded by a word or by a
 * list of words as in their code of 2002.
 */
export class MersenneTwister {
  private readonly state = new Uint32Array(words);
  private next = words;

  constructor(seed: number | Uint32Array) {
    if (typeof seed === 'number') this.fill(seed);
    else this.fillFrom(seed);
  }

  /** Uniform over the whole numbers below 2^32. */
  word(): number {
    if (this.next >= words) this.twist();
    let word = this.state[this.next++]!;
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    word ^= word >>> 18;
    return word >>> 0;
  }

  /** Uniform in [0, 1), 53 bits. */
  uniform(): number {
    const high = this.word() >>> 5;
    const low = this.word() >>> 6;
    return (high * 2 ** 26 + low) * 2 ** -53;
  }

  private fill(seed: number): void {
    const { state } = this;
    state[0] = seed;
    for (let k = 1; k < words; k++) {
      const previous = state[k - 1]!;
      state[k] = Math.imul(previous ^ (previous >>> 30), 1812433253) + k;
    }
  }

  private fillFrom(seed: Uint32Array): void {
    const { state } = this;
    this.fill(19650218);
    let at = 1;
    const mix = (factor: number, added: number) => {
      const previous = state[at - 1]!;
      state[at] = (state[at]! ^ Math.imul(previous ^ (previous >>> 30), factor)) + added;
      if (++at < words) return;
      state[0] = state[words - 1]!;
      at = 1;
    };
    for (let k = 0; k < Math.max(words, seed.length); k++) mix(1664525, seed[k % seed.length]! + (k % seed.length));
    for (let k = 1; k < words; k++) mix(1566083941, -at);
    state[0] = 0x80000000;
  }

  private twist(): void {
    const { state } = this;
    for (let k = 0; k < words; k++) {
      const word = (state[k]! & 0x80000000) | (state[(k + 1) % words]! & 0x7fffffff);
      state[k] = state[(k + shift) % words]! ^ (word >>> 1) ^ (word & 1 ? 0x9908b0df : 0);
    }
    this.next = 0;
  }
}
