import {
  kktResiduals,
  relativeViolation,
  type EvaluationCounts,
  type KktPoint,
  type KktResiduals,
  type NlpMeta,
  type SparsityPattern,
} from '../problem/index.js';
import { isSolved, type DualStatus, type PrimalStatus, type SolverResult, type Termination } from '../solver/index.js';
import { Evaluator, allFinite } from './evaluator.js';

/**
 * Adds Jᵀy to `values`; the Jacobian as in the problem's pattern, dense row-major when there is none.
 *
 * @param meta - Sizes, bounds, sides and patterns.
 * @param pattern - Where the entries are; undefined for a dense Jacobian, row by row.
 * @param jacobian - Entries as in the pattern.
 * @param multipliers - One for each row.
 * @param values - The product is added to it, length variableCount.
 * @example
 * ```ts
 * import { addTransposeProduct } from 'sft-opt/nlp';
 *
 * const problem = {
 *   meta: {
 *     variableCount: 2,
 *     constraintCount: 1,
 *     lower: Float64Array.of(0, 0),
 *     upper: Float64Array.of(Infinity, Infinity),
 *     constraintLower: Float64Array.of(-Infinity),
 *     constraintUpper: Float64Array.of(2),
 *     start: Float64Array.of(0, 0),
 *   },
 *   objective: (x: Float64Array) => (x[0]! - 1) ** 2 + (x[1]! - 2) ** 2,
 *   constraints: (x: Float64Array, c: Float64Array) => void (c[0] = x[0]! + x[1]!),
 * };
 * const values = new Float64Array(2);
 * addTransposeProduct(problem.meta, undefined, Float64Array.of(1, 1), Float64Array.of(3), values);
 * console.log(values); // Float64Array(2) [ 3, 3 ]
 * ```
 */
export function addTransposeProduct(
  meta: NlpMeta,
  pattern: SparsityPattern | undefined,
  jacobian: Float64Array,
  multipliers: Float64Array,
  values: Float64Array,
): void {
  if (pattern) {
    const { rows, columns } = pattern;
    for (let k = 0; k < rows.length; k++) values[columns[k]!]! += jacobian[k]! * multipliers[rows[k]!]!;
    return;
  }
  const { variableCount, constraintCount } = meta;
  for (let i = 0, k = 0; i < constraintCount; i++) {
    const multiplier = multipliers[i]!;
    if (multiplier === 0) k += variableCount;
    else for (let j = 0; j < variableCount; j++, k++) values[j]! += jacobian[k]! * multiplier;
  }
}

/** Distance to a bound, relative to max(1, |bound|), up to which a multiplier may explain a gradient. */
const nearBound = 1e-5;

/**
 * The bound multiplier that explains `reducedGradient` (∇f + Jᵀy) best: −reducedGradient where the bound that it pushes
 * against is close enough for the complementarity it costs, else 0.
 *
 * @param reducedGradient - Entry of ∇f + Jᵀy.
 * @param value - The variable.
 * @param lower - Lower side; −Infinity for none.
 * @param upper - Upper side; Infinity for none.
 * @example
 * ```ts
 * import { boundMultiplier } from 'sft-opt/nlp';
 *
 * console.log(boundMultiplier(2, 0, 0, 4), boundMultiplier(2, 1, 0, 4)); // -2 0
 * ```
 */
export function boundMultiplier(reducedGradient: number, value: number, lower: number, upper: number): number {
  if (reducedGradient === 0) return 0;
  const bound = reducedGradient > 0 ? lower : upper;
  if (!Number.isFinite(bound)) return 0;
  return Math.abs(value - bound) <= nearBound * Math.max(1, Math.abs(bound)) ? -reducedGradient : 0;
}

/** A point, what the algorithm says about it, and what was counted. */
export interface Candidate {
  /** The point, length variableCount. */
  readonly x: Float64Array;
  /** f(x) as the problem returned it. */
  readonly objective: number;
  /** y of the rows, length constraintCount. */
  readonly multipliers: Float64Array;
  /** Multipliers of the bounds, length variableCount; estimated from the residual when absent. */
  readonly boundMultipliers?: Float64Array;
}

/** First-order evidence of a candidate, from fresh evaluations of everything but the objective. */
export interface Evidence {
  /** Multipliers of the bounds, length variableCount. */
  readonly boundMultipliers: Float64Array;
  /** Stationarity, feasibility and complementarity at the point. */
  readonly residuals: KktResiduals;
  /** What the residuals were computed from. */
  readonly point: KktPoint;
}

/**
 * Recomputes the residuals of a candidate from the problem itself.
 *
 * @param evaluator - Evaluates the problem and counts how often.
 * @param candidate - A point with its multipliers.
 * @param mayDifference - Whether first derivatives that are missing may be made by differences.
 * @example
 * ```ts
 * import { Evaluator, assess } from 'sft-opt/nlp';
 *
 * const problem = {
 *   meta: {
 *     variableCount: 2,
 *     constraintCount: 0,
 *     lower: Float64Array.of(0, 0),
 *     upper: Float64Array.of(4, 4),
 *     constraintLower: new Float64Array(0),
 *     constraintUpper: new Float64Array(0),
 *     start: Float64Array.of(1, 1),
 *   },
 *   objective: (x: Float64Array) => (x[0]! - 2) ** 2 + (x[1]! + 1) ** 2,
 *   gradient: (x: Float64Array, g: Float64Array) => void g.set([2 * (x[0]! - 2), 2 * (x[1]! + 1)]),
 * };
 * const candidate = { x: Float64Array.of(2, 0), objective: 1, multipliers: new Float64Array(0) };
 * console.log(assess(new Evaluator(problem), candidate).boundMultipliers); // Float64Array(2) [ 0, -2 ]
 * ```
 */
export function assess(evaluator: Evaluator, candidate: Candidate, mayDifference = true): Evidence {
  const { meta } = evaluator;
  const { x, multipliers, objective } = candidate;
  const gradient = new Float64Array(meta.variableCount);
  const transposed = new Float64Array(meta.variableCount);
  const constraintValues = new Float64Array(meta.constraintCount);
  const constraintsKnown = evaluator.constraints(x, constraintValues);
  let derivativesKnown = Number.isFinite(objective) && constraintsKnown && allFinite(x);
  if (derivativesKnown && !mayDifference && !(evaluator.hasGradient && evaluator.hasJacobian)) derivativesKnown = false;
  if (derivativesKnown) derivativesKnown = evaluator.gradient(x, objective, gradient);
  if (derivativesKnown && meta.constraintCount > 0) {
    const jacobian = new Float64Array(evaluator.jacobianLength);
    derivativesKnown = evaluator.jacobian(x, jacobian);
    const pattern = evaluator.problem.jacobian ? meta.jacobianPattern : undefined;
    if (derivativesKnown) addTransposeProduct(meta, pattern, jacobian, multipliers, transposed);
  }
  if (!derivativesKnown) gradient.fill(NaN);
  const boundMultipliers = candidate.boundMultipliers?.slice() ?? new Float64Array(meta.variableCount);
  if (!candidate.boundMultipliers && derivativesKnown) {
    for (let j = 0; j < meta.variableCount; j++) {
      boundMultipliers[j] = boundMultiplier(gradient[j]! + transposed[j]!, x[j]!, meta.lower[j]!, meta.upper[j]!);
    }
  }
  const point = {
    x,
    multipliers,
    boundMultipliers,
    gradient,
    constraintValues,
    jacobianTransposeMultipliers: transposed,
  };
  return { boundMultipliers, residuals: kktResiduals(meta, point), point };
}

/** Tolerances against which evidence is held. */
export interface Tolerances {
  /** Accepted residual of stationarity and complementarity. */
  readonly optimalityTolerance: number;
  /** Accepted violation of rows and bounds. */
  readonly feasibilityTolerance: number;
}

/** Dual scales beyond this come from constraint gradients that (nearly) depend on each other, not from the problem. */
const largestDualScale = 1e4;

/**
 * True if the residuals look small only because they are divided by multipliers without bound.
 *
 * @param residuals - Residuals at the point.
 * @param tolerances - Largest residuals of a solution.
 * @example
 * ```ts
 * import { Evaluator, assess, isDegenerate } from 'sft-opt/nlp';
 *
 * const problem = {
 *   meta: {
 *     variableCount: 2,
 *     constraintCount: 0,
 *     lower: Float64Array.of(0, 0),
 *     upper: Float64Array.of(4, 4),
 *     constraintLower: new Float64Array(0),
 *     constraintUpper: new Float64Array(0),
 *     start: Float64Array.of(1, 1),
 *   },
 *   objective: (x: Float64Array) => (x[0]! - 2) ** 2 + (x[1]! + 1) ** 2,
 *   gradient: (x: Float64Array, g: Float64Array) => void g.set([2 * (x[0]! - 2), 2 * (x[1]! + 1)]),
 * };
 * const candidate = { x: Float64Array.of(2, 0), objective: 1, multipliers: new Float64Array(0) };
 * console.log(isDegenerate(assess(new Evaluator(problem), candidate).residuals, { optimalityTolerance: 1e-6, feasibilityTolerance: 1e-8 })); // false
 * ```
 */
export function isDegenerate(residuals: KktResiduals, tolerances: Tolerances): boolean {
  const { stationarity, complementarity, dualScale } = residuals;
  return (
    Math.max(stationarity, complementarity) * Math.max(1, dualScale / largestDualScale) > tolerances.optimalityTolerance
  );
}

/**
 * True if the residuals alone justify calling the point a first-order solution.
 *
 * @param residuals - Residuals at the point.
 * @param tolerances - Largest residuals of a solution.
 * @example
 * ```ts
 * import { Evaluator, assess, meetsTolerances } from 'sft-opt/nlp';
 *
 * const problem = {
 *   meta: {
 *     variableCount: 2,
 *     constraintCount: 0,
 *     lower: Float64Array.of(0, 0),
 *     upper: Float64Array.of(4, 4),
 *     constraintLower: new Float64Array(0),
 *     constraintUpper: new Float64Array(0),
 *     start: Float64Array.of(1, 1),
 *   },
 *   objective: (x: Float64Array) => (x[0]! - 2) ** 2 + (x[1]! + 1) ** 2,
 *   gradient: (x: Float64Array, g: Float64Array) => void g.set([2 * (x[0]! - 2), 2 * (x[1]! + 1)]),
 * };
 * const at = (x: Float64Array) => ({ x, objective: problem.objective(x), multipliers: new Float64Array(0) });
 * const found = [Float64Array.of(2, 0), Float64Array.of(1, 1)].map((x) => assess(new Evaluator(problem), at(x)));
 * console.log(found.map(({ residuals }) => meetsTolerances(residuals, { optimalityTolerance: 1e-6, feasibilityTolerance: 1e-8 }))); // [ true, false ]
 * ```
 */
export function meetsTolerances(residuals: KktResiduals, tolerances: Tolerances): boolean {
  return residuals.primalInfeasibility <= tolerances.feasibilityTolerance && !isDegenerate(residuals, tolerances);
}

/**
 * Largest relative violation of bounds and constraints.
 *
 * @param meta - Sizes, bounds, sides and patterns.
 * @param x - Point, length variableCount.
 * @param constraintValues - c(x), length constraintCount.
 * @example
 * ```ts
 * import { largestViolation } from 'sft-opt/nlp';
 *
 * const problem = {
 *   meta: {
 *     variableCount: 2,
 *     constraintCount: 1,
 *     lower: Float64Array.of(0, 0),
 *     upper: Float64Array.of(Infinity, Infinity),
 *     constraintLower: Float64Array.of(-Infinity),
 *     constraintUpper: Float64Array.of(2),
 *     start: Float64Array.of(0, 0),
 *   },
 *   objective: (x: Float64Array) => (x[0]! - 1) ** 2 + (x[1]! - 2) ** 2,
 *   constraints: (x: Float64Array, c: Float64Array) => void (c[0] = x[0]! + x[1]!),
 * };
 * console.log(largestViolation(problem.meta, Float64Array.of(3, 1), Float64Array.of(4))); // 1
 * ```
 */
export function largestViolation(meta: NlpMeta, x: Float64Array, constraintValues: Float64Array): number {
  let largest = 0;
  for (let j = 0; j < meta.variableCount; j++) {
    largest = Math.max(largest, relativeViolation(x[j]!, meta.lower[j]!, meta.upper[j]!));
  }
  for (let i = 0; i < meta.constraintCount; i++) {
    largest = Math.max(
      largest,
      relativeViolation(constraintValues[i]!, meta.constraintLower[i]!, meta.constraintUpper[i]!),
    );
  }
  return largest;
}

/** Everything that goes into a result besides the evidence. */
export interface Ending {
  /** Why the solver ended. */
  readonly termination: Termination;
  /** The same in words. */
  readonly message: string;
  /** Iterations made. */
  readonly iterations: number;
  /** Evaluations made. */
  readonly counts: EvaluationCounts;
  /** Wall time, seconds. */
  readonly timeSeconds: number;
}

/**
 * A solver's answer. A claim of optimality that the recomputed residuals do not bear out becomes `stalled`; a point at
 * which they hold is called solved also when the algorithm had merely stopped making progress.
 *
 * @param meta - Sizes, bounds, sides and patterns.
 * @param candidate - A point with its multipliers.
 * @param evidence - Residuals of the candidate.
 * @param ending - Why the solver stopped.
 * @param tolerances - Largest residuals of a solution.
 * @example
 * ```ts
 * import { Evaluator, assess, concludeWith } from 'sft-opt/nlp';
 *
 * const problem = {
 *   meta: {
 *     variableCount: 2,
 *     constraintCount: 0,
 *     lower: Float64Array.of(0, 0),
 *     upper: Float64Array.of(4, 4),
 *     constraintLower: new Float64Array(0),
 *     constraintUpper: new Float64Array(0),
 *     start: Float64Array.of(1, 1),
 *   },
 *   objective: (x: Float64Array) => (x[0]! - 2) ** 2 + (x[1]! + 1) ** 2,
 *   gradient: (x: Float64Array, g: Float64Array) => void g.set([2 * (x[0]! - 2), 2 * (x[1]! + 1)]),
 * };
 * const candidate = { x: Float64Array.of(2, 0), objective: 1, multipliers: new Float64Array(0) };
 * const evaluator = new Evaluator(problem);
 * const ending = { termination: 'stalled' as const, message: '', counts: evaluator.counts, iterations: 1, timeSeconds: 0 };
 * console.log(concludeWith(problem.meta, candidate, assess(evaluator, candidate), ending, { optimalityTolerance: 1e-6, feasibilityTolerance: 1e-8 }).termination); // locally-optimal
 * ```
 */
export function concludeWith(
  meta: NlpMeta,
  candidate: Candidate,
  evidence: Evidence,
  ending: Ending,
  tolerances: Tolerances,
): SolverResult {
  const { residuals, boundMultipliers } = evidence;
  const proven = meetsTolerances(residuals, tolerances);
  let { termination, message } = ending;
  if (isSolved(termination) && !proven) {
    termination = 'stalled';
    message = `The recomputed residuals (${describeResiduals(residuals)}) do not meet the tolerance.`;
  } else if (proven && (isSolved(termination) || termination === 'stalled')) {
    termination = meta.convex ? 'optimal' : 'locally-optimal';
    if (ending.termination === 'stalled') message = 'The point meets the tolerances.';
  }
  const feasible = residuals.primalInfeasibility <= tolerances.feasibilityTolerance;
  const evaluable = Number.isFinite(candidate.objective);
  const primalStatus: PrimalStatus = !evaluable ? 'unknown' : feasible ? 'feasible' : primalOf(residuals);
  const dualStatus: DualStatus =
    residuals.stationarity === Infinity
      ? 'unknown'
      : Math.max(residuals.stationarity, residuals.complementarity) <= tolerances.optimalityTolerance
        ? 'stationary'
        : 'not-stationary';
  return {
    termination,
    message,
    primalStatus,
    dualStatus,
    x: candidate.x.slice(),
    objective: candidate.objective,
    multipliers: candidate.multipliers.slice(),
    boundMultipliers,
    residuals,
    iterations: ending.iterations,
    counts: { ...ending.counts },
    timeSeconds: ending.timeSeconds,
  };
}

function primalOf(residuals: KktResiduals): PrimalStatus {
  return residuals.primalInfeasibility === Infinity ? 'unknown' : 'infeasible';
}

/**
 * Residuals in words, for messages.
 *
 * @param residuals - Residuals at a point.
 * @example
 * ```ts
 * import { Evaluator, assess, describeResiduals } from 'sft-opt/nlp';
 *
 * const problem = {
 *   meta: {
 *     variableCount: 2,
 *     constraintCount: 0,
 *     lower: Float64Array.of(0, 0),
 *     upper: Float64Array.of(4, 4),
 *     constraintLower: new Float64Array(0),
 *     constraintUpper: new Float64Array(0),
 *     start: Float64Array.of(1, 1),
 *   },
 *   objective: (x: Float64Array) => (x[0]! - 2) ** 2 + (x[1]! + 1) ** 2,
 *   gradient: (x: Float64Array, g: Float64Array) => void g.set([2 * (x[0]! - 2), 2 * (x[1]! + 1)]),
 * };
 * const candidate = { x: Float64Array.of(2, 0), objective: 1, multipliers: new Float64Array(0) };
 * console.log(describeResiduals(assess(new Evaluator(problem), candidate).residuals)); // stationarity 0, violation 0, complementarity 0
 * ```
 */
export function describeResiduals(residuals: KktResiduals): string {
  const figure = (value: number): string => value.toExponential(1);
  return (
    `stationarity ${figure(residuals.stationarity)}, violation ${figure(residuals.primalInfeasibility)}, ` +
    `complementarity ${figure(residuals.complementarity)}`
  );
}
