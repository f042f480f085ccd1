import { median } from '../../lib/statistics/index.js';
import type { Tensor2D, Tf } from '../backend/tensorflow.js';
import { timed } from '../protocol/index.js';

/** Seconds of fixed pieces of work, each of a kind that training does. None is a stage of a training itself. */
export interface References {
  /** Product of [512, 192] and [192, 768]. */
  readonly matrix: number;
  /** Sum of two tensors of 2 MiB into a new one. */
  readonly memory: number;
  /** A loop over 2¹⁷ integers as a codec has them. */
  readonly codec: number;
  /** By wall clock: what passes for each second of the process on a processor, over whole rounds. */
  readonly stretch?: number | undefined;
}

/**
 * How much slower the machine is than when `then` was measured; the weights were fixed before any validation. The works are too
 * short to show that others take the processor: that is told by the stretch, where both have it.
 */
export function slowdown(now: References, then: References): number {
  const work = 0.25 * (now.matrix / then.matrix) + 0.25 * (now.memory / then.memory) + 0.5 * (now.codec / then.codec);
  return now.stretch === undefined || then.stretch === undefined ? work : (work * now.stretch) / then.stretch;
}

/** The middle of several measurements, each reference on its own. */
export function middleReferences(all: readonly References[]): References {
  const of = (pick: (one: References) => number) => median(all.map(pick));
  const works = {
    matrix: of(({ matrix }) => matrix),
    memory: of(({ memory }) => memory),
    codec: of(({ codec }) => codec),
  };
  const stretches = all.flatMap(({ stretch }) => stretch ?? []);
  return stretches.length === 0 ? works : { ...works, stretch: median(stretches) };
}

/** Times the references whenever asked; holds 7 MiB. */
export class ReferenceTimer {
  private readonly tensors: Record<'left' | 'right' | 'stream', Tensor2D>;
  private readonly integers = new Uint32Array(1 << 17);

  constructor(private readonly tf: Tf) {
    this.tensors = {
      left: tf.fill([512, 192], 0.01),
      right: tf.fill([192, 768], 0.01),
      stream: tf.fill([512, 1024], 1),
    };
    // The first times are those of code that is not yet compiled.
    this.measure(20);
  }

  /** Medians of some repetitions, about 3 ms each; the first is not looked at. */
  measure(repetitions = 9): References {
    const { left, right, stream } = this.tensors;
    const all: References[] = [];
    for (let k = 0; k <= repetitions; k++) {
      const [, matrix] = timed(() => this.tf.tidy(() => void left.matMul(right).dataSync()));
      const [, memory] = timed(() => this.tf.tidy(() => void stream.add(stream)));
      const [, codec] = timed(() => {
        let state = 1;
        for (let i = 0; i < this.integers.length; i++) {
          state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
          this.integers[i] = state > this.integers[i]! ? state : state >>> 1;
        }
      });
      if (k > 0) all.push({ matrix, memory, codec });
    }
    return middleReferences(all);
  }

  dispose(): void {
    this.tf.dispose(Object.values(this.tensors));
  }
}
