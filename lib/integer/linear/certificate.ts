/** lower ≤ Σ values[k]·x[indices[k]] ≤ upper. */
export interface LinearRow {
  readonly indices: ArrayLike<number>;
  readonly values: ArrayLike<number>;
  readonly lower: number;
  readonly upper: number;
}

/** Coefficients that are rounding errors of 0, where a bound is missing. */
const negligible = 1e-9;

/**
 * A lower bound on cᵀx over all x within the bounds whose activities s = Ax are within theirs: with any y,
 * cᵀx = (c − Aᵀy)ᵀx + yᵀs, term by term at its least (Neumaier & Shcherbina 2004). `lower` and `upper` hold the bounds of
 * x, then those of s.
 */
export function boundOfMultipliers(
  cost: Float64Array,
  rows: readonly LinearRow[],
  y: Float64Array,
  lower: Float64Array,
  upper: Float64Array,
): number {
  const rest = Float64Array.from(cost);
  const sizes = rest.map(Math.abs);
  let bound = 0;
  let magnitude = 0;
  rows.forEach(({ indices, values }, r) => {
    const factor = y[r]!;
    if (factor === 0) return;
    for (let k = 0; k < indices.length; k++) {
      rest[indices[k]!]! -= factor * values[k]!;
      sizes[indices[k]!] = Math.max(sizes[indices[k]!]!, Math.abs(factor * values[k]!));
    }
    const side = factor > 0 ? lower[cost.length + r]! : upper[cost.length + r]!;
    const term = leastTerm(factor, side, 1);
    bound += term;
    magnitude += Math.abs(term);
  });
  for (let j = 0; j < rest.length; j++) {
    const factor = rest[j]!;
    const term = leastTerm(factor, factor > 0 ? lower[j]! : upper[j]!, Math.max(1, sizes[j]!));
    bound += term;
    magnitude += Math.abs(term);
  }
  return Number.isNaN(bound) ? -Infinity : bound - 1e-14 * magnitude;
}

function leastTerm(factor: number, side: number, size: number): number {
  if (factor === 0) return 0;
  if (Number.isFinite(side)) return factor * side;
  return Math.abs(factor) <= negligible * size ? 0 : -Infinity;
}

/** Whether yᵀ(Ax − s) = 0, which every point satisfies, has no solution within the bounds. */
export function excludesBox(
  rows: readonly LinearRow[],
  y: Float64Array,
  lower: Float64Array,
  upper: Float64Array,
  columnCount: number,
): boolean {
  const scale = y.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  if (!(scale > 0) || !Number.isFinite(scale)) return false;
  const sum = new Float64Array(columnCount);
  const sizes = new Float64Array(columnCount);
  let least = 0;
  let most = 0;
  let magnitude = 1;
  const add = (factor: number, low: number, high: number, size: number): void => {
    if (factor === 0) return;
    const [small, large] = factor > 0 ? [low, high] : [high, low];
    const isNoise = Math.abs(factor) <= negligible * size;
    least += Number.isFinite(small) ? factor * small : isNoise ? 0 : -Infinity;
    most += Number.isFinite(large) ? factor * large : isNoise ? 0 : Infinity;
    if (Number.isFinite(small) && Number.isFinite(large)) {
      magnitude += Math.max(Math.abs(factor * small), Math.abs(factor * large));
    }
  };
  rows.forEach(({ indices, values }, r) => {
    const factor = y[r]! / scale;
    if (factor === 0) return;
    for (let k = 0; k < indices.length; k++) {
      sum[indices[k]!]! += factor * values[k]!;
      sizes[indices[k]!]! += Math.abs(factor * values[k]!);
    }
    add(-factor, lower[columnCount + r]!, upper[columnCount + r]!, 1);
  });
  for (let j = 0; j < columnCount; j++) add(sum[j]!, lower[j]!, upper[j]!, sizes[j]!);
  const margin = 1e-10 * magnitude;
  return least > margin || most < -margin;
}
