import { describe, expect, it } from 'vitest';
import { sourceOf, type PlanningProblem } from '../../../lib/models/index.js';
import { explainInfeasibility, whatIf } from '../../../lib/plan/explain/index.js';
import { describePlan } from '../../../lib/plan/answer.js';
import type { Oracle } from '../../../lib/plan/oracle.js';
import type { Planner } from '../../../lib/plan/planner.js';
import type { BoundReport, Remedy } from '../../../lib/plan/report.js';
import { randomProblem } from '../../support/plan-instances.js';
import { bruteForce } from '../../support/plan-oracle.js';

const planner: Planner = (problem) => {
  const { feasible, plan, totalSeconds } = bruteForce(problem);
  return { ...(plan && { plan }), totalSeconds, termination: feasible ? 'optimal' : 'infeasible' };
};

/** Answers by trying everything. */
const oracle: Oracle = {
  stopped: false,
  decide(problem) {
    const { feasible, plan } = bruteForce(problem);
    return { verdict: feasible ? 'feasible' : 'impossible', ...(plan && { plan }) };
  },
  fastest(problem) {
    const { plan, totalSeconds } = bruteForce(problem);
    return { ...(plan && { plan }), totalSeconds, boundSeconds: totalSeconds };
  },
};

function base(seed = 4): PlanningProblem {
  const problem = randomProblem({
    seed,
    devices: 2,
    splits: 4,
    points: 3,
    scope: 'mean',
    sharing: 'allocated',
    accuracyTightness: 0.5,
    serverMemoryTightness: 'none',
    decorations: false,
  });
  return { ...problem, devices: problem.devices.map((device) => ({ ...device, memoryBytes: 1e12 })) };
}

type Change = Remedy['changes'][number];
const changesOf = (remedies: readonly Remedy[]) => remedies.flatMap(({ changes }) => changes);

function remedied(problem: PlanningProblem, { limit, device, to }: Change): PlanningProblem {
  switch (limit) {
    case 'deadline':
      return { ...problem, deadlineSeconds: to };
    case 'accuracy':
      return { ...problem, accuracy: { ...problem.accuracy, minimum: to } };
    case 'server-memory':
      return { ...problem, serverMemoryBytes: to };
    case 'bandwidth':
      return { ...problem, bandwidthHz: to };
    case 'device-memory':
      return {
        ...problem,
        devices: problem.devices.map((other) => (other.name === device ? { ...other, memoryBytes: to } : other)),
      };
    default:
      throw new Error(`no remedy for ${limit}`);
  }
}

describe('an infeasible problem', () => {
  it('names a device that cannot hold its least split, and the bytes it lacks', () => {
    const problem = base();
    const [first, ...others] = problem.devices;
    const needed = first!.costs.deviceMemoryBytes[1]!;
    const starved = { ...problem, devices: [{ ...first!, memoryBytes: needed / 2 }, ...others] };
    const report = explainInfeasibility(sourceOf(starved), oracle);
    expect(report.conflicts.map(({ limit, devices }) => [limit, devices])).toEqual([['device-memory', ['device-1']]]);
    expect(report.conflicts[0]!.reachable).toBeGreaterThanOrEqual(needed);
    const remedy = changesOf(report.remedies).find(({ limit }) => limit === 'device-memory')!;
    expect(remedy.device).toBe('device-1');
    expect(bruteForce(remedied(starved, remedy)).feasible).toBe(true);
  });

  it('gives the largest reachable accuracy', () => {
    const problem = base();
    const wanting = { ...problem, accuracy: { ...problem.accuracy, minimum: 0.999 } };
    const { conflicts, remedies } = explainInfeasibility(sourceOf(wanting), oracle);
    expect(conflicts.map(({ limit }) => limit)).toEqual(['accuracy']);
    const reachable = { ...wanting, accuracy: { ...wanting.accuracy, minimum: conflicts[0]!.reachable } };
    const beyond = { ...wanting, accuracy: { ...wanting.accuracy, minimum: conflicts[0]!.reachable + 1e-6 } };
    expect(bruteForce(reachable).feasible).toBe(true);
    expect(bruteForce(beyond).feasible).toBe(false);
    expect(changesOf(remedies).map(({ limit }) => limit)).toEqual(['accuracy']);
  });

  it('holds a deadline against the floor of a device', () => {
    const problem = { ...base(), deadlineSeconds: 1e-3 };
    const { conflicts, remedies } = explainInfeasibility(sourceOf(problem), oracle);
    expect(conflicts.every(({ limit, required }) => limit === 'deadline' && required === 1e-3)).toBe(true);
    expect(conflicts.length).toBe(2);
    expect(conflicts[0]!.message).toMatch(/any bandwidth|whole band/);
    const remedy = changesOf(remedies).find(({ limit }) => limit === 'deadline')!;
    expect(bruteForce(remedied(problem, remedy)).feasible).toBe(true);
  });

  it('finds the smallest change of each limit when limits conflict only together', () => {
    let checked = 0;
    for (let seed = 0; seed < 6; seed++) {
      const open = base(seed);
      const { totalSeconds } = bruteForce(open);
      const problem = { ...open, deadlineSeconds: totalSeconds * 0.97 };
      const { conflicts, remedies } = explainInfeasibility(sourceOf(problem), oracle);
      expect(conflicts.length).toBeGreaterThan(0);
      for (const remedy of changesOf(remedies)) {
        checked++;
        expect(bruteForce(remedied(problem, remedy)).feasible, remedy.limit).toBe(true);
        const less = { ...remedy, to: remedy.to + 0.01 * (remedy.from - remedy.to) };
        if (remedy.limit !== 'deadline') expect(bruteForce(remedied(problem, less)).feasible, remedy.limit).toBe(false);
      }
    }
    expect(checked).toBeGreaterThan(10);
  });

  it('adds up least bandwidths and counts resource blocks', () => {
    const problem = base();
    const crowded = {
      ...problem,
      devices: problem.devices.map((device) => ({ ...device, minimumBandwidthHz: 0.6 * problem.bandwidthHz })),
    };
    const { conflicts } = explainInfeasibility(sourceOf(crowded), oracle);
    expect(conflicts[0]).toMatchObject({ limit: 'bandwidth', reachable: 1.2 * problem.bandwidthHz });
    const blocks = explainInfeasibility(sourceOf({ ...problem, resourceBlockHz: 0.7 * problem.bandwidthHz }), {
      stopped: false,
      decide: () => ({ verdict: 'impossible' }),
      fastest: () => ({ totalSeconds: Infinity, boundSeconds: Infinity }),
    });
    expect(blocks.conflicts[0]!.message).toBe('the devices need at least 2 resource blocks, the band has 1');
  });
});

/** What a recomputation that confirms nothing says. */
const unproven = (): BoundReport => ({
  boundSeconds: 0,
  verified: false,
  source: 'none',
  certificate: { kind: 'floor', sharing: 'equal', boundSeconds: null, device: 'device-1' },
});

describe('what if', () => {
  it('solves the changed problems and never gets slower with more', () => {
    for (let seed = 0; seed < 5; seed++) {
      const problem = base(seed);
      const { plan } = bruteForce(problem);
      const { delay } = describePlan(problem, plan!, undefined);
      const reports = whatIf(sourceOf(problem), { plan: plan!, delay }, { planner, prove: unproven });
      expect(reports.map(({ change }) => change)).toContain('1 MHz more bandwidth');
      expect(reports.some(({ change }) => change.startsWith('without device'))).toBe(true);
      // Without a device the others may have to make up for its part of the mean accuracy: no promise there.
      for (const report of reports.filter(({ change }) => !change.startsWith('without'))) {
        expect(report.delayChangeSeconds, report.change).toBeLessThanOrEqual(1e-9 * delay.totalSeconds);
      }
    }
  });
});
