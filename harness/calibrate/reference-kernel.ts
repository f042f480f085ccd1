import type { Tf } from '../backend/tensorflow.js';
import { median } from './robust.js';

/**
 * Seconds of a fixed piece of work of the kind that training does: products of matrices and element-wise functions on the
 * backend, and a loop of the codec's kind beside it. The median of many short runs: it moves when others use the machine.
 */
export function referenceKernelSeconds(tf: Tf, repetitions = 25): number {
  const matrix = tf.fill([512, 192], 0.01);
  const weights = tf.fill([192, 768], 0.01);
  const bytes = new Uint32Array(1 << 16);
  const times: number[] = [];
  for (let repetition = 0; repetition < repetitions + 3; repetition++) {
    const start = performance.now();
    tf.tidy(() => {
      const hidden = tf.erf(tf.matMul(matrix, weights));
      tf.matMul(hidden, weights, false, true).dataSync();
    });
    let state = 1;
    for (let k = 0; k < bytes.length; k++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      bytes[k] = state;
    }
    times.push((performance.now() - start) / 1000);
  }
  tf.dispose([matrix, weights]);
  // The first ones warm up.
  return median(times.slice(3));
}
