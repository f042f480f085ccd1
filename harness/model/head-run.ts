import type { Tensor, Tf, Variable } from '../backend/tensorflow.js';
import { headForward, type HeadWeights } from './block.js';
import type { PartOptions } from './block-run.js';
import type { FrozenWeights } from './frozen-weights.js';
import { holdForward } from './held-tape.js';

/** Loss of a batch, and the gradients it has; tensors belong to the caller. */
export interface HeadPass {
  /** Mean cross-entropy, nat. */
  readonly loss: number;
  readonly inputGradient: Tensor;
  /** Of the trained classifier and its bias; empty where the head is frozen. */
  readonly gradients: readonly Tensor[];
}

/** Final norm, classifier and loss; the classifier is frozen or trained. */
export class HeadRun {
  readonly variables: readonly Variable[];
  private readonly head: HeadWeights;

  constructor(
    private readonly tf: Tf,
    private readonly options: PartOptions,
    frozen: FrozenWeights,
  ) {
    const { settings, adapters } = options;
    const frozenHead = frozen.head();
    const variable = (name: string): Variable => {
      const { shape, values } = adapters.get(name)!;
      return tf.tidy(() => tf.variable(tf.tensor(values.slice(), [...shape])));
    };
    if (!settings.trainHead) {
      this.variables = [];
      this.head = frozenHead;
      return;
    }
    const [classifier, bias] = [variable('head.weight'), variable('head.bias')];
    this.variables = [classifier, bias];
    this.head = { ...frozenHead, classifier, bias };
  }

  /** [batch, tokens, width] to logits [batch, classes]. */
  logits(tokens: Tensor): Tensor {
    return headForward(this.tf, this.options.config, this.head, tokens);
  }

  /** Forward, mean cross-entropy and backward. `labels` are class indices. Does not take over `tokens`. */
  pass(tokens: Tensor, labels: Int32Array): HeadPass {
    const { tf } = this;
    const { classes } = this.options.config;
    const oneHot = tf.tidy(() => tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), classes), 'float32'));
    const held = holdForward(tf, [tokens, ...this.variables], () =>
      tf.neg(tf.mean(tf.sum(tf.mul(oneHot, tf.logSoftmax(this.logits(tokens))), -1))),
    );
    const loss = held.output.dataSync()[0]!;
    const one = tf.scalar(1);
    const [inputGradient, ...gradients] = held.backward(one);
    tf.dispose([one, oneHot]);
    return { loss, inputGradient: inputGradient!, gradients };
  }

  dispose(): void {
    this.variables.forEach((variable) => variable.dispose());
  }
}
