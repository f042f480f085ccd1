import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadBackend, type Tensor, type Tf } from '../../../harness/backend/tensorflow.js';
import { initialAdapters, type AdapterSettings, type AdapterState } from '../../../harness/model/adapters.js';
import type { DecoderConfig } from '../../../harness/model/config.js';
import { DevicePart, ServerPart, type PartOptions } from '../../../harness/model/parts.js';
import { readLlama2c } from '../../../harness/model/stored-decoder.js';
import { weightShapes, type WeightSet } from '../../../harness/model/weights.js';
import type { AdapterTarget } from '../../../lib/io/peft/index.js';
import { formula } from '../../support/formula-decoders.js';

interface Reference {
  readonly targets: readonly AdapterTarget[];
  /** Of logits and gradients the first value and every so manieth after it is kept. */
  readonly step: number;
  readonly logits: readonly number[];
  /** Between the largest and the smallest logit. */
  readonly range: number;
  readonly loss: number;
  /** At the cut and of adapters by name. */
  readonly gradients: Readonly<Record<string, ReferenceGradient>>;
}
interface ReferenceGradient {
  readonly largest: number;
  readonly values: readonly number[];
  /** How far PyTorch's float32 is from it, of the largest. */
  readonly float32: number;
}
interface OptionsCase extends Reference {
  readonly options: Readonly<Record<string, string | number | boolean>>;
  readonly config: DecoderConfig;
  readonly labels: readonly number[];
}
interface StoriesCase extends Reference {
  readonly ids: readonly number[];
}

/** Written by `bench/peers/decoder_options_reference.py`: a model of its own in PyTorch's float64. */
const reference = JSON.parse(
  readFileSync(new URL('../../fixtures/decoder-options-reference.json', import.meta.url), 'utf8'),
) as { readonly cases: readonly OptionsCase[]; readonly stories260K: StoriesCase };
const bar = 1e-5;

let tf: Tf;
beforeAll(async () => {
  ({ tf } = await loadBackend());
});

/** Largest difference of every `step`-th value. */
function apart(found: ArrayLike<number>, wanted: readonly number[], step: number): number {
  expect(wanted.length).toBe(Math.ceil(found.length / step));
  return wanted.reduce((most, value, k) => Math.max(most, Math.abs(value - found[k * step]!)), 0);
}

/** Split after the first block; holds logits, loss and gradients to the reference. */
function hold(part: PartOptions, ids: Tensor, labels: Int32Array, wanted: Reference): void {
  const { step } = wanted;
  const device = new DevicePart(tf, part, 1);
  const server = new ServerPart(tf, part, 1);
  const logits = tf.tidy(() => server.infer(device.infer(ids)).dataSync());
  expect(apart(logits, wanted.logits, step) / wanted.range).toBeLessThan(bar);
  const pending = device.start(ids, 1);
  const { loss, gradient, adapterGradients } = server.step(pending.activations, labels, 1);
  expect(Math.abs(loss / wanted.loss - 1)).toBeLessThan(bar);
  const own = new Map<string, Tensor>([
    ['cut', gradient!],
    ...pending.backward(gradient!).map((tensor, k) => [device.names[k]!, tensor] as const),
    ...adapterGradients.map((tensor, k) => [server.names[k]!, tensor] as const),
  ]);
  expect([...own.keys()].sort()).toEqual(Object.keys(wanted.gradients).sort());
  const largestOfAll = Math.max(...Object.values(wanted.gradients).map(({ largest }) => largest));
  for (const [name, { largest, values, float32 }] of Object.entries(wanted.gradients)) {
    const difference = apart(own.get(name)!.dataSync(), values, step);
    expect(difference / largestOfAll, name).toBeLessThan(bar);
    // A matrix of small gradients has the rounding errors of larger ones, in PyTorch's float32 as well.
    expect(difference / largest, name).toBeLessThan(Math.max(bar, 2 * float32));
  }
  tf.dispose([...own.values()]);
  device.dispose();
  server.dispose();
}

/** The script's adapters; a head that is trained starts as it is stored. */
function formulaAdapters(config: DecoderConfig, settings: AdapterSettings, weights: WeightSet): AdapterState {
  return new Map(
    [...initialAdapters(config, settings, 1, weights)].map(([name, tensor]) => [
      name,
      name.startsWith('head.') ? tensor : formula(name, tensor.shape),
    ]),
  );
}

const allPairs = (entries: readonly string[]) =>
  entries.flatMap((a, k) => entries.slice(k + 1).map((b) => `${a} ${b}`));
const entriesOf = (options: OptionsCase['options']) =>
  Object.entries(options).map(([name, value]) => `${name}=${String(value)}`);

describe('decoders of every option, against PyTorch in float64', () => {
  it('have any two settings together in some case', () => {
    const met = new Set(reference.cases.flatMap(({ options }) => allPairs(entriesOf(options))));
    const names = Object.keys(reference.cases[0]!.options);
    const values = names.map((name) => [...new Set(reference.cases.map(({ options }) => options[name]!))]);
    expect(values.map((all) => all.length)).toEqual([2, 3, 2, 2, 3, 3, 3, 2]);
    const wanted = values.flatMap((own, a) =>
      values
        .slice(a + 1)
        .flatMap((others, after) =>
          own.flatMap((x) => others.map((y) => `${names[a]!}=${String(x)} ${names[a + 1 + after]!}=${String(y)}`)),
        ),
    );
    expect(wanted.filter((pair) => !met.has(pair))).toEqual([]);
  });

  it.each(reference.cases.map((one) => [entriesOf(one.options).join(', '), one] as const))('%s', (_, one) => {
    const { config, targets } = one;
    const weights: WeightSet = new Map([...weightShapes(config)].map(([name, shape]) => [name, formula(name, shape)]));
    const trainHead = config.head.kind === 'classifier';
    const settings: AdapterSettings = { rank: 2, alpha: 6, targets, dropout: 0, trainHead };
    const adapters = formulaAdapters(config, settings, weights);
    const { tokens, vocabulary } = config;
    const ids = tf.tensor2d(
      [0, 1].map((row) => Array.from({ length: tokens }, (_k, k) => (5 * k + 3 * row) % vocabulary)),
      [2, tokens],
      'int32',
    );
    const before = tf.memory().numTensors;
    hold({ config, weights, settings, adapters, memoryMode: 'keep' }, ids, Int32Array.from(one.labels), one);
    expect(tf.memory().numTensors).toBe(before);
    ids.dispose();
  });
});

const storiesFile = fileURLToPath(
  new URL('../../../../shared/data/llama2-260k/tinystories_260k_v1.bin', import.meta.url),
);

describe.skipIf(!existsSync(storiesFile))('stories260K', () => {
  it('has the logits, words, loss and gradients that PyTorch in float64 has from the same file', () => {
    const wanted = reference.stories260K;
    const { ids: told, targets } = wanted;
    const tokens = told.length - 1;
    const { config, weights } = readLlama2c(readFileSync(storiesFile), tokens);
    const settings: AdapterSettings = { rank: 4, alpha: 1, targets, dropout: 0 };
    const ids = tf.tensor2d(told.slice(0, tokens), [1, tokens], 'int32');
    const part: PartOptions = { config, weights, settings, adapters: new Map(), memoryMode: 'keep' };
    const plain = { ...part, settings: { ...settings, targets: [] } };
    const [device, server] = [new DevicePart(tf, plain, 3), new ServerPart(tf, plain, 3)];
    const words = tf.tidy(() => [...tf.argMax(server.infer(device.infer(ids)), -1).dataSync()]);
    expect(words).toEqual(told.slice(1));
    device.dispose();
    server.dispose();
    const adapters = formulaAdapters(config, settings, weights);
    hold({ ...part, adapters }, ids, Int32Array.from(told.slice(1)), wanted);
    ids.dispose();
  });
});
