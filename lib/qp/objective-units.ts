import { forEachEntry, type SymmetricMatrix } from '../linalg/index.js';
import type { QuadraticProgram } from '../problem/index.js';
import { qpEvidence } from './evidence.js';
import type { QpResult, QpWarmStart } from './result.js';
import { inOwnVariableUnits, inVariableUnits } from './variable-units.js';

/** Objectives that change by less than this are solved in larger units: tolerances are absolute ones. */
const smallObjective = 1e-3;
/** Largest coefficient that this may lead to. */
const largestCoefficient = 1e6;

/**
 * Factor of the objective, a power of two, that makes it change by about 1 over the ranges of the variables where it changes
 * by little; else 1. Costs of 1e-9 are as good as costs of 1, but the tolerance would call every feasible point optimal.
 */
export function objectiveFactor({ hessian, linear, lower, upper }: QuadraticProgram): number {
  const diagonal = diagonalOf(hessian, linear.length);
  let change = 0;
  let largest = 0;
  for (let j = 0; j < linear.length; j++) {
    const range = rangeOf(lower[j]!, upper[j]!);
    change = Math.max(change, Math.abs(linear[j]!) * range, Math.abs(diagonal[j]!) * range * range);
    largest = Math.max(largest, Math.abs(linear[j]!), Math.abs(diagonal[j]!));
  }
  if (!(change > 0) || change >= smallObjective) return 1;
  return Math.max(1, 2 ** -Math.ceil(Math.log2(Math.max(change, largest / largestCoefficient))));
}

/** Width of a range that is bounded; of others the size of what bounds it, at least 1. */
function rangeOf(lower: number, upper: number): number {
  const width = upper - lower;
  if (Number.isFinite(width)) return width;
  const side = (bound: number): number => (Number.isFinite(bound) ? Math.abs(bound) : 0);
  return Math.max(1, side(lower), side(upper));
}

/** Diagonal of P, zero where P is absent; not to be written to. */
export function diagonalOf(hessian: SymmetricMatrix | undefined, n: number): Float64Array {
  const diagonal = new Float64Array(n);
  if (hessian === undefined) return diagonal;
  if (hessian.kind === 'diagonal') return hessian.values;
  if (hessian.kind === 'dense') return diagonal.map((_, j) => hessian.values[j * n + j]!);
  if (hessian.kind === 'sparse') {
    forEachEntry(hessian, (row, column, value) => {
      if (row === column) diagonal[row] = value;
    });
    return diagonal;
  }
  const { factor, weights } = hessian;
  const { columns, values } = factor;
  return hessian.diagonal.map((entry, j) =>
    weights.reduce((sum, weight, k) => sum + weight * values[j * columns + k]! ** 2, entry),
  );
}

/** The program with its objective times `factor`. */
export function inObjectiveUnits(problem: QuadraticProgram, factor: number): QuadraticProgram {
  return inVariableUnits(problem, ownSizes(problem), factor);
}

function ownSizes({ linear }: QuadraticProgram): Float64Array {
  return new Float64Array(linear.length).fill(1);
}

export function guessInObjectiveUnits(guess: QpWarmStart | undefined, factor: number): QpWarmStart | undefined {
  if (guess === undefined) return undefined;
  return {
    ...guess,
    multipliers: guess.multipliers?.map((y) => y * factor),
    boundMultipliers: guess.boundMultipliers?.map((z) => z * factor),
  };
}

/** A result of the program in those units as one of the program itself, its evidence computed anew. */
export function inOwnObjectiveUnits(problem: QuadraticProgram, result: QpResult, factor: number): QpResult {
  const point = inOwnVariableUnits(result, ownSizes(problem), factor);
  const { objective, residuals, dualityGap } = qpEvidence(problem, point.x, point.multipliers, point.boundMultipliers);
  return {
    ...result,
    ...point,
    objective,
    residuals,
    dualityGap,
    ...(result.ray && { ray: { ...result.ray, slope: result.ray.slope / factor } }),
  };
}
