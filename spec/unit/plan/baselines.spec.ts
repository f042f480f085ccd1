import { describe, expect, it } from 'vitest';
import { planViolations, roundDelay, type PlanningProblem } from '../../../lib/models/index.js';
import { compareSchemes, findSchemes, plansOfSchemes, type Scheme } from '../../../lib/plan/baselines/index.js';
import { solvePlan } from '../../../lib/plan/index.js';
import type { Planner } from '../../../lib/plan/planner.js';
import { fixtureProblem, fixtureSource } from '../../support/fixtures.js';
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

const names = [
  'fixed-cut',
  'fixed-ratio',
  'equal-bandwidth',
  'equal-server',
  'no-compression',
  'split-alone',
  'ratio-alone',
  'bandwidth-alone',
  'compressed-split-federated',
  'split-federated',
  'vanilla-split',
  'federated-lora',
  'random',
];
const find = (schemes: readonly Scheme[], name: string) => schemes.find((scheme) => scheme.name === name)!;

describe('schemes', () => {
  it('are no faster than the optimum where they are plans of the problem, and their plans keep its limits', () => {
    let compared = 0;
    for (let seed = 0; seed < 4; seed++) {
      const problem = roomy(seed);
      const optimum = bruteForce(problem);
      const schemes = findSchemes(problem, { planner, seed: 1 });
      expect(schemes.map(({ name }) => name)).toEqual(names);
      for (const plan of plansOfSchemes(schemes)) {
        const { totalSeconds } = roundDelay(problem, plan);
        expect(planViolations(problem, plan, totalSeconds)).toEqual([]);
        expect(totalSeconds).toBeGreaterThanOrEqual(optimum.totalSeconds * (1 - 1e-9));
        compared++;
      }
      const reports = compareSchemes(schemes, { totalSeconds: optimum.totalSeconds, bitsPerRound: 1e9 });
      for (const { totalSeconds, delaySaved, leastDelaySaved, boundSeconds, name } of reports) {
        if (totalSeconds === undefined) continue;
        expect(delaySaved, name).toBeCloseTo(1 - optimum.totalSeconds / totalSeconds, 12);
        if (boundSeconds !== undefined) expect(leastDelaySaved).toBeLessThanOrEqual(delaySaved! + 1e-12);
      }
    }
    expect(compared).toBeGreaterThan(30);
  });

  it('keep a common deadline, or say that they break it', () => {
    const problem = roomy(3);
    const { totalSeconds } = bruteForce(problem);
    const schemes = findSchemes({ ...problem, deadlineSeconds: totalSeconds * 1.0001 }, { planner, seed: 1 });
    expect(find(schemes, 'compressed-split-federated').outcome.status).toBe('infeasible');
    expect(find(schemes, 'split-federated').outcome).toMatchObject({
      status: 'breaks-limits',
      note: 'breaks deadline',
    });
    expect(find(schemes, 'vanilla-split').outcome.note).toBe('breaks deadline');
  });

  it('say that the search was stopped where it was', () => {
    const schemes = findSchemes(roomy(3), { planner, seed: 1, signal: { aborted: true } });
    for (const name of ['fixed-cut', 'fixed-ratio', 'bandwidth-alone', 'compressed-split-federated']) {
      expect(find(schemes, name).outcome, name).toEqual({ status: 'stopped', note: 'search stopped' });
    }
  });

  it('show the time of federated LoRA where it breaks memories', () => {
    const problem = roomy(3);
    const small: PlanningProblem = {
      ...problem,
      devices: problem.devices.map((device) => ({ ...device, memoryBytes: device.costs.deviceMemoryBytes[1]! + 5e7 })),
    };
    const { outcome } = find(findSchemes(small, { planner, seed: 1 }), 'federated-lora');
    expect(outcome.status).toBe('breaks-limits');
    expect(outcome.note).toMatch(/breaks device-memory \(3 devices\)/);
    expect(outcome.totalSeconds).toBeGreaterThan(0);
  });

  it('name the pin that contradicts them', () => {
    const problem = roomy(4);
    const pinned: PlanningProblem = {
      ...problem,
      devices: problem.devices.map((device, n) => ({
        ...device,
        pinned: n === 0 ? { blocks: 1, bandwidthHz: 1e6, upPoint: 0, downPoint: 0 } : n === 1 ? { blocks: 2 } : {},
      })),
    };
    const note = (name: string) => find(findSchemes(pinned, { planner, seed: 1 }), name).outcome.note;
    expect(note('fixed-cut')).toBe('device-1 is pinned to 1 blocks, device-2 is pinned to 2 blocks');
    expect(note('equal-bandwidth')).toBe('device-1 is pinned to 1 MHz, not to an equal share of 6.667 MHz');
    expect(note('no-compression')).toBe('device-1 is pinned to point-1');
    expect(note('federated-lora')).toBe('device-1 is pinned to point-1');
  });

  it('without compression count as plans of the problem where it lists a point without codec', () => {
    const problem = roomy(5);
    const free = { encodeSecondsPerValue: 0, decodeSecondsPerValue: 0, serverEncodeSecondsPerValue: 0 };
    const none = { ...free, serverDecodeSecondsPerValue: 0, workspaceBytesPerValue: 0, name: 'none', ratio: 1 };
    const points = [...problem.upPoints, none];
    const listed = { ...problem, upPoints: points, downPoints: points, tiedRatios: true };
    const schemes = findSchemes(listed, { planner, seed: 1 });
    expect(find(schemes, 'no-compression').outside).toBe(false);
    expect(find(schemes, 'no-compression').member).toBeDefined();
    expect(find(findSchemes(problem, { planner, seed: 1 }), 'no-compression').outside).toBe(true);
  });
});

describe('savings over files with known values', () => {
  it('fixed-ratio takes the best single ratio', () => {
    const report = solvePlan(fixtureProblem('planner/fixed-ratio.yaml'), { whatIf: 'never' });
    const scheme = report.baselines.find(({ name }) => name === 'fixed-ratio')!;
    expect(scheme.totalSeconds).toBeCloseTo(2.8205, 4);
    expect(100 * scheme.delaySaved!).toBeCloseTo(0.9, 1);
  });

  it('no scheme leaves the range of splits', () => {
    const report = solvePlan(fixtureProblem('planner/u056.yaml'), { whatIf: 'never', method: 'exact' });
    expect(report.answer!.delay.totalSeconds).toBeCloseTo(8.277, 3);
    for (const { name, totalSeconds = Infinity } of report.baselines) {
      expect(totalSeconds, name).toBeGreaterThanOrEqual(8.2768);
    }
  });

  it('equal bandwidth on the campus costs 2.3 %, not 46.9 %', () => {
    const report = solvePlan(fixtureProblem('../../examples/campus.yaml'), { whatIf: 'never', seed: 7 });
    const scheme = report.baselines.find(({ name }) => name === 'equal-bandwidth')!;
    expect(scheme.totalSeconds).toBeCloseTo(21.678, 3);
    expect(100 * scheme.delaySaved!).toBeCloseTo(2.25, 1);
  });

  it('federated LoRA is shown with the settings that make it fit', () => {
    const source = fixtureSource('planner/fixed-ratio.yaml');
    const { baselines } = solvePlan(source, { whatIf: 'never' });
    const lean = baselines.find(({ name }) => name === 'federated-lora, recompute')!;
    expect(lean).toMatchObject({ status: 'found', outside: true });
    expect(lean.totalSeconds).toBeGreaterThan(baselines.find(({ name }) => name === 'federated-lora')!.totalSeconds!);
  });
});
