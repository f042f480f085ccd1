/** Middle of the values, or mean of the two middle ones; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Values without outliers, their median, and their spread. */
export interface RobustSummary {
  readonly median: number;
  /** Median absolute deviation over the median. */
  readonly spread: number;
  readonly taken: number;
  readonly dropped: number;
}

/**
 * Median after dropping values further from it than 3.5 deviations, a deviation being 1.4826 median absolute ones (the
 * rule of Iglewicz & Hoaglin 1993).
 */
export function robustSummary(values: readonly number[]): RobustSummary {
  const centre = median(values);
  const deviation = 1.4826 * median(values.map((value) => Math.abs(value - centre)));
  const kept = values.filter((value) => Math.abs(value - centre) <= 3.5 * deviation || deviation === 0);
  const middle = median(kept);
  return {
    median: middle,
    spread: median(kept.map((value) => Math.abs(value - middle))) / middle,
    taken: values.length,
    dropped: values.length - kept.length,
  };
}

/** A row of a regression: value ≈ Σ coefficient · regressor. */
export interface FitRow {
  readonly regressors: readonly number[];
  readonly value: number;
}

/**
 * Least squares of the relative residuals, Σ((fit − value)/value)², by the normal equations: few regressors, well apart.
 * Throws where the rows do not determine the coefficients.
 */
export function relativeFit(rows: readonly FitRow[]): number[] {
  const size = rows[0]?.regressors.length ?? 0;
  const normal = Array.from({ length: size }, () => new Float64Array(size + 1));
  for (const { regressors, value } of rows) {
    const weight = 1 / value ** 2;
    for (let i = 0; i < size; i++) {
      for (let k = 0; k < size; k++) normal[i]![k]! += weight * regressors[i]! * regressors[k]!;
      normal[i]![size]! += weight * regressors[i]! * value;
    }
  }
  return solved(normal);
}

/** Gaussian elimination with partial pivoting on [A | b]. */
function solved(system: Float64Array[]): number[] {
  const size = system.length;
  for (let k = 0; k < size; k++) {
    let pivot = k;
    for (let row = k + 1; row < size; row++) {
      if (Math.abs(system[row]![k]!) > Math.abs(system[pivot]![k]!)) pivot = row;
    }
    [system[k], system[pivot]] = [system[pivot]!, system[k]!];
    const divisor = system[k]![k]!;
    const largest = Math.max(...system[k]!.subarray(0, size).map(Math.abs));
    if (!(Math.abs(divisor) > 1e-12 * largest)) throw new Error('the measurements do not determine the fit');
    for (let row = k + 1; row < size; row++) {
      const factor = system[row]![k]! / divisor;
      for (let column = k; column <= size; column++) system[row]![column]! -= factor * system[k]![column]!;
    }
  }
  const solution = new Array<number>(size).fill(0);
  for (let k = size - 1; k >= 0; k--) {
    let rest = system[k]![size]!;
    for (let column = k + 1; column < size; column++) rest -= system[k]![column]! * solution[column]!;
    solution[k] = rest / system[k]![k]!;
  }
  return solution;
}
