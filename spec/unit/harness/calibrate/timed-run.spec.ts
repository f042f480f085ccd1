import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import {
  affordable,
  defaultPoints,
  middleReferences,
  slowdown,
  unsteadyStages,
  type CalibrateOptions,
  type TimedRound,
} from '../../../../harness/calibrate/index.js';
import { setStageClock, threadStretch } from '../../../../harness/protocol/index.js';
import type { RoundRecord, StepRecord } from '../../../../harness/server/index.js';

const references = { matrix: 2e-3, codec: 4e-4 };

/** A round of four steps of each device whose work takes so many times the usual. */
function round(index: number, factor: (step: number) => number, devices = 1, now = references): TimedRound {
  const steps = Array.from({ length: 4 * devices }, (_, k): StepRecord => {
    const step = k % 4;
    const by = factor(4 * index + step);
    const device = { deviceForward: 0.01 * by, deviceEncode: 0.001 * by, deviceDecode: 0.001 * by };
    return {
      kind: 'step',
      round: index,
      step,
      device: Math.floor(k / 4),
      loss: 1,
      seconds: {
        ...device,
        uplink: 0,
        server: 0.03 * by,
        downlink: 0,
        deviceBackward: 0.02 * by,
        deviceUpdate: 0.001 * by,
      },
      measuredServerSeconds: { decode: 0.001 * by, compute: 0.03 * by, update: 0.001 * by, encode: 0.001 * by },
      uplinkBytes: 100,
      downlinkBytes: 100,
    };
  });
  return { record: { wallSeconds: 0.4 } as RoundRecord, steps, references: now };
}

describe('a timed run', () => {
  it('is not steady while its steps still get quicker, and is once they have', () => {
    const cooling = (step: number) => 1 + 2 * Math.exp(-step / 4);
    const rounds = Array.from({ length: 8 }, (_, k) => round(k, cooling));
    expect(unsteadyStages(rounds.slice(0, 2)).join()).toMatch(/device forward.*device backward.*server.*codec/u);
    expect(unsteadyStages(rounds.slice(6))).toEqual([]);
  });

  it('does not take the machine’s speed for a trend, nor the first device of a round', () => {
    const slower = Array.from({ length: 4 }, (_, k) => {
      const by = 1 + 0.3 * k;
      return round(k, () => by, 2, { matrix: 2e-3 * by, codec: 4e-4 * by });
    });
    expect(unsteadyStages(slower)).toEqual([]);
    const held = slower.map((one) => ({ ...one, references }));
    expect(unsteadyStages(held).length).toBe(4);
  });

  it('is not steady where its steps are spread too widely', () => {
    const rounds = [0, 1].map((k) => round(k, (step) => (step % 2 === 0 ? 1 : 1.5)));
    expect(unsteadyStages(rounds).join()).toContain('spread');
    expect(unsteadyStages(rounds, ['server'])).toEqual([expect.stringMatching(/^server \(spread/u)]);
    expect(unsteadyStages(rounds, [])).toEqual([]);
  });
});

describe('the machine’s speed', () => {
  it('is 1 at the references’ own, and in proportion to all of them', () => {
    expect(slowdown(references, references)).toBe(1);
    const twice = { matrix: 4e-3, codec: 8e-4 };
    expect(slowdown(twice, references)).toBeCloseTo(2, 12);
    expect(slowdown({ ...references, matrix: 8e-3 }, references)).toBeCloseTo(2, 12);
    // One after the other they multiply.
    const other = { matrix: 3e-3, codec: 5e-4 };
    expect(slowdown(twice, other) * slowdown(other, references)).toBeCloseTo(2, 12);
    expect(middleReferences([references, twice, twice])).toEqual(twice);
  });

  it('counts what others take of the processor, where both sides know it', () => {
    const alone = { ...references, threadStretch: 1.02 };
    const shared = { ...references, threadStretch: 2.04 };
    expect(slowdown(shared, alone)).toBeCloseTo(2, 12);
    expect(slowdown(shared, references)).toBe(1);
    expect(slowdown(references, alone)).toBe(1);
    expect(middleReferences([alone, shared, shared])).toEqual(shared);
    expect(middleReferences([references, shared, references])).toEqual(shared);
  });

  it('does not read what older profiles have besides', () => {
    const older = { matrix: 2e-3, codec: 4e-4, memory: 1e-4, stretch: 0.9 };
    expect(slowdown({ ...references, threadStretch: 1 }, older)).toBe(1);
    expect(slowdown({ ...references, codec: 8e-4 }, older)).toBeCloseTo(Math.SQRT2, 12);
  });

  it('is stretched by what passes without a processor, by wall clock alone, whatever other threads do', async () => {
    const told = threadStretch();
    expect(told()).toBe(undefined);
    let state = 1;
    for (const from = process.cpuUsage(); process.cpuUsage(from).user < 1.2e5;) {
      for (let k = 0; k < 1e5; k++) state = Math.imul(state, 3) + 1;
    }
    expect(state).not.toBe(0);
    const helper = new Worker('const end = Date.now() + 400; while (Date.now() < end);', { eval: true });
    await new Promise((resolve) => helper.on('exit', resolve));
    if (process.platform === 'linux') expect(told()).toBeGreaterThan(2);
    setStageClock('cpu');
    expect(told()).toBe(undefined);
    setStageClock('wall');
  });
});

describe('a time limit', () => {
  it('leaves out the last operating points, never the uncompressed one, and no steps', () => {
    const said: string[] = [];
    const options: CalibrateOptions = {
      batchSizes: [16],
      memoryModes: ['keep', 'recompute'],
      points: defaultPoints,
      steps: 8,
      timeLimitSeconds: 1e9,
      clock: 'wall',
      seed: 1,
      onProgress: (text) => said.push(text),
    };
    const run = { rounds: [round(0, () => 1)] };
    const counts = [1e9, 60, 40, 35, 0].map((timeLimitSeconds) => {
      const { points, passes } = affordable(run, { ...options, timeLimitSeconds });
      expect(passes).toBe(timeLimitSeconds > 100 ? 3 : 1);
      expect(points).toEqual(defaultPoints.slice(0, points.length));
      return points.length;
    });
    expect(counts[0]).toBe(defaultPoints.length);
    // What plans with at most a point of loss use.
    expect(defaultPoints).toEqual(
      expect.arrayContaining([
        { keptFraction: 0.5, bits: 4 },
        { keptFraction: 1, bits: 4 },
      ]),
    );
    expect(counts.at(-1)).toBe(1);
    expect(counts).toEqual([...counts].sort((a, b) => b - a));
    expect(new Set(counts).size).toBeGreaterThan(2);
    expect(said.at(-1)).toContain('10 % at 4 bits');
    const plainLast = affordable(run, { ...options, points: defaultPoints.slice(1), timeLimitSeconds: 0 });
    expect(plainLast.points).toEqual([{ keptFraction: 1, bits: 32 }]);
  });
});
