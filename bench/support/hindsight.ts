import { planViolations, roundDelay, type Plan, type PlanningProblem } from '../../lib/models/index.js';
import { planBandwidth, planTwoTimescale } from '../../lib/plan/index.js';
import { type World } from '../../lib/simulate/index.js';

/** What a plan decided in one round makes of that round and of those after it. */
export interface HindsightTable {
  /** Seconds of round k + a under the plan decided in round k, by k and a; null where it breaks a limit. */
  readonly delays: readonly (readonly (number | null)[])[];
  /** Seconds of each round under a plan made for it. */
  readonly bestSeconds: readonly number[];
}

/** Rounds that a plan is followed for. */
const longest = 25;

/** A decision in every round as the outlook of the world has it, each followed with bandwidths found anew. */
export function hindsightTable(world: World, rounds: number): HindsightTable {
  const nobody = new Set<string>();
  const problems = Array.from({ length: rounds }, (_, round) => world.at(round).problem(nobody)!);
  const outlooks = Array.from({ length: rounds }, (_, round) => world.at(round).outlook(nobody)!);
  return {
    delays: plansFor(outlooks).map((plan, k) => followed(plan, problems.slice(k, k + longest))),
    bestSeconds: plansFor(problems).map((plan, k) => followed(plan, [problems[k]!])[0]!),
  };
}

function plansFor(problems: readonly PlanningProblem[]): Plan[] {
  let plan: Plan | undefined;
  return problems.map((problem) => {
    plan = planTwoTimescale(problem, { seed: 1, starts: 1 }, { starts: plan ? [plan] : [] }).plan;
    return plan!;
  });
}

function followed(decided: Plan, problems: readonly PlanningProblem[]): (number | null)[] {
  let plan = decided;
  return problems.map((problem) => {
    const open = { devices: plan.devices.map((decision) => ({ ...decision, serverShare: 0 })) };
    const found = planBandwidth(problem, open).plan;
    if (!found) return null;
    plan = found;
    const { totalSeconds } = roundDelay(problem, plan);
    return planViolations(problem, plan, totalSeconds).length > 0 ? null : totalSeconds;
  });
}

/**
 * The least mean of delay over best delay, less 1, with so many decisions: dynamic programming over who is in force from
 * which round to which.
 */
export function leastRegret({ delays, bestSeconds }: HindsightTable, decisions: number): number {
  const rounds = bestSeconds.length;
  let reached = new Float64Array(rounds + 1).fill(Infinity);
  reached[0] = 0;
  for (let decision = 0; decision < decisions; decision++) {
    const next = new Float64Array(rounds + 1).fill(Infinity);
    for (let k = 0; k < rounds; k++) {
      let sum = reached[k]!;
      for (let ahead = 0; sum < Infinity && ahead < delays[k]!.length; ahead++) {
        const delay = delays[k]![ahead] ?? Infinity;
        sum += delay / bestSeconds[k + ahead]! - 1;
        next[k + ahead + 1] = Math.min(next[k + ahead + 1]!, sum);
      }
    }
    reached = next;
  }
  return reached[rounds]! / rounds;
}
