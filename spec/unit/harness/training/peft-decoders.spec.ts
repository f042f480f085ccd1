import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadBackend, type Tf } from '../../../../harness/backend/tensorflow.js';
import type { DecoderConfig } from '../../../../harness/model/config.js';
import { DevicePart, ServerPart } from '../../../../harness/model/parts.js';
import { readWeights, type WeightSet } from '../../../../harness/model/weights.js';
import { AdapterFileError, readPeft, writePeft } from '../../../../harness/training/index.js';
import { readSafetensors, toFloat32, writeSafetensors } from '../../../../lib/io/tensors/index.js';
import { formula, gpt2, llama, storedFormula } from '../../../support/formula-decoders.js';
import { ownAdapters } from '../../../support/peft-fixtures.js';

/**
 * `peft-*` were saved by PEFT itself (`bench/peers/peft_reference.py`), `own-*` by this project and loaded into PEFT there;
 * `reference.json` has the logits of both with transformers in float64.
 */
const folder = new URL('../../../fixtures/peft/', import.meta.url);
const files = (name: string) => ({
  model: new Uint8Array(readFileSync(new URL(`${name}/adapter_model.safetensors`, folder))),
  config: readFileSync(new URL(`${name}/adapter_config.json`, folder), 'utf8'),
});
const reference = JSON.parse(readFileSync(new URL('reference.json', folder), 'utf8')) as Readonly<
  Record<string, number[]>
>;

let tf: Tf;
beforeAll(async () => {
  ({ tf } = await loadBackend());
});

/** The ids of the reference through both parts. */
function expectLogits(
  name: string,
  config: DecoderConfig,
  weights: WeightSet,
  { settings, state }: Pick<ReturnType<typeof readPeft>, 'settings' | 'state'>,
): void {
  const part = { config, weights, settings, adapters: state, memoryMode: 'keep' } as const;
  const device = new DevicePart(tf, part, 1);
  const server = new ServerPart(tf, part, 1);
  const ids = [0, 1].map((row) => Array.from({ length: 7 }, (_, k) => (5 * k + 3 * row) % 13));
  const found = tf.tidy(() => server.infer(device.infer(tf.tensor2d(ids, [2, 7], 'int32'))).dataSync());
  device.dispose();
  server.dispose();
  const wanted = reference[name]!;
  expect(found.length).toBe(wanted.length);
  const range = Math.max(...wanted) - Math.min(...wanted);
  expect(Math.max(...wanted.map((value, k) => Math.abs(value - found[k]!))) / range).toBeLessThan(1e-5);
}

const tensorsOf = (model: Uint8Array) =>
  new Map(readSafetensors(model).tensors.map((tensor) => [tensor.name, [...toFloat32(tensor)]]));

describe.each([...ownAdapters])('%s', (name, { family, config, weights, settings, state }) => {
  it('gives with PEFT the logits that it gives here', () => {
    expectLogits(name, config, weights, { settings, state });
  });

  it('is written as its files and comes back as it was', () => {
    const written = writePeft(settings, state, family);
    expect(`${written.config}\n`).toBe(files(name).config);
    expect(written.model).toEqual(files(name).model);
    const back = readPeft(files(name));
    expect(new Set(back.settings.targets)).toEqual(new Set(settings.targets));
    expect({ ...back.settings, targets: [] }).toEqual({ ...settings, targets: [] });
    expect(new Map(back.state)).toEqual(state);
  });
});

describe('adapters that PEFT saved', () => {
  it.each([
    ['peft-llama', llama, 'llama'],
    ['peft-gpt2', gpt2, 'gpt2'],
  ] as const)('%s gives here the logits that it gives with PEFT', (name, config, family) => {
    expectLogits(name, config, readWeights(storedFormula(family), config), readPeft(files(name)));
  });

  it('of a Llama are read, and written again under the same names with the same values', () => {
    const read = readPeft(files('peft-llama'));
    expect(read.settings).toMatchObject({ rank: 2, alpha: 6, dropout: 0 });
    expect(read.settings.targets.length).toBe(7);
    expect(read.state.size).toBe(3 * 7 * 2);
    const stored = tensorsOf(files('peft-llama').model);
    expect(tensorsOf(writePeft(read.settings, read.state, 'llama').model)).toEqual(stored);
    const name = 'base_model.model.model.layers.1.self_attn.q_proj.lora_A.weight';
    expect(stored.get(name)).toEqual([...formula(name, [2, 24]).values]);
  });

  it('of a GPT-2 are read, the fused layer as three adapters with the same A', () => {
    const { settings, state } = readPeft(files('peft-gpt2'));
    expect(new Set(settings.targets)).toEqual(new Set(['query', 'key', 'value', 'output', 'up', 'down']));
    const name = (part: string) => `base_model.model.transformer.h.2.attn.c_attn.lora_${part}.weight`;
    const [a, b] = [formula(name('A'), [2, 24]).values, formula(name('B'), [72, 2]).values];
    ['query', 'key', 'value'].forEach((target, third) => {
      const [down, up] = [state.get(`2.${target}.down`)!, state.get(`2.${target}.up`)!];
      expect([down.shape, up.shape]).toEqual([
        [24, 2],
        [2, 24],
      ]);
      for (let rank = 0; rank < 2; rank++) {
        for (let k = 0; k < 24; k++) {
          expect(down.values[2 * k + rank]).toBe(a[24 * rank + k]);
          expect(up.values[24 * rank + k]).toBe(b[2 * (24 * third + k) + rank]);
        }
      }
    });
    const again = writePeft(settings, state, 'gpt2');
    expect(new Set(tensorsOf(again.model).keys())).toEqual(new Set(tensorsOf(files('peft-gpt2').model).keys()));
    expect(new Map(readPeft(again).state)).toEqual(new Map(state));
  });
});

describe('adapters of GPT-2’s fused layer', () => {
  const { settings, state, family } = ownAdapters.get('own-gpt2')!;

  it('that have not learned yet come back for the usual targets', () => {
    const fresh = new Map(
      [...state].map(([name, host]) => {
        return [name, name.endsWith('.up') ? { ...host, values: new Float32Array(host.values.length) } : host];
      }),
    );
    const back = readPeft(writePeft(settings, fresh, family));
    expect(new Set(back.settings.targets)).toEqual(new Set(settings.targets));
    expect(new Map(back.state)).toEqual(fresh);
  });

  it('that mix their targets cannot be told apart', () => {
    const { model, config } = writePeft(settings, state, family);
    const mixed = readSafetensors(model).tensors.map((tensor) => {
      const isFused = tensor.name.endsWith('h.1.attn.c_attn.lora_B.weight');
      return isFused ? { ...tensor, bytes: tensor.bytes.map((_, k) => (k % 4 === 3 ? 0x3f : 1)) } : tensor;
    });
    const reading = () => readPeft({ model: writeSafetensors({ tensors: mixed, metadata: {} }), config });
    expect(reading).toThrow(AdapterFileError);
    expect(reading).toThrow('the adapters of c_attn are not 2 of rank 2');
  });

  it.each([
    [{ rank_pattern: { c_attn: 4 }, alpha_pattern: { c_attn: 6 } }, /./u],
    [{ rank_pattern: { c_attn: 8 }, alpha_pattern: { c_attn: 24 } }, /rank_pattern/u],
    [{ rank_pattern: { c_attn: 4, c_fc: 4 }, alpha_pattern: { c_attn: 12 } }, /rank_pattern/u],
    [{ rank_pattern: null, alpha_pattern: null }, /are not 1 of rank 2/u],
  ])('with other ranks or weights are refused (%#)', (fields, reason) => {
    const { model, config } = writePeft(settings, state, family);
    const reading = () => readPeft({ model, config: JSON.stringify({ ...(JSON.parse(config) as object), ...fields }) });
    expect(reading).toThrow(reason);
    expect(reading).toThrow(AdapterFileError);
  });

  it('stand in no file with those of another family', () => {
    const { tensors } = readSafetensors(files('peft-llama').model);
    const both = [
      ...tensors,
      ...readSafetensors(files('peft-gpt2').model).tensors.filter(({ name }) => name.includes('c_attn')),
    ];
    const model = writeSafetensors({ tensors: both, metadata: {} });
    expect(() => readPeft({ ...files('peft-llama'), model })).toThrow('the file has adapters of');
  });
});
