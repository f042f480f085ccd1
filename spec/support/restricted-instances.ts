import type { PlanningProblem } from '../../lib/models/index.js';
import { randomStream } from '../../lib/random/index.js';
import { randomProblem, type InstanceShape } from './plan-instances.js';

/** Random problems for classes of plans: pins, own limits and optional devices, separate ratios, ranges of splits that differ. */
export function restrictedInstance(seed: number, shape: Omit<InstanceShape, 'seed'>): PlanningProblem {
  const random = randomStream(seed, 'restricted-instance');
  const problem = randomProblem({
    ...shape,
    seed,
    tiedRatios: seed % 4 !== 0,
    accuracyTightness: 0.9 * random.uniform(),
  });
  return {
    ...problem,
    devices: problem.devices.map((device) => {
      const most = random.uniform() < 0.3 ? Math.max(1, device.costs.allowedBlocks.length - 1) : Infinity;
      return {
        ...device,
        optional: device.optional || random.uniform() < 0.15,
        costs: { ...device.costs, allowedBlocks: device.costs.allowedBlocks.slice(0, most) },
      };
    }),
  };
}
