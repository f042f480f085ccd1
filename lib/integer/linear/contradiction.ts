import type { MixedIntegerNonlinearProgram } from '../../problem/index.js';
import type { LinearRow } from './certificate.js';

/** Factors by which coefficients with decimals are tried to become integers. */
const scales = [1, 2, 3, 4, 5, 6, 8, 10, 12, 100, 1000, 10_000];
const largestInteger = 2 ** 40;

/** Coefficients of a row of integer variables alone as integers with their scale; undefined if they are not rational enough. */
export function integerCoefficients(
  { indices, values }: LinearRow,
  integer: Uint8Array,
): { readonly scale: number; readonly coefficients: readonly number[] } | undefined {
  for (let k = 0; k < indices.length; k++) if (values[k] !== 0 && integer[indices[k]!] !== 1) return undefined;
  for (const scale of scales) {
    const coefficients = Array.from(values, (value) => value * scale);
    const isIntegral = coefficients.every(
      (value) =>
        Math.abs(value - Math.round(value)) <= 1e-12 * Math.max(1, Math.abs(value)) && Math.abs(value) < largestInteger,
    );
    if (isIntegral) return { scale, coefficients: coefficients.map(Math.round) };
  }
  return undefined;
}

export function greatestCommonDivisor(values: readonly number[]): number {
  let divisor = 0;
  for (const value of values) {
    let [a, b] = [divisor, Math.abs(value)];
    while (b > 0) [a, b] = [b, a % b];
    divisor = a;
  }
  return divisor;
}

/**
 * Why a row of integers has no solution, whatever the bounds are: the greatest common divisor of its coefficients has no
 * multiple between its sides. Undefined if no row says so.
 */
export function contradiction(
  { meta }: MixedIntegerNonlinearProgram,
  rows: readonly LinearRow[],
  integer: Uint8Array,
): string | undefined {
  for (const row of rows) {
    const found = integerCoefficients(row, integer);
    if (!found) continue;
    const divisor = greatestCommonDivisor(found.coefficients);
    if (divisor === 0) continue;
    const step = divisor / found.scale;
    const slack = 1e-9 * Math.max(1, Math.abs(row.lower), Math.abs(row.upper));
    if (Math.ceil((row.lower - slack) / step) * step <= row.upper + slack) continue;
    const terms = Array.from(row.indices, (j, k) => `${row.values[k]!}·${meta.variableNames?.[j] ?? `x${j}`}`);
    const sides = row.lower === row.upper ? `= ${row.lower}` : `between ${row.lower} and ${row.upper}`;
    const shown = terms.length > 6 ? [...terms.slice(0, 6), '…'] : terms;
    return `${shown.join(' + ')} ${sides} has no solution in integers: its left-hand side is a multiple of ${step}.`;
  }
  return undefined;
}
