import type { Tensor, Tf, Variable } from '../backend/tensorflow.js';
import { trainedNames } from './adapters.js';
import { BlockRun, type PartOptions } from './block-run.js';
import { embed } from './embedding.js';
import { FrozenWeights } from './frozen-weights.js';
import { HeadRun } from './head-run.js';

export type { MemoryMode, PartOptions } from './block-run.js';

/** Activations at the cut and the backward that their gradient brings about. */
export interface PendingDeviceStep {
  /** Activations at the cut, [batch, tokens, width]; belongs to the step. */
  readonly activations: Tensor;
  /** Adapter gradients in the order of `variables`, for the gradient at the cut; the caller disposes of them. */
  backward(gradient: Tensor): Tensor[];
  /** In place of `backward`, for a step that is broken off: frees what is held without computing anything. */
  release(): void;
}

/** A step of a device that holds the whole model: its loss, and the backward that remains. */
export interface PendingWholeStep {
  readonly loss: number;
  /** Gradients in the order of `variables`; the caller disposes of them. */
  backward(): Tensor[];
}

/** Embedding and blocks 1 … cut with their adapters; at cut = L the head too. */
export class DevicePart {
  /** Of `variables`, in their order. */
  readonly names: readonly string[];
  private readonly frozen: FrozenWeights;
  private readonly run: BlockRun;
  private readonly head: HeadRun | undefined;

  constructor(
    private readonly tf: Tf,
    private readonly options: PartOptions,
    readonly cut: number,
  ) {
    const { config, settings } = options;
    this.frozen = options.frozen ?? new FrozenWeights(tf, config, options.weights);
    this.run = new BlockRun(tf, options, this.frozen, 0, cut);
    this.head = cut === config.blocks ? new HeadRun(tf, options, this.frozen) : undefined;
    this.names = trainedNames(config, settings, 0, cut);
  }

  get variables(): readonly Variable[] {
    return [...this.run.variables, ...(this.head?.variables ?? [])];
  }

  /** Forward that waits for its backward. `stepSeed` names the masks of dropout; needed where there is dropout. */
  start(images: Tensor, stepSeed?: number): PendingDeviceStep {
    const pending = this.run.start(this.embedded(images), { wantsInputGradient: false, stepSeed });
    return {
      activations: pending.output,
      backward: (gradient) => pending.backward(gradient).adapters,
      release: () => pending.release(),
    };
  }

  /** The whole model's forward and loss, at cut = L; the head's backward is part of it. */
  startWhole(images: Tensor, labels: Int32Array, stepSeed?: number): PendingWholeStep {
    const { head } = this;
    if (!head) throw new Error('only a device with all blocks has the head');
    const pending = this.run.start(this.embedded(images), { wantsInputGradient: false, stepSeed });
    const { loss, inputGradient, gradients } = head.pass(pending.output, labels);
    return {
      loss,
      backward: () => {
        const { adapters } = pending.backward(inputGradient);
        inputGradient.dispose();
        return [...adapters, ...gradients];
      },
    };
  }

  /** Activations without gradients. */
  infer(images: Tensor): Tensor {
    return this.tf.tidy(() => this.run.infer(embed(this.tf, this.options.config, this.frozen.embedding(), images)));
  }

  private embedded(images: Tensor): Tensor {
    return this.tf.tidy(() => embed(this.tf, this.options.config, this.frozen.embedding(), images));
  }

  dispose(): void {
    this.run.dispose();
    this.head?.dispose();
    if (!this.options.frozen) this.frozen.dispose();
  }
}

/** What a server step yields; tensors belong to the caller. */
export interface ServerStep {
  readonly loss: number;
  /** Gradient of the activations at the cut; absent where the device has no block. */
  readonly gradient: Tensor | undefined;
  /** In the order of `variables`. */
  readonly adapterGradients: readonly Tensor[];
}

/** Blocks cut + 1 … L with their adapters, and the head. At cut = L it trains nothing: the device has the head. */
export class ServerPart {
  /** Of `variables`, in their order. */
  readonly names: readonly string[];
  private readonly frozen: FrozenWeights;
  private readonly run: BlockRun;
  private readonly head: HeadRun;

  constructor(
    private readonly tf: Tf,
    private readonly options: PartOptions,
    readonly cut: number,
  ) {
    const { config, settings } = options;
    this.frozen = options.frozen ?? new FrozenWeights(tf, config, options.weights);
    this.run = new BlockRun(tf, options, this.frozen, cut, config.blocks);
    const own = cut < config.blocks ? options : { ...options, settings: { ...settings, trainHead: false } };
    this.head = new HeadRun(tf, own, this.frozen);
    this.names = trainedNames(config, settings, cut, config.blocks);
  }

  get variables(): readonly Variable[] {
    return [...this.run.variables, ...this.head.variables];
  }

  /** Forward, mean cross-entropy, and backward. `labels` are class indices. Does not take over `activations`. */
  step(activations: Tensor, labels: Int32Array, stepSeed?: number): ServerStep {
    const pending = this.run.start(activations.clone(), { wantsInputGradient: this.cut > 0, stepSeed });
    const { loss, inputGradient, gradients } = this.head.pass(pending.output, labels);
    const { input, adapters } = pending.backward(inputGradient);
    if (input !== inputGradient) inputGradient.dispose();
    return { loss, gradient: input, adapterGradients: [...adapters, ...gradients] };
  }

  /** Logits without gradients, [batch, classes]. */
  infer(activations: Tensor): Tensor {
    return this.tf.tidy(() => this.head.logits(this.run.infer(activations)));
  }

  dispose(): void {
    this.run.dispose();
    this.head.dispose();
    if (!this.options.frozen) this.frozen.dispose();
  }
}
