import type { Tensor, Tf, Variable } from '../backend/tensorflow.js';
import {
  adapterVariables,
  trainedNames,
  variableList,
  type AdapterTarget,
  type BlockAdapters,
} from '../model/adapters.js';
import { blockForward } from '../model/block.js';
import { blockConfig } from '../model/config.js';
import type { PartOptions } from '../model/block-run.js';
import type { FrozenWeights } from '../model/frozen-weights.js';
import { HeadRun } from '../model/head-run.js';
import { holdForward, type HeldForward } from '../model/held-tape.js';

/** What a device owns of a batch that serves several: the adapters of its blocks and, if it is trained, its head. */
export class BatchMember {
  /** Of `variables`, in their order. */
  readonly names: readonly string[];
  readonly variables: readonly Variable[];
  readonly head: HeadRun;
  private readonly adapters: readonly BlockAdapters[];

  constructor(
    tf: Tf,
    private readonly options: PartOptions & { readonly frozen: FrozenWeights },
    readonly cut: number,
  ) {
    const { config, settings, adapters } = options;
    this.names = trainedNames(config, settings, cut, config.blocks);
    this.adapters = adapterVariables(tf, settings, adapters, cut, config.blocks);
    // Uploaded now: what is uploaded within a pass is freed with it.
    for (let block = cut; block < config.blocks; block++) options.frozen.block(block);
    const own = cut < config.blocks ? options : { ...options, settings: { ...settings, trainHead: false } };
    this.head = new HeadRun(tf, own, options.frozen);
    this.variables = [...variableList(settings, this.adapters), ...this.head.variables];
  }

  /** Adapters of a block of the whole model. */
  block(block: number): BlockAdapters {
    return this.adapters[block - this.cut]!;
  }

  /** The same as variables, in order. */
  blockVariables(block: number): Variable[] {
    return variableList(this.options.settings, [this.block(block)]);
  }

  dispose(): void {
    for (const variable of this.variables) variable.dispose();
  }
}

/** One device's part in a batch. */
export interface BatchEntry {
  readonly member: BatchMember;
  /** [batch, tokens, width] at the member's cut; not taken over. */
  readonly activations: Tensor;
  readonly labels: Int32Array;
}

/** What a batch yields for one device; tensors belong to the caller. */
export interface BatchResult {
  /** Mean over its own images. */
  readonly loss: number;
  /** At its cut; absent where the device has no block. */
  readonly gradient: Tensor | undefined;
  /** In the order of the member's `variables`. */
  readonly adapterGradients: readonly Tensor[];
}

/** One block's run over all that have joined up to it. */
interface Layer {
  readonly block: number;
  /** In the order of rows; those that join here come last. */
  readonly present: readonly number[];
  /** Where this layer's input was joined together for it, the input; it is freed with the layer. */
  readonly joinedInput: Tensor | undefined;
  readonly input: Tensor;
}

/**
 * One step for several devices at once: the frozen products run over the rows of all, each device's adapters over its
 * own. A device joins the batch at its cut: block k serves those with cut ≤ k. Results are in the order of `entries`.
 */
export function batchStep(
  tf: Tf,
  options: PartOptions & { readonly frozen: FrozenWeights },
  entries: readonly BatchEntry[],
  stepSeed: number,
): BatchResult[] {
  return new BatchRun(tf, options, entries, stepSeed).run();
}

class BatchRun {
  private readonly rows: readonly number[];
  private readonly adapterGradients: Tensor[][][];
  private readonly gradients: (Tensor | undefined)[];

  constructor(
    private readonly tf: Tf,
    private readonly options: PartOptions & { readonly frozen: FrozenWeights },
    private readonly entries: readonly BatchEntry[],
    private readonly stepSeed: number,
  ) {
    this.rows = entries.map(({ activations }) => activations.shape[0]);
    this.adapterGradients = entries.map(() => []);
    this.gradients = entries.map(() => undefined);
  }

  run(): BatchResult[] {
    const { entries, options } = this;
    const layers: Layer[] = [];
    const held: (HeldForward | undefined)[] = [];
    const outputs: Tensor[] = [];
    let present: number[] = [];
    let output: Tensor | undefined;
    for (let block = Math.min(...entries.map(({ member }) => member.cut)); block < options.config.blocks; block++) {
      const joining = entries.flatMap(({ member }, k) => (member.cut === block ? [k] : []));
      const joinedInput = joining.length > 0 ? this.joined(output, joining) : undefined;
      present = [...present, ...joining];
      const layer = { block, present, joinedInput, input: joinedInput ?? output! };
      layers.push(layer);
      const pass = options.memoryMode === 'keep' ? this.hold(layer) : undefined;
      held.push(pass);
      output = pass?.output ?? this.tf.tidy(() => this.forward(layer));
      outputs.push(output);
    }
    const losses = this.backward(layers, held, outputs);
    return entries.map((_, k) => ({
      loss: losses[k]!,
      gradient: this.gradients[k],
      adapterGradients: this.adapterGradients[k]!.flat(),
    }));
  }

  private backward(layers: readonly Layer[], held: readonly (HeldForward | undefined)[], outputs: readonly Tensor[]) {
    const { losses, gradient: atHead } = this.heads(layers.at(-1)!.present, outputs.at(-1)!);
    let gradient: Tensor | undefined = atHead;
    for (let k = layers.length - 1; k >= 0; k--) {
      const layer = layers[k]!;
      // Recomputed layers hold nothing but their inputs: the output has served, its own pass makes it anew.
      if (!held[k]) outputs[k]!.dispose();
      const found = (held[k] ?? this.hold(layer)).backward(gradient!);
      gradient!.dispose();
      gradient = this.needsInputGradient(layer) ? found.shift() : undefined;
      for (const index of layer.present) {
        const count = this.entries[index]!.member.blockVariables(layer.block).length;
        this.adapterGradients[index]!.unshift(found.splice(0, count));
      }
      layer.joinedInput?.dispose();
      gradient = this.leave(layer, gradient);
    }
    gradient?.dispose();
    return losses;
  }

  /** The input of a block at which devices join. */
  private joined(output: Tensor | undefined, joining: readonly number[]): Tensor {
    const parts = [...(output ? [output] : []), ...joining.map((k) => this.entries[k]!.activations)];
    return parts.length === 1 ? parts[0]!.clone() : this.tf.concat(parts);
  }

  /** Each device's own loss; gradients of its head come last among its own. */
  private heads(present: readonly number[], output: Tensor): { losses: number[]; gradient: Tensor } {
    const { tf, entries } = this;
    const losses: number[] = [];
    const parts = tf.split(
      output,
      present.map((k) => this.rows[k]!),
    );
    const gradients = present.map((k, position) => {
      const { member, labels } = entries[k]!;
      const pass = member.head.pass(parts[position]!, labels);
      losses[k] = pass.loss;
      this.adapterGradients[k]!.unshift([...pass.gradients]);
      return pass.inputGradient;
    });
    const gradient = tf.concat(gradients);
    tf.dispose([...parts, ...gradients]);
    return { losses, gradient };
  }

  /** Gives those that joined at a layer their gradient; returns that of the rest. */
  private leave({ block, present }: Layer, gradient: Tensor | undefined): Tensor | undefined {
    if (!gradient || block === 0) {
      gradient?.dispose();
      return undefined;
    }
    const joined = present.filter((k) => this.entries[k]!.member.cut === block);
    if (joined.length === 0) return gradient;
    const before = present.length - joined.length;
    const sizes = present.map((k) => this.rows[k]!);
    const first = sizes.slice(0, before).reduce((sum, size) => sum + size, 0);
    const parts = this.tf.split(gradient, [...(before > 0 ? [first] : []), ...sizes.slice(before)]);
    gradient.dispose();
    const rest = before > 0 ? parts.shift() : undefined;
    joined.forEach((k, position) => (this.gradients[k] = parts[position]));
    return rest;
  }

  private hold(layer: Layer): HeldForward {
    const own = layer.present.flatMap((k) => this.entries[k]!.member.blockVariables(layer.block));
    const traced = this.needsInputGradient(layer) ? [layer.input, ...own] : own;
    return holdForward(this.tf, traced, () => this.forward(layer));
  }

  /** Block 0 is reached by devices without blocks alone, which want no gradient. */
  private needsInputGradient({ block }: Layer): boolean {
    return block > 0 || this.options.settings.targets.length === 0;
  }

  private forward({ block, present, input }: Layer): Tensor {
    const { tf, options, stepSeed } = this;
    const { config, settings, frozen } = options;
    const dropout = settings.dropout > 0 ? { dropout: { stepSeed, block } } : {};
    return blockForward(
      tf,
      blockConfig(config),
      settings,
      frozen.block(block),
      this.grouped(block, present),
      input,
      dropout,
    );
  }

  /** Adapters with one matrix a row, each row its device's. */
  private grouped(block: number, present: readonly number[]): BlockAdapters {
    const members = present.map((k) => ({ adapters: this.entries[k]!.member.block(block), rows: this.rows[k]! }));
    if (members.length === 1) return members[0]!.adapters;
    const { tf } = this;
    const grouped: Partial<Record<AdapterTarget, { readonly down: Tensor; readonly up: Tensor }>> = {};
    for (const target of this.options.settings.targets) {
      const stacked = (part: 'down' | 'up') =>
        tf.concat(
          members.map(({ adapters, rows }) => {
            const matrix = adapters[target]![part];
            return tf.broadcastTo(tf.expandDims(matrix, 0), [rows, ...matrix.shape]);
          }),
        );
      grouped[target] = { down: stacked('down'), up: stacked('up') };
    }
    // Products take any tensor for an adapter's matrix; the type speaks of the usual case.
    return grouped as unknown as BlockAdapters;
  }
}
