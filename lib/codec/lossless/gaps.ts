/**
 * Gaps between nonzeros as symbols: gaps below 16 stand for themselves, larger ones for one of eight buckets an octave,
 * the place within the bucket travelling as plain bits.
 */

/** Symbols for gaps below 2^31. */
export const GAP_ALPHABET = 16 + 27 * 8;

export function gapSymbol(gap: number): number {
  if (gap < 16) return gap;
  const exponent = 31 - Math.clz32(gap);
  return 16 + (exponent - 4) * 8 + ((gap >>> (exponent - 3)) & 7);
}

/** Plain bits that follow a symbol. */
export function gapExtraBits(symbol: number): number {
  return symbol < 16 ? 0 : ((symbol - 16) >> 3) + 1;
}

/** Smallest gap of a symbol. */
export function gapLowerEnd(symbol: number): number {
  if (symbol < 16) return symbol;
  return (8 + ((symbol - 16) & 7)) * 2 ** gapExtraBits(symbol);
}

/** Weights of the symbols when each element is nonzero with probability count/size, independently. */
export function geometricWeights(count: number, size: number): Float64Array {
  const weights = new Float64Array(GAP_ALPHABET);
  const zero = 1 - count / size;
  // survival(g) = (1−p)^g, by repeated squaring: multiplications only, the same everywhere.
  let previous = 1;
  for (let symbol = 0; symbol < GAP_ALPHABET; symbol++) {
    const start = gapLowerEnd(symbol);
    if (start >= size) break;
    const next = power(zero, start + 2 ** gapExtraBits(symbol));
    // A gap that can occur keeps a weight however small its probability.
    weights[symbol] = Math.max(previous - next, 1e-12);
    previous = next;
  }
  return weights;
}

function power(base: number, exponent: number): number {
  let result = 1;
  let square = base;
  for (let rest = exponent; rest >= 1; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result *= square;
    square *= square;
  }
  return result;
}
