import { type SymmetricMatrix } from '../linalg/index.js';
import type { QuadraticProgram } from '../problem/index.js';
import { qpEvidence } from './evidence.js';
import type { QpResult, QpWarmStart } from './result.js';

/** Objectives whose largest coefficient is below this are solved in larger units: tolerances are absolute ones. */
const smallCoefficient = 1e-3;

/**
 * Factor of the objective, a power of two, that brings its largest coefficient to 1 where it is small; else 1. Costs of
 * 1e-9 are as good as costs of 1, but the tolerance would call every feasible point optimal.
 */
export function objectiveFactor({ hessian, linear }: QuadraticProgram): number {
  let size = 0;
  for (const values of [linear, ...entriesOf(hessian)]) {
    for (const value of values) size = Math.max(size, Math.abs(value));
  }
  return size > 0 && size < smallCoefficient ? 2 ** -Math.floor(Math.log2(size)) : 1;
}

function entriesOf(hessian: SymmetricMatrix | undefined): Float64Array[] {
  if (hessian === undefined) return [];
  if (hessian.kind !== 'diagonal-plus-low-rank') return [hessian.values];
  const { diagonal, factor, weights } = hessian;
  const columns = factor.columns;
  return [diagonal, factor.values.map((value, k) => value * value * weights[k % columns]!)];
}

/** The program with its objective times `factor`. */
export function inObjectiveUnits(problem: QuadraticProgram, factor: number): QuadraticProgram {
  const times = (values: Float64Array): Float64Array => values.map((value) => value * factor);
  const { hessian, linear, constant } = problem;
  return {
    ...problem,
    linear: times(linear),
    ...(constant !== undefined && { constant: constant * factor }),
    ...(hessian !== undefined && {
      hessian:
        hessian.kind === 'diagonal-plus-low-rank'
          ? { ...hessian, diagonal: times(hessian.diagonal), weights: times(hessian.weights) }
          : { ...hessian, values: times(hessian.values) },
    }),
  };
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
  const multipliers = result.multipliers.map((y) => y / factor);
  const boundMultipliers = result.boundMultipliers.map((z) => z / factor);
  const { objective, residuals, dualityGap } = qpEvidence(problem, result.x, multipliers, boundMultipliers);
  return {
    ...result,
    objective,
    multipliers,
    boundMultipliers,
    residuals,
    dualityGap,
    ...(result.ray && { ray: { ...result.ray, slope: result.ray.slope / factor } }),
  };
}
