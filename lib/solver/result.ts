import type { EvaluationCounts, KktResiduals } from '../problem/index.js';

/**
 * Why a solver stopped.
 *
 * - `optimal`: global optimum of a problem known to be convex, or proven by a bound;
 * - `locally-optimal`: a first-order point of a problem not known to be convex;
 * - `infeasible`: a certificate proves that no point satisfies the constraints;
 * - `locally-infeasible`: a stationary point of the violation, no feasible point found;
 * - `unbounded`: a feasible ray, or feasible points without end, along which the objective falls;
 * - `iteration-limit`, `evaluation-limit`, `time-limit`, `node-limit`: that limit ended the work;
 * - `stalled`: no further progress is possible in floating point and the tolerance is not met;
 * - `not-finite`: the problem cannot be evaluated where the solver must look;
 * - `interrupted`: the caller's stop signal or callback.
 */
export const terminations = [
  'optimal',
  'locally-optimal',
  'infeasible',
  'locally-infeasible',
  'unbounded',
  'iteration-limit',
  'evaluation-limit',
  'time-limit',
  'node-limit',
  'stalled',
  'not-finite',
  'interrupted',
] as const;

/** Why a search ended. */
export type Termination = (typeof terminations)[number];

/** What the returned x is. `infeasible`: the least violated point found. */
export type PrimalStatus = 'feasible' | 'infeasible' | 'unknown';

/** What the returned multipliers are. `certificate`: they prove infeasibility (Farkas) rather than optimality. */
export type DualStatus = 'stationary' | 'not-stationary' | 'certificate' | 'unknown';

/** What every solver of continuous problems returns. Arrays belong to the caller. */
export interface SolverResult {
  /** Why the solver ended. */
  readonly termination: Termination;
  /** One sentence for people. */
  readonly message: string;
  /** What is known of the constraints at the point returned. */
  readonly primalStatus: PrimalStatus;
  /** What is known of stationarity, or of a certificate. */
  readonly dualStatus: DualStatus;
  /** Best point found, even at a limit. */
  readonly x: Float64Array;
  /** f(x). */
  readonly objective: number;
  /** y, sign as in `problem/nlp.ts`. */
  readonly multipliers: Float64Array;
  /** z, sign as in `problem/nlp.ts`. */
  readonly boundMultipliers: Float64Array;
  /** Recomputed from the problem at x after the algorithm ended. */
  readonly residuals: KktResiduals;
  /** Iterations made. */
  readonly iterations: number;
  /** Evaluations of the problem's functions. */
  readonly counts: EvaluationCounts;
  /** Wall time of the solve, seconds. */
  readonly timeSeconds: number;
  /** First error of the problem's own functions, where the solve ended without a solution. */
  readonly cause?: unknown;
  /** What was noticed about the problem itself, for instance a gradient that its objective does not bear out. */
  readonly warnings?: readonly string[];
  /** With `unbounded`: a direction along which the objective falls without end from x. */
  readonly direction?: Float64Array;
}

/**
 * True for the two terminations that claim a solution.
 *
 * @param termination - Why a solver stopped.
 * @example
 * ```ts
 * import { isSolved } from 'sft-opt';
 *
 * console.log(isSolved('optimal'), isSolved('time-limit')); // true false
 * ```
 */
export function isSolved(termination: Termination): boolean {
  return termination === 'optimal' || termination === 'locally-optimal';
}

/** One line of a solver's progress. */
export interface IterationRecord {
  /** Number of the iteration. */
  readonly iteration: number;
  /** Objective at the iterate, as the caller states it. */
  readonly objective: number;
  /** Largest violation of a row or bound. */
  readonly primalInfeasibility: number;
  /** Largest entry of the residual of stationarity. */
  readonly stationarity: number;
  /** Size of the step to this iterate. */
  readonly stepNorm?: number;
  /** Algorithm-specific figures by name (penalty, regularisation, working-set size…). */
  readonly details?: Readonly<Record<string, number | string>>;
}

/** Called once an iteration; returning false ends the solve as `interrupted`. */
export type IterationCallback = (record: IterationRecord) => boolean | undefined;
