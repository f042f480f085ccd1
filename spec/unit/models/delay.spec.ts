import { describe, expect, it } from 'vitest';
import {
  limitUse,
  planViolations,
  roundDelay,
  roundEnergyJoule,
  roundTraffic,
  type CostTable,
  type Device,
  type OperatingPoint,
  type Plan,
  type PlanningProblem,
} from '../../../lib/models/index.js';

const point: OperatingPoint = {
  name: 'quarter',
  ratio: 0.25,
  encodeSecondsPerValue: 2e-9,
  decodeSecondsPerValue: 1e-9,
  serverEncodeSecondsPerValue: 2e-10,
  serverDecodeSecondsPerValue: 1e-10,
  workspaceBytesPerValue: 8,
};

const costs: CostTable = {
  allowedBlocks: [1, 2],
  forwardSeconds: Float64Array.of(0.01, 0.03, 0.05, 0.07),
  backwardSeconds: Float64Array.of(0, 0.03, 0.07, 0.11),
  serverSeconds: Float64Array.of(0.02, 0.015, 0.01, 0),
  deviceMemoryBytes: Float64Array.of(1e6, 2e6, 3e6, 4e6),
  serverMemoryBytes: Float64Array.of(3e6, 2e6, 1e6, 0),
  adapterBits: Float64Array.of(0, 1e5, 2e5, 3e5),
  upValues: Float64Array.of(1e6, 1e6, 1e6, 0),
  downValues: Float64Array.of(0, 1e6, 1e6, 0),
  bitsPerValue: 32,
  headerBits: 1000,
};

const device: Device = {
  name: 'one',
  weight: 1,
  optional: false,
  uplink: { kind: 'shannon', snrBandwidthHz: 30e6 },
  downlink: { kind: 'linear', bitsPerSecondPerHz: 2 },
  minimumBandwidthHz: 0,
  maximumBandwidthHz: Infinity,
  memoryBytes: 12e6,
  codecTimeFactor: 2,
  costs,
  pinned: {},
  transmitPowerWatt: 0.2,
  computePowerWatt: 5,
};

const problem: PlanningProblem = {
  blockCount: 3,
  stepsPerRound: 2,
  sharing: 'allocated',
  bandwidthHz: 20e6,
  serverMemoryBytes: 10e6,
  aggregationSeconds: 0.5,
  accuracy: {
    model: {
      limit: 0.9,
      combination: 'additive',
      up: { family: { kind: 'power', scale: 0.01, exponent: 0.5 }, cut: { kind: 'constant' } },
      fittedRatio: { minimum: 0.01, maximum: 1 },
    },
    minimum: 0.88,
    scope: 'mean',
  },
  upPoints: [point],
  downPoints: [point],
  tiedRatios: true,
  devices: [device, { ...device, name: 'two', memoryBytes: 10.5e6 }],
};

const plan: Plan = {
  devices: [
    { participates: true, blocks: 2, upPoint: 0, downPoint: 0, bandwidthHz: 10e6, serverShare: 0.4 },
    { participates: true, blocks: 1, upPoint: 0, downPoint: 0, bandwidthHz: 10e6, serverShare: 0.6 },
  ],
};

describe('a round computed by hand', () => {
  // 10 MHz at z = 3: R = 10⁷·log2(4) = 20 Mbit/s up; 20 Mbit/s down. A message: 1000 + 10⁶·32/4 = 8 001 000 bit.
  const message = 8_001_000 / 20e6;
  const first = {
    forward: 0.05,
    encode: 0.004,
    uplink: message,
    server: (0.01 + 1e-4 + 2e-4) / 0.4,
    downlink: message,
    decode: 0.002,
    backward: 0.07,
    adapterUplink: 0.01,
    adapterDownlink: 0.01,
  };
  const second = {
    ...first,
    forward: 0.03,
    server: (0.015 + 3e-4) / 0.6,
    backward: 0.03,
    adapterUplink: 0.005,
    adapterDownlink: 0.005,
  };
  const chain = (stage: typeof first, server: number) =>
    2 * (stage.forward + stage.encode + stage.uplink + server + stage.downlink + stage.decode + stage.backward) +
    stage.adapterUplink +
    stage.adapterDownlink;

  it('allocated', () => {
    const delay = roundDelay(problem, plan);
    for (const [n, expected] of [first, second].entries()) {
      for (const [stage, seconds] of Object.entries(expected)) {
        expect(delay.stages[n]![stage as keyof typeof first] / seconds, stage).toBeCloseTo(1, 12);
      }
    }
    const total = Math.max(chain(first, first.server), chain(second, second.server)) + 0.5;
    expect(Math.abs(delay.totalSeconds / total - 1)).toBeLessThan(1e-12);
  });

  it('equal', () => {
    const delay = roundDelay({ ...problem, sharing: 'equal' }, withServerShare(0.5));
    const total = Math.max(chain(first, 0.0103 * 2), chain(second, 0.0153 * 2)) + 0.5;
    expect(Math.abs(delay.totalSeconds / total - 1)).toBeLessThan(1e-12);
  });

  it('batched', () => {
    const delay = roundDelay({ ...problem, sharing: 'batched' }, withServerShare(1));
    const batch = 0.0103 + 0.0153;
    const pre = 0.054 + message;
    const post = message + 0.072;
    const total = pre + 2 * batch + (pre + post) + (post + 0.02) + 0.5;
    expect(Math.abs(delay.totalSeconds / total - 1)).toBeLessThan(1e-12);
  });

  it('traffic, energy and use of limits', () => {
    const delay = roundDelay(problem, plan);
    expect(roundTraffic(problem, device, plan.devices[0]!)).toEqual({
      uplinkBits: 2 * 8_001_000 + 2e5,
      downlinkBits: 2 * 8_001_000 + 2e5,
      uncompressedBits: 4 * 32_001_000 + 4e5,
    });
    const energy = 5 * 2 * (0.05 + 0.004 + 0.002 + 0.07) + 0.2 * (2 * message + 0.01);
    expect(roundEnergyJoule(problem, device, plan.devices[0]!) / energy).toBeCloseTo(1, 12);
    const trafficBits = 2 * 4 * 8_001_000 + 2 * (2e5 + 1e5);
    expect(limitUse(problem, plan)).toEqual({
      bandwidthHz: 20e6,
      serverShare: 1,
      serverMemoryBytes: 3e6,
      trafficBits,
      accuracy: expect.closeTo(0.88, 12) as number,
    });
    expect(planViolations(problem, plan, delay.totalSeconds)).toEqual([]);
  });

  it('names every limit that is broken', () => {
    const tight: PlanningProblem = {
      ...problem,
      bandwidthHz: 19e6,
      serverMemoryBytes: 2.5e6,
      deadlineSeconds: 1,
      accuracy: { ...problem.accuracy, minimum: 0.89 },
      devices: [
        { ...device, memoryBytes: 10.9e6, pinned: { blocks: 1 } },
        { ...device, name: 'two', maximumBandwidthHz: 9e6 },
      ],
    };
    const broken = planViolations(tight, plan, roundDelay(problem, plan).totalSeconds);
    expect(broken.map(({ limit, device: name }) => [limit, name])).toEqual([
      ['device-memory', 'one'],
      ['pinned', 'one'],
      ['device-bandwidth', 'two'],
      ['bandwidth', undefined],
      ['server-memory', undefined],
      ['accuracy', undefined],
      ['deadline', undefined],
    ]);
  });
});

function withServerShare(serverShare: number): Plan {
  return { devices: plan.devices.map((decision) => ({ ...decision, serverShare })) };
}
