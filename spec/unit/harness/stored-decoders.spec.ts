import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadBackend, type Tf } from '../../../harness/backend/tensorflow.js';
import { configProblems, type DecoderConfig } from '../../../harness/model/config.js';
import { loadDecoder, readGgufModel } from '../../../harness/model/stored-decoder.js';
import { DevicePart, ServerPart } from '../../../harness/model/parts.js';
import { randomWeights, WeightError, type StoredModel } from '../../../harness/model/weights.js';
import { readDecoderConfig } from '../../../lib/io/decoders/index.js';
import { fromFloat32, TensorFileError, writeSafetensors } from '../../../lib/io/tensors/index.js';
import { randomStream } from '../../../lib/random/index.js';

/** Written by `bench/peers/gguf_reference.py`: logits of transformers reading the same files, in float64. */
const folder = new URL('../../fixtures/gguf/', import.meta.url);
const file = (name: string) => new Uint8Array(readFileSync(new URL(`${name}.gguf`, folder)));
const reference = JSON.parse(readFileSync(new URL('reference.json', folder), 'utf8')) as Readonly<
  Record<string, { logits: number[] }>
>;

let tf: Tf;
const scratch = mkdtempSync(join(tmpdir(), 'stored-decoders-'));
beforeAll(async () => {
  ({ tf } = await loadBackend());
});
afterAll(() => rmSync(scratch, { recursive: true }));

function logitsOf({ config, weights }: StoredModel, ids: readonly number[]): Float32Array {
  const settings = { rank: 1, alpha: 1, targets: [], dropout: 0 };
  const part = { config, weights, settings, adapters: new Map(), memoryMode: 'keep' } as const;
  const device = new DevicePart(tf, part, 1);
  const server = new ServerPart(tf, part, 1);
  const logits = tf.tidy(() =>
    Float32Array.from(server.infer(device.infer(tf.tensor2d([...ids], [1, ids.length], 'int32'))).dataSync()),
  );
  device.dispose();
  server.dispose();
  return logits;
}

describe.each(['llama', 'gpt2'])('the GGUF file of a %s', (name) => {
  it('gives the logits of transformers', async () => {
    const model = await loadDecoder(fileURLToPath(new URL(`${name}.gguf`, folder)), 12);
    const found = logitsOf(
      model,
      Array.from({ length: 12 }, (_, k) => (7 * k + 3) % 40),
    );
    const wanted = reference[name]!.logits;
    expect(found.length).toBe(wanted.length);
    const range = Math.max(...wanted) - Math.min(...wanted);
    expect(Math.max(...wanted.map((value, k) => Math.abs(value - found[k]!))) / range).toBeLessThan(1e-5);
  });
});

/** The same file with one text put in the place of another of its length. */
function replaced(name: string, from: string, to: string): Uint8Array {
  const bytes = Buffer.from(file(name));
  expect(to.length).toBe(from.length);
  const at = bytes.indexOf(from);
  expect(at).toBeGreaterThan(0);
  bytes.write(to, at);
  return new Uint8Array(bytes);
}

describe('a GGUF file', () => {
  it.each([
    ['another family', 'gpt2', 'gpt2', 'bert', 'general.architecture is "bert"'],
    ['a key of another meaning', 'llama', 'llama.vocab_size', 'llama.logit_size', 'Unrecognized key: "logit_size"'],
    ['no number of heads', 'llama', 'attention.head_count', 'attention.head_kount', 'llama.attention.head_count: '],
    ['no such tensor', 'llama', 'blk.1.ffn_gate', 'blk.1.ffn_gote', 'blocks.1.mlp.gate.weight is missing'],
    [
      'a tensor of another model',
      'llama',
      'blk.1.ffn_gate',
      'blk.1.ffn_gote',
      'of another model: blk.1.ffn_gote.weight',
    ],
    ['factors of rotary positions', 'llama', 'output.weight', 'rope_freqs.xy', 'of another model: rope_freqs.xy'],
  ])('with %s is refused', (_, name, from, to, reason) => {
    const reading = () => readGgufModel(replaced(name, from, to));
    expect(reading).toThrow(
      reason.startsWith('blocks.') || reason.startsWith('of another') ? WeightError : TensorFileError,
    );
    expect(reading).toThrow(reason);
  });

  it('with values that are not finite is refused by name', () => {
    const bytes = file('llama');
    // The scale of the file's last block of 32.
    bytes.set([0xff, 0x7f], bytes.length - 34);
    expect(() => readGgufModel(bytes)).toThrow('values that are not finite');
  });

  it('is not asked for more tokens than it was made for', () => {
    expect(() => readGgufModel(file('llama'), 25)).toThrow("25 tokens are more than the model's 24");
    expect(readGgufModel(file('llama')).config.tokens).toBe(24);
  });

  it('of changed bytes is read or refused', () => {
    const random = randomStream(2, 'stored-decoders.spec');
    const outcomes = { read: 0, refused: 0 };
    for (let trial = 0; trial < 800; trial++) {
      const bytes = file(trial % 2 ? 'llama' : 'gpt2');
      for (let k = random.integer(3); k >= 0; k--) bytes[24 + random.integer(2500)] = random.integer(256);
      try {
        const { config, weights } = readGgufModel(bytes);
        expect(configProblems(config)).toEqual([]);
        expect(weights.size).toBeGreaterThan(10);
        outcomes.read++;
      } catch (error) {
        expect(error instanceof WeightError || error instanceof TensorFileError, String(error)).toBe(true);
        // Not a line for each of a thousand blocks.
        expect(String(error).length).toBeLessThan(10_000);
        outcomes.refused++;
      }
    }
    expect(outcomes.read).toBeGreaterThan(20);
    expect(outcomes.refused).toBeGreaterThan(200);
  });
});

const llamaFields = {
  model_type: 'llama',
  hidden_size: 16,
  intermediate_size: 24,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  vocab_size: 11,
  max_position_embeddings: 8,
  rms_norm_eps: 1e-5,
  rope_parameters: { rope_theta: 5000, rope_type: 'default' },
  tie_word_embeddings: true,
  hidden_act: 'silu',
  attention_bias: false,
  torch_dtype: 'float32',
};
const gpt2Fields = { model_type: 'gpt2', n_embd: 12, n_layer: 1, n_head: 2, n_positions: 5, vocab_size: 9 };
const read = (fields: object, tokens?: number) => readDecoderConfig(JSON.stringify(fields), tokens);

describe('Hugging Face’s configuration', () => {
  it('of a Llama and of a GPT-2 is read', () => {
    expect(read(llamaFields)).toMatchObject({ keyValueHeads: 2, rotaryBase: 5000, head: { tied: true }, tokens: 8 });
    expect(read({ ...llamaFields, rope_parameters: null, rope_theta: 7 }, 4)).toMatchObject({
      rotaryBase: 7,
      tokens: 4,
    });
    expect(read(gpt2Fields)).toMatchObject({ mlpWidth: 48, learnedPositions: 5, activation: 'gelu-tanh' });
    expect(configProblems(read(llamaFields))).toEqual([]);
    expect(configProblems(read(gpt2Fields))).toEqual([]);
  });

  it.each([
    [{ ...llamaFields, attention_bias: true, hidden_act: 'gelu' }, /hidden_act: .*; attention_bias: /u],
    [{ ...llamaFields, rope_scaling: { rope_type: 'llama3', factor: 8 } }, /rope_scaling.rope_type/u],
    [{ ...llamaFields, rope_parameters: { rope_type: 'yarn' } }, /rope_parameters.rope_type/u],
    [{ ...llamaFields, head_dim: 8 }, /head_dim 8 is not/u],
    [{ ...llamaFields, hidden_size: undefined }, /hidden_size/u],
    [{ ...gpt2Fields, activation_function: 'relu' }, /activation_function/u],
    [{ ...gpt2Fields, scale_attn_by_inverse_layer_idx: true }, /inverse_layer/u],
    [{ model_type: 'mamba' }, /model_type/u],
    [[], /cannot be used/u],
  ])('of another model is refused by its fields (%#)', (fields, reason) => {
    expect(() => read(fields)).toThrow(reason);
    expect(() => read(fields)).toThrow(TensorFileError);
  });

  it('stands beside safetensors, in one file or in several', async () => {
    const config: DecoderConfig = read(llamaFields);
    const own = randomWeights(config, 5);
    const stored = [...own].map(([name, { shape, values }]) => fromFloat32(name, shape, values));
    const half = Math.floor(stored.length / 2);
    const parts = [stored.slice(0, half), stored.slice(half)];
    const names = parts.map((_, k) => `model-0000${k + 1}-of-00002.safetensors`);
    const map = parts.flatMap((part, k) => part.map(({ name }) => [name, names[k]] as const));
    const put = (name: string, bytes: string | Uint8Array) => {
      const path = join(scratch, name);
      writeFileSync(path, bytes);
      return path;
    };
    put('config.json', JSON.stringify(llamaFields));
    parts.forEach((tensors, k) => put(names[k]!, writeSafetensors({ tensors, metadata: {} })));
    const index = put('model.safetensors.index.json', JSON.stringify({ weight_map: Object.fromEntries(map) }));
    const whole = put('model.safetensors', writeSafetensors({ tensors: stored, metadata: {} }));
    for (const path of [index, whole]) {
      const model = await loadDecoder(path);
      expect(model.config).toEqual(config);
      expect(new Map(model.weights)).toEqual(new Map(own));
    }
  });
});
