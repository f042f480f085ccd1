import type { Tensor, Tf, Variable } from '../backend/tensorflow.js';
import {
  adapterVariables,
  variableList,
  type AdapterSettings,
  type AdapterState,
  type BlockAdapters,
} from './adapters.js';
import { blockForward, type BlockWeights } from './block.js';
import { blockConfig, type TransformerConfig } from './config.js';
import type { FrozenWeights } from './frozen-weights.js';
import { holdForward, type HeldForward } from './held-tape.js';
import type { WeightSet } from './weights.js';

/**
 * `keep` holds a tape a block between forward and backward: no forward is computed twice. `recompute` holds the blocks'
 * inputs alone and runs each block again when its backward comes.
 */
export type MemoryMode = 'keep' | 'recompute';

/** What a run of consecutive blocks is made from. */
export interface PartOptions {
  readonly config: TransformerConfig;
  readonly weights: WeightSet;
  readonly settings: AdapterSettings;
  readonly adapters: AdapterState;
  readonly memoryMode: MemoryMode;
  /** Frozen weights shared with other parts; without them a part uploads its own and disposes of them. */
  readonly frozen?: FrozenWeights;
}

/** A forward pass through some blocks that waits for the gradient of its output. */
export interface PendingBlocks {
  readonly output: Tensor;
  /** Gradient of the input (if wanted) and of the adapters, in the part's order. Does not take over its argument. */
  backward(outputGradient: Tensor): { input: Tensor | undefined; adapters: Tensor[] };
  /** Frees all that is held for a backward that will not come. */
  release(): void;
}

/** How a training step runs. */
export interface StepOptions {
  /** Without it the lowest block spares what only serves the gradient of its input. */
  readonly wantsInputGradient: boolean;
  /** Names the masks of dropout; must be given where there is dropout. */
  readonly stepSeed: number | undefined;
}

/** Blocks first … last − 1 with their adapters: the common part of device and server. */
export class BlockRun {
  readonly variables: readonly Variable[];
  private readonly blocks: readonly BlockWeights[];
  private readonly adapters: readonly BlockAdapters[];

  constructor(
    private readonly tf: Tf,
    private readonly options: PartOptions,
    frozen: FrozenWeights,
    private readonly first: number,
    last: number,
  ) {
    const { settings, adapters } = options;
    this.blocks = Array.from({ length: last - first }, (_, k) => frozen.block(first + k));
    this.adapters = adapterVariables(tf, settings, adapters, first, last);
    this.variables = variableList(settings, this.adapters);
  }

  private forward(k: number, input: Tensor, stepSeed?: number): Tensor {
    const { config, settings } = this.options;
    const dropout = stepSeed === undefined ? {} : { dropout: { stepSeed, block: this.first + k } };
    return blockForward(this.tf, blockConfig(config), settings, this.blocks[k]!, this.adapters[k]!, input, dropout);
  }

  /** Without gradients and without dropout: validation. */
  infer(input: Tensor): Tensor {
    return this.blocks.reduce((x, _, k) => this.forward(k, x), input);
  }

  /** Takes over `input`. */
  start(input: Tensor, step: StepOptions): PendingBlocks {
    if (this.options.settings.dropout > 0 && step.stepSeed === undefined) {
      throw new Error('a training step with dropout needs a seed');
    }
    return this.options.memoryMode === 'keep' ? this.startKeeping(input, step) : this.startRecomputing(input, step);
  }

  private hold(k: number, input: Tensor, step: StepOptions): HeldForward {
    return holdForward(this.tf, this.traced(k, input, step), () => this.forward(k, input, step.stepSeed));
  }

  /** What gradients are taken of: the input, where it serves anything, before the block's own adapters. */
  private traced(k: number, input: Tensor, step: StepOptions): Tensor[] {
    const own = variableList(this.options.settings, [this.adapters[k]!]);
    return this.needsInputGradient(k, step) ? [input, ...own] : own;
  }

  private needsInputGradient(k: number, { wantsInputGradient }: StepOptions): boolean {
    return k > 0 || wantsInputGradient || this.options.settings.targets.length === 0;
  }

  private startKeeping(input: Tensor, step: StepOptions): PendingBlocks {
    const held: HeldForward[] = [];
    let x = input;
    for (let k = 0; k < this.blocks.length; k++) {
      const pass = this.hold(k, x, step);
      held.push(pass);
      x = pass.output;
    }
    return {
      output: x,
      backward: (outputGradient) => {
        const result = this.backwardThrough(outputGradient, step, (k) => held[k]!);
        input.dispose();
        return result;
      },
      release: () => {
        for (const pass of held) pass.release();
        input.dispose();
      },
    };
  }

  private startRecomputing(input: Tensor, step: StepOptions): PendingBlocks {
    const inputs = [input];
    for (let k = 0; k < this.blocks.length; k++) {
      inputs.push(this.tf.tidy(() => this.forward(k, inputs[k]!, step.stepSeed)));
    }
    return {
      output: inputs.at(-1)!,
      backward: (outputGradient) => {
        const result = this.backwardThrough(outputGradient, step, (k) => {
          inputs[k + 1]!.dispose();
          return this.hold(k, inputs[k]!, step);
        });
        input.dispose();
        return result;
      },
      release: () => this.tf.dispose(inputs),
    };
  }

  private backwardThrough(outputGradient: Tensor, step: StepOptions, passOf: (k: number) => HeldForward) {
    const adapters: Tensor[][] = [];
    let gradient: Tensor | undefined = outputGradient;
    for (let k = this.blocks.length - 1; k >= 0; k--) {
      const gradients = passOf(k).backward(gradient!);
      if (gradient !== outputGradient) gradient!.dispose();
      gradient = this.needsInputGradient(k, step) ? gradients.shift() : undefined;
      adapters.unshift(gradients);
    }
    if (gradient !== outputGradient && !step.wantsInputGradient) gradient?.dispose();
    return { input: step.wantsInputGradient ? gradient : undefined, adapters: adapters.flat() };
  }

  dispose(): void {
    this.variables.forEach((variable) => variable.dispose());
  }
}
