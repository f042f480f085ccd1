import { dot, maxNorm, multiply, multiplySymmetric, multiplyTransposed } from '../linalg/index.js';
import { kktResiduals, type KktResiduals, type QuadraticProgram } from '../problem/index.js';
import type { FarkasCertificate, QpResult, UnboundedRay } from './result.js';

/** What a point and its multipliers are worth, from the data of the problem alone. */
export interface QpEvidence {
  /** ½xᵀPx + qᵀx + constant at x. */
  readonly objective: number;
  /** Of the optimality conditions, computed from the data. */
  readonly residuals: KktResiduals;
  /** |primal − dual objective|. */
  readonly dualityGap: number;
  /** ‖Px + q + Aᵀy + z‖∞ unscaled. */
  readonly dualResidual: number;
  /** Sum of the sizes of the terms that cancel in the worst stationarity row: the scale of its rounding error. */
  readonly stationarityScale: number;
}

/** Largest value of factor·side over the two sides; 0 for a zero factor. */
function support(factor: number, lower: number, upper: number): number {
  if (factor === 0) return 0;
  return factor > 0 ? factor * upper : factor * lower;
}

/**
 * Residuals and duality gap. The dual objective is −½xᵀPx − Σ support(yᵢ) − Σ support(zⱼ): equal to the primal one at a
 * solution; multipliers of at most `dust` for absent sides are left out of it (they already show as stationarity).
 *
 * @param problem - Hessian, costs, rows and bounds; P symmetric positive semidefinite where a solution is wanted.
 * @param x - Point, length variableCount.
 * @param multipliers - y, one for each row.
 * @param boundMultipliers - Multipliers of the bounds, length variableCount.
 * @example
 * ```ts
 * import { denseMatrix } from 'sft-opt/linalg';
 * import { qpEvidence, solveQp } from 'sft-opt/qp';
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
 * const { x, multipliers, boundMultipliers } = solveQp(problem);
 * console.log(qpEvidence(problem, x, multipliers, boundMultipliers).dualityGap < 1e-9); // true
 * ```
 */
export function qpEvidence(
  problem: QuadraticProgram,
  x: Float64Array,
  multipliers: Float64Array,
  boundMultipliers: Float64Array,
): QpEvidence {
  const n = problem.linear.length;
  const m = problem.constraintLower.length;
  const hessianTimesX = new Float64Array(n);
  multiplySymmetric(problem.hessian, x, hessianTimesX);
  const gradient = new Float64Array(n);
  for (let j = 0; j < n; j++) gradient[j] = hessianTimesX[j]! + problem.linear[j]!;
  const constraintValues = new Float64Array(m);
  const jacobianTransposeMultipliers = new Float64Array(n);
  if (problem.constraintMatrix !== undefined) {
    multiply(problem.constraintMatrix, x, constraintValues);
    multiplyTransposed(problem.constraintMatrix, multipliers, jacobianTransposeMultipliers);
  }
  const residuals = kktResiduals(
    {
      variableCount: n,
      constraintCount: m,
      lower: problem.lower,
      upper: problem.upper,
      constraintLower: problem.constraintLower,
      constraintUpper: problem.constraintUpper,
      start: x,
    },
    { x, multipliers, boundMultipliers, gradient, constraintValues, jacobianTransposeMultipliers },
  );
  const curvature = dot(x, hessianTimesX);
  const linear = dot(problem.linear, x);
  const constant = problem.constant ?? 0;
  let bounding = 0;
  for (let i = 0; i < m; i++) {
    bounding += support(multipliers[i]!, problem.constraintLower[i]!, problem.constraintUpper[i]!);
  }
  for (let j = 0; j < n; j++) bounding += support(boundMultipliers[j]!, problem.lower[j]!, problem.upper[j]!);
  let dualResidual = 0;
  let stationarityScale = 1;
  for (let j = 0; j < n; j++) {
    const transposed = jacobianTransposeMultipliers[j]!;
    const bound = boundMultipliers[j]!;
    const residual = Math.abs(gradient[j]! + transposed + bound);
    dualResidual = Math.max(dualResidual, Number.isNaN(residual) ? Infinity : residual);
    stationarityScale = Math.max(
      stationarityScale,
      Math.abs(hessianTimesX[j]!),
      Math.abs(problem.linear[j]!),
      Math.abs(transposed),
    );
  }
  const gap = Math.abs(curvature + linear + bounding);
  return {
    objective: 0.5 * curvature + linear + constant,
    residuals,
    dualityGap: Number.isNaN(gap) ? Infinity : gap,
    dualResidual,
    stationarityScale,
  };
}

/**
 * The largest of the absolute residuals and the gap relative to 1 + |objective|.
 *
 * @param evidence - What `qpEvidence` gives.
 * @example
 * ```ts
 * import { denseMatrix } from 'sft-opt/linalg';
 * import { absoluteMerit, qpEvidence, solveQp } from 'sft-opt/qp';
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
 * const { x, multipliers, boundMultipliers } = solveQp(problem);
 * console.log(absoluteMerit(qpEvidence(problem, x, multipliers, boundMultipliers)) < 1e-9); // true
 * ```
 */
export function absoluteMerit({ residuals, dualResidual, dualityGap, objective }: QpEvidence): number {
  return Math.max(residuals.absoluteInfeasibility, dualResidual, dualityGap / (1 + Math.abs(objective)));
}

/**
 * That of a point with its multipliers.
 *
 * @param problem - Hessian, costs, rows and bounds; P symmetric positive semidefinite where a solution is wanted.
 * @param point - Point and multipliers.
 * @example
 * ```ts
 * import { denseMatrix } from 'sft-opt/linalg';
 * import { pointMerit, solveQp } from 'sft-opt/qp';
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
 * console.log(pointMerit(problem, solveQp(problem)) < 1e-9); // true
 * ```
 */
export function pointMerit(
  problem: QuadraticProgram,
  { x, multipliers, boundMultipliers }: Pick<QpResult, 'x' | 'multipliers' | 'boundMultipliers'>,
): number {
  return absoluteMerit(qpEvidence(problem, x, multipliers, boundMultipliers));
}

/** Tolerances that a solution must meet. */
export interface EvidenceTolerances {
  /** Accepted residual of stationarity. */
  readonly optimalityTolerance: number;
  /** Accepted violation of rows and bounds. */
  readonly feasibilityTolerance: number;
  /** Accepted duality gap. */
  readonly gapTolerance: number;
}

/**
 * True if the evidence supports the claim `optimal` for a convex problem.
 *
 * @param evidence - What `qpEvidence` gives.
 * @param tolerances - Largest residuals and gap of a solution.
 * @example
 * ```ts
 * import { denseMatrix } from 'sft-opt/linalg';
 * import { provesOptimal, qpEvidence, qpOptions, solveQp } from 'sft-opt/qp';
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
 * const { x, multipliers, boundMultipliers } = solveQp(problem);
 * console.log(provesOptimal(qpEvidence(problem, x, multipliers, boundMultipliers), qpOptions.defaults)); // true
 * ```
 */
export function provesOptimal(evidence: QpEvidence, tolerances: EvidenceTolerances): boolean {
  const { residuals } = evidence;
  return (
    residuals.primalInfeasibility <= tolerances.feasibilityTolerance &&
    residuals.stationarity <= tolerances.optimalityTolerance &&
    residuals.complementarity <= tolerances.optimalityTolerance * (1 + Math.abs(evidence.objective)) &&
    evidence.dualityGap <= tolerances.gapTolerance * (1 + Math.abs(evidence.objective))
  );
}

/** Entries this much smaller than the largest one of a ray or certificate are rounding. */
const negligible = 1e-10;

/**
 * Turns candidate row multipliers y into a checked Farkas certificate, or undefined. The bound multipliers are set to
 * −Aᵀy wherever a bound of that side exists; what is left is the residual. The gap must survive relaxing every side by
 * the feasibility tolerance, so that a problem feasible within tolerance is never called infeasible.
 *
 * @param problem - Hessian, costs, rows and bounds; P symmetric positive semidefinite where a solution is wanted.
 * @param candidate - y, one for each row.
 * @param feasibilityTolerance - Violation up to which a side counts as kept.
 * @example
 * ```ts
 * import { denseMatrix } from 'sft-opt/linalg';
 * import { farkasCertificate } from 'sft-opt/qp';
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
 * const empty = { ...problem, constraintUpper: Float64Array.of(-1) };
 * console.log(farkasCertificate(empty, Float64Array.of(1), 1e-8) !== undefined); // true
 * ```
 */
export function farkasCertificate(
  problem: QuadraticProgram,
  candidate: Float64Array,
  feasibilityTolerance: number,
): FarkasCertificate | undefined {
  const n = problem.linear.length;
  const m = problem.constraintLower.length;
  const largest = maxNorm(candidate);
  if (!(largest > 0) || largest === Infinity) return undefined;
  const y = new Float64Array(m);
  for (let i = 0; i < m; i++) {
    const value = candidate[i]! / largest;
    const side = value > 0 ? problem.constraintUpper[i]! : problem.constraintLower[i]!;
    y[i] = Math.abs(value) <= negligible || !Number.isFinite(side) ? 0 : value;
  }
  const z = new Float64Array(n);
  if (problem.constraintMatrix !== undefined) multiplyTransposed(problem.constraintMatrix, y, z);
  let residual = 0;
  let gap = 0;
  let slackOfTolerances = 0;
  const take = (value: number, side: number): void => {
    gap -= value * side;
    slackOfTolerances += Math.abs(value) * feasibilityTolerance * Math.max(1, Math.abs(side));
  };
  for (let j = 0; j < n; j++) {
    const value = -z[j]!;
    const side = value > 0 ? problem.upper[j]! : problem.lower[j]!;
    if (Number.isFinite(side)) {
      z[j] = value;
      take(value, side);
    } else {
      z[j] = 0;
      residual = Math.max(residual, Math.abs(value));
    }
  }
  for (let i = 0; i < m; i++) {
    const value = y[i]!;
    if (value !== 0) take(value, value > 0 ? problem.constraintUpper[i]! : problem.constraintLower[i]!);
  }
  // A residual r on free variables refutes only points with ‖x‖₁ < gap/r: demand that to be out of all reach.
  const proves = gap > slackOfTolerances && gap > 0 && residual <= 1e-9 * Math.min(1, gap);
  return proves ? { multipliers: y, boundMultipliers: z, gap, residual } : undefined;
}

/**
 * Turns a candidate direction into a checked ray of endless descent, or undefined. Feasibility is the caller's to show.
 *
 * @param problem - Hessian, costs, rows and bounds; P symmetric positive semidefinite where a solution is wanted.
 * @param candidate - Direction, length variableCount.
 * @param tolerance - Relative slack of each condition.
 * @example
 * ```ts
 * import { denseMatrix } from 'sft-opt/linalg';
 * import { unboundedRay } from 'sft-opt/qp';
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
 * const { hessian: _none, ...program } = { ...problem, constraintUpper: Float64Array.of(Infinity) };
 * console.log(unboundedRay(program, Float64Array.of(1, 0)) !== undefined); // true
 * ```
 */
export function unboundedRay(
  problem: QuadraticProgram,
  candidate: Float64Array,
  tolerance = 1e-8,
): UnboundedRay | undefined {
  const n = problem.linear.length;
  const m = problem.constraintLower.length;
  const largest = maxNorm(candidate);
  if (!(largest > 0) || largest === Infinity) return undefined;
  const direction = new Float64Array(n);
  for (let j = 0; j < n; j++) {
    const value = candidate[j]! / largest;
    const blocked = value > 0 ? problem.upper[j] !== Infinity : problem.lower[j] !== -Infinity;
    if (blocked && Math.abs(value) > tolerance) return undefined;
    direction[j] = blocked || Math.abs(value) <= negligible ? 0 : value;
  }
  const curvature = new Float64Array(n);
  multiplySymmetric(problem.hessian, direction, curvature);
  let residual = maxNorm(curvature);
  const rowChange = new Float64Array(m);
  if (problem.constraintMatrix !== undefined) multiply(problem.constraintMatrix, direction, rowChange);
  for (let i = 0; i < m; i++) {
    const change = rowChange[i]!;
    if (change > 0 && problem.constraintUpper[i] !== Infinity) residual = Math.max(residual, change);
    if (change < 0 && problem.constraintLower[i] !== -Infinity) residual = Math.max(residual, -change);
  }
  const slope = dot(problem.linear, direction);
  const proves = slope < 0 && residual <= tolerance * Math.min(1, -slope);
  return proves ? { direction, slope, residual } : undefined;
}
