import type { Tensor, Tf, Variable } from '../backend/tensorflow.js';
import {
  blockForward,
  embed,
  headForward,
  uploadBlock,
  uploadEmbedding,
  uploadHead,
  type BlockWeights,
  type EmbeddingWeights,
  type HeadWeights,
  type Layer,
  type Norm,
} from '../model/block.js';
import type { VitConfig } from '../model/config.js';
import { layerNorm } from '../model/operations.js';
import type { HostTensor, WeightSet } from '../model/weights.js';

/** Loss of a batch and the gradient of every weight, in the order of `variables`; tensors belong to the caller. */
export interface WholeStep {
  readonly loss: number;
  /** Images whose likeliest class is their label. */
  readonly right: number;
  readonly gradients: readonly Tensor[];
}

const noAdapters = { rank: 1, alpha: 1, targets: [], dropout: 0 } as const;

/** A whole model all of whose weights are trained, as pre-training does. */
export class TrainableVit {
  readonly variables: readonly Variable[];
  private readonly embedding: EmbeddingWeights;
  private readonly blocks: readonly BlockWeights[];
  private readonly head: HeadWeights;
  private readonly norm: Norm;
  private readonly unit: readonly Tensor[];

  constructor(
    private readonly tf: Tf,
    private readonly config: VitConfig,
    start: WeightSet,
  ) {
    const made: Variable[] = [];
    const trained = <T>(part: T): T => {
      if (part instanceof tf.Tensor) {
        const variable = tf.variable(part as Tensor);
        (part as Tensor).dispose();
        made.push(variable);
        return variable as T;
      }
      return Object.fromEntries(Object.entries(part as object).map(([name, value]) => [name, trained(value)])) as T;
    };
    this.embedding = trained(uploadEmbedding(tf, config, start));
    this.blocks = Array.from({ length: config.blocks }, (_, k) => trained(uploadBlock(tf, config, start, k)));
    this.head = trained(uploadHead(tf, start));
    this.variables = made;
    // The frozen norm passes no gradient to gain and bias: here they are applied after it, as operations of their own.
    const [one, zero] = [tf.scalar(1), tf.scalar(0)];
    this.unit = [one, zero];
    this.norm = (engine, input, gain, bias, epsilon) =>
      engine.add(engine.mul(layerNorm(engine, input, one, zero, epsilon), gain), bias);
  }

  /** Logits [batch, classes]. */
  forward(images: Tensor): Tensor {
    const { tf, config, norm } = this;
    const tokens = this.blocks.reduce(
      (x, block) => blockForward(tf, config, noAdapters, block, {}, x, { norm }),
      embed(tf, config, this.embedding, images),
    );
    return headForward(tf, config, this.head, tokens, norm);
  }

  /** Mean cross-entropy of a batch and its gradients. */
  step(images: Tensor, labels: Int32Array): WholeStep {
    const { tf, config } = this;
    let right = 0;
    const { value, grads } = tf.variableGrads(() => {
      const logits = this.forward(images);
      right = tf.sum(tf.equal(tf.argMax(logits, -1), tf.tensor1d(labels, 'int32'))).dataSync()[0]!;
      const oneHot = tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), config.classes), 'float32');
      return tf.neg(tf.mean(tf.sum(tf.mul(oneHot, tf.logSoftmax(logits)), -1))).asScalar();
    }, [...this.variables]);
    const loss = value.dataSync()[0]!;
    value.dispose();
    return { loss, right, gradients: this.variables.map(({ name }) => grads[name]!) };
  }

  /** All weights by timm's names. */
  weights(): Map<string, HostTensor> {
    const { config } = this;
    const { patchSize, channels, width } = config;
    const weights = new Map<string, HostTensor>();
    const add = (name: string, tensor: Tensor) => {
      weights.set(name, { shape: tensor.shape, values: Float32Array.from(tensor.dataSync()) });
    };
    const { tf, embedding, head } = this;
    tf.tidy(() => {
      const patches = tf.reshape(embedding.projection, [patchSize, patchSize, channels, width]);
      add('patch_embed.proj.weight', tf.transpose(patches, [3, 2, 0, 1]));
      add('patch_embed.proj.bias', embedding.bias);
      add('pos_embed', embedding.positions);
      if (embedding.classToken) add('cls_token', embedding.classToken);
      const layer = (name: string, parts: readonly Layer[]) => {
        add(
          `${name}.weight`,
          tf.transpose(
            tf.concat(
              parts.map(({ weight }) => weight),
              1,
            ),
          ),
        );
        add(
          `${name}.bias`,
          tf.concat(
            parts.map(({ bias }) => bias),
            0,
          ),
        );
      };
      this.blocks.forEach((block, k) => {
        const name = `blocks.${k}`;
        add(`${name}.norm1.weight`, block.norm1Gain);
        add(`${name}.norm1.bias`, block.norm1Bias);
        layer(`${name}.attn.qkv`, [block.query, block.key, block.value]);
        layer(`${name}.attn.proj`, [block.output]);
        add(`${name}.norm2.weight`, block.norm2Gain);
        add(`${name}.norm2.bias`, block.norm2Bias);
        layer(`${name}.mlp.fc1`, [block.up]);
        layer(`${name}.mlp.fc2`, [block.down]);
      });
      add('norm.weight', head.gain);
      add('norm.bias', head.shift);
      add('head.weight', tf.transpose(head.classifier));
      add('head.bias', head.bias);
    });
    return weights;
  }

  dispose(): void {
    for (const variable of this.variables) variable.dispose();
    this.tf.dispose([...this.unit]);
  }
}
