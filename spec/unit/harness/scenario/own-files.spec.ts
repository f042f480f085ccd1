import { existsSync } from 'node:fs';
import { copyFile, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadBackend, type LoadedBackend } from '../../../../harness/backend/tensorflow.js';
import { cachedDataset } from '../../../../harness/device/index.js';
import { isDecoder } from '../../../../harness/model/config.js';
import { randomWeights } from '../../../../harness/model/weights.js';
import { trainInProcess } from '../../../../harness/run.js';
import {
  evaluateScenario,
  loadWorkload,
  openScenario,
  trainingOptions,
  workloadFacts,
} from '../../../../harness/scenario/index.js';
import {
  executeRun,
  loadWorkload as loadStudyWorkload,
  readStudy,
  studyRuns,
} from '../../../../harness/study/index.js';
import { differences } from '../../../../harness/transport/join.js';
import { readDecoderConfig } from '../../../../lib/io/decoders/index.js';
import { fromFloat32, writeSafetensors } from '../../../../lib/io/tensors/index.js';
import { pictures } from '../../../support/pictures.js';

const tokenizers = fileURLToPath(new URL('../../../fixtures/tokenizers/', import.meta.url));
const stories = fileURLToPath(
  new URL('../../../../../shared/data/llama2-260k/tinystories_260k_v1.bin', import.meta.url),
);
if (!existsSync(stories)) console.log('skipping stories260K: ../shared/data/llama2-260k is absent');

/** A Llama as `config.json` describes it, for the tokeniser of 500 tokens. */
const fields = {
  model_type: 'llama',
  hidden_size: 16,
  intermediate_size: 24,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  max_position_embeddings: 24,
  vocab_size: 512,
};

let backend: LoadedBackend;
let folder = '';
const place = (name: string) => join(folder, name);
const mails = Array.from({ length: 40 }, (_, k) => ({
  text: k % 2 === 0 ? `win a prize ${k} now` : `the meeting is at ${k}`,
  label: k % 2 === 0 ? 'spam' : 'ham',
}));
const lines = (list: readonly object[]) => list.map((entry) => `${JSON.stringify(entry)}\n`).join('');

beforeAll(async () => {
  backend = await loadBackend();
  folder = await mkdtemp(join(tmpdir(), 'own-files-'));
  const weights = randomWeights(readDecoderConfig(JSON.stringify(fields)), 3);
  const tensors = [...weights].map(([name, { shape, values }]) => fromFloat32(name, shape, values));
  await mkdir(place('model'));
  await writeFile(place('model/config.json'), JSON.stringify(fields));
  await writeFile(place('model/model.safetensors'), writeSafetensors({ tensors, metadata: {} }));
  await copyFile(join(tokenizers, 'tokenizer.json'), place('model/tokenizer.json'));
  await writeFile(place('mails.jsonl'), lines(mails));
});
afterAll(() => rm(folder, { recursive: true }));

async function scenarioFile(name: string, data: string, more: string, devices = '{ name: a, count: 2 }') {
  const training = 'training: { rounds: 2, stepsPerRound: 2, batchSize: 4 }';
  await writeFile(place(name), `version: 1\ndata: ${data}\n${more}\n${training}\ndevices: [${devices}]\n`);
  return place(name);
}

async function opened(path: string) {
  const scenario = await openScenario(path);
  return { scenario, workload: await loadWorkload(scenario, backend) };
}

async function trained(path: string) {
  const { scenario, workload } = await opened(path);
  const losses: number[] = [];
  const { adapters } = await trainInProcess(backend.tf, {
    ...trainingOptions(scenario, workload),
    record: (entry) => {
      if (entry.kind === 'round') losses.push(entry.loss);
    },
  });
  return { workload, losses, judged: await evaluateScenario(backend.tf, scenario, workload, adapters) };
}

describe('texts of one’s own', () => {
  it.each([
    ['task: class', 'classifier', 1],
    ['task: next-word', 'language-model', undefined],
    ['task: next-word, layout: padded', 'language-model', undefined],
  ])('train a decoder from a folder of its files (%s)', async (task, head, targets) => {
    const path = await scenarioFile(
      'a.yaml',
      `{ set: text, path: mails.jsonl, ${task}, tokens: 12 }`,
      'model: { family: decoder, weights: model }',
    );
    const { workload, losses, judged } = await trained(path);
    const { config, dataset, evaluationSet } = workload;
    expect(config).toMatchObject({ vocabulary: 512, tokens: 12, blocks: 2, keyValueHeads: 2, head: { kind: head } });
    expect(dataset.length + evaluationSet!.length).toBe(
      (
        await opened(
          await scenarioFile(
            'all.yaml',
            `{ set: text, path: mails.jsonl, ${task}, tokens: 12, evaluationImages: 0 }`,
            'model: { family: decoder, weights: model }',
          ),
        )
      ).workload.dataset.length,
    );
    expect(evaluationSet!.length).toBe(Math.floor((dataset.length + evaluationSet!.length) / 5));
    // Nothing is known yet: the loss is that of a guess among all answers.
    expect(losses[0]! / Math.log(head === 'classifier' ? 2 : 512)).toBeCloseTo(1, 1);
    expect(judged!.targets).toBe(targets === undefined ? judged!.targets : evaluationSet!.length);
    expect(judged!.targets).toBeGreaterThanOrEqual(evaluationSet!.length);
  });

  it('go with a model that is drawn, whose words are those of a tokeniser', async () => {
    const shape = 'shape: { width: 8, blocks: 1, heads: 2, mlpWidth: 8, positions: learned }';
    const path = await scenarioFile(
      'drawn.yaml',
      '{ set: text, path: mails.jsonl, tokens: 10 }',
      `model: { family: decoder, seed: 1, tokenizer: ${join(tokenizers, 'pieces.gguf')}, ${shape} }`,
    );
    const { workload } = await opened(path);
    expect(workload.config).toMatchObject({ vocabulary: 700, tokens: 10, learnedPositions: 10 });
  });

  it('are the same facts from another place, and others with another text', async () => {
    const model = 'model: { family: decoder, weights: model }';
    const data = (path: string) => `{ set: text, path: ${path}, tokens: 12, evaluationImages: 0 }`;
    const facts = async (path: string) =>
      workloadFacts((await opened(await scenarioFile(`facts-${path}.yaml`, data(path), model))).workload);
    await writeFile(place('copy.jsonl'), lines(mails));
    await writeFile(place('other.jsonl'), lines([...mails.slice(1), { text: 'win a prize 99 now', label: 'spam' }]));
    const wanted = await facts('mails.jsonl');
    expect(differences(await facts('copy.jsonl'), wanted)).toEqual([]);
    expect(differences(await facts('other.jsonl'), wanted).map((text) => text.split(' ')[0])).toEqual(['data.content']);
  });

  it('are a workload of studies', async () => {
    const text = `
workload:
  kind: scenario
  data: { set: text, path: ${place('mails.jsonl')}, tokens: 12, evaluationImages: 6 }
  model: { family: decoder, weights: ${place('model')} }
training: { steps: 2, batchSize: 4, warmUpSteps: 0 }
groups: [{ points: [{ up: { keptFraction: 0.5, bits: 4 } }], cuts: [1, 3], seeds: [1] }]`;
    const [run, tooDeep] = studyRuns(readStudy(text, 'study.yaml'));
    const workload = await loadStudyWorkload(backend, run!);
    expect(workload.validation.length).toBe(6);
    const result = await executeRun(backend.tf, workload, run!);
    expect(result.up.bytes).toBeLessThan(result.up.float32Bytes / 4);
    expect(() => executeRun(backend.tf, workload, tooDeep!)).toThrow('cut 3 is beyond the model’s 2 blocks');
    workload.frozen.dispose();
    expect(() => readStudy(text.replace('set: text', 'set: text, folder: x'), 'study.yaml')).toThrow(
      /study.yaml:4:\d+ workload.data.folder: .*give `path`/u,
    );
  });

  const model = 'model: { family: decoder, weights: model }';
  const data = '{ set: text, path: mails.jsonl, tokens: 12 }';
  it.each<[string, RegExp, string, string, string?]>([
    ['a deep cut', /:5:\d+ devices\[0\].cut: .*at most 2/u, data, model, '{ name: a, cut: 3 }'],
    ['long texts', /:2:\d+ data.tokens: .*at most 24, the longest of the model/u, data.replace('12', '99'), model],
    ['an absent file', /:2:\d+ data.path: .*ENOENT/u, data.replace('mails', 'no'), model],
    [
      'absent held-out texts',
      /:2:\d+ data.evaluationPath: .*ENOENT/u,
      data.replace('tokens', 'evaluationPath: no, tokens'),
      model,
    ],
    ['absent weights', /:3:\d+ model.weights: .*ENOENT/u, data, model.replace('s: model', 's: no.gguf')],
    [
      'a folder without weights',
      /:3:\d+ model.weights: .*neither model.safetensors nor/u,
      data,
      model.replace('s: model', 's: .'),
    ],
    ['no GGUF', /:3:\d+ model.weights: /u, data, model.replace('s: model', 's: text.gguf')],
    ['no tokeniser', /:3:\d+ model.tokenizer: /u, data, model.replace(' }', ', tokenizer: mails.jsonl }')],
    [
      'a larger tokeniser',
      /:3:\d+ model.tokenizer: .*700 tokens, the model knows 512/u,
      data,
      model.replace(' }', `, tokenizer: ${join(tokenizers, 'pieces.gguf')} }`),
    ],
    ['no path', /:2:\d+ data: .*missing: `path` of the texts/u, '{ set: text }', model],
    [
      'packed classes',
      /data.layout: .*classes need `padded`/u,
      data.replace('tokens', 'layout: packed, tokens'),
      model,
    ],
    ['drawn texts with tokens', /data.tokens: .*only `set: text`/u, '{ set: grammar, tokens: 5 }', model],
    ['the grammar without a shape', /model: .*words of the grammar need a `shape`/u, '{ set: grammar }', model],
    ['a seed without a shape', /model: .*missing: `shape`/u, data, 'model: { family: decoder, seed: 1 }'],
    ['the embedded decoder', /data.set: .*words of the grammar alone/u, data, 'model: embedded-decoder'],
    ['a vision model', /data.set: .*texts need a decoder/u, data, 'model: embedded'],
    [
      'no gate',
      /lora.targets\[0\]: .*no gate/u,
      data,
      `${model.replace('s: model', 's: gpt2')}\nlora: { targets: [gate] }`,
    ],
  ])('are refused by place: %s', async (_, reason, own, more, devices) => {
    await writeFile(place('text.gguf'), 'no model');
    await mkdir(place('gpt2'), { recursive: true });
    await writeFile(place('gpt2/config.json'), JSON.stringify({ model_type: 'gpt2', vocab_size: 512 }));
    await cp(place('model/tokenizer.json'), place('gpt2/tokenizer.json'));
    await writeFile(place('gpt2/model.safetensors'), '');
    const path = await scenarioFile('bad.yaml', own, more, devices);
    const error: unknown = await openScenario(path).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'ScenarioError' });
    expect(String(error)).toMatch(reason);
  });

  it('name every bad line', async () => {
    await writeFile(place('bad.jsonl'), '{"text":"a","label":"x"}\n{"text":1}\nno\n');
    const path = await scenarioFile('lines.yaml', '{ set: text, path: bad.jsonl, tokens: 12 }', model);
    const error: unknown = await opened(path).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'DatasetError' });
    expect(String(error)).toMatch(/bad.jsonl:2 .*\n.*bad.jsonl:3 is not JSON/u);
  });

  it.skipIf(!existsSync(stories))('train a model of llama2.c with the tokeniser inside', async () => {
    const path = await scenarioFile(
      'stories.yaml',
      '{ set: text, path: mails.jsonl, task: next-word, tokens: 16 }',
      `model: { family: decoder, weights: ${stories} }`,
    );
    const { workload, losses } = await trained(path);
    expect(isDecoder(workload.config) && workload.config.vocabulary).toBe(512);
    // A model that knows English is better than a guess.
    expect(losses[0]).toBeLessThan(Math.log(512));
  });
});

describe('images of one’s own', () => {
  const put = async (root: string, name: keyof typeof pictures, at: string) => {
    await mkdir(join(place(root), at, '..'), { recursive: true });
    await writeFile(join(place(root), at), Buffer.from(pictures[name], 'base64'));
  };
  const data = (root: string, more = '') => `{ set: folder, path: ${root}${more} }`;
  beforeAll(async () => {
    for (const root of ['good', 'mixed']) {
      for (let k = 0; k < 5; k++) {
        await put(root, 'baseline', `cats/${k}.jpg`);
        await put(root, 'progressive', `dogs/${k}.JPEG`);
      }
    }
    await put('mixed', 'webp', 'cats/photo.webp');
    await put('mixed', 'cmyk', 'dogs/7.jpg');
    await put('mixed', 'appleDouble', 'dogs/._7.jpg');
  });

  it('have the class of their folder, and train', async () => {
    const { workload, losses } = await trained(await scenarioFile('images.yaml', data('good'), 'model: embedded'));
    const { dataset, evaluationSet } = workload;
    expect(dataset.classNames).toEqual(['cats', 'dogs']);
    expect([[...dataset.labels], [...evaluationSet!.labels]]).toEqual([
      [0, 0, 0, 0, 1, 1, 1, 1],
      [0, 1],
    ]);
    expect(losses[0]).toBeGreaterThan(0);
    const cached = cachedDataset(dataset);
    expect(await cached.values(0)).toEqual(await dataset.values(0));
  });

  it('end the training, or are left out and counted, where they are no whole JPEG', async () => {
    const { workload } = await opened(await scenarioFile('mixed.yaml', data('mixed'), 'model: embedded'));
    const all = [...workload.dataset.labels, ...workload.evaluationSet!.labels].length;
    expect(all).toBe(12);
    await expect(workloadFacts(workload)).resolves.toBeDefined();
    const reading = async () => {
      for (const set of [workload.dataset, workload.evaluationSet!]) {
        for (let k = 0; k < set.length; k++) await set.values(k);
      }
    };
    await expect(reading()).rejects.toThrow(/(?:cats.photo.webp: WebP, not JPEG|dogs.7.jpg: a JPEG of 4 components)/u);
    const skipping = await opened(
      await scenarioFile('skip.yaml', data('mixed', ', badPictures: skip'), 'model: embedded'),
    );
    const { dataset, evaluationSet } = skipping.workload;
    expect(dataset.length + evaluationSet!.length).toBe(10);
    expect(dataset.skipped?.map((text) => text.slice(place('mixed').length + 1))).toEqual([
      'cats/photo.webp: WebP, not JPEG',
      'dogs/7.jpg: a JPEG of 4 components (CMYK)',
    ]);
  });

  it('have the classes of the training set where others are held out', async () => {
    await put('held', 'baseline', 'dogs/1.jpg');
    const path = await scenarioFile('held.yaml', data('good', ', evaluationPath: held'), 'model: embedded');
    const { dataset, evaluationSet } = (await opened(path)).workload;
    expect([dataset.length, [...evaluationSet!.labels]]).toEqual([10, [1]]);
    await put('strange', 'baseline', 'birds/1.jpg');
    await expect(
      opened(await scenarioFile('strange.yaml', data('good', ', evaluationPath: strange'), 'model: embedded')),
    ).rejects.toThrow('birds is no class of the training set');
  });

  it.each([
    ['a single class', 'one', 'cats/1.jpg', /folder for each of two classes/u],
    ['pictures of no class', 'good', 'stray.jpg', /stray.jpg is of no class/u],
  ])('are refused: %s', async (_, root, at, reason) => {
    const copy = `copy-${root}`;
    if (root === 'good') await cp(place(root), place(copy), { recursive: true });
    await put(copy, 'baseline', at);
    await expect(opened(await scenarioFile('bad-images.yaml', data(copy), 'model: embedded'))).rejects.toThrow(reason);
  });
});
