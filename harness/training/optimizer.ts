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
}

/** Updates a fixed list of variables from their gradients. The variables belong to the caller. */
export class Optimizer {
  private steps = 0;
  private moments: Tensor[];

  constructor(
    private readonly tf: Tf,
    readonly settings: OptimizerSettings,
    private readonly variables: readonly Variable[],
  ) {
    this.moments = variables.flatMap(({ shape }) =>
      Array.from({ length: momentsPer(settings) }, () => tf.zeros(shape)),
    );
  }

  /** One step; `rateFactor` scales the learning rate (schedules). Does not take over the gradients. */
  apply(gradients: readonly Tensor[], rateFactor = 1): void {
    if (gradients.length !== this.variables.length) {
      throw new OptimizerError(`${gradients.length} gradients for ${this.variables.length} variables`);
    }
    this.steps++;
    const rate = this.settings.learningRate * rateFactor;
    const moments = this.tf.tidy(() =>
      this.variables.flatMap((variable, k) =>
        this.update(variable, gradients[k]!, k, rate).map((m) => this.tf.keep(m)),
      ),
    );
    this.tf.dispose(this.moments);
    this.moments = moments;
  }

  /** Assigns the variable; returns its new moments. */
  private update(variable: Variable, gradient: Tensor, k: number, rate: number): Tensor[] {
    const { tf, settings, steps } = this;
    const decayed = settings.weightDecay > 0 ? tf.mul(variable, 1 - rate * settings.weightDecay) : variable;
    if (settings.kind === 'sgd') {
      if (settings.momentum === 0) {
        variable.assign(tf.sub(decayed, tf.mul(gradient, rate)));
        return [];
      }
      const velocity = tf.add(tf.mul(this.moments[k]!, settings.momentum), gradient);
      variable.assign(tf.sub(decayed, tf.mul(velocity, rate)));
      return [velocity];
    }
    const { beta1, beta2, epsilon } = settings;
    const first = tf.add(tf.mul(this.moments[2 * k]!, beta1), tf.mul(gradient, 1 - beta1));
    const second = tf.add(tf.mul(this.moments[2 * k + 1]!, beta2), tf.mul(tf.square(gradient), 1 - beta2));
    const deviation = tf.add(tf.sqrt(tf.div(second, 1 - beta2 ** steps)), epsilon);
    variable.assign(tf.sub(decayed, tf.mul(tf.div(first, deviation), rate / (1 - beta1 ** steps))));
    return [first, second];
  }

  get state(): OptimizerState {
    return { steps: this.steps, moments: this.moments.map(toHost) };
  }

  /** Goes on as from when `state` was taken. Throws `OptimizerError` if it is of other variables. */
  restore(state: OptimizerState): void {
    const fits =
      state.moments.length === this.moments.length &&
      state.moments.every(({ shape }, k) => shape.join() === this.moments[k]!.shape.join());
    if (!fits) throw new OptimizerError('the saved moments are of other variables or of another optimizer');
    this.tf.dispose(this.moments);
    this.steps = state.steps;
    this.moments = state.moments.map(({ shape, values }) => this.tf.tensor(values.slice(), [...shape]));
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
