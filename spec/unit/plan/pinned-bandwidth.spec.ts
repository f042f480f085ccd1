import { describe, expect, it } from 'vitest';
import { buildChoices, planViolations } from '../../../lib/models/index.js';
import { allocate } from '../../../lib/plan/index.js';
import { largeProblem } from '../../support/plan-instances.js';

describe('shares when every bandwidth is pinned', () => {
  // Pinned shares that fill the band add up to one only to rounding: the server's shares are then all that is left.
  it.each([3, 7, 100, 1000])('divides the server alone among %i devices', (count) => {
    const open = largeProblem(2, count, 10);
    const bandwidthHz = open.bandwidthHz / count;
    const problem = { ...open, devices: open.devices.map((device) => ({ ...device, pinned: { bandwidthHz } })) };
    const decisions = problem.devices.map((device) => {
      const table = buildChoices(problem, device);
      return {
        participates: true,
        blocks: table.blocks[0]!,
        upPoint: table.upPoint[0]!,
        downPoint: table.downPoint[0]!,
      };
    });
    const found = allocate({ ...problem, accuracy: { ...problem.accuracy, minimum: -Infinity } }, decisions);
    if (found.status !== 'optimal') throw new Error('no shares were found');
    const relaxed = { ...problem, accuracy: { ...problem.accuracy, minimum: -Infinity } };
    expect(planViolations(relaxed, found.plan, found.totalSeconds)).toEqual([]);
    const use = found.plan.devices.reduce((sum, { serverShare }) => sum + serverShare, 0);
    expect(use).toBeCloseTo(1, 9);
    expect(found.totalSeconds).toBeLessThan(1e5);
  });
});
