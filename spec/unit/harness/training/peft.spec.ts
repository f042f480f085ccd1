import { describe, expect, it } from 'vitest';
import { initialAdapters, trainedNames, type AdapterSettings } from '../../../../harness/model/adapters.js';
import type { VitConfig } from '../../../../harness/model/config.js';
import { randomWeights } from '../../../../harness/model/weights.js';
import { AdapterFileError, readPeft, writePeft } from '../../../../harness/training/index.js';
import { fromFloat32, readSafetensors, toFloat32, writeSafetensors } from '../../../../lib/io/tensors/index.js';
import { randomStream } from '../../../../lib/random/index.js';

const config: VitConfig = {
  imageSize: 16,
  patchSize: 4,
  channels: 3,
  width: 12,
  blocks: 11,
  heads: 3,
  mlpWidth: 24,
  classes: 5,
  pooling: 'class-token',
  layerNormEpsilon: 1e-6,
};
const settings: AdapterSettings = {
  rank: 2,
  alpha: 6,
  targets: ['query', 'key', 'value', 'output', 'up', 'down'],
  dropout: 0.1,
};

function trained() {
  const random = randomStream(1, 'trained');
  const drawn = [...initialAdapters(config, settings, 4)].map(([name, { shape, values }]) => {
    return [name, { shape, values: values.map(() => Math.fround(random.normal())) }] as const;
  });
  return new Map(drawn);
}

describe('PEFT files', () => {
  it('come back as they were, in the order of new adapters', () => {
    const state = trained();
    const back = readPeft(writePeft(settings, state));
    expect(back.settings).toEqual(settings);
    expect([...back.state]).toEqual([...state]);
  });

  it('store A as rank × inputs and B as outputs × rank under PEFT’s names', () => {
    const state = trained();
    const files = writePeft(settings, state);
    const stored = new Map(readSafetensors(files.model).tensors.map((tensor) => [tensor.name, tensor]));
    expect(stored.size).toBe(11 * 6 * 2);
    const a = stored.get('base_model.model.vit.encoder.layer.10.intermediate.dense.lora_A.weight')!;
    const b = stored.get('base_model.model.vit.encoder.layer.10.intermediate.dense.lora_B.weight')!;
    expect([a.shape, b.shape]).toEqual([
      [2, 12],
      [24, 2],
    ]);
    expect(toFloat32(a)[1 * 12 + 5]).toBe(state.get('10.up.down')!.values[5 * 2 + 1]);
    expect(toFloat32(b)[7 * 2 + 1]).toBe(state.get('10.up.up')!.values[1 * 24 + 7]);
  });

  it('hold a trained classifier as PEFT saves whole modules', () => {
    const own: AdapterSettings = { ...settings, trainHead: true };
    const state = initialAdapters(config, own, 4, randomWeights(config, 2));
    const files = writePeft(own, state);
    const back = readPeft(files);
    expect(back.settings).toEqual(own);
    expect([...back.state]).toEqual([...state]);
    expect([...back.state.keys()]).toEqual(trainedNames(config, own, 0, config.blocks));
    expect(JSON.parse(files.config)).toMatchObject({ modules_to_save: ['classifier'] });
    const stored = readSafetensors(files.model).tensors;
    const matrix = stored.find(({ name }) => name === 'base_model.model.classifier.weight')!;
    expect(matrix.shape).toEqual([5, 12]);
    expect(toFloat32(matrix)).toEqual(randomWeights(config, 2).get('head.weight')!.values);
    const lone = stored.filter(({ name }) => !name.endsWith('classifier.bias'));
    const damaged = { ...files, model: writeSafetensors({ tensors: lone, metadata: {} }) };
    expect(() => readPeft(damaged)).toThrow('both its weight and its bias');
  });

  it('name the modules by a pattern that tells the two output layers apart', () => {
    const only = (target: 'output' | 'down') => {
      const { config: text } = writePeft({ ...settings, targets: [target] }, new Map());
      return new RegExp(`^(?:${(JSON.parse(text) as { target_modules: string }).target_modules})$`, 'u');
    };
    const attention = 'vit.encoder.layer.3.attention.output.dense';
    const mlp = 'vit.encoder.layer.3.output.dense';
    expect([only('output').test(attention), only('output').test(mlp)]).toEqual([true, false]);
    expect([only('down').test(attention), only('down').test(mlp)]).toEqual([false, true]);
  });

  it('are refused where they cannot be meant', () => {
    const files = writePeft(settings, trained());
    const tensors = readSafetensors(files.model).tensors;
    const save = (kept: typeof tensors) => writeSafetensors({ tensors: kept, metadata: {} });
    const stray = fromFloat32('base_model.model.vit.pooler.lora_A.weight', [2, 2], new Float32Array(4));
    expect(() => readPeft({ ...files, model: save([...tensors, stray]) })).toThrow(AdapterFileError);
    expect(() => readPeft({ ...files, model: save(tensors.slice(1)) })).toThrow('is not');
    expect(() => readPeft({ ...files, config: '{"r":3,"lora_alpha":1}' })).toThrow('rank');
    expect(() => readPeft({ ...files, config: '{"r":2}' })).toThrow('lora_alpha');
    expect(() => readPeft({ ...files, config: '{"r":2,"lora_alpha":1,"use_rslora":true}' })).toThrow('rslora');
    expect(() => readPeft({ ...files, config: '{' })).toThrow('JSON');
  });
});

describe('a PEFT configuration', () => {
  const { model, config: text } = writePeft(settings, trained());
  const plain = JSON.parse(text) as Record<string, unknown>;
  const reading = (changed: Record<string, unknown>) => () =>
    readPeft({ model, config: JSON.stringify({ ...plain, ...changed }) });

  it.each([
    ['peft_type', 'ADALORA'],
    ['alpha_pattern', { '0.query': 4 }],
    ['rank_pattern', { '0.query': 4 }],
    ['use_dora', true],
    ['use_rslora', true],
    ['fan_in_fan_out', true],
    ['bias', 'lora_only'],
    ['lora_bias', true],
    ['layers_to_transform', [0, 1]],
    ['layer_replication', [[0, 4]]],
    ['init_lora_weights', 'pissa'],
    ['trainable_token_indices', [3]],
    ['something_of_next_year', 'on'],
    ['r', 0],
  ])('with %s = %j is refused by name', (name, value) => {
    expect(reading({ [name]: value })).toThrow(AdapterFileError);
    expect(reading({ [name]: value })).toThrow(name);
  });

  it('with the same fields switched off is read, as the library writes them', () => {
    const off = { alpha_pattern: {}, rank_pattern: {}, use_dora: false, layers_to_transform: null, loftq_config: {} };
    const said = { auto_mapping: null, task_type: 'IMAGE_CLASSIFICATION', revision: 'main', init_lora_weights: true };
    expect(reading({ ...off, ...said })().settings).toEqual(settings);
  });

  it('does not excuse values that are not finite, nor the same adapter twice', () => {
    const { tensors } = readSafetensors(model);
    const [first, ...rest] = tensors as [(typeof tensors)[0], ...typeof tensors];
    const broken = { ...first, bytes: new Uint8Array(first.bytes.length).fill(255) };
    const again = { ...first, name: first.name.replace('.weight', '.default.weight') };
    const read = (all: typeof tensors) => () =>
      readPeft({ model: writeSafetensors({ tensors: all, metadata: {} }), config: text });
    expect(read([broken, ...rest])).toThrow('not finite');
    expect(read([...tensors, again])).toThrow('there twice');
  });
});
