import type { Plan, PlanningProblem } from '../models/index.js';
import type { StopSignal, Termination } from '../solver/index.js';
import { planBandwidth } from './bandwidth/index.js';
import type { PlanBound } from './bound/index.js';
import { planExact } from './exact/index.js';
import { fastestFeasible } from './judge.js';
import type { SolveProgress } from './progress.js';
import type { BandwidthMethod, PlanMethod } from './report.js';
import { atFullPower } from './spare-power.js';
import { planTwoTimescale } from './two-timescale/index.js';

/** The part of the solve options that a method uses. */
export interface MethodOptions {
  readonly method: PlanMethod;
  readonly bandwidthMethod: BandwidthMethod;
  readonly seed: number;
  readonly gapTolerance: number;
}

export interface MethodContext {
  readonly timeLimitSeconds: number;
  readonly signal?: StopSignal | undefined;
  /** Choices and shares that the `bandwidth` method keeps, and a start of the others. */
  readonly warm?: Plan | undefined;
  /** Further plans to start from, of any origin: the answer is no slower than one of them that keeps all limits. */
  readonly starts?: readonly Plan[] | undefined;
  readonly onProgress?: ((progress: SolveProgress) => void) | undefined;
  readonly onPlan?: ((plan: Plan) => void) | undefined;
}

export interface MethodOutcome {
  /** Absent where no feasible plan was found. */
  readonly plan?: Plan;
  /** Its round delay, seconds; Infinity without a plan. */
  readonly totalSeconds: number;
  /** `infeasible` only where proven. */
  readonly termination: Termination;
  /** Dual bound of the whole problem, where the method computed it. */
  readonly bound?: Pick<PlanBound, 'boundSeconds' | 'certificate'>;
  /** Bound of the exact method's tree, seconds. */
  readonly treeBoundSeconds?: number;
  readonly statistics: Readonly<Record<string, number>>;
}

/**
 * Runs one planning method and judges what it says: a plan that breaks a limit is none, its delay is that of the model, and it is
 * no slower than any of the given starts. Throws RangeError if `bandwidth` has no choices to work with.
 */
export function runMethod(problem: PlanningProblem, options: MethodOptions, context: MethodContext): MethodOutcome {
  const outcome = dispatch(problem, options, context);
  // A search cut short, or estimated shares of whole blocks, may end above what was given.
  const starts = options.method === 'bandwidth' ? [] : startsOf(context);
  const best = fastestFeasible(problem, outcome.plan ? [outcome.plan, ...starts] : starts);
  const { plan: _, ...rest } = outcome;
  if (!best) return { ...rest, totalSeconds: Infinity };
  const { plan, totalSeconds } = best;
  const contradicted = outcome.termination === 'infeasible' || outcome.termination === 'locally-infeasible';
  return { ...rest, plan, totalSeconds, termination: contradicted ? 'stalled' : outcome.termination };
}

function dispatch(problem: PlanningProblem, options: MethodOptions, context: MethodContext): MethodOutcome {
  switch (options.method) {
    case 'two-timescale':
      return planTwoTimescale(
        problem,
        { seed: options.seed, bandwidthMethod: options.bandwidthMethod, ...limit(context) },
        {
          signal: context.signal,
          starts: startsOf(context),
          onProgress: context.onProgress,
          onPlan: context.onPlan,
        },
      );
    case 'exact':
      return exact(problem, options, context);
    case 'bandwidth':
      return planBandwidth(problem, context.warm, {
        method: options.bandwidthMethod,
        signal: context.signal,
        onIteration: context.onProgress && ((iteration) => context.onProgress!({ phase: 'search', iteration })),
        ...limit(context),
      });
  }
}

/** At full power: searches know no other, and less of it was right for the shares that a start had. */
function startsOf({ warm, starts = [] }: MethodContext): readonly Plan[] {
  return (warm ? [warm, ...starts] : starts).map(atFullPower);
}

/** A limit used up before the method starts still leaves it the time to return what it has. */
function limit(context: MethodContext): { timeLimitSeconds?: number } {
  return context.timeLimitSeconds < Infinity ? { timeLimitSeconds: Math.max(1e-3, context.timeLimitSeconds) } : {};
}

function exact(problem: PlanningProblem, options: MethodOptions, context: MethodContext): MethodOutcome {
  const answer = planExact(
    problem,
    { relativeGap: options.gapTolerance, ...limit(context) },
    {
      signal: context.signal,
      starts: startsOf(context),
      onProgress: (progress) => {
        context.onProgress?.(progress);
        return undefined;
      },
      onPlan: context.onPlan,
    },
  );
  return {
    ...(answer.plan && { plan: answer.plan }),
    totalSeconds: answer.totalSeconds,
    termination: answer.termination,
    bound: { boundSeconds: answer.rootBoundSeconds, certificate: answer.certificate },
    treeBoundSeconds: answer.boundSeconds,
    statistics: answer.statistics,
  };
}
