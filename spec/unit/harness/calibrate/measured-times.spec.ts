import { describe, expect, it } from 'vitest';
import type { TimedRound } from '../../../../harness/calibrate/index.js';
import { measuredTimes, type MeasuredRuns } from '../../../../harness/calibrate/measured-entry.js';
import { slowdown } from '../../../../harness/calibrate/references.js';
import { embeddedConfig } from '../../../../harness/model/embedded.js';
import type { RoundRecord, StepRecord } from '../../../../harness/server/index.js';
import { randomStream } from '../../../../lib/random/index.js';

const { blocks } = embeddedConfig;
const unit = { matrix: 1e-3, codec: 3e-4, threadStretch: 1 };
const random = randomStream(3, 'speeds');
const planted = {
  forward: (cut: number) => 0.001 + 0.005 * cut,
  backward: (cut: number) => -0.001 + 0.007 * cut,
  server: (served: number) => 0.003 + 0.011 * served,
  batch: (served: number, devices: number) => 0.002 + 0.001 * devices + served * (0.001 + 0.01 * devices),
  aggregation: (devices: number) => 1e-4 + 1e-3 * devices,
  adapterBytes: (cut: number) => 40 + 500 * cut,
};
const plainBytes = 4 * 16 * 17 * 96;

/** A round on a machine that is so many times as slow as at `unit`, by its works and by what others take of it. */
function round(cut: number, devices: number, isBatch: boolean, slow: number): TimedRound {
  const stretch = 1 + 0.2 * random.uniform();
  const by = slow * stretch;
  const served = blocks - cut;
  const steps = Array.from({ length: 4 * devices }, (_, k): StepRecord => {
    const compute = isBatch ? planted.batch(served, devices) / devices : planted.server(served);
    return {
      kind: 'step',
      round: 0,
      step: Math.floor(k / devices),
      device: k % devices,
      loss: 1,
      seconds: {
        deviceForward: by * planted.forward(cut),
        deviceEncode: by * 1e-3,
        uplink: 0,
        server: 0,
        downlink: 0,
        deviceDecode: by * 1e-3,
        deviceBackward: by * planted.backward(cut),
        deviceUpdate: 0,
      },
      measuredServerSeconds: { decode: by * 1e-3, compute: by * compute, update: 0, encode: by * 1e-3 },
      uplinkBytes: plainBytes + 80,
      downlinkBytes: plainBytes + 70,
    };
  });
  const record = {
    devices: Array.from({ length: devices }, (_, k) => k),
    aggregationSeconds: by * planted.aggregation(devices),
    downlinkBytes: steps.length * (plainBytes + 70) + devices * planted.adapterBytes(cut),
  } as unknown as RoundRecord;
  const { matrix, codec } = unit;
  const references = { matrix: slow * matrix, codec: slow * codec, threadStretch: stretch };
  return { record, steps, references };
}

/** `slow`: of the run with a number. */
function runs(memoryMode: 'keep' | 'recompute', slow: (run: number) => number): MeasuredRuns {
  let made = 0;
  const made1 = (cut: number, devices: number, isBatch: boolean) => {
    const by = slow(made++);
    const rounds = [0, 1].map(() => round(cut, devices, isBatch, by));
    return { cut, devices, run: { rounds, first: rounds[0]!, warmUpRounds: 1, unsteady: [] } };
  };
  const cuts = [1, 3, 5];
  const separate = [...cuts, ...cuts].map((cut) => made1(cut, 1, false));
  const batched = [1, 5].flatMap((cut) => [2, 4].map((devices) => made1(cut, devices, true)));
  const cold = [{ device: 0.2, server: 0.1, references: unit }];
  const bytes = {} as MeasuredRuns['bytes'];
  const points = [{ keptFraction: 1, bits: 32 }];
  return { batchSize: 16, memoryMode, cuts, points, separate, batched, cold, bytes };
}

describe('what the runs of a calibration come to', () => {
  it('is the same for both memory modes, whatever the machine’s speed was while each was run', () => {
    // The first run finds the machine as no other does, and recomputing has a slower half of an hour.
    const keep = runs('keep', (k) => (k === 0 ? 3 : 0.9 + 0.3 * random.uniform()));
    const recompute = runs('recompute', () => 1.3 + 0.3 * random.uniform());
    const { references, entries, headerBytes, adapterBytes, aggregationSeconds } = measuredTimes(
      { config: embeddedConfig },
      [keep, recompute],
    );
    const speed = slowdown(references, unit);
    // The middle of what the rounds saw, not the first of them.
    expect(speed).toBeGreaterThan(1);
    expect(speed).toBeLessThan(1.9);
    for (const entry of entries) {
      expect(entry.forwardSeconds.fixed / speed).toBeCloseTo(0.001, 9);
      expect(entry.forwardSeconds.perBlock / speed).toBeCloseTo(0.005, 9);
      expect(entry.backwardSeconds.perBlock / speed).toBeCloseTo(0.007, 9);
      expect(entry.serverSeconds.perBlock / speed).toBeCloseTo(0.011, 9);
      expect(entry.coldSeconds!.device / speed).toBeCloseTo(0.2, 9);
      expect(entry.points[0]!.up.encodeSecondsPerValue * 16 * 17 * 96).toBeCloseTo(speed * 1e-3, 9);
      expect(entry.points[0]!.up.ratio).toBeCloseTo((plainBytes + 10) / plainBytes, 12);
    }
    // A device alone is on no line with batches.
    const { fixed, perBlock, fixedPerDevice, perBlockPerDevice } = entries[0]!.serverBatchSeconds;
    expect(fixed / speed).toBeCloseTo(0.002, 9);
    expect(perBlock / speed).toBeCloseTo(0.001, 9);
    expect(fixedPerDevice / speed).toBeCloseTo(0.001, 9);
    expect(perBlockPerDevice / speed).toBeCloseTo(0.01, 9);
    // Whatever noise says, a further device takes no negative time.
    const [first, ...others] = keep.batched;
    const two = { ...first!, devices: 4 };
    const four = { ...others[0]!, devices: 2 };
    const noisy = measuredTimes({ config: embeddedConfig }, [{ ...keep, batched: [two, four, ...others.slice(1)] }]);
    const { serverBatchSeconds: batch } = noisy.entries[0]!;
    expect(batch.fixedPerDevice + 5 * batch.perBlockPerDevice).toBeCloseTo(0, 9);
    expect(batch.fixedPerDevice + batch.perBlockPerDevice).toBeGreaterThan(0);
    expect(headerBytes).toBe(70);
    expect(adapterBytes.fixed).toBeCloseTo(40, 6);
    expect(adapterBytes.perBlock).toBeCloseTo(500, 6);
    expect(aggregationSeconds.perDevice / speed).toBeCloseTo(1e-3, 9);
  });
});
