/** Kernels over ranges of Float64Arrays. Four running sums let the processor overlap the additions. */

/**
 * Σ a[aStart + k]·b[bStart + k] for k < length.
 *
 * @param a - First vector.
 * @param aStart - First element of `a`.
 * @param b - Second vector.
 * @param bStart - First element of `b`.
 * @param length - Number of elements.
 * @example
 * ```ts
 * import { dotRange } from 'sft-opt/linalg';
 *
 * console.log(dotRange(Float64Array.of(9, 1, 2), 1, Float64Array.of(3, 4), 0, 2)); // 11
 * ```
 */
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

/**
 * target[targetStart + k] += factor·source[sourceStart + k] for k < length.
 *
 * @param target - Written to.
 * @param targetStart - First element of the target.
 * @param factor - What the source is multiplied by.
 * @param source - Read from.
 * @param sourceStart - First element of the source.
 * @param length - Number of elements.
 * @example
 * ```ts
 * import { addScaledRange } from 'sft-opt/linalg';
 *
 * const target = Float64Array.of(1, 1, 1);
 * addScaledRange(target, 1, 2, Float64Array.of(5, 6), 0, 2);
 * console.log(target); // Float64Array(3) [ 1, 11, 13 ]
 * ```
 */
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

/**
 * target[k] += Σ factors[f]·rows[starts[f] + k] for the first `count` rows and k < length: four rows in a pass, so that
 * the target is read and written a quarter as often.
 *
 * @param target - Written to.
 * @param factors - Factor of each row.
 * @param rows - All rows, one after another.
 * @param starts - Where each row begins in `rows`.
 * @param count - Rows taken, from the first of `starts`.
 * @param length - Number of elements.
 * @example
 * ```ts
 * import { addScaledRows } from 'sft-opt/linalg';
 *
 * const target = Float64Array.of(0, 0);
 * addScaledRows(target, Float64Array.of(1, 10), Float64Array.of(1, 2, 3, 4), Int32Array.of(0, 2), 2, 2);
 * console.log(target); // Float64Array(2) [ 31, 42 ]
 * ```
 */
export function addScaledRows(
  target: Float64Array,
  factors: Float64Array,
  rows: Float64Array,
  starts: Int32Array,
  count: number,
  length: number,
): void {
  let f = 0;
  for (; f + 3 < count; f += 4) {
    const factor0 = factors[f]!;
    const factor1 = factors[f + 1]!;
    const factor2 = factors[f + 2]!;
    const factor3 = factors[f + 3]!;
    const start0 = starts[f]!;
    const start1 = starts[f + 1]!;
    const start2 = starts[f + 2]!;
    const start3 = starts[f + 3]!;
    for (let k = 0; k < length; k++) {
      target[k]! +=
        factor0 * rows[start0 + k]! +
        factor1 * rows[start1 + k]! +
        (factor2 * rows[start2 + k]! + factor3 * rows[start3 + k]!);
    }
  }
  for (; f < count; f++) addScaledRange(target, 0, factors[f]!, rows, starts[f]!, length);
}

/**
 * target[f] ← Σ rows[starts[f] + k]·x[xStart + k] for the first `count` rows and k < length: four rows in a pass, so that
 * x is read a quarter as often.
 *
 * @param rows - All rows, one after another.
 * @param starts - Where each row begins in `rows`.
 * @param count - Rows taken, from the first of `starts`.
 * @param x - The vector that all rows are multiplied with.
 * @param xStart - First element of `x`.
 * @param length - Number of elements.
 * @param target - Written to.
 * @example
 * ```ts
 * import { dotRows } from 'sft-opt/linalg';
 *
 * const target = new Float64Array(2);
 * dotRows(Float64Array.of(1, 2, 3, 4), Int32Array.of(0, 2), 2, Float64Array.of(1, 1), 0, 2, target);
 * console.log(target); // Float64Array(2) [ 3, 7 ]
 * ```
 */
export function dotRows(
  rows: Float64Array,
  starts: Int32Array,
  count: number,
  x: Float64Array,
  xStart: number,
  length: number,
  target: Float64Array,
): void {
  let f = 0;
  for (; f + 3 < count; f += 4) {
    const start0 = starts[f]!;
    const start1 = starts[f + 1]!;
    const start2 = starts[f + 2]!;
    const start3 = starts[f + 3]!;
    let sum0 = 0;
    let sum1 = 0;
    let sum2 = 0;
    let sum3 = 0;
    for (let k = 0; k < length; k++) {
      const entry = x[xStart + k]!;
      sum0 += rows[start0 + k]! * entry;
      sum1 += rows[start1 + k]! * entry;
      sum2 += rows[start2 + k]! * entry;
      sum3 += rows[start3 + k]! * entry;
    }
    target[f] = sum0;
    target[f + 1] = sum1;
    target[f + 2] = sum2;
    target[f + 3] = sum3;
  }
  for (; f < count; f++) target[f] = dotRange(rows, starts[f]!, x, xStart, length);
}

/**
 * target[targetStart + i] ← (row i of a row-major matrix)·x for i < rowCount: four rows in a pass, so that x is read a
 * quarter as often.
 *
 * @param matrix - Row-major.
 * @param rowCount - Number of rows.
 * @param length - Length of a row.
 * @param x - The vector that all rows are multiplied with.
 * @param target - Written to.
 * @param targetStart - First element of the target.
 * @example
 * ```ts
 * import { multiplyRows } from 'sft-opt/linalg';
 *
 * const target = new Float64Array(2);
 * multiplyRows(Float64Array.of(1, 2, 3, 4), 2, 2, Float64Array.of(1, 1), target);
 * console.log(target); // Float64Array(2) [ 3, 7 ]
 * ```
 */
export function multiplyRows(
  matrix: Float64Array,
  rowCount: number,
  length: number,
  x: Float64Array,
  target: Float64Array,
  targetStart = 0,
): void {
  let i = 0;
  for (; i + 3 < rowCount; i += 4) {
    const start0 = i * length;
    const start1 = start0 + length;
    const start2 = start1 + length;
    const start3 = start2 + length;
    let sum0 = 0;
    let sum1 = 0;
    let sum2 = 0;
    let sum3 = 0;
    for (let k = 0; k < length; k++) {
      const entry = x[k]!;
      sum0 += matrix[start0 + k]! * entry;
      sum1 += matrix[start1 + k]! * entry;
      sum2 += matrix[start2 + k]! * entry;
      sum3 += matrix[start3 + k]! * entry;
    }
    target[targetStart + i] = sum0;
    target[targetStart + i + 1] = sum1;
    target[targetStart + i + 2] = sum2;
    target[targetStart + i + 3] = sum3;
  }
  for (; i < rowCount; i++) target[targetStart + i] = dotRange(matrix, i * length, x, 0, length);
}

/**
 * aᵀb over the length of a.
 *
 * @param a - First vector.
 * @param b - Second vector.
 * @example
 * ```ts
 * import { dot } from 'sft-opt/linalg';
 *
 * console.log(dot(Float64Array.of(1, 2), Float64Array.of(3, 4))); // 11
 * ```
 */
export function dot(a: Float64Array, b: Float64Array): number {
  return dotRange(a, 0, b, 0, a.length);
}

/**
 * target += factor·source.
 *
 * @param target - Written to.
 * @param factor - What the source is multiplied by.
 * @param source - Read from.
 * @example
 * ```ts
 * import { addScaled } from 'sft-opt/linalg';
 *
 * const target = Float64Array.of(1, 1);
 * addScaled(target, 2, Float64Array.of(3, 4));
 * console.log(target); // Float64Array(2) [ 7, 9 ]
 * ```
 */
export function addScaled(target: Float64Array, factor: number, source: Float64Array): void {
  addScaledRange(target, 0, factor, source, 0, target.length);
}

/**
 * Largest absolute entry, 0 for an empty vector, NaN if any entry is NaN.
 *
 * @param a - The vector.
 * @example
 * ```ts
 * import { maxNorm } from 'sft-opt/linalg';
 *
 * console.log(maxNorm(Float64Array.of(1, -3)), maxNorm(new Float64Array(0))); // 3 0
 * ```
 */
export function maxNorm(a: Float64Array): number {
  let largest = 0;
  for (let k = 0; k < a.length; k++) {
    const size = Math.abs(a[k]!);
    if (!(size <= largest)) largest = size;
    if (Number.isNaN(size)) return NaN;
  }
  return largest;
}

/**
 * Euclidean norm; overflow for entries beyond 1e154 is accepted.
 *
 * @param a - The vector.
 * @example
 * ```ts
 * import { euclideanNorm } from 'sft-opt/linalg';
 *
 * console.log(euclideanNorm(Float64Array.of(3, 4))); // 5
 * ```
 */
export function euclideanNorm(a: Float64Array): number {
  return Math.sqrt(dot(a, a));
}
