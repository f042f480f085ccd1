import { describe, expect, it } from 'vitest';
import {
  choiceCosts,
  enumerateDecisions,
  exceeds,
  planViolations,
  type Plan,
  type PlanningProblem,
} from '../../../lib/models/index.js';
import { allocate } from '../../../lib/plan/bandwidth/index.js';
import { planExact, planTwoTimescale } from '../../../lib/plan/index.js';
import { randomProblem } from '../../support/plan-instances.js';

interface Candidate {
  readonly plan: Plan;
  readonly totalSeconds: number;
  readonly bandwidthHz: number;
  readonly blocks: number;
}

/** All plans with their best shares; the first is preferred by delay within 1e-9, bandwidth, blocks, order. */
function preferredByEnumeration(problem: PlanningProblem): Candidate | undefined {
  const lists = problem.devices.map((device) =>
    [...enumerateDecisions(problem, device)]
      .filter(({ blocks, upPoint, downPoint }) => {
        const costs = choiceCosts(problem, device, blocks, upPoint, downPoint);
        return !exceeds(costs.deviceMemoryBytes, device.memoryBytes);
      })
      .map((decision) => ({ ...decision, participates: true })),
  );
  let combinations: (typeof lists)[number][] = [[]];
  for (const list of lists) combinations = combinations.flatMap((head) => list.map((decision) => [...head, decision]));
  const found = combinations.flatMap((decisions): Candidate[] => {
    const answer = allocate(problem, decisions);
    if (answer.status === 'infeasible' || planViolations(problem, answer.plan, answer.totalSeconds).length > 0)
      return [];
    const { plan, totalSeconds } = answer;
    const bandwidthHz = plan.devices.reduce((sum, device) => sum + device.bandwidthHz, 0);
    return [{ plan, totalSeconds, bandwidthHz, blocks: decisions.reduce((sum, { blocks }) => sum + blocks, 0) }];
  });
  const fastest = Math.min(...found.map(({ totalSeconds }) => totalSeconds));
  const tied = found.filter(({ totalSeconds }) => totalSeconds <= fastest * (1 + 1e-9));
  const leastBand = Math.min(...tied.map(({ bandwidthHz }) => bandwidthHz));
  const frugal = tied.filter(({ bandwidthHz }) => bandwidthHz <= leastBand + 1e-9 * problem.bandwidthHz);
  frugal.sort((a, b) => a.blocks - b.blocks);
  return frugal[0];
}

/** One device holds the round however much bandwidth it has: nothing travels, since it keeps all blocks. */
function heldByOneDevice(seed: number, sharing: 'allocated' | 'equal' | 'batched'): PlanningProblem {
  const drawn = randomProblem({ seed, devices: 3, splits: 4, points: 3, sharing, adapters: 0, decorations: false });
  const devices = drawn.devices.map((device, n) => {
    if (n > 0) return device;
    const slow = (column: Float64Array) => column.map((value) => 50 * value);
    const { costs } = device;
    const blocks = drawn.blockCount;
    const upValues = costs.upValues.map((value, c) => (c === blocks ? 0 : value));
    const downValues = costs.downValues.map((value, c) => (c === blocks ? 0 : value));
    const serverSeconds = costs.serverSeconds.map((value, c) => (c === blocks ? 0 : value));
    const forwardSeconds = slow(costs.forwardSeconds);
    const backwardSeconds = slow(costs.backwardSeconds);
    const moved = { upValues, downValues, serverSeconds, forwardSeconds, backwardSeconds, allowedBlocks: [blocks] };
    return { ...device, memoryBytes: Infinity, costs: { ...costs, ...moved } };
  });
  return { ...drawn, devices, accuracy: { ...drawn.accuracy, minimum: -Infinity }, serverMemoryBytes: Infinity };
}

describe('ties between plans', () => {
  it.each(['allocated', 'equal'] as const)('go to less bandwidth, then fewer blocks, with %s', (sharing) => {
    let ties = 0;
    for (let seed = 1; seed <= 6; seed++) {
      const problem = heldByOneDevice(seed, sharing);
      const wanted = preferredByEnumeration(problem)!;
      if (wanted.bandwidthHz < problem.bandwidthHz * (1 - 1e-6)) ties++;
      for (const found of [planTwoTimescale(problem), planExact(problem)]) {
        const used = found.plan!.devices.reduce((sum, device) => sum + device.bandwidthHz, 0);
        expect(Math.abs(found.totalSeconds / wanted.totalSeconds - 1)).toBeLessThanOrEqual(2e-9);
        expect((used - wanted.bandwidthHz) / problem.bandwidthHz).toBeLessThanOrEqual(1e-8);
        const blocks = found.plan!.devices.map((device) => device.blocks);
        expect(blocks).toEqual(wanted.plan.devices.map((device) => device.blocks));
      }
    }
    expect(ties).toBeGreaterThan(3);
  });

  it('between choices that cost the same go to fewer blocks', () => {
    const drawn = randomProblem({
      seed: 4,
      devices: 2,
      splits: 4,
      points: 2,
      sharing: 'equal',
      adapters: 0,
      decorations: false,
    });
    const flat = (column: Float64Array) => column.map(() => column[2]!);
    const devices = drawn.devices.map((device) => {
      const { costs } = device;
      const same = {
        forwardSeconds: flat(costs.forwardSeconds),
        backwardSeconds: flat(costs.backwardSeconds),
        serverSeconds: flat(costs.serverSeconds),
        adapterBits: flat(costs.adapterBits),
        upValues: flat(costs.upValues),
        downValues: flat(costs.downValues),
        deviceMemoryBytes: flat(costs.deviceMemoryBytes),
      };
      return { ...device, memoryBytes: Infinity, costs: { ...costs, ...same } };
    });
    const accuracy = { ...drawn.accuracy, minimum: -Infinity };
    const problem = { ...drawn, devices, accuracy, serverMemoryBytes: Infinity };
    for (const found of [planTwoTimescale(problem), planExact(problem)]) {
      expect(found.plan!.devices.map(({ blocks }) => blocks)).toEqual([1, 1]);
    }
  });
});
