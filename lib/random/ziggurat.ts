import { MersenneTwister } from './mersenne-twister.js';

const blocks = 128;
/** Where the tail begins, and the area of each block, for 128 blocks. */
const tailStart = 3.442619855899;
const blockArea = 9.91256303526217e-3;

/**
 * Standard normal variates by the improved ziggurat: Doornik, "An Improved Ziggurat Method to Generate Normal Random
 * Samples" (2005). Blocks are chosen by a generator of their own, seeded from `uniform`.
 */
export function normalVariates(uniform: () => number): () => number {
  const seed = Math.floor(1 + 0xffffffff * uniform());
  let seeded: MersenneTwister | undefined;
  return () => {
    const chooser = (seeded ??= new MersenneTwister(seed));
    for (;;) {
      const u = 2 * uniform() - 1;
      const block = chooser.word() & (blocks - 1);
      if (Math.abs(u) < ratios[block]!) return u * edges[block]!;
      if (block === 0) return tail(uniform, u < 0);
      const x = u * edges[block]!;
      const upper = Math.exp(-0.5 * (edges[block]! * edges[block]! - x * x));
      const lower = Math.exp(-0.5 * (edges[block + 1]! * edges[block + 1]! - x * x));
      if (lower + uniform() * (upper - lower) < 1) return x;
    }
  };
}

function tail(uniform: () => number, isNegative: boolean): number {
  for (;;) {
    const x = Math.log(uniform()) / tailStart;
    if (-2 * Math.log(uniform()) >= x * x) return isNegative ? x - tailStart : tailStart - x;
  }
}

/** Right edges of the blocks, from the widest. */
const edges = ((): Float64Array => {
  const found = new Float64Array(blocks + 1);
  let density = Math.exp(-0.5 * tailStart * tailStart);
  found[0] = blockArea / density;
  found[1] = tailStart;
  for (let k = 2; k < blocks; k++) {
    found[k] = Math.sqrt(-2 * Math.log(blockArea / found[k - 1]! + density));
    density = Math.exp(-0.5 * found[k]! * found[k]!);
  }
  return found;
})();

const ratios = /* @__PURE__ */ Float64Array.from({ length: blocks }, (_, k) => edges[k + 1]! / edges[k]!);
