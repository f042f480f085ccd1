const modulus = 2_147_483_647;
const multiplier = 48_271;

/** Numbers in (0, 1) from a seed (Park & Miller 1988, revised multiplier). */
export function randomStream(seed: number): () => number {
  let state = (seed % (modulus - 1)) + 1;
  return () => {
    state = (state * multiplier) % modulus;
    return state / modulus;
  };
}
