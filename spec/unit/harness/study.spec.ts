import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readCsv } from '../../../bin/fit/csv.js';
import { loadBackend } from '../../../harness/backend/tensorflow.js';
import { proceduralDataset, thinned } from '../../../harness/data/index.js';
import { initialAdapters } from '../../../harness/model/adapters.js';
import type { VitConfig } from '../../../harness/model/config.js';
import { randomWeights } from '../../../harness/model/weights.js';
import {
  fineTune,
  rateFactor,
  readStudy,
  runCodecs,
  runId,
  RunsFile,
  RunsFileError,
  runStudy,
  studyRuns,
  studySchema,
  withHeadRows,
} from '../../../harness/study/index.js';
import { defaultAdamW } from '../../../harness/training/index.js';

process.env['TF_NUM_INTRAOP_THREADS'] = '1';
process.env['TF_NUM_INTEROP_THREADS'] = '1';

const folder = mkdtempSync(join(tmpdir(), 'sft-opt-study-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const strong = { up: { keptFraction: 0.2, bits: 4 } };
const study = studySchema.parse({
  workload: { kind: 'embedded' },
  trainImages: 16,
  validationImages: 16,
  training: { steps: 2, batchSize: 2, warmUpSteps: 0 },
  groups: [
    { points: ['uncompressed'], cuts: [2], seeds: [1] },
    { points: ['uncompressed', strong], cuts: [2], seeds: [1, 2] },
  ],
});

describe('the runs of a study', () => {
  it('are every combination once, in the order of the groups', () => {
    const runs = studyRuns(study);
    expect(runs.map(({ point, seed }) => `${point === 'uncompressed' ? 'none' : 'strong'} ${seed}`)).toEqual([
      'none 1',
      'none 2',
      'strong 1',
      'strong 2',
    ]);
    expect(new Set(runs.map(runId)).size).toBe(4);
  });

  it('are named by what they do, not by the order of keys', () => {
    const [run] = studyRuns(study);
    const turned = Object.fromEntries(Object.entries(run!).reverse()) as unknown as typeof run;
    expect(runId(turned!)).toBe(runId(run!));
    expect(runId({ ...run!, seed: 7 })).not.toBe(runId(run!));
  });

  it('are read from YAML with merge keys', () => {
    const text = `
workload: { kind: embedded }
groups:
  - &grid { points: [uncompressed, { up: { keptFraction: 0.2, bits: 4 } }], cuts: [2, 4], seeds: [1] }
  - { <<: *grid, seeds: [2, 3] }
  - { <<: [{ seeds: [4] }, *grid], cuts: [1] }`;
    const { groups } = readStudy(text, 'study.yaml');
    expect(groups.map(({ cuts, seeds }) => [cuts, seeds])).toEqual([
      [[2, 4], [1]],
      [
        [2, 4],
        [2, 3],
      ],
      [[1], [4]],
    ]);
    expect(groups[2]!.points).toEqual(groups[0]!.points);
  });

  it('are refused with every problem and its place', () => {
    const text = `workload: { kind: embeded }
trainning: {}
groups:
  - { points: [{ up: { keptFraction: 1.5, bits: 9, selectionScop: tensor } }], cuts: [-1], seeds: [1] }
  - { <<: 3, points: [uncompressed], cuts: [1], seeds: [0.5] }`;
    const problems = (of: string): string[] => {
      try {
        readStudy(of, 'study.yaml');
      } catch (error) {
        return (error as Error).message.split('\n').slice(1);
      }
      return [];
    };
    expect(problems(text)).toEqual(['  study.yaml:5:7 `<<` takes a map or a list of maps']);
    expect(problems(text.replace('<<: 3, ', ''))).toEqual([
      '  study.yaml:1:19 workload.kind: found `embeded`; must be one of deit-tiny, embedded, embedded-decoder, scenario; did you mean `embedded`?',
      '  study.yaml:2:1 trainning: unknown key; did you mean `training`?',
      '  study.yaml:4:38 groups[0].points[0].up.keptFraction: found `1.5`; must be at most 1',
      '  study.yaml:4:49 groups[0].points[0].up.bits: found `9`; must be at most 8',
      '  study.yaml:4:52 groups[0].points[0].up.selectionScop: unknown key; did you mean `selectionScope`?',
      '  study.yaml:4:87 groups[0].cuts[0]: found `-1`; must be at least 0',
      '  study.yaml:5:50 groups[1].seeds[0]: found `0.5`; must be a whole number',
    ]);
  });

  it.each([
    [
      '1:55 adapters.targets[0]: found `gate`; this model has no gate in its MLP',
      '{ kind: embedded }',
      '{ targets: [gate] }',
    ],
    ['the matrix of the words is not trained', '{ kind: embedded-decoder, task: next-word }', '{ trainHead: true }'],
    ['workload.task: missing', '{ kind: embedded-decoder }', '{ targets: [gate], trainHead: true }'],
  ])('are refused with “%s”', (reason, workload, adapters) => {
    const groups = '[{ points: [uncompressed], cuts: [1], seeds: [1] }]';
    const text = `{ workload: ${workload}, adapters: ${adapters}, groups: ${groups} }`;
    expect(() => readStudy(text, 'study.yaml')).toThrow(reason);
  });

  it('compress gradients as activations unless told otherwise', () => {
    const [none, , both] = studyRuns(study);
    expect(runCodecs(none!)).toEqual({ up: 'identity', down: 'identity' });
    expect(runCodecs(both!)).toEqual({ up: strong.up, down: strong.up });
    const down = { keptFraction: 0.05, bits: 2, selectionScope: 'tensor' as const };
    const own = { ...both!, point: { ...strong, down }, codec: { rounding: 'nearest' as const } };
    expect(runCodecs(own)).toEqual({
      up: { ...strong.up, rounding: 'nearest' },
      down: { ...down, rounding: 'nearest' },
    });
  });

  it('warm up in a straight line and end at rate 0', () => {
    const training = { steps: 100, warmUpSteps: 10, schedule: 'cosine' as const };
    expect(rateFactor(training, 0)).toBeCloseTo(0.1);
    expect(rateFactor(training, 9)).toBeCloseTo(1);
    expect(rateFactor(training, 55)).toBeCloseTo(0.5, 1);
    expect(rateFactor(training, 99)).toBeLessThan(0.001);
    expect(rateFactor({ ...training, schedule: 'constant' }, 99)).toBe(1);
  });
});

describe('workloads', () => {
  it('keep rows of a head in the order given', () => {
    const head = { shape: [3, 2], values: Float32Array.of(1, 2, 3, 4, 5, 6) };
    const weights = new Map([
      ['head.weight', head],
      ['head.bias', { shape: [3], values: Float32Array.of(7, 8, 9) }],
    ]);
    const kept = withHeadRows(weights, [2, 0]);
    expect([...kept.get('head.weight')!.values]).toEqual([5, 6, 1, 2]);
    expect([...kept.get('head.bias')!.values]).toEqual([9, 7]);
    expect(() => withHeadRows(weights, [3])).toThrow('none at 3');
  });

  it('thin out a data set evenly', async () => {
    const all = proceduralDataset({ classes: 'fine-tuning', length: 10, seed: 1 });
    const some = thinned(all, 5);
    expect([...some.labels]).toEqual([0, 2, 4, 6, 8].map((k) => all.labels[k]));
    expect(await some.values(3)).toEqual(await all.values(6));
    expect(thinned(all, 20)).toBe(all);
  });
});

describe('fine-tuning without messages', () => {
  const config: VitConfig = {
    imageSize: 32,
    patchSize: 8,
    channels: 3,
    width: 12,
    blocks: 3,
    heads: 3,
    mlpWidth: 24,
    classes: 24,
    pooling: 'class-token',
    layerNormEpsilon: 1e-6,
  };
  const settings = { rank: 2, alpha: 4, targets: ['query', 'value'], dropout: 0 } as const;
  const weights = randomWeights(config, 1);
  const options = {
    part: { config, weights, settings, adapters: initialAdapters(config, settings, 1), memoryMode: 'keep' as const },
    train: proceduralDataset({ classes: 'fine-tuning', length: 8, seed: 1 }),
    validation: proceduralDataset({ classes: 'fine-tuning', length: 8, seed: 2 }),
    steps: 3,
    batchSize: 4,
    optimizer: defaultAdamW,
    rateFactor: () => 1,
    seed: 1,
  };

  it('does the same wherever the model is cut, as long as nothing is compressed', async () => {
    const { tf } = await loadBackend();
    const before = tf.memory().numTensors;
    const [a, b] = [
      await fineTune(tf, { ...options, cut: 1, up: 'identity', down: 'identity' }),
      await fineTune(tf, { ...options, cut: 2, up: 'identity', down: 'identity' }),
    ];
    expect(b.trainLoss).toBeCloseTo(a.trainLoss, 5);
    expect(b.loss).toBeCloseTo(a.loss, 5);
    expect(a.accuracyWithoutCodec).toBe(a.accuracy);
    expect(a.up.bytes).toBe(3 * 4 * 17 * 12 * 4);
    expect([a.down.bytes, a.up.float32Bytes]).toEqual([a.up.bytes, a.up.bytes]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('counts coded bytes, and is moved by the codec in training and in validation', async () => {
    const { tf } = await loadBackend();
    const codec = { keptFraction: 0.2, bits: 3 };
    const plain = await fineTune(tf, { ...options, cut: 1, up: 'identity', down: 'identity' });
    const coded = await fineTune(tf, { ...options, cut: 1, up: codec, down: { keptFraction: 0.05, bits: 4 } });
    expect(coded.up.bytes).toBeLessThan(0.3 * coded.up.float32Bytes);
    expect(coded.down.bytes).toBeLessThan(coded.up.bytes);
    expect(coded.trainLoss).not.toBeCloseTo(plain.trainLoss, 5);
    expect(coded.loss).not.toBe(plain.loss);
    const again = await fineTune(tf, { ...options, cut: 1, up: codec, down: { keptFraction: 0.05, bits: 4 } });
    expect([again.loss, again.up.bytes]).toEqual([coded.loss, coded.up.bytes]);
  });
});

describe('the file of runs', () => {
  it('goes on where a study was stopped, and cuts off half a line left by a kill', async () => {
    const path = join(folder, 'runs.csv');
    const told: number[] = [];
    const first = new AbortController();
    const halted = await runStudy({
      settings: study,
      path,
      workers: 1,
      signal: first.signal,
      onRun: () => first.abort(),
    });
    expect([halted.finishedRuns, halted.runs]).toEqual([1, 4]);
    const one = readFileSync(path, 'utf8');
    appendFileSync(path, 'abc,2,0.5');
    const done = await runStudy({
      settings: study,
      path,
      workers: 2,
      onProgress: ({ finishedSteps }) => told.push(finishedSteps),
    });
    expect([done.finishedRuns, done.finishedSteps]).toEqual([4, 8]);
    expect(told[0]).toBe(2);
    const text = readFileSync(path, 'utf8');
    expect(text.startsWith(one)).toBe(true);
    const { header, rows } = readCsv(text);
    const cell = (row: readonly string[], name: string) => row[header.indexOf(name)]!;
    expect(rows.map((row) => cell(row, 'id')).sort()).toEqual(studyRuns(study).map(runId).sort());
    for (const row of rows) {
      // Every setting is in the row: the run can be made again from it alone.
      const { seed, cut } = JSON.parse(cell(row, 'settings')) as { seed: number; cut: number };
      expect([String(cut), String(seed)]).toEqual([cell(row, 'cut'), cell(row, 'seed')]);
      expect(Number(cell(row, 'accuracy'))).toBeGreaterThanOrEqual(0);
    }
    const before = readFileSync(path, 'utf8');
    await runStudy({ settings: study, path, workers: 1 });
    expect(readFileSync(path, 'utf8')).toBe(before);
  }, 120_000);

  it('is not written over what is something else', () => {
    const path = join(folder, 'other.csv');
    appendFileSync(path, 'a,b\n1,2\n');
    expect(() => RunsFile.open(path)).toThrow(RunsFileError);
    expect(readFileSync(path, 'utf8')).toBe('a,b\n1,2\n');
  });
});
