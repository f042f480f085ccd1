import { roundTraffic, type LimitViolation, type Plan, type PlanningProblem } from '../../models/index.js';
import { judgePlan } from '../judge.js';
import type { ClassOutcome } from '../restricted/index.js';
import type { BaselineReport, BaselineStatus } from '../report.js';

/** What a scheme reaches, or why it does not apply. */
export interface SchemeOutcome {
  readonly status: BaselineStatus;
  readonly totalSeconds?: number;
  /** No plan of the scheme is faster, seconds. */
  readonly boundSeconds?: number;
  readonly plan?: Plan;
  /** The problem the plan belongs to: the scheme's own operating points and sharing. */
  readonly problem?: PlanningProblem;
  readonly note?: string;
}

/** A scheme by name, before it is compared with a plan. */
export interface Scheme extends Pick<BaselineReport, 'name' | 'description' | 'group' | 'decision' | 'outside'> {
  /** The scheme's plan in terms of the problem, where it is one of the problem's plans. */
  readonly member?: Plan;
  readonly outcome: SchemeOutcome;
}

/** The answer that schemes are compared with. */
export interface Reference {
  readonly totalSeconds: number;
  readonly bitsPerRound: number;
}

/** The best plan of a class as a scheme. */
export function schemeOfClass(problem: PlanningProblem, found: ClassOutcome): SchemeOutcome {
  const { status, plan, totalSeconds, boundSeconds, note } = found;
  if (plan)
    return {
      status,
      plan,
      problem,
      totalSeconds,
      boundSeconds,
      ...(status === 'stopped' && { note: 'search stopped' }),
    };
  return { status, note: note ?? classNotes[status] };
}

const classNotes: Readonly<Record<ClassOutcome['status'], string>> = {
  found: '',
  stopped: 'search stopped',
  infeasible: 'no plan of this kind keeps the limits',
  'not-found': 'none found, and none proven not to exist',
  'does-not-apply': 'does not apply',
};

/** A plan judged against the limits of its problem: its delay, and the limits it breaks. */
export function judge(problem: PlanningProblem, plan: Plan): SchemeOutcome {
  const { totalSeconds, violations } = judgePlan(problem, plan);
  const common = { totalSeconds, plan, problem };
  return violations.length === 0
    ? { status: 'found', ...common }
    : { status: 'breaks-limits', ...common, note: breaks(violations) };
}

/** "breaks device-memory (3 devices), accuracy". */
export function breaks(violations: readonly Pick<LimitViolation, 'limit'>[]): string {
  const counts = new Map<string, number>();
  for (const { limit } of violations) counts.set(limit, (counts.get(limit) ?? 0) + 1);
  const parts = [...counts].map(([limit, count]) => (count > 1 ? `${limit} (${count} devices)` : limit));
  return `breaks ${parts.join(', ')}`;
}

/** What the plan saves against a scheme. */
export function compare(
  { outcome, member: _member, ...scheme }: Scheme,
  reference: Reference | undefined,
): BaselineReport {
  const { totalSeconds, plan, problem, status, note, boundSeconds } = outcome;
  const base = { ...scheme, status, ...(note !== undefined && { note }) };
  if (totalSeconds === undefined || !plan || !problem) return base;
  const bitsPerRound = planBits(problem, plan);
  const proven = boundSeconds !== undefined && boundSeconds > 0 ? Math.min(boundSeconds, totalSeconds) : undefined;
  return {
    ...base,
    totalSeconds,
    bitsPerRound,
    ...(proven !== undefined && { boundSeconds: proven }),
    ...(reference && {
      delaySaved: 1 - reference.totalSeconds / totalSeconds,
      ...(proven !== undefined && { leastDelaySaved: 1 - reference.totalSeconds / proven }),
      trafficSaved: bitsPerRound > 0 ? 1 - reference.bitsPerRound / bitsPerRound : 0,
    }),
  };
}

/**
 * All bits that cross the air in a round.
 *
 * @param problem - Cell, devices, model and limits, in SI units.
 * @param plan - One decision for each device, in the order of the problem's devices.
 * @example
 * ```ts
 * import { parseProblemFile } from 'sft-opt';
 * import { planBits, planTwoTimescale } from 'sft-opt/plan';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const { plan } = planTwoTimescale(problem);
 * if (plan) console.log(planBits(problem, plan) > 0); // true
 * ```
 */
export function planBits(problem: PlanningProblem, plan: Plan): number {
  return plan.devices.reduce((sum, decision, n) => {
    const traffic = roundTraffic(problem, problem.devices[n]!, decision);
    return sum + traffic.uplinkBits + traffic.downlinkBits;
  }, 0);
}
