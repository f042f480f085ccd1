import type { QuadraticProgram } from '../problem/index.js';
import { concludeCandidate } from './candidate.js';
import { pointMerit } from './evidence.js';
import type { CommonQpOptions } from './options.js';
import type { QpResult } from './result.js';
import { inOwnVariableUnits, inVariableUnits, worthOfResiduals } from './variable-units.js';

/** Share of the objective's size that residuals may be worth before the problem is solved again. */
const grossWorth = 1e-5;

/**
 * An optimal result whose residuals may hide a share of the objective is solved again, by `solve`, with the variables in units
 * of their sizes: the better of two proven points, or `stalled` where the lower one is not proven.
 */
export function sharpened(
  problem: QuadraticProgram,
  result: QpResult,
  options: CommonQpOptions,
  solve: (scaled: QuadraticProgram) => QpResult,
): QpResult {
  if (result.termination !== 'optimal' || result.elastic) return result;
  const { worth, objectiveSize, sizes } = worthOfResiduals(problem, result);
  if (!(worth > grossWorth * objectiveSize)) return result;
  const factor = 2 ** -Math.round(Math.log2(objectiveSize));
  const again = solve(inVariableUnits(problem, sizes, factor));
  const { method, workingSet } = again;
  const workingSetChanges = result.workingSetChanges + again.workingSetChanges;
  const iterations = result.iterations + again.iterations;
  const timeSeconds = result.timeSeconds + again.timeSeconds;
  const point = inOwnVariableUnits(again, sizes, factor);
  const isClaim = again.termination === 'optimal' || again.termination === 'unbounded';
  const other = concludeCandidate(
    problem,
    {
      ...point,
      claim: isClaim ? again.termination : 'stalled',
      method,
      workingSet,
      workingSetChanges,
      iterations,
      ...(again.ray && { ray: again.ray.direction.map((value, j) => value * sizes[j]!) }),
    },
    options,
    timeSeconds,
  );
  if (other.termination === 'unbounded') return other;
  const isLower = other.objective < result.objective - grossWorth * objectiveSize;
  if (other.termination === 'optimal' && (isLower || isAsSharp(problem, other, result, options))) {
    if (worthOfResiduals(problem, other).worth < worth) return other;
  }
  if (other.primalStatus !== 'feasible' || !isLower) return { ...result, iterations, timeSeconds };
  return {
    ...other,
    termination: 'stalled',
    message:
      'A feasible point with a lower objective than the one that met the conditions is known, itself without a proof.',
  };
}

/** Whether a point's residuals are within the tolerance, or no larger than another's, without any scaling. */
function isAsSharp(problem: QuadraticProgram, point: QpResult, other: QpResult, options: CommonQpOptions): boolean {
  return pointMerit(problem, point) <= Math.max(options.optimalityTolerance, pointMerit(problem, other));
}
