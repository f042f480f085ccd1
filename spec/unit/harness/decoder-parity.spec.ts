import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadBackend, type Tensor, type Tf } from '../../../harness/backend/tensorflow.js';
import { loadTokenizer } from '../../../harness/data/text/tokenizer.js';
import { initialAdapters, type AdapterSettings, type AdapterState } from '../../../harness/model/adapters.js';
import { transformerShape } from '../../../harness/model/config.js';
import { readLlama2c } from '../../../harness/model/stored-decoder.js';
import { DevicePart, ServerPart, type MemoryMode, type PartOptions } from '../../../harness/model/parts.js';
import { readWeights, WeightError, type HostTensor } from '../../../harness/model/weights.js';
import { parameterCount } from '../../../lib/models/index.js';
import { formula, gpt2, llama, storedFormula } from '../../support/formula-decoders.js';

interface Reference {
  readonly logits: number[];
  readonly loss: number;
  readonly gradientAfterBlock1: number[];
  readonly adapterGradients?: Readonly<Record<string, number[]>>;
}

/** Written by `bench/peers/decoder_reference.py`: transformers and PEFT in float64. */
const reference = JSON.parse(
  readFileSync(new URL('../../fixtures/decoder-reference.json', import.meta.url), 'utf8'),
) as Readonly<Record<'gpt2' | 'llama', Reference>>;
/** A Llama trained on short stories, with its vocabulary, and what it is published to tell. */
const storiesFolder = new URL('../../../../shared/data/llama2-260k/', import.meta.url);
const storiesFile = fileURLToPath(new URL('tinystories_260k_v1.bin', storiesFolder));
const hasStories = existsSync(storiesFolder);
if (!hasStories) console.log('skipping stories260K: ../shared/data/llama2-260k is absent');

let tf: Tf;
beforeAll(async () => {
  ({ tf } = await loadBackend());
});

const rows = [0, 1];
const ids = () =>
  tf.tensor2d(
    rows.map((row) => Array.from({ length: 7 }, (_, k) => (5 * k + 3 * row) % 13)),
    [2, 7],
    'int32',
  );
/** The next token; the prompt of two and what follows the end are not judged. */
const labels = Int32Array.from(
  rows.flatMap((row) => Array.from({ length: 7 }, (_, k) => (k < 2 || k === 6 ? -1 : (5 * (k + 1) + 3 * row) % 13))),
);

/** Largest difference, in units of the largest value. */
function apart(found: ArrayLike<number>, wanted: readonly number[]): number {
  expect(found.length).toBe(wanted.length);
  const size = Math.max(...wanted.map(Math.abs));
  return Math.max(...wanted.map((value, k) => Math.abs(value - found[k]!))) / size;
}

interface Outcome {
  readonly loss: number;
  readonly gradient: Float32Array | undefined;
  readonly adapters: ReadonlyMap<string, Float32Array>;
  readonly logits: Float32Array;
}

/** One step of a split model; nothing may be left on the backend. */
function step(options: PartOptions, cut: number): Outcome {
  const before = tf.memory().numTensors;
  const device = new DevicePart(tf, options, cut);
  const server = new ServerPart(tf, options, cut);
  const input = ids();
  const logits = tf.tidy(() => Float32Array.from(server.infer(device.infer(input)).dataSync()));
  const all: [string, Tensor][] = [];
  let loss: number;
  let gradient: Float32Array | undefined;
  if (cut === options.config.blocks) {
    const pending = device.startWhole(input, labels, 1);
    loss = pending.loss;
    pending.backward().forEach((tensor, k) => all.push([device.names[k]!, tensor]));
  } else {
    const pending = device.start(input, 1);
    const result = server.step(pending.activations, labels, 1);
    loss = result.loss;
    gradient = result.gradient && Float32Array.from(result.gradient.dataSync());
    if (result.gradient) {
      pending.backward(result.gradient).forEach((tensor, k) => all.push([device.names[k]!, tensor]));
      result.gradient.dispose();
    } else pending.release();
    result.adapterGradients.forEach((tensor, k) => all.push([server.names[k]!, tensor]));
  }
  const adapters = new Map(all.map(([name, tensor]) => [name, Float32Array.from(tensor.dataSync())]));
  tf.dispose([input, ...all.map(([, tensor]) => tensor)]);
  device.dispose();
  server.dispose();
  expect(tf.memory().numTensors).toBe(before);
  return { loss, gradient, adapters, logits };
}

const none: AdapterSettings = { rank: 1, alpha: 1, targets: [], dropout: 0 };
const adapted: AdapterSettings = {
  rank: 2,
  alpha: 6,
  targets: ['query', 'key', 'output', 'gate', 'down'],
  dropout: 0,
};
const peftName = { query: 'self_attn.q_proj', key: 'self_attn.k_proj', output: 'self_attn.o_proj' } as const;
const mlpName = { gate: 'mlp.gate_proj', down: 'mlp.down_proj' } as const;
const nameOf = (target: string) => ({ ...peftName, ...mlpName })[target as keyof typeof peftName];

function turned({ shape, values }: HostTensor): HostTensor {
  const [rowCount, columns] = shape as [number, number];
  const out = Float32Array.from(values, (_, k) => values[(k % rowCount) * columns + Math.floor(k / rowCount)]!);
  return { shape: [columns, rowCount], values: out };
}

/** The script's adapters: PEFT stores A as rank × inputs and B as outputs × rank. */
function referenceAdapters(): AdapterState {
  const start = initialAdapters(llama, adapted, 1);
  return new Map(
    [...start].map(([name, { shape }]) => {
      const [block, target, part] = name.split('.') as [string, string, 'down' | 'up'];
      const full = `model.layers.${block}.${nameOf(target)}.lora_${part === 'down' ? 'A' : 'B'}.weight`;
      return [name, turned(formula(full, [...shape].reverse()))];
    }),
  );
}

const optionsOf = (
  family: 'gpt2' | 'llama',
  settings: AdapterSettings,
  memoryMode: MemoryMode = 'keep',
): PartOptions => {
  const config = family === 'gpt2' ? gpt2 : llama;
  const adapters = settings === adapted ? referenceAdapters() : new Map();
  return { config, weights: readWeights(storedFormula(family), config), settings, adapters, memoryMode };
};

describe('against transformers and PEFT in float64', () => {
  it.each([
    ['gpt2', none],
    ['llama', adapted],
  ] as const)('%s gives the same logits, loss and gradients', (family, settings) => {
    const wanted = reference[family];
    const found = step(optionsOf(family, settings), 1);
    expect(apart(found.logits, wanted.logits)).toBeLessThan(1e-5);
    expect(Math.abs(found.loss / wanted.loss - 1)).toBeLessThan(1e-5);
    expect(apart(found.gradient!, wanted.gradientAfterBlock1)).toBeLessThan(1e-5);
    for (const [name, gradient] of found.adapters) {
      const [block, target, part] = name.split('.') as [string, string, 'down' | 'up'];
      const key = `${block}.${nameOf(target)}.lora_${part === 'down' ? 'A' : 'B'}`;
      const [inputs, rank] = part === 'down' ? [gradient.length / 2, 2] : [2, gradient.length / 2];
      const back = turned({ shape: [inputs, rank], values: gradient });
      expect(apart(back.values, wanted.adapterGradients![key]!)).toBeLessThan(1e-5);
    }
    expect(found.adapters.size).toBe(family === 'gpt2' ? 0 : 30);
  });
});

describe.each([0, 1, 2, 3])('cut after block %i', (cut) => {
  it.each(['keep', 'recompute'] as const)('split is the whole, bit for bit (%s)', (memoryMode) => {
    const whole = step(optionsOf('llama', adapted), 3);
    const split = step(optionsOf('llama', adapted, memoryMode), cut);
    expect(split.loss).toBe(whole.loss);
    expect(split.logits).toEqual(whole.logits);
    expect(new Set(split.adapters.keys())).toEqual(new Set(whole.adapters.keys()));
    for (const [name, gradient] of whole.adapters) expect(split.adapters.get(name)).toEqual(gradient);
  });
});

describe('stored decoders', () => {
  it('that lack a tensor or have one too many are refused by name', () => {
    expect(() => readWeights(storedFormula('llama', 'model.layers.1.mlp.gate_proj.weight'), llama)).toThrow(
      'blocks.1.mlp.gate.weight is missing',
    );
    expect(() => readWeights(storedFormula('llama', '', ['model.layers.0.self_attn.q_norm.weight']), llama)).toThrow(
      'of another model: model.layers.0.self_attn.q_norm.weight',
    );
    expect(() => readWeights(storedFormula('gpt2'), llama)).toThrow(WeightError);
  });

  it('of GPT-2 may hold its causal masks', () => {
    expect(readWeights(storedFormula('gpt2', '', ['transformer.h.0.attn.bias']), gpt2).size).toBe(2 + 2 + 3 * 12);
  });
});

describe.skipIf(!hasStories)('stories260K', () => {
  const model = () => readFileSync(storiesFile);

  it('has the published number of parameters', () => {
    const { config } = readLlama2c(model());
    expect(parameterCount(transformerShape(config))).toBe(260_032);
  });

  it('tells the published story', async () => {
    const { config, weights } = readLlama2c(model());
    const part: PartOptions = { config, weights, settings: none, adapters: new Map(), memoryMode: 'keep' };
    const device = new DevicePart(tf, part, 2);
    const server = new ServerPart(tf, part, 2);
    const told = [1];
    // Some 60 words of the published text.
    while (told.length < 90) {
      const next = tf.tidy(() => {
        const input = tf.tensor2d(told, [1, told.length], 'int32');
        return tf.argMax(tf.slice(server.infer(device.infer(input)), [told.length - 1, 0]), -1).dataSync()[0]!;
      });
      told.push(next);
    }
    device.dispose();
    server.dispose();
    const tokenizer = await loadTokenizer(storiesFile);
    const text = tokenizer.decode(told).trim();
    const published = readFileSync(new URL('stories260K.md', storiesFolder), 'utf8');
    expect(text.length).toBeGreaterThan(150);
    expect(published).toContain(text);
  });

  it('is refused when it is cut short or has bytes too many', () => {
    const file = model();
    expect(() => readLlama2c(file.subarray(0, file.length - 4))).toThrow('the file ends within norm');
    expect(() => readLlama2c(Buffer.concat([file, Buffer.alloc(4)]))).toThrow('4 bytes follow the weights');
    expect(() => readLlama2c(file.subarray(0, 20))).toThrow('shorter than its header');
  });
});
