import { describe, expect, it } from 'vitest';
import type { DevicePlan, Plan, PlanningProblem } from '../../../lib/models/index.js';
import { judgeInTurn } from '../../../lib/plan/in-turn.js';
import { randomStream } from '../../../lib/random/index.js';
import { randomProblem, withCodedExchange } from '../../support/plan-instances.js';
import { simulateRound } from '../../support/round-simulation.js';

const sharings = ['allocated', 'equal', 'batched'] as const;

function instance(seed: number): { readonly problem: PlanningProblem; readonly plan: Plan } {
  const drawn = randomProblem({ seed, devices: 2 + (seed % 3), splits: 4, points: 3, sharing: sharings[seed % 3]! });
  const { resourceBlockHz: _, ...problem } = seed % 2 ? withCodedExchange(drawn, seed) : drawn;
  const random = randomStream(seed, 'in-turn');
  const any = (count: number) => Math.min(count - 1, Math.floor(random.uniform() * count));
  const devices = problem.devices.map(({ costs: { allowedBlocks } }): DevicePlan => {
    const upPoint = any(problem.upPoints.length);
    const downPoint = problem.tiedRatios ? upPoint : any(problem.downPoints.length);
    const blocks = allowedBlocks[any(allowedBlocks.length)]!;
    const bandwidthHz = problem.bandwidthHz * (0.2 + 0.8 * random.uniform());
    return { participates: true, blocks, upPoint, downPoint, bandwidthHz, serverShare: 1 };
  });
  return { problem, plan: { devices } };
}

describe('devices one after another', () => {
  it('take as long as rounds of each of them alone, simulated event by event, without aggregation', () => {
    const seen = { coded: 0, rounds: 0 };
    for (let seed = 0; seed < 60; seed++) {
      const { problem, plan } = instance(seed);
      const { totalSeconds, chainSeconds, stages } = judgeInTurn(problem, plan);
      const alone = problem.devices.map((device, n) =>
        simulateRound({ ...problem, aggregationSeconds: 0, devices: [device] }, { devices: [plan.devices[n]!] }),
      );
      alone.forEach((seconds, n) => expect(chainSeconds[n]! / seconds).toBeCloseTo(1, 12));
      expect(totalSeconds / alone.reduce((sum, seconds) => sum + seconds, 0)).toBeCloseTo(1, 12);
      seen.rounds++;
      if (problem.stepsPerRound > 1 && stages.some((stage) => stage!.adapterCodec > 0)) seen.coded++;
    }
    expect(seen.rounds).toBe(60);
    expect(seen.coded).toBeGreaterThan(10);
  });

  it('share no limit but those of the whole: band, server and its memory are each one’s own, the deadline is for all', () => {
    const { problem: drawn, plan } = instance(4);
    const memoryOf = ({ costs }: PlanningProblem['devices'][number]) => Math.max(...costs.serverMemoryBytes);
    const need = Math.max(...drawn.devices.map(memoryOf), 1);
    const devices = drawn.devices.map((device) => ({
      ...device,
      pinned: {},
      minimumBandwidthHz: 0,
      memoryBytes: Infinity,
    }));
    const problem = { ...drawn, devices, serverMemoryBytes: need, accuracy: { ...drawn.accuracy, minimum: -Infinity } };
    const limitsOf = (changed: Partial<PlanningProblem>) =>
      judgeInTurn({ ...problem, ...changed }, plan).violations.map(({ limit }) => limit);
    const { totalSeconds } = judgeInTurn(problem, plan);
    expect(limitsOf({})).not.toContain('bandwidth');
    expect(limitsOf({})).not.toContain('server-memory');
    expect(limitsOf({ serverMemoryBytes: 0 })).toContain('server-memory');
    expect(limitsOf({ bandwidthHz: 0.1 * problem.bandwidthHz })).toContain('bandwidth');
    expect(limitsOf({ deadlineSeconds: totalSeconds * (1 + 1e-12) })).not.toContain('deadline');
    expect(limitsOf({ deadlineSeconds: totalSeconds * 0.999 })).toContain('deadline');
    const extraLimits = [{ name: 'carbon', unit: 'g', scope: 'sum', limit: 1, use: () => 1 }] as const;
    expect(limitsOf({ extraLimits })).toContain('extra');
  });
});
