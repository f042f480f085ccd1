import { beforeAll, describe, expect, it } from 'vitest';
import { loadBackend, type Tf } from '../../../../harness/backend/tensorflow.js';
import {
  AdapterMismatchError,
  averageAdapters,
  defaultAdamW,
  Optimizer,
  OptimizerError,
  type OptimizerSettings,
} from '../../../../harness/training/index.js';

let tf: Tf;
beforeAll(async () => {
  ({ tf } = await loadBackend());
});

const settings: Record<string, OptimizerSettings> = {
  adamw: { ...defaultAdamW, learningRate: 0.02, weightDecay: 0.1 },
  momentum: { kind: 'sgd', learningRate: 0.05, momentum: 0.8, weightDecay: 0.01 },
  plain: { kind: 'sgd', learningRate: 0.05, momentum: 0, weightDecay: 0 },
};

/** The recurrences as the papers have them, in double precision. */
function reference(
  setting: OptimizerSettings,
  start: number,
  gradientAt: (x: number, t: number) => number,
  steps: number,
) {
  let [x, m, v] = [start, 0, 0];
  for (let t = 1; t <= steps; t++) {
    const g = gradientAt(x, t);
    const decay = setting.learningRate * setting.weightDecay * x;
    if (setting.kind === 'adamw') {
      m = setting.beta1 * m + (1 - setting.beta1) * g;
      v = setting.beta2 * v + (1 - setting.beta2) * g * g;
      const mHat = m / (1 - setting.beta1 ** t);
      const vHat = v / (1 - setting.beta2 ** t);
      x = x - decay - (setting.learningRate * mHat) / (Math.sqrt(vHat) + setting.epsilon);
    } else {
      m = setting.momentum * m + g;
      x = x - decay - setting.learningRate * m;
    }
  }
  return x;
}

describe.each(Object.entries(settings))('%s', (_, setting) => {
  const gradientAt = (x: number, t: number) => 2 * (x - 1) + Math.sin(t);
  const start = [3, -0.5, 0.01];
  const run = (optimizer: Optimizer, variable: ReturnType<Tf['variable']>, from: number, to: number) => {
    for (let t = from; t <= to; t++) {
      const gradient = tf.tensor1d(Array.from(variable.dataSync(), (x) => gradientAt(x, t)));
      optimizer.apply([gradient]);
      gradient.dispose();
    }
  };

  it('follows its recurrence, and leaves no tensor behind', () => {
    const before = tf.memory().numTensors;
    const variable = tf.tidy(() => tf.variable(tf.tensor1d(start)));
    const optimizer = new Optimizer(tf, setting, [variable]);
    run(optimizer, variable, 1, 12);
    variable.dataSync().forEach((x, k) => expect(x).toBeCloseTo(reference(setting, start[k]!, gradientAt, 12), 4));
    optimizer.dispose();
    variable.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('goes on from a saved state bit for bit', () => {
    const whole = tf.tidy(() => tf.variable(tf.tensor1d(start)));
    const optimizer = new Optimizer(tf, setting, [whole]);
    run(optimizer, whole, 1, 4);
    const state = optimizer.state;
    const resumed = tf.tidy(() => tf.variable(tf.tensor1d(whole.dataSync())));
    const second = new Optimizer(tf, setting, [resumed]);
    second.restore(state);
    run(optimizer, whole, 5, 9);
    run(second, resumed, 5, 9);
    expect(resumed.dataSync()).toEqual(whole.dataSync());
    tf.dispose([whole, resumed]);
    optimizer.dispose();
    second.dispose();
  });
});

it('refuses moments and gradients of other variables', () => {
  const variable = tf.tidy(() => tf.variable(tf.zeros([2])));
  const optimizer = new Optimizer(tf, defaultAdamW, [variable]);
  expect(() => optimizer.apply([])).toThrow(OptimizerError);
  const moments = [1, 2].map(() => ({ shape: [3], values: new Float32Array(3) }));
  expect(() => optimizer.restore({ steps: 1, moments })).toThrow(OptimizerError);
  optimizer.dispose();
  variable.dispose();
});

describe('averageAdapters', () => {
  const state = (...values: number[]) =>
    new Map([['0.query.down', { shape: [2, 1], values: Float32Array.from(values) }]]);

  it('is the weighted mean', () => {
    const average = averageAdapters([
      { state: state(1, -4), weight: 30 },
      { state: state(5, 8), weight: 10 },
    ]);
    expect([...average.get('0.query.down')!.values]).toEqual([2, -1]);
  });

  it('of equal sets is the set itself, whatever the weights', () => {
    const values = [0.1, 1 / 3];
    const average = averageAdapters([3, 7, 11].map((weight) => ({ state: state(...values), weight })));
    expect(average.get('0.query.down')!.values).toEqual(Float32Array.from(values));
  });

  it('refuses sets that differ, and weights that are none', () => {
    const one = { state: state(1, 2), weight: 1 };
    expect(() => averageAdapters([])).toThrow(AdapterMismatchError);
    expect(() => averageAdapters([one, { state: new Map(), weight: 1 }])).toThrow('missing');
    expect(() => averageAdapters([{ state: new Map(), weight: 1 }, one])).toThrow('differ');
    expect(() => averageAdapters([one, { ...one, weight: 0 }])).toThrow('above 0');
  });
});
