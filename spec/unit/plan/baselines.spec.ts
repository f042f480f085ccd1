import { describe, expect, it } from 'vitest';
import { roundDelay, planViolations, type PlanningProblem } from '../../../lib/models/index.js';
import { computeBaselines } from '../../../lib/plan/baselines/index.js';
import { splitFederated, withoutCompression } from '../../../lib/plan/baselines/schemes.js';
import type { Planner } from '../../../lib/plan/planner.js';
import { randomProblem } from '../../support/plan-instances.js';
import { bruteForce } from '../../support/plan-oracle.js';

/** The brute force as a planner: exact on these small problems. */
const planner: Planner = (problem) => {
  const { feasible, plan, totalSeconds } = bruteForce(problem);
  return { ...(plan && { plan }), totalSeconds, termination: feasible ? 'optimal' : 'infeasible' };
};

function roomy(seed: number): PlanningProblem {
  const problem = randomProblem({
    seed,
    devices: 3,
    splits: 4,
    points: 3,
    accuracyTightness: 0.5,
    serverMemoryTightness: 'none',
    decorations: false,
  });
  return { ...problem, devices: problem.devices.map((device) => ({ ...device, memoryBytes: Infinity })) };
}

describe('baselines', () => {
  it('are no faster than the optimum where they keep its limits', () => {
    let compared = 0;
    for (let seed = 0; seed < 12; seed++) {
      const problem = roomy(seed);
      const optimum = bruteForce(problem);
      const reports = computeBaselines(problem, planner, 1, { totalSeconds: optimum.totalSeconds, bitsPerRound: 1e9 });
      expect(reports.map(({ name }) => name)).toEqual([
        'federated-lora',
        'vanilla-split',
        'split-federated',
        'fixed-cut',
        'fixed-ratio',
        'equal-bandwidth',
        'split-alone',
        'ratio-alone',
        'bandwidth-alone',
        'random',
      ]);
      // The uncompressed schemes use a point the optimum may not: only those within the problem's choices are bounded by it.
      for (const report of reports.slice(3)) {
        if (report.totalSeconds === undefined) continue;
        compared++;
        expect(report.totalSeconds, report.name).toBeGreaterThanOrEqual(optimum.totalSeconds * (1 - 1e-9));
        expect(report.delaySaved).toBeCloseTo(1 - optimum.totalSeconds / report.totalSeconds, 12);
      }
    }
    expect(compared).toBeGreaterThan(60);
  });

  it('of one decision alone are no faster than those that optimise one more', () => {
    for (let seed = 20; seed < 26; seed++) {
      const reports = computeBaselines(roomy(seed), planner, 1, undefined);
      const time = (name: string) => reports.find((report) => report.name === name)!.totalSeconds;
      for (const [alone, freer] of [
        ['split-alone', 'fixed-ratio'],
        ['ratio-alone', 'fixed-cut'],
        ['bandwidth-alone', 'fixed-ratio'],
        ['bandwidth-alone', 'fixed-cut'],
      ] as const) {
        const [one, two] = [time(alone), time(freer)];
        if (one !== undefined && two !== undefined) expect(two).toBeLessThanOrEqual(one * (1 + 1e-9));
      }
    }
  });

  it('say which limit they break', () => {
    const problem = roomy(3);
    const small: PlanningProblem = {
      ...problem,
      devices: problem.devices.map((device) => ({ ...device, memoryBytes: device.costs.deviceMemoryBytes[1]! + 5e7 })),
    };
    const federated = computeBaselines(small, planner, 1, undefined)[0]!;
    expect(federated.totalSeconds).toBeUndefined();
    expect(federated.note).toMatch(/breaks device-memory/);
  });

  it('take the best common cut for uncompressed split federated learning', () => {
    const problem = roomy(5);
    const outcome = splitFederated(problem);
    const conventional = withoutCompression(problem);
    const serverShare = problem.sharing === 'batched' ? 1 : 1 / 3;
    const delays = Array.from({ length: problem.blockCount - 1 }, (_, k) => {
      const plan = {
        devices: problem.devices.map(() => ({
          participates: true,
          blocks: k + 1,
          upPoint: 0,
          downPoint: 0,
          bandwidthHz: problem.bandwidthHz / 3,
          serverShare,
        })),
      };
      const { totalSeconds } = roundDelay(conventional, plan);
      return planViolations(conventional, plan, totalSeconds).length === 0 ? totalSeconds : Infinity;
    });
    expect(outcome.totalSeconds).toBe(Math.min(...delays));
  });
});
