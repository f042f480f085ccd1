import type { Tensor, Tf } from '../backend/tensorflow.js';

/**
 * Layer norm over the last axis with frozen gain and bias. Its gradient is written by hand so that only the normalised
 * input and the inverse deviation are kept for the backward pass:
 *
 *   dx = (g − mean(g) − x̂·mean(g·x̂)) / σ   with g = dy·gain
 */
export function layerNorm(tf: Tf, input: Tensor, gain: Tensor, bias: Tensor, epsilon: number): Tensor {
  const normalise = tf.customGrad((...args: unknown[]) => {
    const [x, save] = args as [Tensor, (tensors: Tensor[]) => void];
    const mean = tf.mean(x, -1, true);
    const centred = tf.sub(x, mean);
    const inverseDeviation = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), epsilon));
    const normalised = tf.mul(centred, inverseDeviation);
    save([normalised, inverseDeviation]);
    const gradFunc = (dy: Tensor, saved: Tensor[]) => {
      const [xHat, inverse] = saved as [Tensor, Tensor];
      const g = tf.mul(dy, gain);
      const along = tf.mul(xHat, tf.mean(tf.mul(g, xHat), -1, true));
      return tf.mul(tf.sub(tf.sub(g, tf.mean(g, -1, true)), along), inverse);
    };
    return { value: tf.add(tf.mul(normalised, gain), bias), gradFunc };
  });
  return normalise(input);
}

/**
 * Root-mean-square norm over the last axis with a frozen gain, kept for its backward like the layer norm:
 *
 *   dx = (g − x̂·mean(g·x̂)) / σ   with g = dy·gain, σ² = mean(x²) + ε
 */
export function rmsNorm(tf: Tf, input: Tensor, gain: Tensor, epsilon: number): Tensor {
  const normalise = tf.customGrad((...args: unknown[]) => {
    const [x, save] = args as [Tensor, (tensors: Tensor[]) => void];
    const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), epsilon));
    const normalised = tf.mul(x, inverse);
    save([normalised, inverse]);
    const gradFunc = (dy: Tensor, saved: Tensor[]) => {
      const [xHat, kept] = saved as [Tensor, Tensor];
      const g = tf.mul(dy, gain);
      return tf.mul(tf.sub(g, tf.mul(xHat, tf.mean(tf.mul(g, xHat), -1, true))), kept);
    };
    return { value: tf.mul(normalised, gain), gradFunc };
  });
  return normalise(input);
}

/** GELU by the error function, x·Φ(x) (Hendrycks & Gimpel 2016); keeps its input alone: d = Φ(x) + x·φ(x). */
export function gelu(tf: Tf, input: Tensor): Tensor {
  return keepingInput(
    tf,
    input,
    (x) => tf.mul(x, normalCdf(tf, x)),
    (x) => {
      const density = tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
      return tf.add(normalCdf(tf, x), tf.mul(x, density));
    },
  );
}

/** GELU by GPT-2's tanh, x·(1 + tanh u)/2 with u = √(2/π)·(x + 0.044715·x³); keeps its input alone. */
export function geluTanh(tf: Tf, input: Tensor): Tensor {
  const scale = Math.sqrt(2 / Math.PI);
  const bent = (x: Tensor) => tf.tanh(tf.mul(tf.add(x, tf.mul(tf.pow(x, 3), 0.044715)), scale));
  return keepingInput(
    tf,
    input,
    (x) => tf.mul(x, tf.mul(tf.add(bent(x), 1), 0.5)),
    (x) => {
      const t = bent(x);
      const slope = tf.mul(tf.add(tf.mul(tf.square(x), 3 * 0.044715), 1), scale);
      const curved = tf.mul(tf.mul(x, tf.sub(1, tf.square(t))), slope);
      return tf.mul(tf.add(tf.add(t, 1), curved), 0.5);
    },
  );
}

/** SiLU, x·σ(x); keeps its input alone: d = σ(x)·(1 + x·(1 − σ(x))). */
export function silu(tf: Tf, input: Tensor): Tensor {
  return keepingInput(
    tf,
    input,
    (x) => tf.mul(x, tf.sigmoid(x)),
    (x) => {
      const s = tf.sigmoid(x);
      return tf.mul(s, tf.add(tf.mul(x, tf.sub(1, s)), 1));
    },
  );
}

/** A function of each entry whose backward needs its input alone. */
function keepingInput(tf: Tf, input: Tensor, value: (x: Tensor) => Tensor, derivative: (x: Tensor) => Tensor): Tensor {
  const run = tf.customGrad((...args: unknown[]) => {
    const [x, save] = args as [Tensor, (tensors: Tensor[]) => void];
    save([x]);
    return {
      value: value(x),
      gradFunc: (dy: Tensor, saved: Tensor[]) => tf.mul(dy, derivative(saved[0]!)),
    };
  });
  return run(input);
}

function normalCdf(tf: Tf, x: Tensor): Tensor {
  return tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
}

/** x·W + b over the last axis of x; W is stored inputs × outputs. */
export function linear(tf: Tf, x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  const product = matMulLast(tf, x, weight);
  return bias ? tf.add(product, bias) : product;
}

/** x·W over the last axis of x; a weight of three axes has one matrix a sample. */
export function matMulLast(tf: Tf, x: Tensor, weight: Tensor): Tensor {
  if (weight.rank === 3) return tf.matMul(x, weight);
  const inputs = weight.shape[0];
  const outputs = weight.shape[1]!;
  const flat = tf.reshape(x, [-1, inputs]);
  return tf.reshape(tf.matMul(flat, weight), [...x.shape.slice(0, -1), outputs]);
}
