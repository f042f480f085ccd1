import type { Tensor, Tf, Variable } from '../backend/tensorflow.js';
import {
  adapterVariables,
  variableList,
  type AdapterSettings,
  type AdapterState,
  type BlockAdapters,
} from './adapters.js';
import { blockForward, embed, headForward, type BlockWeights } from './block.js';
import type { VitConfig } from './config.js';
import { FrozenWeights } from './frozen-weights.js';
import { holdForward, type HeldForward } from './held-tape.js';
import type { WeightSet } from './weights.js';

/**
 * `keep` holds a tape a block between forward and backward: no forward is computed twice. `recompute` holds the blocks'
 * inputs alone and runs each block again when its backward comes.
 */
export type MemoryMode = 'keep' | 'recompute';

/** What a run of consecutive blocks is made from. */
export interface PartOptions {
  readonly config: VitConfig;
  readonly weights: WeightSet;
  readonly settings: AdapterSettings;
  readonly adapters: AdapterState;
  readonly memoryMode: MemoryMode;
  /** Frozen weights shared with other parts; without them a part uploads its own and disposes of them. */
  readonly frozen?: FrozenWeights;
}

/** A forward pass through some blocks that waits for the gradient of its output. */
interface PendingBlocks {
  readonly output: Tensor;
  /** Gradient of the input (if wanted) and of the adapters, in the part's order. */
  backward(outputGradient: Tensor, wantsInputGradient: boolean): { input: Tensor | undefined; adapters: Tensor[] };
}

/** Blocks first … last − 1 with their adapters: the common part of device and server. */
class BlockRun {
  readonly variables: readonly Variable[];
  private readonly blocks: readonly BlockWeights[];
  private readonly adapters: readonly BlockAdapters[];

  constructor(
    private readonly tf: Tf,
    private readonly options: PartOptions,
    frozen: FrozenWeights,
    first: number,
    last: number,
  ) {
    const { settings, adapters } = options;
    this.blocks = Array.from({ length: last - first }, (_, k) => frozen.block(first + k));
    this.adapters = adapterVariables(tf, settings, adapters, first, last);
    this.variables = variableList(settings, this.adapters);
  }

  forward(k: number, input: Tensor): Tensor {
    const { config, settings } = this.options;
    return blockForward(this.tf, config, settings, this.blocks[k]!, this.adapters[k]!, input);
  }

  /** Without gradients: validation. */
  infer(input: Tensor): Tensor {
    return this.blocks.reduce((x, _, k) => this.forward(k, x), input);
  }

  /** Takes over `input`. */
  start(input: Tensor): PendingBlocks {
    return this.options.memoryMode === 'keep' ? this.startKeeping(input) : this.startRecomputing(input);
  }

  private hold(k: number, input: Tensor): HeldForward {
    return holdForward(this.tf, [input, ...this.ownVariables(k)], () => this.forward(k, input));
  }

  private ownVariables(k: number): readonly Variable[] {
    return variableList(this.options.settings, [this.adapters[k]!]);
  }

  private startKeeping(input: Tensor): PendingBlocks {
    const held: HeldForward[] = [];
    let x = input;
    for (let k = 0; k < this.blocks.length; k++) {
      const pass = this.hold(k, x);
      held.push(pass);
      x = pass.output;
    }
    return {
      output: x,
      backward: (outputGradient, wantsInputGradient) => {
        const result = this.backwardThrough(outputGradient, wantsInputGradient, (k) => held[k]!);
        input.dispose();
        return result;
      },
    };
  }

  private startRecomputing(input: Tensor): PendingBlocks {
    const inputs = [input];
    for (let k = 0; k < this.blocks.length; k++) inputs.push(this.tf.tidy(() => this.forward(k, inputs[k]!)));
    return {
      output: inputs.at(-1)!,
      backward: (outputGradient, wantsInputGradient) => {
        const result = this.backwardThrough(outputGradient, wantsInputGradient, (k) => {
          inputs[k + 1]!.dispose();
          return this.hold(k, inputs[k]!);
        });
        input.dispose();
        return result;
      },
    };
  }

  private backwardThrough(outputGradient: Tensor, wantsInputGradient: boolean, passOf: (k: number) => HeldForward) {
    const adapters: Tensor[][] = [];
    let gradient = outputGradient;
    for (let k = this.blocks.length - 1; k >= 0; k--) {
      const [input, ...own] = passOf(k).backward(gradient);
      if (gradient !== outputGradient) gradient.dispose();
      gradient = input!;
      adapters.unshift(own);
    }
    const isOwn = gradient !== outputGradient;
    if (!wantsInputGradient && isOwn) gradient.dispose();
    return { input: wantsInputGradient ? gradient : undefined, adapters: adapters.flat() };
  }

  dispose(): void {
    this.variables.forEach((variable) => variable.dispose());
  }
}

/** Activations at the cut and the backward that their gradient brings about. */
export interface PendingDeviceStep {
  /** Activations at the cut, [batch, tokens, width]; belongs to the step. */
  readonly activations: Tensor;
  /** Adapter gradients in the order of `variables`, for the gradient at the cut; the caller disposes of them. */
  backward(gradient: Tensor): Tensor[];
}

/** Embedding and blocks 1 … cut with their adapters. */
export class DevicePart {
  private readonly frozen: FrozenWeights;
  private readonly run: BlockRun;

  constructor(
    private readonly tf: Tf,
    private readonly options: PartOptions,
    readonly cut: number,
  ) {
    this.frozen = options.frozen ?? new FrozenWeights(tf, options.config, options.weights);
    this.run = new BlockRun(tf, options, this.frozen, 0, cut);
  }

  get variables(): readonly Variable[] {
    return this.run.variables;
  }

  /** Forward that waits for its backward. */
  start(images: Tensor): PendingDeviceStep {
    const tokens = this.tf.tidy(() => embed(this.tf, this.options.config, this.frozen.embedding(), images));
    const pending = this.run.start(tokens);
    return {
      activations: pending.output,
      backward: (gradient) => pending.backward(gradient, false).adapters,
    };
  }

  /** Activations without gradients. */
  infer(images: Tensor): Tensor {
    return this.tf.tidy(() => this.run.infer(embed(this.tf, this.options.config, this.frozen.embedding(), images)));
  }

  dispose(): void {
    this.run.dispose();
    if (!this.options.frozen) this.frozen.dispose();
  }
}

/** What a server step yields; tensors belong to the caller. */
export interface ServerStep {
  readonly loss: number;
  /** Gradient of the activations at the cut; absent where the device has no block. */
  readonly gradient: Tensor | undefined;
  readonly adapterGradients: readonly Tensor[];
}

/** Blocks cut + 1 … L with their adapters, and the head. */
export class ServerPart {
  private readonly frozen: FrozenWeights;
  private readonly run: BlockRun;

  constructor(
    private readonly tf: Tf,
    private readonly options: PartOptions,
    readonly cut: number,
  ) {
    this.frozen = options.frozen ?? new FrozenWeights(tf, options.config, options.weights);
    this.run = new BlockRun(tf, options, this.frozen, cut, options.config.blocks);
  }

  get variables(): readonly Variable[] {
    return this.run.variables;
  }

  /** Forward, mean cross-entropy, and backward. `labels` are class indices. Does not take over `activations`. */
  step(activations: Tensor, labels: Int32Array): ServerStep {
    const { tf } = this;
    const { config } = this.options;
    const pending = this.run.start(activations.clone());
    const oneHot = tf.tidy(() => tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), config.classes), 'float32'));
    const head = this.frozen.head();
    const headPass = holdForward(tf, [pending.output], () => {
      const logits = headForward(tf, config, head, pending.output);
      return tf.neg(tf.mean(tf.sum(tf.mul(oneHot, tf.logSoftmax(logits)), -1)));
    });
    const loss = headPass.output.dataSync()[0]!;
    const one = tf.scalar(1);
    const [outputGradient] = headPass.backward(one);
    const { input, adapters } = pending.backward(outputGradient!, this.cut > 0);
    tf.dispose([one, oneHot]);
    if (input !== outputGradient) outputGradient!.dispose();
    return { loss, gradient: input, adapterGradients: adapters };
  }

  /** Logits without gradients, [batch, classes]. */
  infer(activations: Tensor): Tensor {
    const head = this.frozen.head();
    return this.tf.tidy(() => headForward(this.tf, this.options.config, head, this.run.infer(activations)));
  }

  dispose(): void {
    this.run.dispose();
    if (!this.options.frozen) this.frozen.dispose();
  }
}
