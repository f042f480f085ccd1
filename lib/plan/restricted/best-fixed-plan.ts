import { choiceCosts, fallsShort, type Plan, type PlanningProblem } from '../../models/index.js';
import { allocate, type FixedDecision } from '../bandwidth/index.js';
import { judgePlan, type JudgedPlan } from '../judge.js';
import type { ClassContext, ClassOutcome } from './class-outcome.js';
import { mayHold, maySend } from './common-values.js';
import { inTermsOf, withCommonDecisions, type CommonDecisions } from './restricted-problem.js';

/**
 * The best plan where cut and points are common: nothing but shares is left to decide, and those are found exactly. With
 * the same choice for all, the accuracy does not depend on who takes part, so that every device which may stay out does;
 * where all may, the one that is fastest alone takes part.
 */
export function bestFixedPlan(
  problem: PlanningProblem,
  values: readonly CommonDecisions[],
  complete: boolean,
  { starts, signal }: Pick<ClassContext, 'starts' | 'signal'>,
): ClassOutcome {
  let best: JudgedPlan | undefined;
  const offer = (restricted: PlanningProblem, plan: Plan) => {
    const judged = judgePlan(restricted, plan);
    if (judged.isFeasible && judged.totalSeconds < (best?.totalSeconds ?? Infinity)) best = judged;
  };
  for (const plan of starts) offer(problem, inTermsOf(problem, plan));
  let exact = complete;
  let stopped = false;
  for (const common of unbeaten(problem, values)) {
    stopped ||= signal?.aborted === true;
    if (stopped) break;
    const restricted = withCommonDecisions(problem, common);
    for (const participants of groups(restricted, common)) {
      const found = allocate(restricted, decisionsOf(restricted, common, participants));
      if (found.status === 'infeasible') continue;
      exact &&= found.exact;
      offer(restricted, found.plan);
    }
  }
  const counts = { values: values.length, solves: 0 };
  if (stopped) return { status: 'stopped', totalSeconds: Infinity, ...best, boundSeconds: 0, counts };
  if (!best) {
    const status = complete ? 'infeasible' : 'not-found';
    return { status, totalSeconds: Infinity, boundSeconds: complete ? Infinity : 0, counts };
  }
  const { plan, totalSeconds } = best;
  return { status: 'found', plan, totalSeconds, boundSeconds: exact ? totalSeconds : 0, counts };
}

/** Who takes part: the devices that must, or each of the others alone. */
function groups(problem: PlanningProblem, { cut, point, shares }: CommonDecisions): readonly (readonly number[])[] {
  const able = problem.devices.flatMap((device, n) =>
    mayHold(device, cut!) && maySend(device, point!) && !(shares && Number.isNaN(shares[n])) ? [n] : [],
  );
  const required = able.filter((n) => !problem.devices[n]!.optional);
  return required.length > 0 ? [required] : able.map((n) => [n]);
}

function decisionsOf(
  problem: PlanningProblem,
  { cut, point }: CommonDecisions,
  participants: readonly number[],
): FixedDecision[] {
  const decisions = problem.devices.map((): FixedDecision => ({
    participates: false,
    blocks: 0,
    upPoint: 0,
    downPoint: 0,
  }));
  for (const n of participants) {
    decisions[n] = { participates: true, blocks: cut!, upPoint: point!.up, downPoint: point!.down };
  }
  return decisions;
}

/**
 * Values worth trying: at one cut and one level of shares, a pair of points that reaches the accuracy and costs no less than
 * another such pair in any respect is left out.
 */
function unbeaten(problem: PlanningProblem, values: readonly CommonDecisions[]): CommonDecisions[] {
  const groupsOfValues = new Map<number, Map<unknown, CommonDecisions[]>>();
  for (const value of values) {
    const byShares = groupsOfValues.get(value.cut!) ?? new Map<unknown, CommonDecisions[]>();
    groupsOfValues.set(value.cut!, byShares);
    byShares.set(value.shares, [...(byShares.get(value.shares) ?? []), value]);
  }
  return [...groupsOfValues.values()].flatMap((byShares) =>
    [...byShares.values()].flatMap((group) => front(problem, group)),
  );
}

function front(problem: PlanningProblem, group: readonly CommonDecisions[]): CommonDecisions[] {
  const priced = group
    .map((value) => ({ value, costs: pointCosts(problem, value) }))
    .filter(({ costs }) => costs !== undefined) as { value: CommonDecisions; costs: readonly number[] }[];
  const betters = (a: readonly number[], b: readonly number[]) => a.every((cost, k) => cost <= b[k]!);
  return priced
    .filter(
      ({ costs }, k) =>
        !priced.some((other, m) => m !== k && betters(other.costs, costs) && (m < k || !betters(costs, other.costs))),
    )
    .map(({ value }) => value);
}

/** What a pair of points costs a device at a cut, in every respect that counts; undefined where it misses the accuracy. */
function pointCosts(problem: PlanningProblem, { cut, point }: CommonDecisions): readonly number[] | undefined {
  const up = problem.upPoints[point!.up]!;
  const down = problem.downPoints[point!.down]!;
  const device = problem.devices.find((each) => mayHold(each, cut!))!;
  const { accuracy } = choiceCosts(problem, device, cut!, point!.up, point!.down);
  const { minimum } = problem.accuracy;
  if (fallsShort(accuracy, minimum)) return undefined;
  return [
    up.ratio,
    down.ratio,
    up.encodeSecondsPerValue,
    down.decodeSecondsPerValue,
    up.serverDecodeSecondsPerValue,
    down.serverEncodeSecondsPerValue,
    up.workspaceBytesPerValue,
    down.workspaceBytesPerValue,
  ];
}
