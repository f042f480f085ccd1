/**
 * Judges claims about quadratic programs by its own arithmetic, entry by entry from the data: nothing of the solvers is
 * used. Tolerances: sides 1e-6·max(1, |side|); dual quantities are divided by s = max(100, mean |multiplier|)/100.
 */
import type { Matrix, SymmetricMatrix } from '../../lib/linalg/index.js';
import type { QuadraticProgram } from '../../lib/problem/index.js';

const tolerance = 1e-6;

/** Entries (row, column, value) of a matrix. */
function entries(matrix: Matrix): [number, number, number][] {
  const list: [number, number, number][] = [];
  if (matrix.kind === 'dense') {
    matrix.values.forEach((value, k) => list.push([Math.floor(k / matrix.columns), k % matrix.columns, value]));
    return list;
  }
  for (let j = 0; j < matrix.columns; j++) {
    for (let k = matrix.columnStarts[j]!; k < matrix.columnStarts[j + 1]!; k++) {
      list.push([matrix.rowIndices[k]!, j, matrix.values[k]!]);
    }
  }
  return list;
}

function symmetricProduct(matrix: SymmetricMatrix | undefined, x: Float64Array): number[] {
  const product = Array.from(x, () => 0);
  if (matrix === undefined) return product;
  if (matrix.kind === 'diagonal') return product.map((_, j) => matrix.values[j]! * x[j]!);
  if (matrix.kind === 'diagonal-plus-low-rank') {
    const { diagonal, factor, weights } = matrix;
    const along = Array.from(weights, () => 0);
    for (const [i, c, value] of entries(factor)) along[c]! += value * x[i]!;
    for (const [i, c, value] of entries(factor)) product[i]! += value * weights[c]! * along[c]!;
    return product.map((sum, j) => sum + diagonal[j]! * x[j]!);
  }
  for (const [i, j, value] of entries(matrix)) product[i]! += value * x[j]!;
  return product;
}

function rowProduct({ constraintMatrix, constraintLower }: QuadraticProgram, x: Float64Array): number[] {
  const product = Array.from(constraintLower, () => 0);
  if (constraintMatrix === undefined) return product;
  for (const [i, j, value] of entries(constraintMatrix)) product[i]! += value * x[j]!;
  return product;
}

function transposedProduct({ constraintMatrix, linear }: QuadraticProgram, y: Float64Array): number[] {
  const product = Array.from(linear, () => 0);
  if (constraintMatrix === undefined) return product;
  for (const [i, j, value] of entries(constraintMatrix)) product[j]! += value * y[i]!;
  return product;
}

/** All conditions as (value, lower, upper, multiplier): rows, then bounds. */
function conditions(
  problem: QuadraticProgram,
  x: Float64Array,
  y: Float64Array,
  z: Float64Array,
): { value: number; lower: number; upper: number; multiplier: number }[] {
  const rows = rowProduct(problem, x);
  return [
    ...rows.map((value, i) => ({
      value,
      lower: problem.constraintLower[i]!,
      upper: problem.constraintUpper[i]!,
      multiplier: y[i]!,
    })),
    ...Array.from(x, (value, j) => ({
      value,
      lower: problem.lower[j]!,
      upper: problem.upper[j]!,
      multiplier: z[j]!,
    })),
  ];
}

/** What speaks against the claim that x is feasible. */
export function feasibilityFaults(problem: QuadraticProgram, x: Float64Array): string[] {
  const zero = new Float64Array(problem.constraintLower.length);
  const faults: string[] = [];
  conditions(problem, x, zero, new Float64Array(x.length)).forEach(({ value, lower, upper }, index) => {
    const below = (lower - value) / Math.max(1, Math.abs(lower));
    const above = (value - upper) / Math.max(1, Math.abs(upper));
    if (!(value === value) || below > tolerance || above > tolerance) {
      faults.push(`condition ${index}: ${value} not in [${lower}, ${upper}]`);
    }
  });
  return faults;
}

/** Objective at x. */
export function objectiveOf(problem: QuadraticProgram, x: Float64Array): number {
  const bent = symmetricProduct(problem.hessian, x);
  return Array.from(x).reduce(
    (sum, value, j) => sum + value * (0.5 * bent[j]! + problem.linear[j]!),
    problem.constant ?? 0,
  );
}

/** What speaks against the claim that (x, y, z) solves a convex problem; empty when nothing does. */
export function optimalityFaults(
  problem: QuadraticProgram,
  x: Float64Array,
  y: Float64Array,
  z: Float64Array,
): string[] {
  const faults = feasibilityFaults(problem, x);
  const all = conditions(problem, x, y, z);
  const sum = all.reduce((total, { multiplier }) => total + Math.abs(multiplier), 0);
  const scale = Math.max(100, sum / Math.max(1, all.length)) / 100;
  const bent = symmetricProduct(problem.hessian, x);
  const transposed = transposedProduct(problem, y);
  const objective = objectiveOf(problem, x);
  x.forEach((_, j) => {
    const residual = Math.abs(bent[j]! + problem.linear[j]! + transposed[j]! + z[j]!) / scale;
    if (!(residual <= tolerance)) faults.push(`stationarity ${j}: ${residual}`);
  });
  all.forEach(({ value, lower, upper, multiplier }, index) => {
    if (multiplier === 0) return;
    const side = multiplier > 0 ? upper : lower;
    const product = Number.isFinite(side) ? Math.abs(multiplier * (side - value)) : Math.abs(multiplier);
    if (!(product / scale <= tolerance * (1 + Math.abs(objective))))
      faults.push(`complementarity ${index}: ${product}`);
  });
  const support = all.reduce((total, { lower, upper, multiplier }) => {
    if (multiplier === 0) return total;
    return total + multiplier * (multiplier > 0 ? upper : lower);
  }, 0);
  const curvature = bent.reduce((total, value, j) => total + value * x[j]!, 0);
  const linear = problem.linear.reduce((total, value, j) => total + value * x[j]!, 0);
  const gap = Math.abs(curvature + linear + support);
  if (!(gap <= tolerance * (1 + Math.abs(objective)))) faults.push(`gap ${gap} at objective ${objective}`);
  return faults;
}

/** What speaks against a Farkas certificate (y, z). */
export function certificateFaults(problem: QuadraticProgram, y: Float64Array, z: Float64Array): string[] {
  const faults: string[] = [];
  const transposed = transposedProduct(problem, y);
  const largest = Math.max(0, ...Array.from(y, Math.abs), ...Array.from(z, Math.abs));
  let support = 0;
  const addSupport = (multiplier: number, lower: number, upper: number, what: string): void => {
    if (multiplier === 0) return;
    const side = multiplier > 0 ? upper : lower;
    if (Number.isFinite(side)) support += multiplier * side;
    else faults.push(`${what} has a multiplier for an absent side`);
  };
  y.forEach((value, i) => addSupport(value, problem.constraintLower[i]!, problem.constraintUpper[i]!, `row ${i}`));
  z.forEach((value, j) => addSupport(value, problem.lower[j]!, problem.upper[j]!, `bound ${j}`));
  if (!(largest > 0)) faults.push('the certificate is zero');
  if (!(support < 0)) faults.push(`support ${support} is not negative`);
  transposed.forEach((value, j) => {
    const residual = Math.abs(value + z[j]!);
    if (!(residual <= 1e-8 * Math.min(largest, Math.abs(support)))) faults.push(`Aᵀy + z at ${j}: ${residual}`);
  });
  return faults;
}

/** What speaks against a ray of endless descent from a feasible x. */
export function rayFaults(problem: QuadraticProgram, x: Float64Array, direction: Float64Array): string[] {
  const faults = feasibilityFaults(problem, x);
  const slope = problem.linear.reduce((sum, value, j) => sum + value * direction[j]!, 0);
  if (!(slope < 0)) faults.push(`slope ${slope} is not negative`);
  const allowed = 1e-7 * Math.min(1, -slope);
  symmetricProduct(problem.hessian, direction).forEach((value, j) => {
    if (!(Math.abs(value) <= allowed)) faults.push(`Pd at ${j}: ${value}`);
  });
  rowProduct(problem, direction).forEach((value, i) => {
    if (value > allowed && problem.constraintUpper[i] !== Infinity) faults.push(`row ${i} rises by ${value}`);
    if (value < -allowed && problem.constraintLower[i] !== -Infinity) faults.push(`row ${i} falls by ${value}`);
  });
  direction.forEach((value, j) => {
    if (value > allowed && problem.upper[j] !== Infinity) faults.push(`bound ${j} is left upwards`);
    if (value < -allowed && problem.lower[j] !== -Infinity) faults.push(`bound ${j} is left downwards`);
  });
  return faults;
}
