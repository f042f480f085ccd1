import { describe, expect, it } from 'vitest';
import { planBandwidth } from '../../../lib/plan/index.js';
import { readOf } from '../../support/explanation-checks.js';
import { randomFile } from '../../support/problem-files.js';

describe('shares under the thresholds of a common batch', () => {
  it('are the best that the search has seen where rounding throws off its last steps', () => {
    const problem = readOf(randomFile(2534, 6).file)!.problem;
    const { deadlineSeconds: _deadline, trafficLimitBits: _traffic, ...rest } = problem;
    const open = { ...rest, serverMemoryBytes: Infinity, accuracy: { ...rest.accuracy, minimum: -Infinity } };
    const blocks = [10, 3, 4, 3];
    const upPoints = [0, 1, 2, 0];
    const bandwidthHz = open.bandwidthHz / 4;
    const plan = {
      devices: open.devices.map((_, n) => ({
        participates: true,
        blocks: blocks[n]!,
        upPoint: upPoints[n]!,
        downPoint: upPoints[n]!,
        bandwidthHz,
        serverShare: 1,
      })),
    };
    const byThresholds = planBandwidth(open, plan, { method: 'scalar' }).totalSeconds;
    const byProgramming = planBandwidth(open, plan, { method: 'sqp' }).totalSeconds;
    expect(Math.abs(byThresholds / byProgramming - 1)).toBeLessThan(1e-10);
  });
});
