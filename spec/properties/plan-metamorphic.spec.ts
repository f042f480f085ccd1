import { describe, expect, it, vi } from 'vitest';
import type { Device, PlanningProblem } from '../../lib/models/index.js';
import { boundPlan, planExact } from '../../lib/plan/index.js';
import { randomProblem } from '../support/plan-instances.js';

// Generous: the limit guards against hanging, not against a busy machine.
vi.setConfig({ testTimeout: 300_000 });

const tolerance = 2e-6;

/** Small feasible instances of all sharings with their exact delay. */
const instances = Array.from({ length: 30 }, (_, k) => {
  const sharing = (['allocated', 'equal', 'batched'] as const)[k % 3]!;
  const problem = randomProblem({ seed: 100 + k, devices: 3, splits: 3, points: 3, sharing, decorations: k % 2 === 0 });
  return { problem, answer: planExact(problem) };
}).filter(({ answer }) => answer.plan !== undefined);

const withDevices = (problem: PlanningProblem, change: (device: Device, n: number) => Device): PlanningProblem => ({
  ...problem,
  devices: problem.devices.map(change),
});

const faster = (values: Float64Array) => values.map((value) => value * 0.7);

/** Neither the optimum nor what the bound proves may be longer once a limit is loosened. */
function expectNoLonger(loosen: (problem: PlanningProblem) => PlanningProblem): void {
  for (const { problem, answer } of instances) {
    const looser = planExact(loosen(problem));
    expect(looser.totalSeconds).toBeLessThanOrEqual(answer.totalSeconds * (1 + tolerance));
    expect(looser.rootBoundSeconds).toBeLessThanOrEqual(answer.totalSeconds);
  }
}

describe('exact optimum and bound', () => {
  it('have instances to be tried on', () => {
    expect(instances.length).toBeGreaterThan(15);
  });

  it('are not longer with more bandwidth', () => {
    expectNoLonger((problem) => ({ ...problem, bandwidthHz: problem.bandwidthHz * 1.2 }));
  });

  it('are not longer with more memory', () => {
    expectNoLonger((problem) =>
      withDevices({ ...problem, serverMemoryBytes: problem.serverMemoryBytes * 1.3 }, (device) => ({
        ...device,
        memoryBytes: device.memoryBytes * 1.3,
      })),
    );
  });

  it('are not longer with more throughput', () => {
    expectNoLonger((problem) =>
      withDevices(problem, (device) => ({
        ...device,
        costs: {
          ...device.costs,
          forwardSeconds: faster(device.costs.forwardSeconds),
          backwardSeconds: faster(device.costs.backwardSeconds),
          serverSeconds: faster(device.costs.serverSeconds),
        },
      })),
    );
  });

  it('are not longer with a lower accuracy limit', () => {
    expectNoLonger((problem) => ({
      ...problem,
      accuracy: { ...problem.accuracy, minimum: problem.accuracy.minimum - 0.02 },
    }));
  });

  it('do not depend on the order or the names of the devices', () => {
    for (const { problem, answer } of instances) {
      const devices = [...problem.devices].reverse().map((device, n) => ({ ...device, name: `other-${n}` }));
      const permuted = planExact({ ...problem, devices });
      expect(Math.abs(permuted.totalSeconds / answer.totalSeconds - 1)).toBeLessThanOrEqual(tolerance);
    }
  });

  it('scale with the unit of time', () => {
    for (const { problem, answer } of instances.filter(({ problem: { sharing } }) => sharing !== 'batched')) {
      // Seconds in milliseconds: times × 1000, rates / 1000; bandwidth keeps its unit.
      const scaled = withDevices({ ...problem, aggregationSeconds: problem.aggregationSeconds * 1000 }, (device) => ({
        ...device,
        codecTimeFactor: device.codecTimeFactor * 1000,
        costs: {
          ...device.costs,
          forwardSeconds: device.costs.forwardSeconds.map((value) => value * 1000),
          backwardSeconds: device.costs.backwardSeconds.map((value) => value * 1000),
          serverSeconds: device.costs.serverSeconds.map((value) => value * 1000),
          bitsPerValue: device.costs.bitsPerValue * 1000,
          headerBits: device.costs.headerBits * 1000,
          adapterBits: device.costs.adapterBits.map((value) => value * 1000),
        },
      }));
      const slower = (points: PlanningProblem['upPoints']) =>
        points.map((point) => ({
          ...point,
          serverEncodeSecondsPerValue: point.serverEncodeSecondsPerValue * 1000,
          serverDecodeSecondsPerValue: point.serverDecodeSecondsPerValue * 1000,
        }));
      const points = { upPoints: slower(problem.upPoints), downPoints: slower(problem.downPoints) };
      const other = planExact({ ...scaled, ...points });
      expect(Math.abs(other.totalSeconds / (1000 * answer.totalSeconds) - 1)).toBeLessThanOrEqual(tolerance);
    }
  });

  it("stay when the answer's own blocks and points are pinned", () => {
    for (const { problem, answer } of instances) {
      const pinned = withDevices(problem, (device, n) => {
        const decision = answer.plan!.devices[n]!;
        if (!decision.participates) return device;
        const { blocks, upPoint, downPoint } = decision;
        return { ...device, pinned: { ...device.pinned, blocks, upPoint, downPoint } };
      });
      const again = planExact(pinned);
      expect(Math.abs(again.totalSeconds / answer.totalSeconds - 1)).toBeLessThanOrEqual(tolerance);
      expect(boundPlan(pinned).boundSeconds).toBeLessThanOrEqual(answer.totalSeconds);
    }
  });
});
