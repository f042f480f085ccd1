/** A quick generator of 32-bit integers (xorshift) for the contents of test tensors. */
export function quickRandom(seed: number): () => number {
  let state = (seed ^ 0x2545f491) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) * 2 ** -32;
  };
}
