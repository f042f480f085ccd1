import { describe, expect, it } from 'vitest';
import { coldRound } from '../../../lib/validation/index.js';
import { sampleProfile } from '../../support/measured-profile.js';

const decision = { participates: true, blocks: 1, upPoint: 0, downPoint: 0, bandwidthHz: 1, serverShare: 0.25 };
const point = { keptFraction: 1, bits: 32 };
const devices = [2, 6].map((speedFactor) => ({
  speedFactor,
  cut: 1,
  up: point,
  down: point,
  uplinkRate: 1e6,
  downlinkRate: 1e6,
  bandShare: 0.5,
  serverShare: 0.25,
}));
const one = { devices, sharing: 'allocated', serverFactor: 0.5, batchSize: 16, activations: 'keep' } as const;
const prediction = (chainSeconds: number[]) => ({
  plan: { devices: [decision, decision] },
  delay: {
    totalSeconds: Math.max(...chainSeconds) + 0.01,
    aggregationSeconds: 0.01,
    stages: [],
    chainSeconds: Float64Array.from(chainSeconds),
  },
});
const { entries } = sampleProfile();
const profile = { entries: entries.map((entry) => ({ ...entry, coldSeconds: { device: 0.1, server: 0.05 } })) };

describe('the first round of a process', () => {
  it('is longer by what the first device and the server for it take more', () => {
    // 2 · 0.1 on the device, 0.5 / 0.25 · 0.05 on the server.
    expect(coldRound(one, prediction([1, 0.9]), profile)).toBeCloseTo(1.31, 12);
  });

  it('ends with the last device, whichever that is', () => {
    expect(coldRound(one, prediction([1, 1.2]), profile)).toBeCloseTo(1.31, 12);
    expect(coldRound(one, prediction([1, 1.5]), profile)).toBeCloseTo(1.51, 12);
  });

  it('holds a batch up for all', () => {
    const batched = { ...one, sharing: 'batched' } as const;
    expect(coldRound(batched, prediction([1, 1.5]), profile)).toBeCloseTo(1.51 + 0.2 + 0.025, 12);
  });

  it('is of the memory mode, of an older profile one for all, and unknown where none was measured', () => {
    const [keep, recompute] = entries.map((entry) => ({ ...entry, coldSeconds: { device: 0.1, server: 0 } }));
    const own = { entries: [keep!, { ...recompute!, coldSeconds: { device: 0.05, server: 0 } }] };
    expect(coldRound(one, prediction([1, 0]), own)).toBeCloseTo(1.21, 12);
    expect(coldRound({ ...one, activations: 'recompute' }, prediction([1, 0]), own)).toBeCloseTo(1.11, 12);
    const older = { entries, coldSeconds: { device: 0.2, server: 0 } };
    expect(coldRound(one, prediction([1, 0]), older)).toBeCloseTo(1.41, 12);
    expect(coldRound(one, prediction([1, 0]), { entries })).toBeUndefined();
  });
});
