import { describe, expect, it } from 'vitest';
import { readMeasuredProfile, readProblemFile, type MeasuredProfile } from '../../../../lib/io/index.js';
import { choiceCosts, deviceStages, roundDelay } from '../../../../lib/models/index.js';
import { sampleProfile } from '../../../support/measured-profile.js';

const problem = (change: object = {}) => ({
  version: 1,
  calibration: 'machine.json',
  model: {
    blocks: 6,
    width: 96,
    heads: 3,
    mlpWidth: 384,
    tokens: 17,
    embedding: { kind: 'patches', patchSize: 8 },
    head: { kind: 'classifier', classes: 24 },
  },
  training: { batchSize: 16, stepsPerRound: 5 },
  codec: { ratios: 'separate', points: [{ keptFraction: 0.1, bits: 4 }, { keptFraction: 1 }] },
  server: { profileFactor: 0.5, aggregation: '1 ms' },
  devices: [
    { name: 'a', profileFactor: 2, memoryOverhead: 1000 },
    { name: 'b', codecTimeFactor: 3 },
  ],
  ...change,
});

function read(change: object = {}, profile: MeasuredProfile = sampleProfile()) {
  const names: string[] = [];
  const outcome = readProblemFile(JSON.stringify(problem(change)), {
    readFile: (name) => {
      names.push(name);
      return JSON.stringify(profile);
    },
  });
  return { outcome, names };
}

function resolved(change: object = {}, profile?: MeasuredProfile) {
  const { outcome } = read(change, profile);
  if (!outcome.ok) throw new Error(outcome.issues.map(({ message }) => message).join('\n'));
  return outcome.resolved.problem;
}

describe('a problem file with a measured profile', () => {
  it('takes times, sizes and points from it', () => {
    const { outcome, names } = read();
    expect(names).toEqual(['machine.json']);
    expect(outcome.ok).toBe(true);
    const found = resolved();
    expect(found.upPoints.map(({ ratio }) => ratio)).toEqual([0.03, 1]);
    expect(found.downPoints.map(({ ratio }) => ratio)).toEqual([0.028, 1]);
    expect(found.aggregationSeconds).toBeCloseTo(0.001 + 0.5 * 0.005, 12);
    const values = 16 * 17 * 96;
    const a = choiceCosts(found, found.devices[0]!, 2, 0, 0);
    expect(a.forwardSeconds).toBeCloseTo(2 * (0.001 + 2 * 0.01), 12);
    expect(a.backwardSeconds).toBeCloseTo(2 * (-0.002 + 2 * 0.02), 12);
    expect(a.encodeSeconds).toBeCloseTo(2 * values * 5e-8, 12);
    expect(a.decodeSeconds).toBeCloseTo(2 * values * 3e-8, 12);
    expect(a.serverSeconds).toBeCloseTo(0.5 * (0.004 + 4 * 0.03 + values * (2e-8 + 6e-8)), 12);
    expect(a.uplinkBits).toBeCloseTo(8 * 70 + 32 * values * 0.03, 6);
    expect(a.adapterBits).toBeCloseTo(8 * (40 + 2 * 12_600), 6);
    expect(found.devices[0]!.costs.deviceMemoryBytes[1]).toBe(11e6 + 1000);
    expect(found.devices[0]!.costs.deviceMemoryBytes[3]).toBe(8e6 + 3 * 4e6 + 1000);
    expect(choiceCosts(found, found.devices[1]!, 2, 0, 0).encodeSeconds).toBeCloseTo(3 * values * 5e-8, 12);
  });

  it('counts the whole process of a device, and what a batch holds for all, where they were measured', () => {
    const profile = sampleProfile();
    const measured: MeasuredProfile = {
      ...profile,
      entries: profile.entries.map((entry) => ({
        ...entry,
        processBytes: { fixed: 5e8, perBlock: 6e6 },
        serverBatchBytes: { fixed: 2e6, perBlock: 1e6, fixedPerDevice: 9e6, perBlockPerDevice: 5e6 },
      })),
    };
    const [first] = resolved({ server: { sharing: 'batched' } }, measured).devices;
    expect(first!.costs.deviceMemoryBytes[1]).toBe(5e8 + 6e6 + 1000);
    expect(first!.costs.deviceMemoryBytes[4]).toBe(5e8 + 4 * 6e6 + 1000);
    // Two devices, four blocks on the server; 4e4 a block are kept for each.
    expect(first!.costs.serverMemoryBytes[2]).toBeCloseTo(4 * 4e4 + 2e6 / 2 + 9e6 + 4 * (1e6 / 2 + 5e6), 3);
    const [apart] = resolved({}, measured).devices;
    expect(apart!.costs.serverMemoryBytes[2]).toBeCloseTo(4 * 4e4 + 9e6 + 4 * 4e6, 3);
  });

  it('divides a batch so that equal cuts add up to the whole, and chooses the memory mode', () => {
    const batched = resolved({
      server: { sharing: 'batched' },
      training: { batchSize: 16, stepsPerRound: 5, activations: 'recompute' },
    });
    const decision = { participates: true, blocks: 2, upPoint: 0, downPoint: 0, bandwidthHz: 1e6, serverShare: 1 };
    const { stages } = roundDelay(batched, { devices: [decision, decision] });
    const codec = 2 * 16 * 17 * 96 * (2e-8 + 6e-8);
    expect(stages[0]!.server).toBeCloseTo(0.002 + 2 * 0.002 + 4 * (0.006 + 2 * 0.036) + codec, 9);
    expect(deviceStages(batched, 0, decision).backward).toBeCloseTo(2 * (-0.002 + 2 * 0.03), 12);
  });

  it('serves a device that is alone as without a batch', () => {
    const one = { name: 'alone' };
    const decision = { participates: true, blocks: 2, upPoint: 0, downPoint: 0, bandwidthHz: 1e6, serverShare: 1 };
    const [batched, allocated] = (['batched', 'allocated'] as const).map((sharing) =>
      roundDelay(resolved({ server: { sharing }, devices: [one] }), { devices: [decision] }),
    );
    expect(batched!.stages[0]!.server).toBeCloseTo(allocated!.stages[0]!.server, 12);
  });

  it('adds a trained head to the adapters of a device that holds the whole model, and of no other', () => {
    const bits = (trainedHead: boolean) =>
      resolved({ split: { maximum: 6 }, training: { batchSize: 16, stepsPerRound: 5, trainedHead } }).devices[0]!.costs
        .adapterBits;
    const [frozen, trained] = [bits(false), bits(true)];
    // Matrix, biases, and the norm before it.
    expect(trained[6]! - frozen[6]!).toBeCloseTo(32 * (96 * 24 + 24 + 2 * 96), 9);
    expect(trained.slice(0, 6)).toEqual(frozen.slice(0, 6));
  });

  it('keeps what the file itself says of points and of a device', () => {
    const own = resolved({
      codec: { ratios: 'separate', points: [{ keptFraction: 0.1, bits: 4, ratio: 0.05 }] },
      devices: [
        { name: 'a', profile: { forward: { perBlock: 1 }, backward: { perBlock: 2 }, server: { perBlock: 3 } } },
      ],
    });
    expect(own.upPoints.map(({ ratio }) => ratio)).toEqual([0.05]);
    expect(own.devices[0]!.costs.forwardSeconds[2]).toBe(2);
  });

  it('with tied ratios has one ratio for both directions; without points all that were measured', () => {
    const { upPoints } = resolved({ codec: {} });
    expect(upPoints.length).toBe(5);
    expect(upPoints[1]!.ratio).toBeCloseTo(0.029, 12);
  });

  it.each([
    ['another model', {}, sampleProfile({ lora: { ...sampleProfile().lora, rank: 4 } }), 'rank 4, here 8'],
    [
      'another decoder',
      {},
      sampleProfile({ model: { ...sampleProfile().model, keyValueHeads: 1, gatedMlp: true, vocabulary: 48 } }),
      'keyValueHeads 1, here 3, gatedMlp true, here false, vocabulary 48, here none',
    ],
    ['another batch size', { training: { batchSize: 8 } }, sampleProfile(), 'no batches of 8'],
    [
      'a point that was not measured',
      { codec: { points: [{ keptFraction: 0.2, bits: 4 }] } },
      sampleProfile(),
      'no measurement of 20 % at 4 bits',
    ],
    ['a profile that is none', {}, { kind: 'other' } as unknown as MeasuredProfile, 'no profile'],
  ])('says what is wrong with %s', (_, change, profile, message) => {
    const { outcome } = read(change, profile);
    expect(outcome.ok).toBe(false);
    expect(outcome.ok ? '' : outcome.issues.map((issue) => issue.message).join()).toContain(message);
  });

  it('needs somebody to read the file', () => {
    const outcome = readProblemFile(JSON.stringify(problem()));
    expect(outcome.ok ? '' : outcome.issues[0]!.message).toContain('cannot be read');
    const broken = readProblemFile(JSON.stringify(problem()), { readFile: () => '{' });
    expect(broken.ok ? '' : broken.issues[0]!.message).toContain('not JSON');
  });
});

describe('readMeasuredProfile', () => {
  it('gives back what was written', () => {
    expect(readMeasuredProfile(JSON.stringify(sampleProfile()))).toEqual(sampleProfile());
  });

  type Changed = Record<string, Record<string, number>> & { entries: Record<string, Record<string, number>>[] };
  const changed = (change: (profile: Changed) => unknown) => {
    const profile = structuredClone(sampleProfile()) as unknown as Changed;
    change(profile);
    return () => readMeasuredProfile(JSON.stringify(profile));
  };
  const entry = (key: string, change: object) => changed(({ entries }) => Object.assign(entries[0]![key]!, change));

  it.each<[string, () => unknown]>([
    ['aggregationSeconds: below 0', changed(({ aggregationSeconds }) => (aggregationSeconds!['perDevice'] = -9))],
    ['adapterBytes: below 0', changed(({ adapterBytes }) => (adapterBytes!['fixed'] = -1e9))],
    ['serverModelBytes: below 0 at 1', changed(({ serverModelBytes }) => (serverModelBytes!['perBlock'] = -1e9))],
    ['model.blocks: 0', changed(({ model }) => (model!['blocks'] = 0))],
    ['entries.2: batches of 16 with activations: keep', changed(({ entries }) => entries.push(entries[0]!))],
    ['entries.0.forwardSeconds: below 0 at 5', entry('forwardSeconds', { fixed: 6, perBlock: -5 })],
    ['entries.0.backwardSeconds: below 0 at 1', entry('backwardSeconds', { fixed: -1 })],
    ['entries.0.serverSeconds: below 0 at 1', entry('serverSeconds', { fixed: -1 })],
    ['entries.0.serverBatchSeconds of two devices: below 0', entry('serverBatchSeconds', { fixed: -1 })],
    [
      'entries.0.serverBatchSeconds of a further device',
      entry('serverBatchSeconds', { perBlockPerDevice: -0.1, perBlock: 1 }),
    ],
    ['entries.0.deviceBytes: below 0 at 2', entry('deviceBytes', { perBlock: -1e12 })],
    ['entries.0.deviceBytes.atOneBlock', entry('deviceBytes', { atOneBlock: -1 })],
    ['entries.0.serverStateBytes: below 0 at 1', entry('serverStateBytes', { fixed: -1e9 })],
    ['entries.0.serverActivationBytes: below 0 at 1', entry('serverActivationBytes', { fixed: -1e9 })],
  ])('refuses what would be less than no time or no bytes: %s', (reason, read) => {
    expect(read).toThrow(reason);
  });

  it('takes a fit whose fixed part is negative, as that of a lowest block is', () => {
    expect(sampleProfile().entries[0]!.backwardSeconds.fixed).toBeLessThan(0);
    expect(entry('backwardSeconds', { fixed: -0.019 })).not.toThrow();
  });
});
