import { isPositiveSemidefinite, lowerTriangle, storedEntries } from '../../linalg/index.js';
import type { QuadraticProgram } from '../../problem/index.js';
import { activeSetCandidate } from '../dense-ways.js';
import { diagonalOf } from '../objective-units.js';
import type { QpResult, QpWarmStart } from '../result.js';
import { solveByMethods, type QpContext, type QpMethods, type Solution, type Way } from '../run.js';
import { iterate } from './arrowhead-iteration.js';
import { arrowheadShape } from './arrowhead-program.js';
import { arrowheadCandidate } from './arrowhead-solution.js';
import { ArrowheadState } from './arrowhead-state.js';
import { searchCertificates } from './certificates.js';
import { eliminateEqualities, equalityRows } from './equality-elimination.js';
import { qpOptions, type QpOptions, type QpOptionsInput } from './options.js';
import { polishWorkingSet } from './polish.js';
import { withoutViolations } from './primal-correction.js';
import { equilibrate } from './scaling.js';
import { interiorPointCandidate, toSparseProgram } from './sparse-path.js';
import { findStructure, type StructuredProgram } from './structure.js';

/** Up to this many variables, and rows times variables, the dense active set is tried first. */
const denseVariables = 250;
const denseEntries = 250_000;
/** From this many variables on the structured method is tried first where it fits. */
const structuredVariables = 100;
/** Steps that take violations out of a point, one after the other. */
const corrections = 8;

/**
 * Solves a convex quadratic (or linear) program. The method is chosen by structure and size, another one takes over
 * where the first stalls, and `optimal`, `infeasible` and `unbounded` are claimed only with evidence that was checked
 * on the data. A Hessian that is not positive semidefinite ends as `stalled`.
 *
 * With `context.convex` the Hessian is taken to be positive semidefinite, as `isPositiveSemidefinite` has found, and not tested again.
 *
 * Throws RangeError when an array is missing, lengths do not fit together, the data are not finite or the Hessian is not symmetric, and OptionsError for unknown options.
 *
 * @param problem - Hessian, costs, rows and bounds; P symmetric positive semidefinite where a solution is wanted.
 * @param options - Method, tolerances and limits; what is absent takes its default.
 * @param warmStart - Point and multipliers of a similar program.
 * @param context - Facts known before, signal and callbacks of this call.
 * @throws ArgumentError where arrays do not fit together or are not finite, OptionsError for unknown options.
 * @example
 * ```ts
 * import { solveQp } from 'sft-opt';
 * import { denseMatrix } from 'sft-opt/linalg';
 *
 * const problem = {
 *   hessian: { kind: 'diagonal' as const, values: Float64Array.of(2, 2) },
 *   linear: Float64Array.of(-2, -4),
 *   constraintMatrix: denseMatrix(1, 2, Float64Array.of(1, 1)),
 *   constraintLower: Float64Array.of(-Infinity),
 *   constraintUpper: Float64Array.of(2),
 *   lower: Float64Array.of(0, 0),
 *   upper: Float64Array.of(Infinity, Infinity),
 * };
 * const { termination, x, multipliers } = solveQp(problem);
 * console.log(termination, x, multipliers); // optimal Float64Array(2) [ 0.5, 1.5 ] Float64Array(1) [ 1 ]
 * ```
 */
export function solveQp(
  problem: QuadraticProgram,
  options?: QpOptionsInput,
  warmStart?: QpWarmStart,
  context: QpContext = {},
): QpResult {
  const resolved = qpOptions.resolve(options);
  return solveByMethods(problem, resolved, (program) => allMethods(program, resolved), warmStart, context);
}

function allMethods(problem: QuadraticProgram, options: QpOptions): QpMethods {
  const { hessian, linear } = problem;
  return {
    ways: (isWarm) => waysFor(problem, options, isWarm),
    isConvex: (stop) => isPositiveSemidefinite(lowerTriangle(hessian, linear.length), stop),
    refinements: (result, stop) => refinements(problem, result, stop),
    settle: options.fallback
      ? (best, budget, allowance) => searchCertificates(problem, best, options, budget, allowance)
      : undefined,
  };
}

/** Its working set solved once more, and the violations taken out of its point. */
function refinements(
  problem: QuadraticProgram,
  result: QpResult,
  stop: () => boolean,
): readonly ((best: QpResult) => Solution | undefined)[] {
  const program = toSparseProgram(problem);
  const { bounds, constraints } = result.workingSet;
  const sides = new Int8Array(bounds.length + constraints.length);
  sides.set(bounds);
  sides.set(constraints, bounds.length);
  const corrected = (best: QpResult): Solution | undefined => {
    const x = withoutViolations(program, equilibrate(program), best.x, stop);
    return x && { ...best, x };
  };
  return [
    () => polishWorkingSet(program, { ...result, sides }, stop),
    ...Array.from({ length: corrections }, () => corrected),
  ];
}

function waysFor(problem: QuadraticProgram, options: QpOptions, isWarm: boolean): readonly Way[] {
  const { method, fallback } = options;
  const wanted = method === 'structured' || (method === 'auto' && problem.linear.length >= structuredVariables);
  const structure = wanted ? findStructure(problem) : undefined;
  if (structure === undefined) return generalWays(problem, options, isWarm);
  return [structuredWay(structure), ...(fallback ? generalWays(problem, options, isWarm) : [])];
}

function structuredWay(structure: StructuredProgram): Way {
  return {
    needsConvexity: false,
    find(warmStart, budget, allowance) {
      const { arrowhead } = structure;
      const { privateCount, sharedCount, couplingCount } = arrowheadShape(arrowhead);
      const state = new ArrowheadState(privateCount, sharedCount, couplingCount);
      const settled = iterate(state, arrowhead, warmStart && structure.order(warmStart), budget, allowance);
      const end = budget.exhausted(0, 0) ?? (state.steps >= allowance ? 'iteration-limit' : 'stalled');
      return structure.recover(arrowheadCandidate(state, arrowhead, settled ? 'optimal' : end));
    },
  };
}

/** The dense active set, on the program without its equality rows where that is wanted, pays, and settles. */
function activeSetWay(problem: QuadraticProgram, options: QpOptions): Way {
  return {
    // It factors P, and mostly sees for itself.
    needsConvexity: false,
    find(warmStart, budget, allowance) {
      const eliminated = isToBeReduced(problem, options, warmStart) ? eliminateEqualities(problem) : undefined;
      if (eliminated === undefined) return activeSetCandidate(problem, options, warmStart, budget, allowance);
      const { reduced } = eliminated;
      const first = eliminated.recover(activeSetCandidate(reduced, options, undefined, budget, allowance));
      const left = allowance - first.iterations;
      // Anything but a solution is left to the direct way, which has the certificates.
      if (first.claim === 'optimal' || left <= 0 || budget.exhausted(0, 0) !== undefined) return first;
      const direct = activeSetCandidate(problem, options, warmStart, budget, left);
      return { ...direct, iterations: first.iterations + direct.iterations };
    },
  };
}

function isToBeReduced(
  problem: QuadraticProgram,
  { eliminateEqualities: wanted }: QpOptions,
  warmStart: QpWarmStart | undefined,
): boolean {
  if (wanted !== 'auto') return wanted === 'always';
  const n = problem.linear.length;
  if (warmStart !== undefined || 4 * equalityRows(problem).length < n) return false;
  let bounded = 0;
  for (let j = 0; j < n; j++) if (problem.lower[j] !== -Infinity || problem.upper[j] !== Infinity) bounded++;
  return 2 * bounded <= n;
}

function generalWays(problem: QuadraticProgram, options: QpOptions, isWarm: boolean): readonly Way[] {
  const { method, fallback } = options;
  const activeSet = activeSetWay(problem, options);
  const interiorPoint: Way = {
    needsConvexity: true,
    find: (_warmStart, budget, allowance) => interiorPointCandidate(problem, options, budget, allowance),
  };
  if (method === 'interior-point') return [interiorPoint];
  if (method === 'active-set') return fallback ? [activeSet, interiorPoint] : [activeSet];
  const { linear, constraintLower, constraintMatrix, hessian } = problem;
  const n = linear.length;
  const small = n <= denseVariables && n * (n + constraintLower.length) <= denseEntries;
  const filled = constraintMatrix === undefined ? 0 : storedEntries(constraintMatrix);
  const quadratic = hessian !== undefined && hasFullDiagonal(problem);
  const fit =
    small && (quadratic || n <= 30 || isWarm) && (n <= 60 || isWarm || filled > 0.1 * n * constraintLower.length);
  if (fit || n <= 60) return [activeSet, interiorPoint];
  return small ? [interiorPoint, activeSet] : [interiorPoint];
}

/** True if every diagonal entry of P is positive: a cheap sign that P may be definite. */
function hasFullDiagonal({ hessian, linear }: QuadraticProgram): boolean {
  // A low-rank part alone makes nothing definite.
  const diagonal = hessian?.kind === 'diagonal-plus-low-rank' ? hessian.diagonal : diagonalOf(hessian, linear.length);
  return diagonal.every((value) => value > 0);
}
