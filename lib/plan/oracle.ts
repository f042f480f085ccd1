import type { Plan, PlanningProblem } from '../models/index.js';
import type { StopSignal } from '../solver/index.js';
import { allocate } from './bandwidth/index.js';
import { boundPlan } from './bound/index.js';
import { singleConflicts } from './explain/conflicts.js';
import { planExact } from './exact/index.js';
import { judgePlan } from './judge.js';
import { planTwoTimescale } from './two-timescale/index.js';

/** Whether a problem has a plan at all. */
export interface Decision {
  /** `impossible` only where proven; `undecided` where a search ended without a plan and without a proof. */
  readonly verdict: 'feasible' | 'impossible' | 'undecided';
  /** A plan that keeps all limits, with `feasible`. */
  readonly plan?: Plan;
}

/** What is known of the fastest plan of a problem. */
export interface Fastest {
  readonly plan?: Plan;
  /** Round of the plan, seconds; Infinity without one. */
  readonly totalSeconds: number;
  /** No plan is faster, seconds. */
  readonly boundSeconds: number;
}

/** Answers questions about changed problems, of which explanations ask many. */
export interface Oracle {
  /** Whether any plan keeps all limits; `hints` are plans of similar problems whose choices may do. */
  decide(problem: PlanningProblem, hints: readonly Plan[]): Decision;
  fastest(problem: PlanningProblem): Fastest;
  /** The time is up, or the caller wants no more: answers are `undecided` from now on. */
  readonly stopped: boolean;
}

/** Up to so many devices the exact method decides; of more, the search says yes and the bound says no. */
export const exactDevices = 12;
/** Nodes for one decision. A count rather than a time, so that the answer does not depend on the machine. */
const decisionNodes = 400;
/** The same for the fastest plan. */
const fastestNodes = 2000;
/** Gap at which a decision ends: any plan will do. */
const decisionGap = 0.999;
/** Gap to which the exact method finds the fastest plan: well below what a remedy's number is good for. */
const fastestGap = 2e-4;

/** The oracle of the package's own methods. `leftSeconds` tells how much of the solve's time limit is left. */
export function solverOracle(seed: number, leftSeconds: () => number, signal?: StopSignal): Oracle {
  const isStopped = () => signal?.aborted === true || leftSeconds() <= 0;
  const stop: StopSignal = {
    get aborted() {
      return isStopped();
    },
  };
  return {
    get stopped() {
      return isStopped();
    },
    decide(problem, hints) {
      const known = planFromHints(problem, hints);
      if (known) return { verdict: 'feasible', plan: known };
      if (singleConflicts({ problem, serverModelBytes: 0 }).length > 0) return { verdict: 'impossible' };
      if (isStopped()) return { verdict: 'undecided' };
      return problem.devices.length <= exactDevices ? decideExactly(problem, stop) : decideByDual(problem, seed, stop);
    },
    fastest(problem) {
      if (problem.devices.length <= exactDevices) {
        return planExact(problem, { relativeGap: fastestGap, maxNodes: fastestNodes }, { signal: stop });
      }
      const { plan, totalSeconds } = planTwoTimescale(problem, { seed }, { signal: stop });
      const { boundSeconds } = boundPlan(
        problem,
        {},
        { signal: stop, ...(plan && { incumbentSeconds: totalSeconds }) },
      );
      return { ...(plan && { plan }), totalSeconds, boundSeconds };
    },
  };
}

/** The choices of a plan of another problem with shares found anew, if that keeps all limits here. */
function planFromHints(problem: PlanningProblem, hints: readonly Plan[]): Plan | undefined {
  for (const hint of hints) {
    if (hint.devices.length !== problem.devices.length) continue;
    const found = allocate(problem, hint.devices);
    if (found.status === 'optimal' && judgePlan(problem, found.plan).isFeasible) return found.plan;
  }
  return undefined;
}

function decideExactly(problem: PlanningProblem, signal: StopSignal): Decision {
  const answer = planExact(problem, { relativeGap: decisionGap, maxNodes: decisionNodes }, { signal });
  if (answer.plan && judgePlan(problem, answer.plan).isFeasible) return { verdict: 'feasible', plan: answer.plan };
  return { verdict: answer.termination === 'infeasible' ? 'impossible' : 'undecided' };
}

function decideByDual(problem: PlanningProblem, seed: number, signal: StopSignal): Decision {
  const { boundSeconds } = boundPlan(problem, {}, { signal });
  if (boundSeconds === Infinity || boundSeconds > (problem.deadlineSeconds ?? Infinity) * (1 + 1e-9)) {
    return { verdict: 'impossible' };
  }
  const { plan, termination } = planTwoTimescale(problem, { seed }, { signal });
  if (plan && judgePlan(problem, plan).isFeasible) return { verdict: 'feasible', plan };
  return { verdict: termination === 'infeasible' ? 'impossible' : 'undecided' };
}
