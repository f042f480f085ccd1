import { describe, expect, it } from 'vitest';
import { limitAmount } from '../../../bin/render/sections.js';
import { parseProblemFile } from '../../../lib/io/index.js';
import { limitUse, type PlanningProblem } from '../../../lib/models/index.js';
import { boundPlan, planTwoTimescale, solvePlan, verifyBound } from '../../../lib/plan/index.js';
import { largeProblem } from '../../support/plan-instances.js';

const cell = `version: 1
model: deit-tiny
radio: { fading: none, shadowing: 0 dB }
devices:
  - { name: near, distance: 80 m }
  - { name: far, distance: 200 m, batchSize: 8 }
  - { name: board, distance: 120 m, throughput: 20 GFLOP/s }
`;
const read = (...settings: string[]) => parseProblemFile(cell, { settings });
const quiet = { method: 'exact', baselines: false, whatIf: 'never' } as const;

describe('a limit of the traffic of all devices', () => {
  it('costs delay and is kept, whichever method plans', () => {
    const free = solvePlan(read(), quiet).answer!;
    const maximum = (0.8 * free.use.trafficBits) / 8;
    const limited = read(`traffic.maximumTotal=${maximum}`);
    for (const method of ['exact', 'two-timescale'] as const) {
      const { answer, bound } = solvePlan(limited, { ...quiet, method });
      expect(answer!.use.trafficBits).toBeLessThanOrEqual(8 * maximum * (1 + 1e-9));
      expect(answer!.delay.totalSeconds).toBeGreaterThan(free.delay.totalSeconds);
      expect(bound.verified).toBe(true);
      const { uplinkBitsPerRound, downlinkBitsPerRound } = answer!.traffic;
      expect(answer!.use.trafficBits / (uplinkBitsPerRound + downlinkBitsPerRound)).toBeCloseTo(1, 12);
    }
  });

  it('has a remedy that is least: the file with it is feasible, with 0.1 % less it is not', () => {
    const { infeasibility } = solvePlan(read('traffic.maximumTotal=1 MB'), quiet);
    expect(infeasibility!.conflicts.map(({ limit }) => limit)).toContain('traffic');
    const remedy = infeasibility!.remedies.find(({ changes }) => changes[0]!.limit === 'traffic')!;
    expect(remedy.isLeast).toBe(true);
    expect(solvePlan(read(...remedy.settings), quiet).answer).toBeDefined();
    const less = (0.999 * remedy.changes[0]!.to) / 8;
    expect(solvePlan(read(`traffic.maximumTotal=${less}`), quiet).answer).toBeUndefined();
  });

  it('is written in bytes', () => {
    expect(limitAmount('traffic', 8 * 2 ** 20)).toBe('1 MiB');
    expect(limitAmount('device-traffic', 8 * 2 ** 20)).toBe('1 MiB');
  });

  it('is proven to contradict the accuracy where the two do together what neither does alone', () => {
    const problem = largeProblem(1, 100, 10);
    const { plan } = planTwoTimescale(problem);
    const within = (part: number): PlanningProblem => {
      return { ...problem, trafficLimitBits: part * limitUse(problem, plan!).trafficBits };
    };
    const impossible = within(0.8);
    const { boundSeconds, certificate } = boundPlan(impossible);
    expect(boundSeconds).toBe(Infinity);
    expect(verifyBound(impossible, certificate)).toMatchObject({ valid: true, boundSeconds: Infinity });
    const { minimum: _minimum, ...accuracy } = problem.accuracy;
    const careless = { ...impossible, accuracy: { ...accuracy, minimum: -Infinity } };
    expect(planTwoTimescale(careless).plan).toBeDefined();
  });
});
