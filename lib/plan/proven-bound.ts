import type { PlanningProblem } from '../models/index.js';
import type { StopSignal } from '../solver/index.js';
import { boundPlan, confirmBound, type PlanBound } from './bound/index.js';
import type { Clock } from './clock.js';
import type { PlannerOutcome } from './planner.js';
import type { BoundReport } from './report.js';

/** Part of the time that is left for the bound; its recomputation needs the rest. */
const boundShare = 0.4;
/** A recomputation under way at the limit or at Ctrl-C gets this much longer, seconds: without it nothing is proven. */
const grace = (deviceCount: number) => Math.min(30, Math.max(3, deviceCount / 30));

/** The bound of a problem, recomputed from its certificate; the tree's where the exact method closed more. */
export function provenBound(
  problem: PlanningProblem,
  outcome: PlannerOutcome,
  clock: Clock,
  signal: StopSignal | undefined,
): BoundReport {
  const dual = outcome.bound ?? dualBound(problem, outcome, clock, signal);
  const { certificate, verification } = confirmBound(
    problem,
    dual.certificate,
    clock.signalAfter(grace(problem.devices.length), signal),
  );
  const verified = verification.valid;
  const trusted = verification.boundSeconds;
  const late = problem.deadlineSeconds !== undefined && trusted > problem.deadlineSeconds * (1 + 1e-9);
  const dualReport: BoundReport = {
    boundSeconds: late ? Infinity : trusted,
    verified,
    source: verified ? 'dual' : 'none',
    certificate,
    ...(certificate.kind === 'boxes' && { batchedForm: certificate.form }),
  };
  const tree = outcome.treeBoundSeconds;
  return tree !== undefined && tree > dualReport.boundSeconds
    ? { ...dualReport, boundSeconds: tree, source: 'tree' }
    : dualReport;
}

/** A recomputed bound above what every round takes whatever the plan. */
export function provesSomething(
  { aggregationSeconds }: PlanningProblem,
  { source, boundSeconds }: Pick<BoundReport, 'source' | 'boundSeconds'>,
): boolean {
  return source !== 'none' && boundSeconds > aggregationSeconds;
}

function dualBound(
  problem: PlanningProblem,
  outcome: PlannerOutcome,
  clock: Clock,
  signal: StopSignal | undefined,
): PlanBound {
  const left = Math.max(0.01, boundShare * clock.left());
  return boundPlan(problem, left === Infinity ? {} : { timeLimitSeconds: left }, {
    signal,
    ...(outcome.plan && { incumbentSeconds: outcome.totalSeconds }),
  });
}
