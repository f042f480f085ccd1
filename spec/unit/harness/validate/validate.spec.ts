import { beforeAll, describe, expect, it } from 'vitest';
import { loadBackend, type LoadedBackend } from '../../../../harness/backend/tensorflow.js';
import { calibrate, peakResidentBytes, type TimingWorkload } from '../../../../harness/calibrate/index.js';
import { proceduralDataset } from '../../../../harness/data/index.js';
import { initialAdapters, type AdapterSettings } from '../../../../harness/model/adapters.js';
import { embeddedConfig } from '../../../../harness/model/embedded.js';
import { randomWeights } from '../../../../harness/model/weights.js';
import {
  builtInCases,
  predict,
  problemCases,
  problemOf,
  summariseCases,
  unmeasured,
  validate,
  type ComparedCase,
  type ValidationCase,
} from '../../../../harness/validate/index.js';
import { validationPicture } from '../../../../bin/report/validation.js';
import { readMeasuredProfile } from '../../../../lib/io/index.js';
import { relativeError, summarise } from '../../../../lib/statistics/index.js';
import { sampleProfile } from '../../../support/measured-profile.js';

process.env['TF_NUM_INTRAOP_THREADS'] = '1';
process.env['TF_NUM_INTEROP_THREADS'] = '1';

const profile = sampleProfile();
const text = JSON.stringify(profile);

describe('the built-in grid', () => {
  const cases = builtInCases(profile, embeddedConfig, 16);

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
      const { delay } = predict(one, embeddedConfig, profile, text);
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
    const { delay, trafficBytes, devicePeakBytes, serverPeakBytes } = predict(one, embeddedConfig, profile, text);
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
  const grid = builtInCases(profile, embeddedConfig, 16);
  const file = problemOf(
    grid.find(({ devices }) => devices.length === 2)!,
    embeddedConfig,
    profile.lora,
  );

  it('have cuts that calibration has not run, and the file’s own links', () => {
    const cases = problemCases(JSON.stringify(file), text, 'cell', 5);
    expect(cases.length).toBeLessThanOrEqual(5);
    expect(cases.length).toBeGreaterThan(1);
    const seen = cases.map((one) => {
      const { delay, resolved, plan } = predict(one, embeddedConfig, profile, text);
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

function compared(name: string, scenario: string, predicted: number, measured: number): ComparedCase {
  const stage = { device: 0, predicted: 1.1, measured: 1 } as const;
  return {
    name,
    scenario,
    devices: 1,
    sharing: 'equal',
    activations: 'keep',
    cuts: [2],
    round: { predicted, measured },
    stages: [
      { ...stage, stage: 'forward', shareOfRound: 0.5 },
      { ...stage, stage: 'decode', predicted: 9, shareOfRound: 0.01 },
    ],
    traffic: { predicted: 100, measured: 101 },
    deviceMemory: [{ predicted: 10, measured: 10 }],
    serverMemory: { predicted: 21, measured: 20 },
    normalised: { predicted, measured },
    compute: { predicted, measured },
    slowdown: 1,
    linkShare: measured > 2 ? 0.7 : 0.3,
    repeats: 1,
    unsteady: [],
  };
}

describe('the comparison', () => {
  const cases = [
    compared('a', 'one', 1, 1.05),
    compared('b', 'one', 1.1, 1),
    compared('c & <d>', 'two', 3, 3),
    compared('e', 'two', 4, 3.2),
  ];

  it('has mean, worst and signed errors, and leaves small stages out', () => {
    const errors = summarise([
      { predicted: 1.1, measured: 1 },
      { predicted: 0.9, measured: 1 },
      { predicted: 1, measured: 1 },
    ]);
    expect(errors.count).toBe(3);
    expect(errors.mape).toBeCloseTo(0.2 / 3, 12);
    expect(errors.worst).toBeCloseTo(0.1, 12);
    expect(errors.bias).toBeCloseTo(0, 12);
    const summary = summariseCases(cases);
    expect(Object.keys(summary.stages)).toEqual(['forward']);
    expect(summary.stages.forward!.mape).toBeCloseTo(0.1, 12);
    expect(summary.computeBound).toBe(0.5);
    expect(summary.repeats).toBe(4);
    // Plan a is predicted best of the first scenario but takes 1.05 × b.
    expect(summary.bestPlanRatio).toBeCloseTo(1.05, 12);
    expect(relativeError({ predicted: 3, measured: 2 })).toBe(0.5);
  });

  it('is drawn with a point for each plan and each stage that counts', () => {
    const report = {
      created: '',
      model: 'm',
      profileHash: '',
      profileCreated: '',
      machine: profile.machine,
      seconds: 1,
      summary: summariseCases(cases),
      cases,
    };
    const picture = validationPicture(report);
    // Four plans, four stages, two entries of the legend.
    expect(picture.match(/<circle /gu)!.length).toBe(10);
    expect(picture).toContain('c &amp; &lt;d>');
    expect(picture).not.toContain('NaN');
    expect(picture.match(/<svg/gu)!.length).toBe(1);
  });
});

describe('calibration and validation of a small model', () => {
  let backend: LoadedBackend;
  beforeAll(async () => {
    backend = await loadBackend();
    console.log(`backend: ${backend.description}`);
  });

  it('agree in what does not depend on the machine’s load, and leave no tensor behind', async () => {
    const config = { ...embeddedConfig, width: 24, blocks: 5, mlpWidth: 48 };
    const settings: AdapterSettings = {
      rank: 4,
      alpha: 8,
      targets: ['query', 'value'],
      dropout: 0,
      trainHead: true,
    };
    const weights = randomWeights(config, 1);
    const workload: TimingWorkload = {
      name: 'small',
      config,
      weights,
      settings,
      adapters: initialAdapters(config, settings, 1, weights),
      dataset: proceduralDataset({ classes: 'fine-tuning', length: 64, seed: 1 }),
    };
    const before = backend.tf.memory().numTensors;
    const points = [
      { keptFraction: 0.2, bits: 4 },
      { keptFraction: 1, bits: 32 },
    ];
    const found = await calibrate(backend, workload, {
      batchSizes: [4],
      memoryModes: ['keep'],
      points,
      steps: 8,
      timeLimitSeconds: 1e9,
      // Small steps are never steady on a busy machine, and nothing here rests on times.
      mostPasses: 1,
      attempts: 1,
      clock: 'wall',
      processBytes: (cut) => Promise.resolve(5e8 + 1e6 * cut),
      seed: 1,
    });
    const own = JSON.stringify(found);
    expect(readMeasuredProfile(own)).toEqual(found);
    expect(found.entries[0]!.cuts).toEqual([1, 3, 4]);
    expect(found.entries[0]!.processBytes!.fixed).toBeCloseTo(5e8, 0);
    expect(found.entries[0]!.processBytes!.perBlock).toBeCloseTo(1e6, 0);
    expect(peakResidentBytes()).toBeGreaterThan(5e7);
    expect(peakResidentBytes()).toBeLessThan(1e11);
    const device = {
      speedFactor: 2,
      uplinkRate: 1e6,
      downlinkRate: 2e6,
      up: points[0]!,
      down: points[0]!,
      bandShare: 0.5,
      serverShare: 0.5,
    };
    const one: ValidationCase = {
      scenario: 's',
      name: 'two devices',
      sharing: 'batched',
      activations: 'keep',
      batchSize: 4,
      stepsPerRound: 3,
      serverFactor: 0.5,
      devices: [
        { ...device, cut: 2 },
        { ...device, cut: 3 },
      ],
    };
    const content = { content: found, text: own, hash: 'h' };
    const options = { cases: [one], rounds: 2, attempts: 1, seed: 1 };
    const report = await validate(backend, workload, content, options);
    const [result] = report.cases;
    expect(Math.abs(relativeError(result!.traffic))).toBeLessThan(0.03);
    for (const pair of result!.deviceMemory) expect(Math.abs(relativeError(pair))).toBeLessThan(0.1);
    expect(Math.abs(relativeError(result!.serverMemory))).toBeLessThan(0.1);
    for (const { stage, ...pair } of result!.stages) {
      if (stage === 'uplink' || stage === 'downlink') expect(Math.abs(relativeError(pair))).toBeLessThan(0.1);
      expect(pair.measured).toBeGreaterThan(0);
    }
    expect(result!.round.measured).toBeGreaterThan(0);
    expect(backend.tf.memory().numTensors).toBe(before);
    // Runs go on for longer on a busy machine, which is no reason to fail.
  }, 300_000);
});

it('plans in a mode that the profile has not measured are left out and said', () => {
  const whole = sampleProfile();
  const mode = whole.entries[0]!.activations;
  const { batchSize } = whole.entries[0]!;
  const half = { ...whole, entries: whole.entries.filter((entry) => entry.activations === mode).slice(0, 1) };
  const cases = builtInCases(half, embeddedConfig, batchSize);
  expect(cases.length).toBeGreaterThan(5);
  expect(cases.every(({ activations }) => activations === mode)).toBe(true);
  expect(unmeasured(half, batchSize)).toMatch(/the profile has no `(?:keep|recompute)` at batches of \d+/u);
  expect(builtInCases(half, embeddedConfig, 1000)).toEqual([]);
  const bare = { ...half, entries: half.entries.map((entry) => ({ ...entry, points: entry.points.slice(0, 1) })) };
  expect(builtInCases(bare, embeddedConfig, batchSize).length).toBeLessThan(cases.length);
  expect(unmeasured(bare, batchSize)).toMatch(/not \d+ % at \d bits/u);
  expect(unmeasured(half, 1000)).toContain('`keep` and no `recompute`');
});
