import { buildChoices, type PlanningProblem } from '../../models/index.js';
import { randomStream } from '../../random/index.js';
import { asConventional, equalDecision, judge, type SchemeOutcome } from './schemes.js';

const attempts = 1000;

/** Choices drawn uniformly from what each device allows, equal shares; the first draw that keeps every limit. */
export function randomPlan(problem: PlanningProblem, seed: number): SchemeOutcome {
  const conventional = asConventional(problem);
  const random = randomStream(seed, 'random-plan');
  const tables = conventional.devices.map((device) => buildChoices(conventional, device));
  if (tables.some((table) => table.count === 0)) return { note: 'a device has no choice within its limits' };
  for (let attempt = 0; attempt < attempts; attempt++) {
    const outcome = judge(conventional, {
      devices: conventional.devices.map((device, n) => {
        const table = tables[n]!;
        const j = random.integer(table.count);
        return equalDecision(conventional, device, table.blocks[j]!, table.upPoint[j]!, table.downPoint[j]!);
      }),
    });
    if (outcome.totalSeconds !== undefined) return outcome;
  }
  return { note: `none of ${attempts} random plans keeps the limits` };
}
