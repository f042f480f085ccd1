import { describe, expect, it } from 'vitest';
import type { TransformerShape } from '../../../lib/models/index.js';
import { builtInCases, predict, problemCases, problemOf, unmeasured } from '../../../lib/validation/index.js';
import { sampleProfile } from '../../support/measured-profile.js';

/** That of the sample profile. */
const shape: TransformerShape = {
  blocks: 6,
  width: 96,
  heads: 3,
  keyValueHeads: 3,
  mlpWidth: 384,
  gatedMlp: false,
  tokens: 17,
  biases: true,
  norm: 'layer',
  finalNorm: true,
  causal: false,
  embedding: { kind: 'patches', patchSize: 8, channels: 3, classToken: true },
  head: { kind: 'classifier', classes: 24 },
};
const profile = sampleProfile();
const text = JSON.stringify(profile);

describe('the built-in grid', () => {
  const cases = builtInCases(profile, shape, 16);

  it('spans what it promises', () => {
    expect(cases.length).toBeGreaterThanOrEqual(24);
    expect(new Set(cases.map(({ sharing }) => sharing))).toEqual(new Set(['allocated', 'equal', 'batched']));
    expect(new Set(cases.map(({ activations }) => activations))).toEqual(new Set(['keep', 'recompute']));
    expect(new Set(cases.map(({ devices }) => devices.length))).toEqual(new Set([1, 2, 3, 4]));
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
    for (const { devices } of cases) {
      expect(devices.reduce((sum, { bandShare }) => sum + bandShare, 0)).toBeCloseTo(1, 9);
      // Calibration runs cuts 1, 3 and 5 with one setting both ways: every case has something it has not run.
      const isNew = devices.some(({ cut, up, down }) => ![1, 3, 5].includes(cut) || up !== down) || devices.length > 1;
      expect(isNew).toBe(true);
    }
  });

  it('is bound by computing in at least half of its plans', () => {
    const shares = cases.map((one) => {
      const { delay } = predict(one, shape, profile, text);
      const links = delay.stages.map((stage) => {
        const { uplink, downlink, adapterUplink, adapterDownlink } = stage!;
        return one.stepsPerRound * (uplink + downlink) + adapterUplink + adapterDownlink;
      });
      return Math.max(...links) / delay.totalSeconds;
    });
    expect(shares.filter((share) => share <= 0.5).length).toBeGreaterThanOrEqual(cases.length / 2);
  });

  it('is predicted as the delay model says, worked out by hand', () => {
    const one = cases.find(({ name }) => name === 'two devices, shares of the server 1')!;
    const { delay, trafficBytes, devicePeakBytes, serverPeakBytes } = predict(one, shape, profile, text);
    const values = 16 * 17 * 96;
    const bits = (ratio: number) => 8 * 70 + 32 * values * ratio;
    const chains = one.devices.map(({ cut, speedFactor, uplinkRate, downlinkRate, bandShare, serverShare }) => {
      const server = 0.25 * (0.004 + (6 - cut) * 0.03 + values * (2e-8 + 6e-8));
      const device = speedFactor * (0.001 + cut * 0.01 - 0.002 + cut * 0.02 + values * (5e-8 + 3e-8));
      const link = bits(0.03) / (uplinkRate * bandShare) + bits(0.028) / (downlinkRate * bandShare);
      const adapterBits = 8 * (40 + 12_600 * cut);
      const adapters = adapterBits / (uplinkRate * bandShare) + adapterBits / (downlinkRate * bandShare);
      return one.stepsPerRound * (device + link + server / serverShare) + adapters;
    });
    expect(delay.totalSeconds).toBeCloseTo(Math.max(...chains) + 0.25 * (0.001 + 2 * 0.002), 9);
    const [first, second] = one.devices.map(({ cut }) => cut) as [number, number];
    const messages = 2 * one.stepsPerRound * (bits(0.03) + bits(0.028)) + 16 * (80 + 12_600 * (first + second));
    expect(trafficBytes).toBeCloseTo(messages / 8, 6);
    expect(devicePeakBytes).toEqual([8e6 + 4e6 * first, 8e6 + 4e6 * second]);
    const most = 6 - Math.min(first, second);
    const state = 4e4 * (12 - first - second);
    expect(serverPeakBytes).toBeCloseTo(2e4 + 4.5e5 * most + state + 9e6 + 4e6 * most, 3);
  });
});

describe('plans of a problem file', () => {
  const grid = builtInCases(profile, shape, 16);
  const file = problemOf(
    grid.find(({ devices }) => devices.length === 2)!,
    shape,
    profile.lora,
  );

  it('have cuts that calibration has not run, and the file’s own links', () => {
    const cases = problemCases(JSON.stringify(file), text, 'cell', 5);
    expect(cases.length).toBeLessThanOrEqual(5);
    expect(cases.length).toBeGreaterThan(1);
    const seen = cases.map((one) => {
      const { delay, resolved, plan } = predict(one, shape, profile, text);
      expect(delay.totalSeconds).toBeGreaterThan(0);
      expect(resolved.problem.devices.map(({ uplink }) => uplink.kind)).toEqual(['linear', 'linear']);
      for (const { cut } of one.devices) expect([2, 4]).toContain(cut);
      return JSON.stringify(plan);
    });
    expect(new Set(seen).size).toBe(seen.length);
  });

  it('are refused where the file is wrong or names no profile', () => {
    const { calibration: _, ...without } = file as { calibration: string };
    expect(() => problemCases('devices: 3', text, 'cell', 5)).toThrow('devices');
    const plain = { ...without, codec: {} };
    expect(() => problemCases(JSON.stringify(plain), text, 'cell', 5)).toThrow('names no profile');
    const mixed = { ...file, devices: [{ name: 'a', batchSize: 8 }] };
    expect(() => problemCases(JSON.stringify(mixed), text, 'cell', 5)).toThrow('batches of 8');
  });
});

it('plans in a mode that the profile has not measured are left out and said', () => {
  const whole = sampleProfile();
  const mode = whole.entries[0]!.activations;
  const { batchSize } = whole.entries[0]!;
  const half = { ...whole, entries: whole.entries.filter((entry) => entry.activations === mode).slice(0, 1) };
  const cases = builtInCases(half, shape, batchSize);
  expect(cases.length).toBeGreaterThan(5);
  expect(cases.every(({ activations }) => activations === mode)).toBe(true);
  expect(unmeasured(half, batchSize)).toMatch(/the profile has no `(?:keep|recompute)` at batches of \d+/u);
  expect(builtInCases(half, shape, 1000)).toEqual([]);
  const bare = { ...half, entries: half.entries.map((entry) => ({ ...entry, points: entry.points.slice(0, 1) })) };
  expect(builtInCases(bare, shape, batchSize).length).toBeLessThan(cases.length);
  expect(unmeasured(bare, batchSize)).toMatch(/not \d+ % at \d bits/u);
  expect(unmeasured(half, 1000)).toContain('`keep` and no `recompute`');
});
