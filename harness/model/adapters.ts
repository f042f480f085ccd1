import { targetOrder, type AdapterSettings, type AdapterState, type AdapterTarget } from '../../lib/io/peft/index.js';
import { randomStream } from '../../lib/random/index.js';
import type { Tensor, Tf, Variable } from '../backend/tensorflow.js';
import { blockConfig, keyValueWidth, type TransformerConfig } from './config.js';
import { dropoutMask, maskSeed } from './dropout.js';
import { matMulLast } from './operations.js';
import type { HostTensor, WeightSet } from './weights.js';

export type { AdapterSettings, AdapterState, AdapterTarget } from '../../lib/io/peft/index.js';

/** One adapter: `down` is A (inputs × rank), `up` is B (rank × outputs). */
export interface Adapter {
  readonly down: Variable;
  readonly up: Variable;
}

/** Adapters of one block by target. */
export type BlockAdapters = Partial<Readonly<Record<AdapterTarget, Adapter>>>;

/**
 * Adapters as LoRA starts them: A from a Kaiming-uniform law, B zero. Drawn by name, so every cut gives the same. A
 * classifier that is trained starts as it is in `weights`, which must then be given.
 */
export function initialAdapters(
  config: TransformerConfig,
  settings: AdapterSettings,
  seed: number,
  weights?: WeightSet,
): AdapterState {
  const state = new Map<string, HostTensor>();
  for (let block = 0; block < config.blocks; block++) {
    for (const target of settings.targets) {
      const { inputs, outputs } = targetWidths(config, target);
      const random = randomStream(seed, `adapter.${block}.${target}`);
      const reach = 1 / Math.sqrt(inputs);
      const down = Float32Array.from({ length: inputs * settings.rank }, () => (2 * random.uniform() - 1) * reach);
      state.set(`${block}.${target}.down`, { shape: [inputs, settings.rank], values: down });
      state.set(`${block}.${target}.up`, {
        shape: [settings.rank, outputs],
        values: new Float32Array(settings.rank * outputs),
      });
    }
  }
  if (settings.trainHead) {
    const [matrix, bias] = [weights?.get('head.weight'), weights?.get('head.bias')];
    if (!matrix || !bias) throw new Error('a trained head needs the weights it starts from');
    state.set('head.weight', transposedHead(matrix));
    state.set('head.bias', { shape: bias.shape, values: bias.values.slice() });
  }
  return state;
}

/** Classes × width as width × classes. */
function transposedHead({ shape, values }: HostTensor): HostTensor {
  const [rows, columns] = shape as [number, number];
  const out = Float32Array.from(values, (_, k) => values[(k % rows) * columns + Math.floor(k / rows)]!);
  return { shape: [columns, rows], values: out };
}

/**
 * Names of what a part with blocks `first` … `last` − 1 trains, in the order of its variables. Whoever holds the last
 * block has the head.
 */
export function trainedNames(
  config: TransformerConfig,
  settings: AdapterSettings,
  first: number,
  last: number,
): string[] {
  const blocks = Array.from({ length: last - first }, (_, k) =>
    settings.targets.flatMap((target) => ['down', 'up'].map((part) => `${first + k}.${target}.${part}`)),
  ).flat();
  const hasHead = settings.trainHead === true && first < last && last === config.blocks;
  return hasHead ? [...blocks, 'head.weight', 'head.bias'] : blocks;
}

/** Inputs and outputs of a target's linear layer. */
export function targetWidths(config: TransformerConfig, target: AdapterTarget): { inputs: number; outputs: number } {
  const { width, mlpWidth } = config;
  if (target === 'up' || target === 'gate') return { inputs: width, outputs: mlpWidth };
  if (target === 'down') return { inputs: mlpWidth, outputs: width };
  const isShared = target === 'key' || target === 'value';
  return { inputs: width, outputs: isShared ? keyValueWidth(blockConfig(config)) : width };
}

/** Variables for the adapters of blocks `first` … `last` − 1; the caller disposes of them. */
export function adapterVariables(
  tf: Tf,
  settings: AdapterSettings,
  state: AdapterState,
  first: number,
  last: number,
): BlockAdapters[] {
  return Array.from({ length: last - first }, (_, k) => {
    const adapters: Partial<Record<AdapterTarget, Adapter>> = {};
    for (const target of settings.targets) {
      const variable = (part: string) => {
        const { shape, values } = state.get(`${first + k}.${target}.${part}`)!;
        return tf.tidy(() => tf.variable(tf.tensor(values, [...shape])));
      };
      adapters[target] = { down: variable('down'), up: variable('up') };
    }
    return adapters;
  });
}

/** Variables in a fixed order: by block, by the settings' order of targets, A before B. */
export function variableList(settings: AdapterSettings, adapters: readonly BlockAdapters[]): Variable[] {
  return adapters.flatMap((block) =>
    settings.targets.flatMap((target) => {
      const adapter = block[target];
      return adapter ? [adapter.down, adapter.up] : [];
    }),
  );
}

/** Which masks a training step draws in one block. */
export interface BlockDropout {
  readonly stepSeed: number;
  readonly block: number;
}

/** What an adapter adds to its layer's output; undefined where the layer has none. Without `dropout` nothing is dropped. */
export function adapterOutput(
  tf: Tf,
  settings: AdapterSettings,
  adapters: BlockAdapters,
  target: AdapterTarget,
  input: Tensor,
  dropout?: BlockDropout,
): Tensor | undefined {
  const adapter = adapters[target];
  if (!adapter) return undefined;
  const passed =
    dropout && settings.dropout > 0
      ? tf.mul(input, dropoutMask(tf, input.shape, settings.dropout, seedOf(dropout, target)))
      : input;
  const inner = matMulLast(tf, passed, adapter.down);
  return tf.mul(matMulLast(tf, inner, adapter.up), settings.alpha / settings.rank);
}

function seedOf({ stepSeed, block }: BlockDropout, target: AdapterTarget): number {
  return maskSeed(stepSeed, block, targetOrder.indexOf(target));
}
