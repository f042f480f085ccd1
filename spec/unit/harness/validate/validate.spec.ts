import { beforeAll, describe, expect, it } from 'vitest';
import { loadBackend, type LoadedBackend } from '../../../../harness/backend/tensorflow.js';
import { calibrate, peakResidentBytes, type TimingWorkload } from '../../../../harness/calibrate/index.js';
import { proceduralDataset } from '../../../../harness/data/index.js';
import { initialAdapters, type AdapterSettings } from '../../../../harness/model/adapters.js';
import { embeddedConfig } from '../../../../harness/model/embedded.js';
import { randomWeights } from '../../../../harness/model/weights.js';
import { validate } from '../../../../harness/validate/index.js';
import { validationPicture } from '../../../../bin/report/validation.js';
import { readMeasuredProfile } from '../../../../lib/io/index.js';
import { relativeError, summarise } from '../../../../lib/statistics/index.js';
import { summariseCases, type ComparedCase, type ValidationCase } from '../../../../lib/validation/index.js';
import { sampleProfile } from '../../../support/measured-profile.js';

process.env['TF_NUM_INTRAOP_THREADS'] = '1';
process.env['TF_NUM_INTEROP_THREADS'] = '1';

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
    expect(summariseCases(cases.slice(0, 1))).not.toHaveProperty('bestPlanRatio');
    expect(relativeError({ predicted: 3, measured: 2 })).toBe(0.5);
  });

  it('is drawn with a point for each plan and each stage that counts', () => {
    const report = {
      created: '',
      model: 'm',
      profileHash: '',
      profileCreated: '',
      machine: sampleProfile().machine,
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
      steps: 3,
      timeLimitSeconds: 1e9,
      // Small steps are never steady on a busy machine, and nothing here rests on times.
      mostPasses: 1,
      attempts: 1,
      clock: 'wall',
      probes: {
        memory: (cut) => Promise.resolve(5e8 + 1e6 * cut),
        cold: () => Promise.resolve({ device: 0.1, server: 0.2, references: { matrix: 1e-3, codec: 1e-4 } }),
      },
      seed: 1,
    });
    const own = JSON.stringify(found);
    expect(readMeasuredProfile(own)).toEqual(found);
    expect(found.entries[0]!.cuts).toEqual([1, 3, 4]);
    expect(found.entries[0]!.processBytes!.fixed).toBeCloseTo(5e8, 0);
    expect(found.entries[0]!.processBytes!.perBlock).toBeCloseTo(1e6, 0);
    // Taken over the references, which differ.
    const { device: coldDevice, server: coldServer } = found.entries[0]!.coldSeconds!;
    expect(coldDevice).toBeGreaterThan(0);
    expect(coldServer / coldDevice).toBeCloseTo(2, 9);
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
    expect(report.cold!.predicted).toBeGreaterThan(result!.round.predicted);
    expect(backend.tf.memory().numTensors).toBe(before);
    // Runs go on for longer on a busy machine, which is no reason to fail.
  }, 300_000);
});
