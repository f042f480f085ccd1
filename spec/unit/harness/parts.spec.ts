import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadBackend, type Tensor, type Tf } from '../../../harness/backend/tensorflow.js';
import { initialAdapters, type AdapterSettings } from '../../../harness/model/adapters.js';
import { deitTinyConfig, transformerShape, type VitConfig } from '../../../harness/model/config.js';
import { dropoutMask } from '../../../harness/model/dropout.js';
import { DevicePart, ServerPart, type MemoryMode, type PartOptions } from '../../../harness/model/parts.js';
import { randomWeights } from '../../../harness/model/weights.js';
import { parameterCount } from '../../../lib/models/index.js';
import { randomStream } from '../../../lib/random/index.js';

process.env['TF_NUM_INTRAOP_THREADS'] = '1';
process.env['TF_NUM_INTEROP_THREADS'] = '1';

const small: VitConfig = {
  ...deitTinyConfig,
  imageSize: 16,
  patchSize: 4,
  width: 24,
  blocks: 4,
  mlpWidth: 48,
  classes: 5,
};
const settings: AdapterSettings = { rank: 4, alpha: 8, targets: ['query', 'value', 'up'], dropout: 0 };

let tf: Tf;
let exact = false;
beforeAll(async () => {
  const backend = await loadBackend();
  tf = backend.tf;
  exact = backend.name === 'native';
  console.log(`backend: ${backend.description}`);
});

describe('DeiT-Tiny', () => {
  it('has the published number of parameters', () => {
    expect(parameterCount(transformerShape(deitTinyConfig))).toBe(5_717_416);
  });
});

/** One step on a small model: loss and gradients of all that is trained, device's first. */
function step(cut: number, memoryMode: MemoryMode, own: AdapterSettings = settings, stepSeed = 5): Outcome {
  const weights = randomWeights(small, 1);
  const adapters = new Map(initialAdapters(small, own, 3, weights));
  const random = randomStream(9, 'adapters');
  for (const [name, { shape, values }] of adapters) {
    if (name.endsWith('.up')) adapters.set(name, { shape, values: values.map(() => 0.1 * random.normal()) });
  }
  const options: PartOptions = { config: small, weights, settings: own, adapters, memoryMode };
  const device = new DevicePart(tf, options, cut);
  const server = new ServerPart(tf, options, cut);
  const images = randomImages();
  const labels = Int32Array.of(0, 3, 1);
  const outcome = cut === small.blocks ? wholeStep() : splitStep();
  tf.dispose(images);
  device.dispose();
  server.dispose();
  return outcome;

  function wholeStep(): Outcome {
    const pending = device.startWhole(images, labels, stepSeed);
    return { loss: pending.loss, names: [...device.names], gradients: taken(pending.backward()) };
  }

  function splitStep(): Outcome {
    const pending = device.start(images, stepSeed);
    const { loss, gradient, adapterGradients } = server.step(pending.activations, labels, stepSeed);
    const ofDevice = gradient ? pending.backward(gradient) : (pending.backward(pending.activations), []);
    gradient?.dispose();
    return { loss, names: [...device.names, ...server.names], gradients: taken([...ofDevice, ...adapterGradients]) };
  }
}

interface Outcome {
  readonly loss: number;
  readonly names: readonly string[];
  readonly gradients: readonly Float32Array[];
}

function taken(tensors: readonly Tensor[]): Float32Array[] {
  const values = tensors.map((tensor) => Float32Array.from(tensor.dataSync()));
  tf.dispose([...tensors]);
  return values;
}

function expectSame(found: Outcome, wanted: Outcome): void {
  if (exact) {
    expect(found).toEqual(wanted);
    return;
  }
  expect(found.names).toEqual(wanted.names);
  expect(Math.abs(found.loss / wanted.loss - 1)).toBeLessThan(1e-5);
  found.gradients.forEach((gradient, k) => {
    const largest = Math.max(...wanted.gradients[k]!.map(Math.abs));
    gradient.forEach((entry, i) => {
      expect(Math.abs(entry - wanted.gradients[k]![i]!)).toBeLessThanOrEqual(1e-5 * largest);
    });
  });
}

function randomImages(): Tensor {
  const random = randomStream(2, 'images');
  return tf.tensor(
    Float32Array.from({ length: 3 * 16 * 16 * 3 }, () => random.normal()),
    [3, 16, 16, 3],
  );
}

const variants: Record<string, AdapterSettings> = {
  'a frozen head': settings,
  'a trained head and dropout': { ...settings, trainHead: true, dropout: 0.25 },
};

describe.each(Object.entries(variants))('split training with %s', (_, own) => {
  it('gives the whole model’s loss and gradients at every cut, in both memory modes', () => {
    const whole = step(0, 'keep', own);
    expect(whole.gradients.length).toBe(4 * 3 * 2 + (own.trainHead ? 2 : 0));
    expect(whole.names.length).toBe(whole.gradients.length);
    for (const gradient of whole.gradients) expect(gradient.some((value) => value !== 0)).toBe(true);
    for (const memoryMode of ['keep', 'recompute'] as const) {
      for (let cut = 0; cut <= small.blocks; cut++) expectSame(step(cut, memoryMode, own), whole);
    }
  });

  it('leaves no tensor behind', () => {
    step(2, 'keep', own);
    const before = tf.memory().numTensors;
    for (const memoryMode of ['keep', 'recompute'] as const) {
      for (const cut of [0, 2, 4]) step(cut, memoryMode, own);
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('dropout', () => {
  const own: AdapterSettings = { ...settings, dropout: 0.3 };

  it('draws other masks each step, and none without a rate', () => {
    expect(step(2, 'keep', own, 1).loss).not.toBe(step(2, 'keep', own, 2).loss);
    expect(step(2, 'keep', settings, 1)).toEqual(step(2, 'keep', settings, 2));
  });

  it('refuses a step without a seed', () => {
    const options: PartOptions = {
      config: small,
      weights: randomWeights(small, 1),
      settings: own,
      adapters: initialAdapters(small, own, 3),
      memoryMode: 'keep',
    };
    const device = new DevicePart(tf, options, 2);
    const images = randomImages();
    expect(() => device.start(images)).toThrow('seed');
    images.dispose();
    device.dispose();
  });

  it('keeps the mean, in independent entries', () => {
    const rate = 0.3;
    const mask = dropoutMask(tf, [200, 500], rate, 7);
    const values = mask.dataSync();
    mask.dispose();
    const kept = values.filter((value) => value !== 0).length / values.length;
    expect(Math.abs(kept - (1 - rate))).toBeLessThan(0.006);
    expect(new Set(values)).toEqual(new Set([0, Math.fround(1 / (1 - rate))]));
    // Neighbours along both axes, and the same place under the next seed.
    const other = dropoutMask(tf, [200, 500], rate, 8);
    const next = other.dataSync();
    other.dispose();
    const both = (shifted: (k: number) => number | undefined) => {
      let count = 0;
      values.forEach((value, k) => (count += value !== 0 && (shifted(k) ?? 0) !== 0 ? 1 : 0));
      return count / values.length;
    };
    for (const shifted of [(k: number) => values[k + 1], (k: number) => values[k + 500], (k: number) => next[k]]) {
      expect(Math.abs(both(shifted) - (1 - rate) ** 2)).toBeLessThan(0.01);
    }
  });
});

afterAll(() => {
  tf.disposeVariables();
});
