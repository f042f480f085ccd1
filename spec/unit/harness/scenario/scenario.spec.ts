import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DecoderConfig } from '../../../../harness/model/config.js';
import { openScenario, PlanRunError, readScenario, resolveScenario } from '../../../../harness/scenario/index.js';
import { modelConfig } from '../../../../harness/scenario/model.js';
import { scenarioSchema } from '../../../../lib/io/training-file/index.js';
import { RadioLink } from '../../../../harness/transport/index.js';
import { formatIssue, readProblemFile } from '../../../../lib/io/index.js';
import { choiceCosts, rateBitsPerSecond, roundDelay, scaledLaw } from '../../../../lib/models/index.js';
import { solvePlan } from '../../../../lib/plan/index.js';
import { sampleProfile } from '../../../support/measured-profile.js';
import { trainingExamples } from '../../../support/training-examples.js';
import { planFileOf } from '../../../../bin/render/plan-file.js';

const issuesOf = (text: string) => {
  const outcome = readScenario(text);
  return outcome.ok ? [] : outcome.issues.map((issue) => formatIssue(issue, 's.yaml'));
};

async function resolved(text: string) {
  const outcome = readScenario(text);
  if (!outcome.ok) throw new Error(outcome.issues.map((issue) => formatIssue(issue)).join('\n'));
  return resolveScenario(outcome.file, '.');
}

const one = 'version: 1\ndevices: [{ name: a }]\n';
const decoder = (shape: string) =>
  `${one}data: { set: grammar }\nmodel: { family: decoder, seed: 1, shape: { blocks: 2, mlpWidth: 8, ${shape} } }`;

describe('a scenario file', () => {
  it('reports everything that is wrong, with line, path and what is allowed', () => {
    const text = [
      'version: 1',
      'trainig: {}',
      'model: { seed: 1, weights: a.safetensors }',
      'training: { rounds: 0, optimizer: adma }',
      'server: { sharing: fair }',
      'devices:',
      '  - { name: a, link: { uplink: 10 MHz, downlink: 1 Mbit/s } }',
      '  - { name: b, cut: -1, speed: 3 }',
      '  - { name: c, codec: { keptFraction: 150 % } }',
    ].join('\n');
    const issues = issuesOf(text);
    const wanted = [
      /^s.yaml:2:1 trainig: .*did you mean `training`/u,
      /^s.yaml:4:\d+ training.rounds: found `0`; must be at least 1/u,
      /^s.yaml:4:\d+ training.optimizer: .*must be one of adamw, sgd; did you mean `adamw`/u,
      /^s.yaml:5:\d+ server.sharing: found `fair`; must be one of allocated, equal, batched/u,
      /^s.yaml:7:\d+ devices\[0\].link.uplink: .*unit of a frequency, not of a data rate/u,
      /^s.yaml:8:\d+ devices\[1\].cut: found `-1`; must be at least 0/u,
      /^s.yaml:8:\d+ devices\[1\].speed: unknown key/u,
      /^s.yaml:9:\d+ devices\[2\].codec.keptFraction: .*at most 1/u,
    ];
    for (const pattern of wanted) {
      expect(
        issues.some((issue) => pattern.test(issue)),
        `${pattern.source} in\n${issues.join('\n')}`,
      ).toBe(true);
    }
    expect(issues.length).toBe(wanted.length);
  });

  it.each([
    ['give `devices` or `plan`', `${one}plan: { problem: p.yaml }`],
    ['missing: `devices`', 'version: 1'],
    ['two devices have the name `a-2`', 'version: 1\ndevices: [{ name: a, count: 2 }, { name: a-2 }]'],
    ['must be at most 6', 'version: 1\ndevices: [{ name: a, cut: 7 }]'],
    ['sum to 1.4', 'version: 1\ndevices: [{ name: a, count: 2, serverShare: 70 % }]'],
    ['either `weights` or `seed`', `${one}model: { seed: 1, weights: a }`],
    ['procedural images have 32 px', `${one}model: { seed: 1, shape: deit-tiny }`],
    ['missing: `folder` of cifar-10', `${one}data: { set: cifar-10 }`],
    ['texts need a decoder', `${one}data: { set: grammar }`],
    ['a decoder reads texts', decoder('width: 8, heads: 2').replace('grammar', 'procedural')],
    ['a decoder reads texts', `${one}model: embedded-decoder`],
    ['no other task than its classes', `${one}data: { task: next-word }`],
    ['drawn data have no folder', decoder('width: 8, heads: 2').replace('grammar', 'grammar, folder: texts')],
    ['has no gate', `${one}lora: { targets: [gate] }`],
    [
      'words is not trained',
      `${decoder('width: 8, heads: 2').replace('grammar', 'grammar, task: next-word')}\nlora: { trainHead: true }`,
    ],
    [
      'must be at most 6',
      'version: 1\nmodel: embedded-decoder\ndata: { set: grammar }\ndevices: [{ name: a, cut: 7 }]',
    ],
    ['must be at most 2', decoder('width: 8, heads: 2').replace('name: a', 'name: a, cut: 3')],
    ['must divide the width, 10', decoder('width: 10, heads: 3')],
    ['need an even width of a head, found 3', decoder('width: 12, heads: 4')],
    ['must divide the heads, 4', decoder('width: 16, heads: 4, keyValueHeads: 3')],
    ['model.shape.mlpWidht: unknown key', decoder('width: 16, heads: 4, mlpWidht: 3')],
    ['model.shape.norm', decoder('width: 16, heads: 4, norm: batch')],
    ['either `weights` or `seed`', decoder('width: 16, heads: 4').replace('seed: 1, ', '')],
    [
      'must divide the width',
      `${one}model: { seed: 1, imageSize: 32, shape: { patchSize: 8, width: 10, blocks: 1, heads: 3, mlpWidth: 4 } }`,
    ],
  ])('is refused with “%s”', (reason, text) => {
    expect(issuesOf(text).join('\n')).toContain(reason);
  });

  it('codes activations and gradients as suits the model, unless it says otherwise', async () => {
    const codecsOf = async (model: string, codec = '{ keptFraction: 10 % }') => {
      const data = model === '' ? '' : 'data: { set: grammar }\n';
      const { devices } = await resolved(
        `version: 1\n${data}${model}codec: ${codec}\ndevices: [{ name: a, cut: 2 }]\n`,
      );
      return [devices[0]!.uplinkCodec, devices[0]!.downlinkCodec];
    };
    const vit = expect.objectContaining({ lossless: 'fast', outlierThreshold: 0 }) as unknown;
    const decoder = expect.objectContaining({ lossless: 'small', outlierThreshold: 4 }) as unknown;
    expect(await codecsOf('')).toEqual([vit, vit]);
    expect(await codecsOf('model: embedded-decoder\n')).toEqual([decoder, decoder]);
    expect(await codecsOf('model: embedded-decoder\n', '{ up: { lossless: fast }, down: identity }')).toEqual([
      expect.objectContaining({ lossless: 'fast', outlierThreshold: 4 }),
      'identity',
    ]);
    const own = { lossless: 'fast', outlierThreshold: 0 } as const;
    expect((await codecsOf('model: embedded-decoder\n', JSON.stringify(own)))[0]).toMatchObject(own);
  });

  it('unfolds groups and has codecs, links and schedules in the harness’ terms', async () => {
    const scenario = await resolved(`
version: 1
codec: { keptFraction: 10 %, bits: 3 }
training: { learningRate: 0.01, optimizer: { kind: sgd, momentum: 0.9 }, schedule: { cosine: { warmUpSteps: 7 } } }
devices:
  - { name: phone, count: 2, cut: 2, link: { uplink: 4 Mbit/s, downlink: 30 Mbit/s, latency: 10 ms, gains: [0 dB, -3 dB] } }
  - { name: pc, codec: { up: identity, down: { bits: 8 } }, link: { bandwidth: 1 MHz, uplinkSnr: 10 dB, downlinkSnr: 20 dB } }
`);
    expect(scenario.devices.map(({ name }) => name)).toEqual(['phone-1', 'phone-2', 'pc']);
    const [phone, , pc] = scenario.devices;
    expect(phone!.uplinkCodec).toMatchObject({ keptFraction: 0.1, bits: 3, selection: 'top-k' });
    expect([pc!.uplinkCodec, pc!.downlinkCodec]).toEqual(['identity', expect.objectContaining({ bits: 8 })]);
    const link = new RadioLink(phone!.link!);
    expect(link.rate('uplink', 0)).toBeCloseTo(4e6, 3);
    expect(link.rate('downlink', 2)).toBeCloseTo(30e6, 3);
    expect(link.rate('uplink', 1)).toBeLessThan(4e6);
    expect(new RadioLink(pc!.link!).rate('uplink', 0)).toBeCloseTo(1e6 * Math.log2(11), 3);
    expect(scenario.optimizer).toEqual({ kind: 'sgd', learningRate: 0.01, momentum: 0.9, weightDecay: 0 });
    expect(scenario.schedule).toEqual({ kind: 'cosine', warmUpSteps: 7, final: 0 });
  });
});

const sampleModel = {
  blocks: 6,
  width: 96,
  heads: 3,
  mlpWidth: 384,
  tokens: 17,
  embedding: { kind: 'patches', patchSize: 8 },
  head: { kind: 'classifier', classes: 24 },
};

describe('a scenario of a plan', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'plan-run-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const problem = `
version: 1
model: { imageSize: 32, width: 96, blocks: 6, heads: 3, mlpWidth: 384, tokens: 17, embedding: { kind: patches, patchSize: 8 }, head: { kind: classifier, classes: 24 } }
training: { batchSize: 8, stepsPerRound: 3 }
accuracy: { maximumLoss: 20 % }
radio: { bandwidth: 4 MHz, shadowing: 0 dB, fading: none }
devices: [{ name: near, distance: 60 m, batchSize: 4 }, { name: far, distance: 200 m }]
`;

  it('runs what was planned: cuts, codecs, links, shares, K', async () => {
    const text = problem.replace('imageSize: 32, ', '');
    const outcome = readProblemFile(text);
    if (!outcome.ok) throw new Error(outcome.issues.map((issue) => formatIssue(issue)).join('\n'));
    const report = solvePlan(outcome.resolved.problem, { baselines: false, whatIf: 'never' });
    await writeFile(join(folder, 'cell.yaml'), text);
    await writeFile(join(folder, 'plan.json'), JSON.stringify(planFileOf(report, outcome.resolved)));
    const path = join(folder, 'scenario.yaml');
    const more = 'devices: [{ name: far, speedFactor: 3, latency: 5 ms }]';
    await writeFile(path, `version: 1\nplan: { problem: cell.yaml, plan: plan.json, ${more} }\n`);
    const scenario = await openScenario(path);
    const { plan } = report.answer!;
    expect(scenario.localSteps).toBe(3);
    expect(scenario.predictedRoundSeconds).toBeCloseTo(roundDelay(outcome.resolved.problem, plan).totalSeconds, 9);
    scenario.devices.forEach((device, n) => {
      const decision = plan.devices[n]!;
      expect([device.name, device.cut]).toEqual([['near', 'far'][n], decision.blocks]);
      const point = outcome.resolved.problem.upPoints[decision.upPoint]!;
      expect(device.uplinkCodec).toMatchObject({ keptFraction: point.keptFraction, bits: point.bitsPerKeptValue });
      const { uplink, transmitPowerWatt: all } = outcome.resolved.problem.devices[n]!;
      const law = scaledLaw(uplink, (decision.transmitPowerWatt ?? all) / all);
      const planned = rateBitsPerSecond(law, decision.bandwidthHz);
      expect(new RadioLink(device.link!).rate('uplink', 0)).toBeCloseTo(planned, 6);
      expect(device.serverShare).toBeCloseTo(decision.serverShare, 12);
    });
    expect(scenario.devices.map(({ batchSize }) => batchSize)).toEqual([4, 8]);
    expect(scenario.devices.map(({ speedFactor }) => speedFactor)).toEqual([1, 3]);
    expect(scenario.devices[1]!.link!.latencySeconds).toBeCloseTo(0.005, 12);
    const solvedNow = await openScenario(await changed(path, 'plan: plan.json', 'plan: solve'));
    expect(solvedNow.devices.map(({ cut }) => cut)).toEqual(scenario.devices.map(({ cut }) => cut));
    const strange = openScenario(await changed(path, 'name: far', 'name: fur'));
    await expect(strange).rejects.toThrow(PlanRunError);
  });

  it('sends with the power of the plan, and within the energy of a device', async () => {
    const text = problem
      .replace('imageSize: 32, ', '')
      .replace('devices:', 'pinned: { bandwidth: equal }\nserver: { sharing: equal }\ndevices:')
      .replace('distance: 200 m', 'distance: 200 m, computePower: 0 W, energyLimit: 1 J');
    const outcome = readProblemFile(text);
    if (!outcome.ok) throw new Error(outcome.issues.map((issue) => formatIssue(issue)).join('\n'));
    const report = solvePlan(outcome.resolved.problem, { baselines: false, whatIf: 'never' });
    await writeFile(join(folder, 'quiet.yaml'), text);
    await writeFile(join(folder, 'quiet.json'), JSON.stringify(planFileOf(report, outcome.resolved)));
    const path = join(folder, 'quiet-scenario.yaml');
    const { plan, delay, devices: planned } = report.answer!;
    expect(planned.filter(({ transmitPowerWatt }) => transmitPowerWatt !== undefined).length).toBeGreaterThan(0);
    for (const from of ['quiet.json', 'solve']) {
      await writeFile(path, `version: 1\nplan: { problem: quiet.yaml, plan: ${from} }\n`);
      const scenario = await openScenario(path);
      scenario.devices.forEach((device, n) => {
        const { participates: _, blocks, upPoint, downPoint } = plan.devices[n]!;
        const { uplinkBits } = choiceCosts(
          outcome.resolved.problem,
          outcome.resolved.problem.devices[n]!,
          blocks,
          upPoint,
          downPoint,
        );
        const rate = uplinkBits / delay.stages[n]!.uplink;
        expect(new RadioLink(device.link!).rate('uplink', 0) / rate).toBeCloseTo(1, 9);
      });
    }
  });

  it('gives the whole server to those who need it where others hold the whole model', async () => {
    const open = `${problem.replace('imageSize: 32, ', '').replace('batchSize: 4', 'pinned: { blocks: 6 }')}split: { maximum: 6 }\n`;
    await writeFile(join(folder, 'open.yaml'), open);
    const path = join(folder, 'whole.yaml');
    await writeFile(path, 'version: 1\nplan: { problem: open.yaml }\n');
    const [near, far] = (await openScenario(path)).devices;
    expect([near!.cut, near!.serverShare]).toEqual([6, undefined]);
    expect(far!.serverShare).toBeCloseTo(1, 9);
    const listed = 'version: 1\ndevices: [{ name: a, cut: 6 }, { name: b, cut: 2, serverShare: 1 }]\n';
    expect(issuesOf(listed)).toEqual([]);
    expect(issuesOf(listed.replace('cut: 6', 'cut: 5')).join()).toContain('sum to 1.500');
  });

  it('codes adapters as the plan says, and not by a ratio alone', async () => {
    const path = join(folder, 'exchange.yaml');
    const codecOf = async (exchange: string) => {
      await writeFile(join(folder, 'coded.yaml'), `${problem.replace('imageSize: 32, ', '')}${exchange}\n`);
      await writeFile(path, 'version: 1\nexchange: { bits: 2 }\nplan: { problem: coded.yaml }\n');
      return (await openScenario(path)).exchangeCodec;
    };
    expect(await codecOf('')).toBe('identity');
    expect(await codecOf('exchange: { keptFraction: 10 %, bits: 3, ratio: 5 % }')).toEqual({
      selection: 'top-k',
      keptFraction: 0.1,
      bits: 3,
    });
    expect(await codecOf('exchange: { bits: 8 }')).toMatchObject({ selection: 'all', bits: 8 });
    await expect(codecOf('exchange: { ratio: 5 % }')).rejects.toThrow('`exchange` has a ratio but no keptFraction');
  });

  it('finds the measured profile that the problem names beside itself', async () => {
    const calibrated = {
      version: 1,
      calibration: 'machine.json',
      model: sampleModel,
      training: { batchSize: 16, stepsPerRound: 2 },
      codec: { ratios: 'separate' },
      accuracy: { maximumLoss: '20 %' },
      radio: { bandwidth: '4 MHz', shadowing: '0 dB', fading: 'none' },
      devices: [{ name: 'near', distance: '60 m' }],
    };
    await mkdir(join(folder, 'cell'));
    await writeFile(join(folder, 'cell', 'cell.json'), JSON.stringify(calibrated));
    await writeFile(join(folder, 'cell', 'machine.json'), JSON.stringify(sampleProfile()));
    const path = join(folder, 'calibrated.yaml');
    await writeFile(path, 'version: 1\nplan: { problem: cell/cell.json, plan: solve }\n');
    const scenario = await openScenario(path);
    expect(scenario.localSteps).toBe(2);
    expect(scenario.predictedRoundSeconds).toBeGreaterThan(0);
    expect(scenario.predictionError).toBeGreaterThanOrEqual(0.05);
    expect(scenario.profileReferences).toEqual(sampleProfile().machine.references);
    expect(scenario.serverSpeedFactor).toBe(1);
    const slow = { ...calibrated, server: { profileFactor: 0.5 } };
    await writeFile(join(folder, 'cell', 'cell.json'), JSON.stringify(slow));
    expect((await openScenario(path)).serverSpeedFactor).toBe(0.5);
    await writeFile(path, 'version: 1\nlora: { rank: 4 }\nplan: { problem: cell/cell.json, plan: solve }\n');
    await expect(openScenario(path)).rejects.toThrow('plans another model: rank is 8, the scenario has 4');
    const narrow = { seed: 1, shape: { patchSize: 8, width: 48, blocks: 6, heads: 3, mlpWidth: 192 }, imageSize: 32 };
    const other = { version: 1, model: narrow, plan: { problem: 'cell/cell.json', plan: 'solve' } };
    await writeFile(path, JSON.stringify(other));
    await expect(openScenario(path)).rejects.toThrow('width is 96, the scenario has 48, mlpWidth is 384');
  });

  it('refuses a decoder that is another in what its sizes do not show', async () => {
    const shape = { blocks: 3, width: 48, heads: 4, keyValueHeads: 2, mlpWidth: 96 };
    const decoder = { ...shape, norm: 'rms', normEpsilon: 1e-5, activation: 'silu', gatedMlp: true, biases: false };
    const scenario = {
      version: 1,
      data: { set: 'grammar' },
      model: { family: 'decoder', seed: 1, shape: { ...decoder, positions: 'rotary' } },
      plan: { problem: 'texts.json', plan: 'solve' },
    };
    const config = modelConfig(scenarioSchema.parse(scenario), 1) as DecoderConfig;
    const planned = {
      ...shape,
      tokens: config.tokens,
      gatedMlp: true,
      norm: 'rms',
      biases: false,
      causal: true,
      embedding: { kind: 'tokens', vocabulary: config.vocabulary, positions: 0 },
      head: { kind: 'classifier', classes: 24 },
    };
    const path = join(folder, 'texts.yaml');
    await writeFile(path, JSON.stringify(scenario));
    const opened = async (change: object) => {
      const model = { ...planned, ...change };
      const cell = {
        accuracy: { maximumLoss: '20 %' },
        radio: { bandwidth: '4 MHz', shadowing: '0 dB', fading: 'none' },
      };
      const devices = [{ name: 'near', distance: '60 m' }];
      await writeFile(join(folder, 'texts.json'), JSON.stringify({ version: 1, ...cell, model, devices }));
      return openScenario(path);
    };
    expect((await opened({})).devices.map(({ name }) => name)).toEqual(['near']);
    const embedding = { ...planned.embedding, vocabulary: config.vocabulary + 1 };
    for (const [change, reason] of [
      [{ keyValueHeads: 4 }, 'keyValueHeads is 4, the scenario has 2'],
      [{ gatedMlp: false }, 'gatedMlp is false, the scenario has true'],
      [{ embedding }, `embedding.vocabulary is ${config.vocabulary + 1}, the scenario has ${config.vocabulary}`],
      [{ embedding: { kind: 'patches', patchSize: 8 } }, 'embedding.kind is "patches", the scenario has "tokens"'],
      [{ causal: false }, 'causal is false'],
      [{ norm: 'layer' }, 'norm is "layer"'],
      [{ biases: true }, 'biases is true'],
      [{ head: { kind: 'language-model', tied: true } }, 'head is {"kind":"language-model","tied":true}'],
    ] as const) {
      await expect(opened(change)).rejects.toThrow(reason);
    }
  });

  async function changed(path: string, from: string, to: string): Promise<string> {
    const other = join(folder, `other-${to.length}.yaml`);
    await writeFile(other, (await readFile(path, 'utf8')).replace(from, to));
    return other;
  }
});

describe('an example', () => {
  it.each([
    ['phones', ['phone-1', 'phone-2', 'laptop', 'sensor']],
    ['words', ['phone-1', 'phone-2', 'laptop']],
    ['mail', ['phone', 'laptop']],
  ])('%s is valid and has the devices its text speaks of', async (file, names) => {
    const path = new URL(`../../../../examples/training/${file}.yaml`, import.meta.url);
    const scenario = await resolved(await readFile(path, 'utf8'));
    expect(scenario.devices.map(({ name }) => name)).toEqual(names);
  });

  it('says how long it takes', () => {
    const examples = trainingExamples();
    expect(examples.map(({ name }) => name)).toEqual(['mail', 'phones', 'words']);
    for (const { name, statedSeconds } of examples) expect(statedSeconds, name).toBeGreaterThan(0);
  });

  const measured = new URL('../../../../bench/results/harness-examples.json', import.meta.url);

  it.skipIf(!existsSync(measured))('says so within twice of what was measured at rest', async () => {
    const { figures } = JSON.parse(await readFile(measured, 'utf8')) as {
      figures: { name: string; seconds: number }[];
    };
    for (const { name, statedSeconds } of trainingExamples()) {
      const seconds = figures.find((one) => one.name === name)?.seconds;
      expect(seconds, name).toBeLessThanOrEqual(2 * statedSeconds);
      expect(seconds, name).toBeGreaterThanOrEqual(statedSeconds / 2);
    }
  });
});
