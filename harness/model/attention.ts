import type { Tensor, Tf } from '../backend/tensorflow.js';
import type { BlockConfig } from './config.js';

/**
 * Scaled dot-product attention over heads (Vaswani et al. 2017): query [batch, tokens, width]; key and value
 * [batch, tokens, width of the key/value heads], each head of which serves as many query heads as come to it.
 */
export function attention(tf: Tf, config: BlockConfig, query: Tensor, key: Tensor, value: Tensor): Tensor {
  const { heads, keyValueHeads, width, causal, rotaryBase } = config;
  const [batch, tokens] = query.shape as [number, number];
  const perHead = width / heads;
  const split = (x: Tensor, count: number) =>
    tf.transpose(tf.reshape(x, [batch, tokens, count, perHead]), [0, 2, 1, 3]);
  const turned = (x: Tensor) => (rotaryBase === undefined ? x : rotated(tf, x, rotaryBase));
  // The query heads that share keys stand one below the other, so that no key is copied.
  const grouped = (x: Tensor) => tf.reshape(x, [batch, keyValueHeads, (heads / keyValueHeads) * tokens, perHead]);
  const queries = grouped(turned(split(query, heads)));
  const keys = turned(split(key, keyValueHeads));
  const products = tf.mul(tf.matMul(queries, keys, false, true), 1 / Math.sqrt(perHead));
  const scores = tf.reshape(products, [batch, heads, tokens, tokens]);
  const weights = tf.softmax(causal ? tf.add(scores, futureMask(tf, tokens)) : scores);
  const shared = tf.reshape(weights, [batch, keyValueHeads, (heads / keyValueHeads) * tokens, tokens]);
  const mixed = tf.reshape(tf.matMul(shared, split(value, keyValueHeads)), [batch, heads, tokens, perHead]);
  return tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [batch, tokens, width]);
}

/** 0 where a token may look, −1e9 where it may not, [tokens, tokens]. */
function futureMask(tf: Tf, tokens: number): Tensor {
  const mask = new Float32Array(tokens * tokens);
  for (let row = 0; row < tokens; row++) mask.fill(-1e9, row * tokens + row + 1, (row + 1) * tokens);
  return tf.tensor2d(mask, [tokens, tokens]);
}

/**
 * Rotary positions (Su et al. 2021) on [batch, heads, tokens, width of a head], with entry k turned against entry
 * k + half as Hugging Face's Llama has it. A rotation's gradient is the rotation back: nothing is kept.
 */
function rotated(tf: Tf, input: Tensor, base: number): Tensor {
  const tokens = input.shape[2]!;
  const half = input.shape[3]! / 2;
  const table = (f: (angle: number) => number) => {
    const values = new Float32Array(tokens * half);
    for (let k = 0; k < values.length; k++) values[k] = f(Math.floor(k / half) * base ** (-(k % half) / half));
    return values;
  };
  const [cosines, sines] = [table(Math.cos), table(Math.sin)];
  const turn = (x: Tensor, sign: 1 | -1): Tensor => {
    const cosine = tf.tensor2d(cosines, [tokens, half]);
    const sine = tf.mul(tf.tensor2d(sines, [tokens, half]), sign);
    const [first, second] = tf.split(x, 2, -1) as [Tensor, Tensor];
    return tf.concat(
      [tf.sub(tf.mul(first, cosine), tf.mul(second, sine)), tf.add(tf.mul(second, cosine), tf.mul(first, sine))],
      -1,
    );
  };
  const run = tf.customGrad((...args: unknown[]) => {
    const [x] = args as [Tensor];
    return { value: turn(x, 1), gradFunc: (dy: Tensor) => turn(dy, -1) };
  });
  return run(input);
}
