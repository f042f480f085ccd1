import { median } from '../../lib/statistics/index.js';
import type { Tensor2D, Tf } from '../backend/tensorflow.js';
import { timed } from '../protocol/index.js';

/** Seconds of fixed pieces of work, each of a kind that training does. None is a stage of a training itself. */
export interface References {
  /** Product of [512, 192] and [192, 768]. */
  readonly matrix: number;
  /** A loop over 2¹⁷ integers as a codec has them. */
  readonly codec: number;
  /** By wall clock: what passes for each second of the computing thread on a processor, over whole rounds. */
  readonly threadStretch?: number | undefined;
}

/**
 * How much slower the machine is than when `then` was measured: the geometric mean of both works, so that slowdowns multiply. The
 * works are too short to show that others take the processor: that is told by the stretch, where both have it. Works on memory tell
 * nothing: what they take hangs on where a process holds what (`bench/harness/references.ts`).
 */
export function slowdown(now: References, then: References): number {
  const work = Math.sqrt((now.matrix / then.matrix) * (now.codec / then.codec));
  if (now.threadStretch === undefined || then.threadStretch === undefined) return work;
  return (work * now.threadStretch) / then.threadStretch;
}

/** The middle of several measurements, each reference on its own. */
export function middleReferences(all: readonly References[]): References {
  const stretches = all.flatMap(({ threadStretch }) => threadStretch ?? []);
  return {
    matrix: median(all.map(({ matrix }) => matrix)),
    codec: median(all.map(({ codec }) => codec)),
    ...(stretches.length > 0 && { threadStretch: median(stretches) }),
  };
}

/** Times the references whenever asked; holds 3 MiB. */
export class ReferenceTimer {
  private readonly tensors: Record<'left' | 'right', Tensor2D>;
  private readonly integers = new Uint32Array(1 << 17);

  constructor(private readonly tf: Tf) {
    this.tensors = { left: tf.fill([512, 192], 0.01), right: tf.fill([192, 768], 0.01) };
    // The first times are those of code that is not yet compiled.
    this.measure(20);
  }

  /** The least of some repetitions, about 3 ms each: who takes the processor meanwhile is told by the stretch, once. */
  measure(repetitions = 10): References {
    const { left, right } = this.tensors;
    const least = { matrix: Infinity, codec: Infinity };
    for (let k = 0; k < repetitions; k++) {
      const [, matrix] = timed(() => this.tf.tidy(() => void left.matMul(right).dataSync()));
      const [, codec] = timed(() => {
        let state = 1;
        for (let i = 0; i < this.integers.length; i++) {
          state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
          this.integers[i] = state > this.integers[i]! ? state : state >>> 1;
        }
      });
      least.matrix = Math.min(least.matrix, matrix);
      least.codec = Math.min(least.codec, codec);
    }
    return least;
  }

  dispose(): void {
    this.tf.dispose(Object.values(this.tensors));
  }
}
