import type { Tensor, Tf, Variable } from '../backend/tensorflow.js';
import { labelCount } from './config.js';
import { headForward, headInput, type HeadWeights } from './head.js';
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

interface ChunkPass {
  readonly loss: number;
  readonly rowGradient: Tensor;
  readonly gradients: Tensor[];
}

/** Rows whose logits stand in memory at a time: some 4 million of them, so that no batch holds a large vocabulary whole. */
function chunkRows(labels: number): number {
  return Math.max(1, Math.floor(2 ** 22 / labels));
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

  /** [batch, tokens, width] to logits: [batch, classes] of images, [batch · tokens, words or classes] of texts. */
  logits(tokens: Tensor): Tensor {
    const { config } = this.options;
    return headForward(this.tf, config, this.head, headInput(this.tf, config, tokens));
  }

  /**
   * Forward, mean cross-entropy and backward. `labels` has an index for each row of the logits, or −1 for a token that is
   * not judged. Does not take over `tokens`.
   */
  pass(tokens: Tensor, labels: Int32Array): HeadPass {
    const { tf } = this;
    const { config } = this.options;
    const judged = labels.reduce((count, label) => count + (label < 0 ? 0 : 1), 0);
    if (judged === 0) throw new Error('a batch needs a label');
    const rows = holdForward(tf, [tokens], () => headInput(tf, config, tokens));
    const chunk = chunkRows(labelCount(config));
    const parts: Tensor[] = [];
    let gradients: Tensor[] = [];
    let loss = 0;
    const share = tf.scalar(1 / judged);
    for (let from = 0; from < labels.length; from += chunk) {
      const part = this.chunkPass(rows.output, labels.subarray(from, from + chunk), from, share);
      loss += part.loss / judged;
      parts.push(part.rowGradient);
      const sums = gradients.length === 0 ? part.gradients : gradients.map((sum, k) => tf.add(sum, part.gradients[k]!));
      if (sums !== part.gradients) tf.dispose([...gradients, ...part.gradients]);
      gradients = sums;
    }
    const rowGradient = parts.length === 1 ? parts[0]! : tf.concat(parts, 0);
    const [inputGradient] = rows.backward(rowGradient);
    tf.dispose([share, rowGradient, ...parts]);
    return { loss, inputGradient: inputGradient!, gradients };
  }

  /** Summed loss of some rows, and gradients scaled by `share`. */
  private chunkPass(rows: Tensor, labels: Int32Array, from: number, share: Tensor): ChunkPass {
    const { tf } = this;
    const { config } = this.options;
    const chosen = tf.tidy(() => tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), labelCount(config)), 'float32'));
    const part = tf.slice(rows, [from, 0], [labels.length, -1]);
    const held = holdForward(tf, [part, ...this.variables], () =>
      tf.neg(tf.sum(tf.mul(chosen, tf.logSoftmax(headForward(tf, config, this.head, part))))),
    );
    const loss = held.output.dataSync()[0]!;
    const [rowGradient, ...gradients] = held.backward(share);
    tf.dispose([chosen, part]);
    return { loss, rowGradient: rowGradient!, gradients };
  }

  dispose(): void {
    this.variables.forEach((variable) => variable.dispose());
  }
}
