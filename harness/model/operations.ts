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

/** GELU by the error function, x·Φ(x) (Hendrycks & Gimpel 2016); keeps its input alone: d = Φ(x) + x·φ(x). */
export function gelu(tf: Tf, input: Tensor): Tensor {
  const activate = tf.customGrad((...args: unknown[]) => {
    const [x, save] = args as [Tensor, (tensors: Tensor[]) => void];
    save([x]);
    const gradFunc = (dy: Tensor, saved: Tensor[]) => {
      const [kept] = saved as [Tensor];
      const density = tf.mul(tf.exp(tf.mul(tf.square(kept), -0.5)), 1 / Math.sqrt(2 * Math.PI));
      return tf.mul(dy, tf.add(normalCdf(tf, kept), tf.mul(kept, density)));
    };
    return { value: tf.mul(x, normalCdf(tf, x)), gradFunc };
  });
  return activate(input);
}

function normalCdf(tf: Tf, x: Tensor): Tensor {
  return tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
}

/** x·W + b over the last axis of x; W is stored inputs × outputs. */
export function linear(tf: Tf, x: Tensor, weight: Tensor, bias: Tensor): Tensor {
  return tf.add(matMulLast(tf, x, weight), bias);
}

/** x·W over the last axis of x; a weight of three axes has one matrix a sample. */
export function matMulLast(tf: Tf, x: Tensor, weight: Tensor): Tensor {
  if (weight.rank === 3) return tf.matMul(x, weight);
  const inputs = weight.shape[0];
  const outputs = weight.shape[1]!;
  const flat = tf.reshape(x, [-1, inputs]);
  return tf.reshape(tf.matMul(flat, weight), [...x.shape.slice(0, -1), outputs]);
}
