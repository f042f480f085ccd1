import { zeroCounts, type QuadraticProgram } from '../problem/index.js';
import type { BudgetEnd, DualStatus, PrimalStatus, Termination } from '../solver/index.js';
import { farkasCertificate, provesOptimal, qpEvidence, unboundedRay, type QpEvidence } from './evidence.js';
import type { CommonQpOptions } from './options.js';
import type { FarkasCertificate, QpMethod, QpResult, UnboundedRay, WorkingSet } from './result.js';

/** What an algorithm believes it has found; `concludeCandidate` makes a checked result of it. */
export interface QpCandidate {
  readonly claim: 'optimal' | 'infeasible' | 'unbounded' | 'stalled' | BudgetEnd;
  readonly method: QpMethod;
  readonly x: Float64Array;
  readonly multipliers: Float64Array;
  readonly boundMultipliers: Float64Array;
  readonly workingSet: WorkingSet;
  readonly workingSetChanges: number;
  readonly iterations: number;
  /** True if the method saw that the objective is strictly convex where it looked. */
  readonly convex?: boolean;
  /** Candidate y of a Farkas certificate. */
  readonly farkas?: Float64Array | undefined;
  /** Candidate direction of endless descent. */
  readonly ray?: Float64Array | undefined;
}

/** The point nearest to the origin that meets the bounds, of which nothing is claimed. */
export function nearestToOrigin({ linear, lower, upper, constraintLower }: QuadraticProgram): QpCandidate {
  const [n, m] = [linear.length, constraintLower.length];
  return {
    claim: 'stalled',
    method: 'none',
    x: linear.map((_, j) => {
      const nearest = Math.min(upper[j]!, Math.max(lower[j]!, 0));
      return Number.isFinite(nearest) ? nearest : 0;
    }),
    multipliers: new Float64Array(m),
    boundMultipliers: new Float64Array(n),
    workingSet: { bounds: new Int8Array(n), constraints: new Int8Array(m) },
    workingSetChanges: 0,
    iterations: 0,
  };
}

/** A result as a candidate of which nothing is claimed. */
export function candidateOf(result: QpResult): QpCandidate {
  const { ray: _ray, ...point } = result;
  return { ...point, claim: 'stalled' };
}

/**
 * Recomputes everything from the data of the problem and claims only what that supports: a candidate that fails its
 * check ends as `stalled` (or at the limit it met), one that did better than it believed as `optimal`.
 */
export function concludeCandidate(
  problem: QuadraticProgram,
  candidate: QpCandidate,
  options: CommonQpOptions,
  timeSeconds: number,
): QpResult {
  const evidence = qpEvidence(problem, candidate.x, candidate.multipliers, candidate.boundMultipliers);
  const optimal = provesOptimal(evidence, options);
  const feasible = evidence.residuals.primalInfeasibility <= options.feasibilityTolerance;
  const certificate =
    !optimal && candidate.farkas !== undefined
      ? farkasCertificate(problem, candidate.farkas, options.feasibilityTolerance)
      : undefined;
  const ray = !optimal && feasible && candidate.ray !== undefined ? unboundedRay(problem, candidate.ray) : undefined;
  return resultFromEvidence(candidate, evidence, options, timeSeconds, certificate, ray);
}

/** The result that this evidence supports; certificate and ray must have been checked. */
export function resultFromEvidence(
  candidate: QpCandidate,
  evidence: QpEvidence,
  options: CommonQpOptions,
  timeSeconds: number,
  certificate?: FarkasCertificate,
  ray?: UnboundedRay,
): QpResult {
  const { residuals } = evidence;
  const feasible = residuals.primalInfeasibility <= options.feasibilityTolerance;
  let termination: Termination;
  if (provesOptimal(evidence, options)) termination = 'optimal';
  else if (certificate !== undefined) termination = 'infeasible';
  else if (ray !== undefined) termination = 'unbounded';
  else if (isClaimOfOutcome(candidate.claim)) termination = 'stalled';
  else termination = candidate.claim;
  const primalStatus: PrimalStatus = feasible ? 'feasible' : certificate ? 'infeasible' : 'unknown';
  let dualStatus: DualStatus = residuals.stationarity <= options.optimalityTolerance ? 'stationary' : 'not-stationary';
  if (certificate !== undefined) dualStatus = 'certificate';
  return {
    termination,
    message: describe(termination, candidate),
    primalStatus,
    dualStatus,
    x: candidate.x,
    objective: evidence.objective,
    multipliers: certificate?.multipliers ?? candidate.multipliers,
    boundMultipliers: certificate?.boundMultipliers ?? candidate.boundMultipliers,
    residuals,
    iterations: candidate.iterations,
    counts: zeroCounts(),
    timeSeconds,
    workingSet: candidate.workingSet,
    workingSetChanges: candidate.workingSetChanges,
    dualityGap: evidence.dualityGap,
    method: candidate.method,
    ...(certificate && { certificate }),
    ...(ray && { ray }),
  };
}

function isClaimOfOutcome(claim: QpCandidate['claim']): claim is 'optimal' | 'infeasible' | 'unbounded' | 'stalled' {
  return claim === 'optimal' || claim === 'infeasible' || claim === 'unbounded' || claim === 'stalled';
}

function describe(termination: Termination, { method, claim }: QpCandidate): string {
  switch (termination) {
    case 'optimal':
      return `The ${method} method found a point that meets the optimality conditions.`;
    case 'infeasible':
      return 'The certificate proves that no point satisfies all rows and bounds.';
    case 'unbounded':
      return 'The objective falls without end along the ray from the feasible point returned.';
    case 'stalled':
      return claim === 'stalled'
        ? `The ${method} method cannot make further progress.`
        : `The ${method} method ended with "${claim}", which the data of the problem do not confirm.`;
    default:
      return `The ${method} method met its ${termination}.`;
  }
}
