import {
  forEachEntry,
  maxNorm,
  multiplySymmetric,
  multiplyTransposed,
  type Matrix,
  type SymmetricMatrix,
} from '../linalg/index.js';
import type { QuadraticProgram } from '../problem/index.js';
import type { QpResult } from './result.js';

/** Sizes and room beyond this are there to be out of reach. */
const reachable = 1e6;
/** A value of no more than this is a zero with rounding, which says nothing of the size of a variable. */
const nothing = 1e-16;
/** Share of the terms of a stationarity row that is rounding. */
const rounding = 1e-13;

/** What the residuals of a point's stationarity are worth, and in which units they would be worth less. */
export interface ResidualWorth {
  /** Σⱼ |rⱼ|·(room of xⱼ downhill), r = Px + q + Aᵀy + z: by so much the objective might still fall, besides the duality gap. */
  readonly worth: number;
  /** How much the objective changes over the sizes of the variables. */
  readonly objectiveSize: number;
  /** Size of each variable, a power of two: its range where that is bounded, else that of the point. */
  readonly sizes: Float64Array;
}

/**
 * Tolerances of stationarity are absolute ones, so that a cost of 10⁻⁶ on a variable with room for 10³ may be missed beside
 * one of 1 on a variable of size 10⁻³; this says what is at stake.
 */
export function worthOfResiduals(
  { linear, lower, upper, hessian, constraintMatrix }: QuadraticProgram,
  { x, multipliers, boundMultipliers }: Pick<QpResult, 'x' | 'multipliers' | 'boundMultipliers'>,
): ResidualWorth {
  const n = linear.length;
  const curvature = new Float64Array(n);
  multiplySymmetric(hessian, x, curvature);
  const transposed = new Float64Array(n);
  if (constraintMatrix !== undefined) multiplyTransposed(constraintMatrix, multipliers, transposed);
  const terms = Float64Array.from(linear, (q, j) => Math.abs(q) + Math.abs(curvature[j]!) + Math.abs(transposed[j]!));
  const known = Float64Array.from(x, (value, j) => knownSize(value, lower[j]!, upper[j]!));
  let objectiveSize = 0;
  for (let j = 0; j < n; j++) {
    objectiveSize = Math.max(objectiveSize, Math.max(Math.abs(linear[j]!), Math.abs(curvature[j]!)) * known[j]!);
  }
  if (objectiveSize === 0) objectiveSize = Math.max(maxNorm(linear), Number.MIN_VALUE);
  let worth = 0;
  const sizes = new Float64Array(n);
  for (let j = 0; j < n; j++) {
    const isBounded = upper[j]! - lower[j]! <= reachable;
    // The cost of an unbounded variable says at what size it counts.
    const size = isBounded || terms[j] === 0 ? known[j]! || 1 : Math.max(known[j]!, objectiveSize / terms[j]!);
    sizes[j] = 2 ** Math.round(Math.log2(Math.min(size, reachable)));
    const residual = curvature[j]! + linear[j]! + transposed[j]! + boundMultipliers[j]!;
    const missed = Math.max(0, Math.abs(residual) - rounding * terms[j]!);
    const room = residual > 0 ? x[j]! - lower[j]! : upper[j]! - x[j]!;
    worth += missed * Math.max(0, room <= reachable ? room : Math.min(size, reachable));
  }
  return { worth, objectiveSize, sizes };
}

/** The range of a variable where that is bounded, else the size of its value or its side; 0 if nothing is known. */
function knownSize(value: number, lower: number, upper: number): number {
  const range = upper - lower;
  if (range > 0 && range <= reachable) return range;
  const sizes = [value, lower, upper].map(Math.abs);
  return Math.max(0, ...sizes.filter((size) => size > nothing && size <= reachable));
}

/** The program in variables x̃ = x / sizes and with its objective times `factor`. */
export function inVariableUnits(problem: QuadraticProgram, sizes: Float64Array, factor: number): QuadraticProgram {
  const { hessian, linear, constant, constraintMatrix, lower, upper } = problem;
  return {
    ...problem,
    linear: linear.map((q, j) => q * sizes[j]! * factor),
    lower: lower.map((side, j) => side / sizes[j]!),
    upper: upper.map((side, j) => side / sizes[j]!),
    ...(constant !== undefined && { constant: constant * factor }),
    ...(hessian !== undefined && { hessian: scaledHessian(hessian, sizes, factor) }),
    ...(constraintMatrix !== undefined && {
      constraintMatrix: scaled(constraintMatrix, (_, column) => sizes[column]!),
    }),
  };
}

function scaledHessian(hessian: SymmetricMatrix, sizes: Float64Array, factor: number): SymmetricMatrix {
  const onDiagonal = (values: Float64Array): Float64Array => values.map((value, j) => value * sizes[j]! ** 2 * factor);
  if (hessian.kind === 'diagonal') return { ...hessian, values: onDiagonal(hessian.values) };
  if (hessian.kind === 'diagonal-plus-low-rank') {
    return {
      ...hessian,
      diagonal: onDiagonal(hessian.diagonal),
      factor: scaled(hessian.factor, (row) => sizes[row]!),
      weights: hessian.weights.map((weight) => weight * factor),
    };
  }
  return scaled(hessian, (row, column) => sizes[row]! * sizes[column]! * factor);
}

function scaled<Kind extends Matrix>(matrix: Kind, by: (row: number, column: number) => number): Kind {
  const values = matrix.values.slice();
  if (matrix.kind === 'dense') {
    for (let k = 0; k < values.length; k++) values[k]! *= by(Math.floor(k / matrix.columns), k % matrix.columns);
  } else {
    forEachEntry(matrix, (row, column, value, slot) => (values[slot] = value * by(row, column)));
  }
  return { ...matrix, values };
}

/** x, y and z of a result in those units as those of the program itself. */
export function inOwnVariableUnits(
  { x, multipliers, boundMultipliers }: QpResult,
  sizes: Float64Array,
  factor: number,
): Pick<QpResult, 'x' | 'multipliers' | 'boundMultipliers'> {
  return {
    x: x.map((value, j) => value * sizes[j]!),
    multipliers: multipliers.map((y) => y / factor),
    boundMultipliers: boundMultipliers.map((z, j) => z / (factor * sizes[j]!)),
  };
}
