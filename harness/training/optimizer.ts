import type { Tensor, Tf, Variable } from '../backend/tensorflow.js';
import type { HostTensor } from '../model/weights.js';

/** AdamW (Loshchilov & Hutter 2019) or gradient descent with momentum. */
export type OptimizerSettings =
  | {
      readonly kind: 'adamw';
      readonly learningRate: number;
      readonly beta1: number;
      readonly beta2: number;
      readonly epsilon: number;
      /** Decoupled: θ ← θ − rate·decay·θ. */
      readonly weightDecay: number;
    }
  | {
      readonly kind: 'sgd';
      readonly learningRate: number;
      /** 0 for none. */
      readonly momentum: number;
      readonly weightDecay: number;
    };

export const defaultAdamW: OptimizerSettings = {
  kind: 'adamw',
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0,
};

/** All an optimizer remembers, on the host. */
export interface OptimizerState {
  readonly steps: number;
  /** Moments by variable, in the variables' order: two each for AdamW, one for SGD with momentum. */
  readonly moments: readonly HostTensor[];
}

/** Moments that do not fit the variables. */
export class OptimizerError extends Error {
  override readonly name = 'OptimizerError';
  readonly code = 'optimizer';
}

/**
 * Updates a fixed list of variables from their gradients. The variables belong to the caller. All are updated as one
 * vector: adapters are small, and what a step costs is the number of operations.
 */
export class Optimizer {
  private steps = 0;
  /** Of all variables in one vector each. */
  private moments: Tensor[];
  private readonly sizes: readonly number[];

  constructor(
    private readonly tf: Tf,
    readonly settings: OptimizerSettings,
    private readonly variables: readonly Variable[],
  ) {
    this.sizes = variables.map(({ size }) => size);
    const total = this.sizes.reduce((sum, size) => sum + size, 0);
    this.moments = Array.from({ length: momentsPer(settings) }, () => tf.zeros([total]));
  }

  /** One step; `rateFactor` scales the learning rate (schedules). Does not take over the gradients. */
  apply(gradients: readonly Tensor[], rateFactor = 1): void {
    const { tf, variables } = this;
    if (gradients.length !== variables.length) {
      throw new OptimizerError(`${gradients.length} gradients for ${variables.length} variables`);
    }
    this.steps++;
    if (variables.length === 0) return;
    const rate = this.settings.learningRate * rateFactor;
    const moments = tf.tidy(() => {
      const { updated, moments: next } = this.update(this.flat(variables), this.flat(gradients), rate);
      tf.split(updated, [...this.sizes]).forEach((part, k) => {
        variables[k]!.assign(tf.reshape(part, variables[k]!.shape));
      });
      return next.map((moment) => tf.keep(moment));
    });
    tf.dispose(this.moments);
    this.moments = moments;
  }

  private flat(tensors: readonly Tensor[]): Tensor {
    const vectors = tensors.map((tensor) => this.tf.reshape(tensor, [-1]));
    return vectors.length === 1 ? vectors[0]! : this.tf.concat(vectors);
  }

  private update(values: Tensor, gradient: Tensor, rate: number): { updated: Tensor; moments: Tensor[] } {
    const { tf, settings, steps } = this;
    const decayed = settings.weightDecay > 0 ? tf.mul(values, 1 - rate * settings.weightDecay) : values;
    if (settings.kind === 'sgd') {
      if (settings.momentum === 0) return { updated: tf.sub(decayed, tf.mul(gradient, rate)), moments: [] };
      const velocity = tf.add(tf.mul(this.moments[0]!, settings.momentum), gradient);
      return { updated: tf.sub(decayed, tf.mul(velocity, rate)), moments: [velocity] };
    }
    const { beta1, beta2, epsilon } = settings;
    const first = tf.add(tf.mul(this.moments[0]!, beta1), tf.mul(gradient, 1 - beta1));
    const second = tf.add(tf.mul(this.moments[1]!, beta2), tf.mul(tf.square(gradient), 1 - beta2));
    const deviation = tf.add(tf.sqrt(tf.div(second, 1 - beta2 ** steps)), epsilon);
    const updated = tf.sub(decayed, tf.mul(tf.div(first, deviation), rate / (1 - beta1 ** steps)));
    return { updated, moments: [first, second] };
  }

  get state(): OptimizerState {
    const flat = this.moments.map((moment) => moment.dataSync());
    let from = 0;
    const moments = this.variables.flatMap(({ shape, size }) => {
      const own = flat.map((values) => ({ shape, values: Float32Array.from(values.subarray(from, from + size)) }));
      from += size;
      return own;
    });
    return { steps: this.steps, moments };
  }

  /** Goes on as from when `state` was taken. Throws `OptimizerError` if it is of other variables. */
  restore(state: OptimizerState): void {
    const { tf, variables } = this;
    const per = momentsPer(this.settings);
    const fits =
      state.moments.length === per * variables.length &&
      state.moments.every(({ shape }, k) => shape.join() === variables[Math.floor(k / per)]!.shape.join());
    if (!fits) throw new OptimizerError('the saved moments are of other variables or of another optimizer');
    tf.dispose(this.moments);
    this.steps = state.steps;
    this.moments = Array.from({ length: per }, (_, moment) => {
      const joined = Float32Array.from(variables.flatMap((__, k) => [...state.moments[per * k + moment]!.values]));
      return tf.tensor1d(joined);
    });
  }

  dispose(): void {
    this.tf.dispose(this.moments);
    this.moments = [];
  }
}

function momentsPer(settings: OptimizerSettings): number {
  if (settings.kind === 'adamw') return 2;
  return settings.momentum === 0 ? 0 : 1;
}

/** A copy of a tensor on the host. */
export function toHost(tensor: Tensor): HostTensor {
  return { shape: tensor.shape, values: Float32Array.from(tensor.dataSync()) };
}
