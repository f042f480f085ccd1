import { median } from '../../lib/statistics/index.js';
import type { Tensor2D, Tf } from '../backend/tensorflow.js';
import { timed } from '../protocol/index.js';

/** Seconds of fixed pieces of work, each of a kind that training does. None is a stage of a training itself. */
export interface References {
  /** Product of [512, 192] and [192, 768]. */
  readonly matrix: number;
  /** Copy of 2 MiB. Absent in older profiles, whose `memory` made room anew, which says more of the heap than of the machine. */
  readonly copy?: number | undefined;
  /** A loop over 2¹⁷ integers as a codec has them. */
  readonly codec: number;
  /** By wall clock: what passes for each second of the computing thread on a processor, over whole rounds. */
  readonly threadStretch?: number | undefined;
}

/** Fixed before any validation. */
const weights = { matrix: 0.25, copy: 0.25, codec: 0.5 } as const;

/**
 * How much slower the machine is than when `then` was measured: the weighted geometric mean of the works that both have, so that
 * slowdowns multiply. The works are too short to show that others take the processor: that is told by the stretch, where both
 * have it.
 */
export function slowdown(now: References, then: References): number {
  let [sum, whole] = [0, 0];
  for (const work of ['matrix', 'copy', 'codec'] as const) {
    const [own, other] = [now[work], then[work]];
    if (own === undefined || other === undefined) continue;
    sum += weights[work] * Math.log(own / other);
    whole += weights[work];
  }
  const work = Math.exp(sum / whole);
  if (now.threadStretch === undefined || then.threadStretch === undefined) return work;
  return (work * now.threadStretch) / then.threadStretch;
}

/** The middle of several measurements, each reference on its own. */
export function middleReferences(all: readonly References[]): References {
  const copies = all.flatMap(({ copy }) => copy ?? []);
  const stretches = all.flatMap(({ threadStretch }) => threadStretch ?? []);
  return {
    matrix: median(all.map(({ matrix }) => matrix)),
    ...(copies.length > 0 && { copy: median(copies) }),
    codec: median(all.map(({ codec }) => codec)),
    ...(stretches.length > 0 && { threadStretch: median(stretches) }),
  };
}

/** Times the references whenever asked; holds 7 MiB. */
export class ReferenceTimer {
  private readonly tensors: Record<'left' | 'right', Tensor2D>;
  private readonly from = new Float32Array(1 << 19).fill(1);
  private readonly to = new Float32Array(1 << 19);
  private readonly integers = new Uint32Array(1 << 17);

  constructor(private readonly tf: Tf) {
    this.tensors = { left: tf.fill([512, 192], 0.01), right: tf.fill([192, 768], 0.01) };
    // The first times are those of code that is not yet compiled.
    this.measure(20);
  }

  /** Medians of some repetitions, about 3 ms each; the first is not looked at. */
  measure(repetitions = 9): References {
    const { left, right } = this.tensors;
    const all: References[] = [];
    for (let k = 0; k <= repetitions; k++) {
      const [, matrix] = timed(() => this.tf.tidy(() => void left.matMul(right).dataSync()));
      const [, copy] = timed(() => this.to.set(this.from));
      const [, codec] = timed(() => {
        let state = 1;
        for (let i = 0; i < this.integers.length; i++) {
          state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
          this.integers[i] = state > this.integers[i]! ? state : state >>> 1;
        }
      });
      if (k > 0) all.push({ matrix, copy, codec });
    }
    return middleReferences(all);
  }

  dispose(): void {
    this.tf.dispose(Object.values(this.tensors));
  }
}
