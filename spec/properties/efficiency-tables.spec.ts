import { describe, expect, it } from 'vitest';
import { bruteForcePlan } from '../../lib/testing/index.js';
import {
  efficiencyTable,
  efficiencyTableNames,
  planViolations,
  stepEfficiency,
  tableLaw,
  type CustomRate,
  type EfficiencyTable,
  type PlanningProblem,
  type RateLaw,
  type ServerSharing,
} from '../../lib/models/index.js';
import { allocate, boundPlan, planExact, planTwoTimescale, verifyBound } from '../../lib/plan/index.js';
import { randomStream } from '../../lib/random/index.js';
import { randomProblem, withEfficiencyTables, type InstanceShape } from '../support/plan-instances.js';

const sharings = ['allocated', 'equal', 'batched'] as const;

/**
 * What the steps of the table carry over a share, from the table alone: the best alternation between two widths at which
 * schemes begin, or one of them and nothing. No hull, no slopes.
 */
function steppedRate(table: EfficiencyTable, snrHz: number): CustomRate {
  // Just inside: at the corner itself rounding decides.
  const widths = [0, ...table.map(({ signalToNoise }) => (snrHz / signalToNoise) * (1 - 1e-14))];
  const carried = widths.map((width) => (width > 0 ? width * stepEfficiency(table, snrHz / width) : 0));
  const most = Math.max(...carried);
  return {
    kind: 'custom',
    bitsPerSecond: (hertz) => {
      let best = 0;
      widths.forEach((narrow, i) => {
        if (narrow > hertz) return;
        best = Math.max(best, carried[i]!);
        widths.forEach((wide, k) => {
          if (wide <= hertz) return;
          const part = (hertz - narrow) / (wide - narrow);
          best = Math.max(best, part * carried[k]! + (1 - part) * carried[i]!);
        });
      });
      return Math.min(most, best);
    },
    slope: () => 0,
  };
}

/** One problem twice: with the planner's law of the table, and judged by its steps. */
function twice(shape: InstanceShape): { problem: PlanningProblem; judged: PlanningProblem } {
  const base = randomProblem({ ...shape, decorations: false, serverMemoryTightness: 'none' });
  const random = randomStream(shape.seed, 'judged-table');
  const table = efficiencyTable(efficiencyTableNames[random.integer(3)]!);
  const mapped = (law: (table: EfficiencyTable, snrHz: number) => RateLaw): PlanningProblem => ({
    ...base,
    devices: base.devices.map((device) => {
      const own = (link: RateLaw) => (link.kind === 'shannon' ? law(table, link.snrBandwidthHz) : link);
      return { ...device, uplink: own(device.uplink), downlink: own(device.downlink) };
    }),
  });
  return { problem: mapped((steps, snr) => tableLaw(steps, Float64Array.of(snr))), judged: mapped(steppedRate) };
}

describe('plans under tables of modulation and coding', () => {
  it.each(sharings)('%s: two and three devices as fast as trying all over the steps', (sharing) => {
    let proven = 0;
    for (const [devices, splits, points, seeds] of [
      [2, 3, 2, 4],
      [3, 2, 1, 2],
    ] as const) {
      for (let seed = 0; seed < seeds; seed++) {
        const { problem, judged } = twice({ seed, devices, splits, points, sharing });
        const best = bruteForcePlan(judged).totalSeconds;
        const name = `${devices} devices, seed ${seed}`;
        const exact = planExact(problem);
        if (best === Infinity) {
          expect(exact.termination, name).toBe('infeasible');
          continue;
        }
        expect(exact.termination, name).toBe('optimal');
        expect(Math.abs(exact.totalSeconds / best - 1), name).toBeLessThanOrEqual(1e-6);
        expect(planViolations(problem, exact.plan!, exact.totalSeconds)).toEqual([]);
        const bound = boundPlan(problem);
        expect(verifyBound(problem, bound.certificate).valid, name).toBe(true);
        // Golden sections of brute force end within 1e-7.
        expect(bound.boundSeconds, name).toBeLessThanOrEqual(best * (1 + 1e-7));
        proven++;
      }
    }
    expect(proven).toBeGreaterThanOrEqual(4);
  });

  it.each(sharings)('%s: shares of four and of ten devices are confirmed as the best', (sharing) => {
    for (const devices of [4, 10]) {
      for (let seed = 0; seed < 12; seed++) {
        const problem = instance(sharing, seed, devices);
        const choice = { participates: true, blocks: 1 + (seed % 2), upPoint: seed % 2, downPoint: seed % 2 };
        const found = allocate(
          problem,
          problem.devices.map(() => choice),
        );
        expect(found.status === 'optimal' && found.exact, `${devices} devices, seed ${seed}`).toBe(true);
      }
    }
  });

  it.each(sharings)('%s: no bound above a plan where rates hardly rise beyond the last corner', (sharing) => {
    for (const devices of [1, 2]) {
      const problem = withEfficiencyTables(randomProblem({ seed: 2114, devices, splits: 3, points: 3, sharing }), 2114);
      const bound = boundPlan(problem);
      const plan = planTwoTimescale(problem);
      expect(verifyBound(problem, bound.certificate).valid).toBe(true);
      expect(bound.boundSeconds).toBeLessThanOrEqual(plan.totalSeconds * (1 + 1e-9));
    }
  });
});

function instance(sharing: ServerSharing, seed: number, devices: number): PlanningProblem {
  const shape = { seed, devices, splits: 2, points: 2, sharing, decorations: false };
  return withEfficiencyTables(randomProblem({ ...shape, serverMemoryTightness: 'none' }), seed);
}
