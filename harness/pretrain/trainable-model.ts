import type { Tensor, Tf, Variable } from '../backend/tensorflow.js';
import { blockForward, uploadBlock, type BlockWeights, type Layer, type Norm } from '../model/block.js';
import { blockConfig, isDecoder, labelCount, type TransformerConfig } from '../model/config.js';
import { embed, uploadEmbedding, type EmbeddingWeights } from '../model/embedding.js';
import { headForward, headInput, uploadHead, type HeadWeights } from '../model/head.js';
import { layerNorm, rmsNorm } from '../model/operations.js';
import type { HostTensor, WeightSet } from '../model/weights.js';

/** Loss of a batch and the gradient of every weight, in the order of `variables`; tensors belong to the caller. */
export interface WholeStep {
  readonly loss: number;
  /** Rows whose likeliest answer is their label. */
  readonly right: number;
  readonly gradients: readonly Tensor[];
}

const noAdapters = { rank: 1, alpha: 1, targets: [], dropout: 0 } as const;

/** A whole model all of whose weights are trained, as pre-training does. */
export class TrainableModel {
  readonly variables: readonly Variable[];
  private readonly embedding: EmbeddingWeights;
  private readonly blocks: readonly BlockWeights[];
  private readonly head: HeadWeights;
  private readonly norm: Norm;
  private readonly unit: readonly Tensor[];

  constructor(
    private readonly tf: Tf,
    private readonly config: TransformerConfig,
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
    this.head = trained(uploadHead(tf, config, start));
    this.variables = made;
    // The frozen norm passes no gradient to gain and bias: here they are applied after it, as operations of their own.
    const [one, zero] = [tf.scalar(1), tf.scalar(0)];
    this.unit = [one, zero];
    this.norm = (engine, input, gain, bias, epsilon) =>
      bias
        ? engine.add(engine.mul(layerNorm(engine, input, one, zero, epsilon), gain), bias)
        : engine.mul(rmsNorm(engine, input, one, epsilon), gain);
  }

  /** Logits of the rows that the head acts on: [batch, classes] of images, [batch · tokens, labels] of texts. */
  forward(input: Tensor): Tensor {
    const { tf, config, norm } = this;
    const tokens = this.blocks.reduce(
      (x, block) => blockForward(tf, blockConfig(config), noAdapters, block, {}, x, { norm }),
      embed(tf, config, this.embedding, input),
    );
    return headForward(tf, config, this.head, headInput(tf, config, tokens), norm);
  }

  /** Mean cross-entropy of a batch over the rows with a label (others have −1), and its gradients. */
  step(input: Tensor, labels: Int32Array): WholeStep {
    const { tf, config } = this;
    const judged = labels.filter((label) => label >= 0).length;
    let right = 0;
    const { value, grads } = tf.variableGrads(() => {
      const logits = this.forward(input);
      right = tf.sum(tf.equal(tf.argMax(logits, -1), tf.tensor1d(labels, 'int32'))).dataSync()[0]!;
      const chosen = tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), labelCount(config)), 'float32');
      return tf.mul(tf.sum(tf.mul(chosen, tf.logSoftmax(logits))), -1 / judged).asScalar();
    }, [...this.variables]);
    const loss = value.dataSync()[0]!;
    value.dispose();
    return { loss, right, gradients: this.variables.map(({ name }) => grads[name]!) };
  }

  /** All weights by the project's names. */
  weights(): Map<string, HostTensor> {
    const { tf, config, embedding, head } = this;
    const weights = new Map<string, HostTensor>();
    const add = (name: string, tensor: Tensor | undefined) => {
      if (tensor) weights.set(name, { shape: tensor.shape, values: Float32Array.from(tensor.dataSync()) });
    };
    const layer = (name: string, parts: readonly Layer[]) => {
      const matrices = parts.map(({ weight }) => weight);
      add(`${name}.weight`, tf.transpose(tf.concat(matrices, 1)));
      const biases = parts.flatMap(({ bias }) => bias ?? []);
      if (biases.length > 0) add(`${name}.bias`, tf.concat(biases, 0));
    };
    tf.tidy(() => {
      if ('words' in embedding) {
        add('token_embed.weight', embedding.words);
        add('pos_embed', embedding.positions && tf.expandDims(embedding.positions, 0));
      } else if (!isDecoder(config)) {
        const { patchSize, channels, width } = config;
        const patches = tf.reshape(embedding.projection, [patchSize, patchSize, channels, width]);
        add('patch_embed.proj.weight', tf.transpose(patches, [3, 2, 0, 1]));
        add('patch_embed.proj.bias', embedding.bias);
        add('pos_embed', embedding.positions);
        add('cls_token', embedding.classToken);
      }
      this.blocks.forEach((block, k) => {
        const name = `blocks.${k}`;
        add(`${name}.norm1.weight`, block.norm1Gain);
        add(`${name}.norm1.bias`, block.norm1Bias);
        layer(`${name}.attn.qkv`, [block.query, block.key, block.value]);
        layer(`${name}.attn.proj`, [block.output]);
        add(`${name}.norm2.weight`, block.norm2Gain);
        add(`${name}.norm2.bias`, block.norm2Bias);
        if (block.gate) layer(`${name}.mlp.gate`, [block.gate]);
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
