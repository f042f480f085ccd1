import { buildChoices, type Plan, type PlanningProblem } from '../../models/index.js';
import { randomStream } from '../../random/index.js';
import { equalShares } from '../restricted/index.js';
import { judge, type SchemeOutcome } from './scheme.js';

const attempts = 1000;

/** Choices drawn uniformly from what each device allows, all devices with equal shares; the first draw that keeps every limit. */
export function randomPlan(problem: PlanningProblem, seed: number): SchemeOutcome {
  const everyone = { ...problem, devices: problem.devices.map((device) => ({ ...device, optional: false })) };
  const { values, contradiction } = equalShares(everyone);
  const [shares] = values;
  if (!shares) return { status: 'does-not-apply', note: contradiction ?? 'equal shares do not fit into the band' };
  const serverShare = problem.sharing === 'batched' ? 1 : 1 / problem.devices.length;
  const random = randomStream(seed, 'random-plan');
  const tables = problem.devices.map((device) => buildChoices(problem, device));
  if (tables.some((table) => table.count === 0)) {
    return { status: 'infeasible', note: 'a device has no choice within its limits' };
  }
  for (let attempt = 0; attempt < attempts; attempt++) {
    const plan: Plan = {
      devices: tables.map((table, n) => {
        const j = random.integer(table.count);
        const choice = { blocks: table.blocks[j]!, upPoint: table.upPoint[j]!, downPoint: table.downPoint[j]! };
        return { participates: true, ...choice, bandwidthHz: shares[n]!, serverShare };
      }),
    };
    const outcome = judge(problem, plan);
    if (outcome.status === 'found') return outcome;
  }
  return { status: 'not-found', note: `none of ${attempts} random plans keeps the limits` };
}
