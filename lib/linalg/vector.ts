/** Kernels over ranges of Float64Arrays. Four running sums let the processor overlap the additions. */

/** Σ a[aStart + k]·b[bStart + k] for k < length. */
export function dotRange(a: Float64Array, aStart: number, b: Float64Array, bStart: number, length: number): number {
  let sum0 = 0;
  let sum1 = 0;
  let sum2 = 0;
  let sum3 = 0;
  let k = 0;
  for (; k + 3 < length; k += 4) {
    sum0 += a[aStart + k]! * b[bStart + k]!;
    sum1 += a[aStart + k + 1]! * b[bStart + k + 1]!;
    sum2 += a[aStart + k + 2]! * b[bStart + k + 2]!;
    sum3 += a[aStart + k + 3]! * b[bStart + k + 3]!;
  }
  for (; k < length; k++) sum0 += a[aStart + k]! * b[bStart + k]!;
  return sum0 + sum1 + (sum2 + sum3);
}

/** target[targetStart + k] += factor·source[sourceStart + k] for k < length. */
export function addScaledRange(
  target: Float64Array,
  targetStart: number,
  factor: number,
  source: Float64Array,
  sourceStart: number,
  length: number,
): void {
  for (let k = 0; k < length; k++) target[targetStart + k]! += factor * source[sourceStart + k]!;
}

/** aᵀb over the length of a. */
export function dot(a: Float64Array, b: Float64Array): number {
  return dotRange(a, 0, b, 0, a.length);
}

/** target += factor·source. */
export function addScaled(target: Float64Array, factor: number, source: Float64Array): void {
  addScaledRange(target, 0, factor, source, 0, target.length);
}

/** Largest absolute entry, 0 for an empty vector, NaN if any entry is NaN. */
export function maxNorm(a: Float64Array): number {
  let largest = 0;
  for (let k = 0; k < a.length; k++) {
    const size = Math.abs(a[k]!);
    if (!(size <= largest)) largest = size;
    if (Number.isNaN(size)) return NaN;
  }
  return largest;
}

/** Euclidean norm; overflow for entries beyond 1e154 is accepted. */
export function euclideanNorm(a: Float64Array): number {
  return Math.sqrt(dot(a, a));
}
