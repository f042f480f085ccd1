import { Matrix, SingularValueDecomposition } from 'ml-matrix';

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

/** Least singular value, relative to the largest of columns of norm 1, from which rows determine their coefficients. */
const leastSingularValue = 1e-9;

/**
 * Least squares of the relative residuals, Σ((fit − value)/value)², by the singular values of the weighted rows. Throws
 * where the rows do not determine the coefficients.
 */
export function relativeFit(rows: readonly FitRow[]): number[] {
  const size = rows[0]?.regressors.length ?? 0;
  if (size === 0) return [];
  const weighted = new Matrix(rows.map(({ regressors, value }) => regressors.map((regressor) => regressor / value)));
  const scales = Array.from({ length: size }, (_, k) => Math.hypot(...weighted.getColumn(k)));
  if (rows.length < size || scales.some((scale) => !(scale > 0))) throw undetermined();
  const decomposition = new SingularValueDecomposition(weighted.divRowVector(scales), { autoTranspose: true });
  const { diagonal } = decomposition;
  if (!(Math.min(...diagonal) > leastSingularValue * Math.max(...diagonal))) throw undetermined();
  const solution = decomposition.solve(Matrix.columnVector(rows.map(() => 1)));
  return scales.map((scale, k) => solution.get(k, 0) / scale);
}

function undetermined(): Error {
  return new Error('the measurements do not determine the fit');
}
