import { describe, expect, it } from 'vitest';
import { planViolations, roundDelay } from '../../../lib/models/index.js';
import { boundPlan } from '../../../lib/plan/bound/index.js';
import { planExact } from '../../../lib/plan/index.js';
import { planTwoTimescale } from '../../../lib/plan/two-timescale/index.js';
import { largeProblem, randomProblem } from '../../support/plan-instances.js';
import { bruteForce } from '../../support/plan-oracle.js';
import { samples } from '../../support/samples.js';

const shapes = [
  { devices: 2, splits: 6, points: 4 },
  { devices: 2, splits: 8, points: 5 },
  { devices: 3, splits: 3, points: 2 },
];

describe('two-timescale method', () => {
  it('comes close to brute force on small instances and never claims what is not so', () => {
    const gaps: number[] = [];
    const reached = { allocated: 0, equal: 0, batched: 0 };
    let infeasible = 0;
    for (let seed = 0; seed < samples(24, 45); seed++) {
      const problem = randomProblem({ seed, ...shapes[seed % 3]! });
      const best = bruteForce(problem);
      const found = planTwoTimescale(problem);
      if (!best.feasible) {
        infeasible++;
        expect(found.plan, `seed ${seed}`).toBeUndefined();
        continue;
      }
      expect(found.termination, `seed ${seed}`).not.toBe('infeasible');
      reached[problem.sharing]++;
      gaps.push(found.totalSeconds / best.totalSeconds - 1);
      if (!found.plan) continue;
      expect(roundDelay(problem, found.plan).totalSeconds).toBeCloseTo(found.totalSeconds, 12);
      expect(planViolations(problem, found.plan, found.totalSeconds)).toEqual([]);
    }
    gaps.sort((a, b) => a - b);
    expect(gaps[0]).toBeGreaterThanOrEqual(-1e-8);
    expect(gaps[gaps.length >> 1]).toBeLessThanOrEqual(0.005);
    expect(gaps[Math.floor(0.99 * gaps.length)]).toBeLessThanOrEqual(0.03);
    expect(infeasible).toBeGreaterThan(samples(1, 3));
    expect(Math.min(...Object.values(reached))).toBeGreaterThan(samples(2, 5));
  }, 240_000);

  it('finds the changes of thresholds, of two devices at once and of participation that a common batch asks for', () => {
    for (const [seed, shape] of [
      [231, { devices: 2, splits: 12, points: 6 }],
      [363, { devices: 2, splits: 12, points: 6 }],
      [455, { devices: 4, splits: 4, points: 3 }],
      [659, { devices: 4, splits: 4, points: 3 }],
      [958, { devices: 3, splits: 6, points: 4 }],
    ] as const) {
      const problem = randomProblem({ seed, ...shape });
      expect(problem.sharing).toBe('batched');
      const found = planTwoTimescale(problem);
      expect(planViolations(problem, found.plan!, found.totalSeconds)).toEqual([]);
      expect(found.totalSeconds / planExact(problem).totalSeconds - 1, `seed ${seed}`).toBeLessThanOrEqual(1e-5);
    }
  });

  it('is within a hundredth of the dual bound for thirty devices in a common batch', () => {
    const drawn = largeProblem(2, 30, 10);
    const problem = { ...drawn, sharing: 'batched' as const };
    const found = planTwoTimescale(problem);
    expect(planViolations(problem, found.plan!, found.totalSeconds)).toEqual([]);
    const bound = boundPlan(problem, {}, { incumbentSeconds: found.totalSeconds });
    expect(1 - bound.boundSeconds / found.totalSeconds).toBeLessThanOrEqual(1e-2);
  });

  it.each([1, 10])('is within a thousandth of the dual bound for 100 devices, K = %i', (stepsPerRound) => {
    for (const seed of [1, 2]) {
      const problem = largeProblem(seed, 100, stepsPerRound);
      const found = planTwoTimescale(problem);
      expect(planViolations(problem, found.plan!, found.totalSeconds)).toEqual([]);
      const bound = boundPlan(problem, {}, { incumbentSeconds: found.totalSeconds });
      expect(found.totalSeconds).toBeGreaterThanOrEqual(bound.boundSeconds * (1 - 1e-9));
      expect(1 - bound.boundSeconds / found.totalSeconds).toBeLessThanOrEqual(1e-3);
    }
  });

  it('gives the same plan for the same seed', () => {
    const problem = randomProblem({ seed: 5, devices: 4, splits: 6, points: 4 });
    const first = planTwoTimescale(problem, { seed: 3 });
    expect(planTwoTimescale(problem, { seed: 3 }).plan).toEqual(first.plan);
  });

  it('reports a device without any choice as infeasible, by name', () => {
    const drawn = randomProblem({ seed: 2, devices: 3, splits: 4, points: 3, decorations: false });
    const devices = drawn.devices.map((device, n) => (n === 1 ? { ...device, memoryBytes: 1 } : device));
    const found = planTwoTimescale({ ...drawn, devices });
    expect(found.termination).toBe('infeasible');
    expect(found.conflicts.map(({ device }) => device)).toEqual(['device-2']);
  });

  it('leaves out an optional device that would lengthen the round', () => {
    const drawn = largeProblem(4, 4, 10);
    const devices = drawn.devices.map((device, n) =>
      n === 0 ? { ...device, optional: true, uplink: { kind: 'shannon' as const, snrBandwidthHz: 1e3 } } : device,
    );
    const found = planTwoTimescale({ ...drawn, devices, accuracy: { ...drawn.accuracy, minimum: -Infinity } });
    expect(found.plan!.devices.map(({ participates }) => participates)).toEqual([false, true, true, true]);
  });

  it('stops at once when told to, with no claim', () => {
    const found = planTwoTimescale(largeProblem(1, 20, 10), {}, { signal: { aborted: true } });
    expect(found.termination).toBe('interrupted');
    expect(found.plan).toBeUndefined();
  });

  it('keeps whole resource blocks', () => {
    const drawn = randomProblem({
      seed: 9,
      devices: 3,
      splits: 4,
      points: 3,
      sharing: 'allocated',
      decorations: false,
    });
    const problem = {
      ...drawn,
      resourceBlockHz: drawn.bandwidthHz / 7,
      serverMemoryBytes: Infinity,
      accuracy: { ...drawn.accuracy, minimum: -Infinity },
    };
    const found = planTwoTimescale(problem);
    expect(planViolations(problem, found.plan!, found.totalSeconds)).toEqual([]);
  });
});
