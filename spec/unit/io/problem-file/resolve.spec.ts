import { describe, expect, it } from 'vitest';
import { parseProblemFile, readProblemFile, type ResolvedFile } from '../../../../lib/io/index.js';
import {
  choiceCosts,
  parameterCount,
  rateBitsPerSecond,
  serverModelBytes,
  transformerPresets,
} from '../../../../lib/models/index.js';

const minimal = `version: 1
model: vit-b16
devices:
`;
const resolve = (devices: string, sections = ''): ResolvedFile => parseProblemFile(minimal + devices + sections);

describe('resolution to the planning problem', () => {
  it('computes a link by hand: 128.1 + 37.6·log10(0.2) dB, 23 dBm, −174 dBm/Hz, 7 dB, no fading', () => {
    const { problem, summaries } = resolve(
      '  - { name: a, distance: 200 m }\n',
      'radio: { shadowing: 0 dB, fading: none }\n',
    );
    const lossDecibel = 128.1 + 37.6 * Math.log10(0.2);
    const snrBandwidth = 10 ** ((23 - 30 - lossDecibel + 174 + 30 - 7) / 10);
    const { uplink, downlink } = problem.devices[0]!;
    expect(10 * Math.log10(summaries[0]!.link.gain)).toBeCloseTo(-lossDecibel, 10);
    expect(rateBitsPerSecond(uplink, 1e6) / (1e6 * Math.log2(1 + snrBandwidth / 1e6))).toBeCloseTo(1, 12);
    const downSnr = 10 ** ((46 - 30 - lossDecibel + 174 + 30 - 9) / 10) / 20e6;
    expect(downlink).toEqual({
      kind: 'linear',
      bitsPerSecondPerHz: expect.closeTo(Math.log2(1 + downSnr), 10) as number,
    });
  });

  it('takes a quantile of Rayleigh fading: −ln(1 − q) of the mean gain', () => {
    const faded = resolve('  - { name: a, gain: -100 dB }\n', 'radio: { fading: { quantile: 10 % } }\n');
    const plain = resolve('  - { name: a, gain: -100 dB }\n', 'radio: { fading: none }\n');
    const snr = ({ problem }: ResolvedFile) => {
      const law = problem.devices[0]!.uplink;
      return law.kind === 'shannon' ? law.snrBandwidthHz : NaN;
    };
    expect(snr(faded) / snr(plain)).toBeCloseTo(-Math.log(0.9), 12);
  });

  it('keeps links below Shannon’s law as told, and devices within their energy', () => {
    const { problem } = resolve(
      '  - { name: a, gain: -100 dB, energyLimit: 40 J }\n',
      'radio: { fading: { quantile: 10 %, outage: resent }, efficiencyLimit: 5.55, capacityGap: 3 dB, uplinkFraction: 0.3 }\n',
    );
    const { uplink, downlink, energyLimitJoule } = problem.devices[0]!;
    const snrBandwidthHz = 10 ** ((23 - 30 - 100 + 174 + 30 - 7 - 3) / 10) * -Math.log1p(-0.1);
    expect(uplink).toEqual({
      kind: 'shannon',
      snrBandwidthHz: expect.closeTo(snrBandwidthHz, 3) as number,
      efficiencyLimit: 5.55,
      frameFraction: 0.3,
      deliveredFraction: 0.9,
    });
    expect(downlink).toMatchObject({ kind: 'linear', bitsPerSecondPerHz: 5.55, frameFraction: 0.7 });
    expect(energyLimitJoule).toBe(40);
  });

  it('loses the wall and the way inside: UMi, a depth of 0 to 25 m drawn as the lesser of two', () => {
    const losses = (building: string) => {
      const radio = 'radio: { pathLoss: { model: umi, sight: obstructed }, shadowing: 0 dB, fading: none }\n';
      const { summaries } = resolve(`  - { name: a, count: 4000, distance: 80 m${building} }\n`, radio);
      return summaries.map(({ link }) => -10 * Math.log10(link.gain));
    };
    const outside = losses('')[0]!;
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    // Mean depths: 25/3 and 25/2 m at 0.5 dB a metre.
    expect(mean(losses(', building: low-loss')) - outside).toBeCloseTo(12.6975 + 25 / 6, 0);
    const below6 = losses(', building: below-6-ghz');
    expect(mean(below6) - outside).toBeCloseTo(20 + 6.25, 0);
    expect(Math.min(...below6)).toBeGreaterThanOrEqual(outside + 20);
    expect(Math.max(...below6)).toBeLessThanOrEqual(outside + 32.5);
  });

  it('trains a classifier, not the head of a language model', () => {
    const file = (model: string) =>
      `version: 1\nmodel: ${model}\ndevices: [{ name: a }]\ntraining: { trainedHead: true }\n`;
    const adapters = (text: string) => parseProblemFile(text).problem.devices[0]!.costs.serverMemoryBytes[3]!;
    const frozen = file('vit-b16').replace('true', 'false');
    // Weights, gradients and two states of 768·1000 + 1000 + 1536 parameters.
    expect(adapters(file('vit-b16')) - adapters(frozen)).toBe(16 * (768 * 1000 + 1000 + 1536));
    expect(() => parseProblemFile(file('gpt2'))).toThrow(/trainedHead/);
  });

  it('codes the exchange of adapters by its own ratio, with a header, time and loss', () => {
    const problemOf = (...settings: string[]) =>
      parseProblemFile('version: 1\nmodel: deit-tiny\ndevices: [{ name: a, codecTimeFactor: 3 }]\n', { settings })
        .problem;
    const plain = problemOf();
    const coded = problemOf(
      'split={ minimum: 0, maximum: 12 }',
      'exchange={ ratio: 0.25, header: 100 B, encodeTime: 20 ns, decodeTime: 10 ns, accuracyLoss: 0.1 % }',
    );
    const [before, after] = [plain.devices[0]!.costs, coded.devices[0]!.costs];
    expect(before.exchange).toBeUndefined();
    expect(after.adapterBits[0]).toBe(0);
    expect(after.adapterBits[4]).toBe(800 + before.adapterBits[4]! / 4);
    const costs = (problem: typeof plain, blocks: number) => choiceCosts(problem, problem.devices[0]!, blocks, 0, 0);
    // 2 matrices of rank 8 a block, 192 wide: parameters at 30 ns, three times as slow here.
    expect(costs(coded, 4).exchangeSeconds).toBeCloseTo(3 * 30e-9 * 4 * 2 * 8 * 384, 12);
    expect(costs(plain, 4).accuracy - costs(coded, 4).accuracy).toBeCloseTo(0.001, 12);
    expect(costs(plain, 0).accuracy).toBe(costs(coded, 0).accuracy);
    const point = problemOf('split={ minimum: 0, maximum: 12 }', 'exchange={ keptFraction: 0.1, bits: 4 }').devices[0]!;
    // Golomb's code with b = 3 takes 3 + 1 / (1 − 0.9⁸) = 4.7558 bits for a position where a tenth is kept.
    expect(point.costs.adapterBits[4]! / before.adapterBits[4]!).toBeCloseTo((0.1 * (4 + 4.7558)) / 32, 6);
    expect(choiceCosts(plain, point, 4, 0, 0).exchangeSeconds).toBeGreaterThan(0);
    const profiled = problemOf(
      'exchange.ratio=0.5',
      'devices[a].profile={ forward: { perBlock: 1 }, backward: { perBlock: 1 }, server: { perBlock: 1 }, adapters: { fixed: 40, perBlock: 100 } }',
    );
    expect(profiled.devices[0]!.costs.adapterBits[3]).toBe(4 * 340);
  });

  describe('the work of the server in a batch', () => {
    const file = (count: number, server: string, device = '') =>
      `version: 1\nmodel: deit-tiny\nserver: { ${server} }\ndevices: [{ name: a, count: ${count}${device} }]\n`;
    const curve =
      'sharing: batched, batchWork: [{ devices: 1, work: 1 }, { devices: 4, work: 0.5 }, { devices: 16, work: 0.4 }]';
    const work = (text: string, ...settings: string[]) =>
      parseProblemFile(text, { settings }).problem.devices[0]!.costs.serverSeconds[5]!;

    it('follows the measured curve at the number of devices', () => {
      const alone = work(file(1, 'sharing: batched'));
      const parts = [1, 2, 4, 8, 16, 40].map((count) => work(file(count, curve)) / alone);
      [1, 0.75, 0.5, 0.45, 0.4, 0.4].forEach((part, k) => expect(parts[k]).toBeCloseTo(part, 12));
      const fewer = parseProblemFile(file(4, curve)).rebuild({ without: ['a-4', 'a-3'] });
      expect(fewer.ok && fewer.source.problem.devices[0]!.costs.serverSeconds[5]! / alone).toBeCloseTo(0.75, 12);
      expect(work(file(4, curve), 'server.batchWork=null')).toBe(alone);
    });

    it('begins at 1 for a batch of one, listed or not', () => {
      const alone = work(file(1, 'sharing: batched'));
      const later = 'sharing: batched, batchWork: [{ devices: 4, work: 0.5 }, { devices: 16, work: 0.4 }]';
      for (let count = 1; count <= 20; count++) {
        const [listed, unlisted] = [work(file(count, curve)), work(file(count, later))];
        expect(unlisted).toBe(listed);
        // Halved each time the batch grows fourfold, from one on.
        const expected = count <= 4 ? 1 - Math.log2(count) / 4 : 0.5 - 0.05 * Math.min(2, Math.log2(count) - 2);
        expect(listed / alone).toBeCloseTo(expected, 12);
        // A batch never takes less than a smaller one.
        expect(count * listed).toBeGreaterThanOrEqual((count - 1) * work(file(Math.max(1, count - 1), later)) - 1e-12);
      }
    });

    it.each([
      [file(2, curve.replace('batched', 'equal')), /sharing: batched/],
      [file(2, curve, ', optional: true'), /optional/],
      [file(2, curve.replace('devices: 16', 'devices: 3')), /increase/],
      [file(2, curve.replace('work: 0.5', 'work: 0.1')), /faster than the smaller/],
      [file(2, 'sharing: batched, batchWork: [{ devices: 1, work: 0.8 }]'), /1 for a batch of one, found 0.8/],
      [file(2, 'sharing: batched, batchWork: [{ devices: 4, work: 0.2 }]'), /faster than the smaller/],
    ])('refuses what it cannot stand for', (text, complaint) => {
      expect(() => parseProblemFile(text)).toThrow(complaint);
    });
  });

  it.each([
    ['  - { name: a, building: low-loss, gain: -90 dB }\n', ''],
    ['  - { name: a, building: low-loss }\n', 'radio: { pathLoss: inh }\n'],
  ])('refuses a building where there is none to pass: %s%s', (devices, sections) => {
    expect(() => resolve(devices, sections)).toThrow(/building/);
  });

  it.each([
    ['  - { name: a, energyLimit: 40 J, uplinkRate: 10 Mbit/s }\n', ''],
    ['  - { name: a, energyLimit: 40 J }\n', 'radio: { rateLaw: linear }\n'],
    ['  - { name: a, energyLimit: 40 J }\n', 'radio: { fading: { treatment: samples } }\n'],
  ])('refuses a limit of energy where power does not trade for time: %s%s', (devices, sections) => {
    expect(() => resolve(devices, sections)).toThrow(/energyLimit/);
  });

  it('plans on samples, on measured rates, and with all power for each device, when told to', () => {
    const sampled = resolve(
      '  - { name: a, gain: 1e-10 }\n',
      'radio: { fading: { treatment: samples, samples: 7 } }\n',
    );
    expect(sampled.problem.devices[0]!.uplink).toMatchObject({ kind: 'faded' });
    const measured = resolve('  - { name: a, uplinkRate: 10 Mbit/s, downlinkRate: 50 Mbit/s }\n');
    expect(measured.problem.devices[0]!.uplink).toEqual({ kind: 'linear', bitsPerSecondPerHz: 0.5 });
    expect(measured.problem.devices[0]!.downlink).toEqual({ kind: 'linear', bitsPerSecondPerHz: 2.5 });
    const own = resolve('  - { name: a, gain: 1e-10 }\n', 'radio: { downlinkPower: device, rateLaw: linear }\n');
    expect(own.problem.devices[0]!.downlink.kind).toBe('shannon');
    expect(own.problem.devices[0]!.uplink.kind).toBe('linear');
  });

  it('subtracts the model from the server’s memory', () => {
    const { problem } = resolve('  - { name: a }\n', 'server: { memory: 1 GiB }\n');
    const model = 4 * parameterCount(transformerPresets['vit-b16']);
    expect(problem.serverMemoryBytes).toBe(1024 ** 3 - model);
    expect(serverModelBytes(transformerPresets['vit-b16'], 4)).toBe(model);
  });

  it('pins decisions for all devices, a device’s own first', () => {
    const { problem } = resolve(
      '  - { name: a, pinned: { blocks: 3 } }\n  - { name: b }\n',
      "pinned: { blocks: 5, bandwidth: equal, point: 'top 10 %, 4 bit' }\n",
    );
    const point = problem.upPoints.findIndex(({ name }) => name === 'top 10 %, 4 bit');
    const shared = { upPoint: point, downPoint: point, bandwidthHz: 10e6 };
    expect(problem.devices.map((device) => device.pinned)).toEqual([
      { blocks: 3, ...shared },
      { blocks: 5, ...shared },
    ]);
  });

  it('sizes an operating point by hand: 10 % kept, 4 bits, Golomb parameter 3', () => {
    const { problem } = resolve('  - { name: a }\n', 'codec: { points: [{ keptFraction: 10 %, bits: 4 }] }\n');
    const position = 3 + 1 / (1 - 0.9 ** 8);
    expect(problem.upPoints[0]!.ratio).toBeCloseTo((0.1 * (4 + position)) / 32, 14);
    expect(position).toBeCloseTo(4.76, 2);
  });

  it('sorts operating points by ratio and ties both directions', () => {
    const { problem } = resolve('  - { name: a }\n', 'codec: { points: [{ ratio: 0.5 }, { ratio: 0.1 }] }\n');
    expect(problem.upPoints.map(({ ratio }) => ratio)).toEqual([0.1, 0.5]);
    expect(problem.downPoints).toBe(problem.upPoints);
  });

  it('accepts a preset with changes and the same shape spelt out', () => {
    const shape = `{ blocks: 12, width: 768, heads: 12, mlpWidth: 3072, tokens: 197,
      embedding: { kind: patches, patchSize: 16 }, head: { kind: classifier, classes: 100 } }`;
    const explicit = parseProblemFile(`version: 1\nmodel: ${shape}\ndevices: [{ name: a, distance: 90 }]\n`);
    const preset = parseProblemFile(
      'version: 1\nmodel: { preset: vit-b16, classes: 100 }\ndevices: [{ name: a, distance: 90 }]\n',
    );
    expect(explicit.shape).toEqual(preset.shape);
    expect(explicit.problem).toEqual(preset.problem);
  });

  it('takes measured times from a profile', () => {
    const profile =
      '{ forward: { fixed: 1 ms, perBlock: 2 ms }, backward: { fixed: -1 ms, perBlock: 3 ms }, server: { perBlock: 50 us } }';
    const { problem } = resolve(`  - { name: a, profileFactor: 2, profile: ${profile} }\n`);
    const { forwardSeconds, backwardSeconds, serverSeconds } = problem.devices[0]!.costs;
    expect([forwardSeconds[4], backwardSeconds[4], serverSeconds[4]]).toEqual([
      expect.closeTo(0.018, 12),
      expect.closeTo(0.022, 12),
      expect.closeTo(8 * 50e-6, 12),
    ]);
  });

  it('reads JSON as well', () => {
    const file = { version: 1, model: 'gpt2', devices: [{ name: 'a', memory: '2 GiB', distance: 100 }] };
    expect(parseProblemFile(JSON.stringify(file, undefined, 2)).problem.devices[0]!.memoryBytes).toBe(2 * 1024 ** 3);
  });
});

describe('seeded draws', () => {
  const phones =
    '  - { name: phone, count: 5, throughput: { logNormal: { median: 50 GFLOP/s, sigma: 0.5 } }, memory: { choice: [1 GiB, 2 GiB] } }\n';
  const facts = ({ problem, summaries }: ResolvedFile, count: number) =>
    summaries
      .slice(0, count)
      .map(({ link, throughputFlopsPerSecond }, n) => [
        problem.devices[n]!.name,
        problem.devices[n]!.memoryBytes,
        throughputFlopsPerSecond,
        link.distanceMetre,
        link.gain,
      ]);

  it('are the same for the same seed, others for another', () => {
    expect(facts(resolve(phones), 5)).toEqual(facts(resolve(phones), 5));
    expect(facts(resolve(phones), 5)).not.toEqual(facts(resolve(phones, 'seed: 2\n'), 5));
    const outcome = readProblemFile(minimal + phones, { seed: 2 });
    expect(outcome.ok && facts(outcome.resolved, 5)).toEqual(facts(resolve(phones, 'seed: 2\n'), 5));
  });

  it('are not shifted by another group, by a larger group, or by another quantity', () => {
    const alone = facts(resolve(phones), 5);
    expect(facts(resolve(`${phones}  - { name: tablet, count: 3 }\n`), 5)).toEqual(alone);
    expect(facts(resolve(phones.replace('count: 5', 'count: 50')), 5)).toEqual(alone);
    const before = resolve(`  - { name: tablet, count: 3 }\n${phones}`);
    expect(
      facts(
        {
          ...before,
          summaries: before.summaries.slice(3),
          problem: { ...before.problem, devices: before.problem.devices.slice(3) },
        },
        5,
      ),
    ).toEqual(alone);
    const memories = facts(resolve(phones.replace('sigma: 0.5', 'sigma: 0.1')), 5).map((row) => row[1]);
    expect(memories).toEqual(alone.map((row) => row[1]));
  });

  it('follow their distributions', () => {
    const { summaries, problem } = resolve(
      phones
        .replace('count: 5', 'count: 4000')
        .replace('memory:', 'distance: { disc: { radius: 300 m, minimum: 100 m } }, memory:'),
    );
    const sorted = (values: number[]) => values.sort((a, b) => a - b);
    const throughputs = sorted(summaries.map((device) => device.throughputFlopsPerSecond));
    expect(throughputs[2000]! / 50e9).toBeGreaterThan(0.95);
    expect(throughputs[2000]! / 50e9).toBeLessThan(1.05);
    expect(Math.log(throughputs[3364]! / 50e9)).toBeCloseTo(0.5, 1);
    // Half of the ring's area lies within sqrt((100² + 300²) / 2).
    const distances = sorted(summaries.map((device) => device.link.distanceMetre ?? NaN));
    expect(distances[0]).toBeGreaterThanOrEqual(100);
    expect(distances.at(-1)).toBeLessThanOrEqual(300);
    expect(distances[2000]! / Math.sqrt((100 ** 2 + 300 ** 2) / 2)).toBeCloseTo(1, 1);
    const large = problem.devices.filter((device) => device.memoryBytes === 2 * 1024 ** 3).length;
    expect(Math.abs(large - 2000)).toBeLessThan(150);
    const shadowing = summaries.map(
      ({ link }) => 10 * Math.log10(link.gain) + 128.1 + 37.6 * Math.log10((link.distanceMetre ?? NaN) / 1000),
    );
    const mean = shadowing.reduce((sum, x) => sum + x, 0) / 4000;
    const variance = shadowing.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 4000;
    expect(Math.abs(mean)).toBeLessThan(0.5);
    expect(Math.sqrt(variance)).toBeCloseTo(8, 0);
  });

  it('draws line of sight by distance', () => {
    const share = (distance: number) => {
      const { summaries } = resolve(
        `  - { name: a, count: 2000, distance: ${distance} m }\n`,
        'radio: { pathLoss: umi }\n',
      );
      return summaries.filter(({ link }) => link.lineOfSight).length / 2000;
    };
    expect(share(15)).toBe(1);
    expect(share(100)).toBeCloseTo(0.18 + Math.exp(-100 / 36) * 0.82, 1);
    expect(share(1000)).toBeLessThan(0.04);
  });
});

describe('warnings', () => {
  const warnings = (text: string) => {
    const outcome = readProblemFile(text);
    if (!outcome.ok) throw new Error(outcome.issues.map(({ message }) => message).join('\n'));
    return outcome.warnings.map(({ line, path, message }) => `${line} ${path} ${message}`);
  };

  it('are not given for an ordinary file', () => {
    expect(warnings(`${minimal}  - { name: a, memory: 2 GiB }\naccuracy: { allowOtherModel: true }\n`)).toEqual([]);
  });

  it.each([
    ['a band without unit', 'radio: { bandwidth: 20 }\n', '5 radio.bandwidth 20 Hz'],
    ['a noise density of another kind', 'radio: { noiseDensity: -100 dBm/Hz }\n', '5 radio.noiseDensity'],
    ['separate ratios without a downward loss', 'codec: { ratios: separate }\n', 'costs no accuracy'],
    ['an accuracy above the limit', 'accuracy: { minimum: 99 % }\n', '5 accuracy.minimum is above'],
    ['dBm written as W', 'seed: 1\n', '4 devices[0].transmitPower 23 W'],
  ])('name %s', (_, section, expected) => {
    const found = warnings(`${minimal}  - { name: a, gain: -90 dB, transmitPower: 23 }\n${section}`);
    expect(
      found.some((warning) => warning.includes(expected)),
      found.join('\n'),
    ).toBe(true);
  });
});
