import { fromFloat32, readSafetensors, toFloat32, writeSafetensors } from '../../lib/io/tensors/index.js';
import { adapterTargets, type AdapterSettings, type AdapterState, type AdapterTarget } from '../model/adapters.js';
import type { HostTensor } from '../model/weights.js';

/**
 * Adapters as Hugging Face's PEFT stores them for a ViT: `adapter_model.safetensors` with A as rank × inputs and B as
 * outputs × rank, and `adapter_config.json`.
 */
export interface PeftFiles {
  readonly model: Uint8Array<ArrayBuffer>;
  readonly config: string;
}

/** An adapter file that cannot be used. */
export class AdapterFileError extends Error {
  override readonly name = 'AdapterFileError';
}

const modules: Record<AdapterTarget, string> = {
  query: 'attention.attention.query',
  key: 'attention.attention.key',
  value: 'attention.attention.value',
  output: 'attention.output.dense',
  up: 'intermediate.dense',
  down: 'output.dense',
};

const prefix = 'base_model.model.vit.encoder.layer.';
const parts = { down: 'lora_A', up: 'lora_B' } as const;
/** A trained classifier, saved whole (`modules_to_save`). */
const classifier = 'base_model.model.classifier.';

export function writePeft(settings: AdapterSettings, state: AdapterState): PeftFiles {
  const tensors = [...state].map(([name, host]) => {
    if (name === 'head.bias') return fromFloat32(`${classifier}bias`, host.shape, host.values);
    if (name === 'head.weight') {
      const { shape, values } = transposed(host);
      return fromFloat32(`${classifier}weight`, shape, values);
    }
    const [block, target, part] = name.split('.') as [string, AdapterTarget, keyof typeof parts];
    const { shape, values } = transposed(host);
    return fromFloat32(`${prefix}${block}.${modules[target]}.${parts[part]}.weight`, shape, values);
  });
  const config = {
    peft_type: 'LORA',
    r: settings.rank,
    lora_alpha: settings.alpha,
    lora_dropout: settings.dropout,
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
    ...(settings.trainHead && { modules_to_save: ['classifier'] }),
    // A pattern, since the MLP's and the attention's output layers share the end of their names.
    target_modules: `.*\\.(${settings.targets.map((target) => pattern(target)).join('|')})`,
  };
  return { model: writeSafetensors({ tensors, metadata: { format: 'pt' } }), config: JSON.stringify(config, null, 2) };
}

function pattern(target: AdapterTarget): string {
  const name = modules[target].replaceAll('.', '\\.');
  return target === 'down' ? `\\d+\\.${name}` : name;
}

/**
 * Adapters from a PEFT file, with the settings they were trained with. Throws `AdapterFileError` on names or settings
 * that are not understood, `TensorFileError` on a damaged file.
 */
export function readPeft(files: { readonly model: Uint8Array; readonly config: string }): {
  readonly settings: AdapterSettings;
  readonly state: AdapterState;
} {
  const found = new Map<string, HostTensor>();
  const head = new Map<string, HostTensor>();
  for (const tensor of readSafetensors(files.model).tensors) {
    const host = { shape: tensor.shape, values: toFloat32(tensor) };
    const part = /(?:^|\.)classifier\.(?:modules_to_save\.)?(?:default\.)?(weight|bias)$/u.exec(tensor.name)?.[1];
    if (part === 'bias') head.set('head.bias', host);
    else if (part === 'weight') head.set('head.weight', transposed(host));
    else found.set(adapterName(tensor.name), transposed(host));
  }
  if (head.size === 1) throw new AdapterFileError('the classifier needs both its weight and its bias');
  const { rank, alpha, dropout } = readConfig(files.config);
  for (const [name, { shape }] of found) {
    const at = name.endsWith('.down') ? 1 : 0;
    if (shape[at] !== rank) throw new AdapterFileError(`${name} has rank ${shape[at]}, the configuration says ${rank}`);
    const other = name.replace(/\.(down|up)$/u, (end) => (end === '.down' ? '.up' : '.down'));
    if (!found.has(other)) throw new AdapterFileError(`${name} is there, ${other} is not`);
  }
  const targets = adapterTargets.filter((target) => [...found.keys()].some((name) => name.split('.')[1] === target));
  const settings = { rank, alpha, dropout, targets, ...(head.size > 0 && { trainHead: true }) };
  const ofHead = ['head.weight', 'head.bias'].flatMap((name): [string, HostTensor][] => {
    const host = head.get(name);
    return host ? [[name, host]] : [];
  });
  return { settings, state: new Map([...ordered(found, targets), ...ofHead]) };
}

/** By block, by target, A before B, as new adapters are. */
function ordered(found: ReadonlyMap<string, HostTensor>, targets: readonly AdapterTarget[]): AdapterState {
  const key = (name: string) => {
    const [block, target, part] = name.split('.') as [string, AdapterTarget, string];
    return (Number(block) * targets.length + targets.indexOf(target)) * 2 + (part === 'down' ? 0 : 1);
  };
  return new Map([...found].sort(([a], [b]) => key(a) - key(b)));
}

function adapterName(stored: string): string {
  const match = /(?:^|\.)layer\.(\d+)\.(.+)\.(lora_A|lora_B)(?:\.default)?\.weight$/u.exec(stored);
  const target = match && adapterTargets.find((name) => modules[name] === match[2]);
  if (!match || !target) throw new AdapterFileError(`${stored} is no adapter of a vision transformer's layer`);
  return `${match[1]}.${target}.${match[3] === 'lora_A' ? 'down' : 'up'}`;
}

function readConfig(text: string): { rank: number; alpha: number; dropout: number } {
  let config: Record<string, unknown>;
  try {
    config = JSON.parse(text) as Record<string, unknown>;
  } catch (cause) {
    throw new AdapterFileError('the adapter configuration is not JSON', { cause });
  }
  const { r, lora_alpha: alpha, lora_dropout: dropout = 0, use_rslora: scaled = false } = config;
  if (typeof r !== 'number' || typeof alpha !== 'number' || typeof dropout !== 'number') {
    throw new AdapterFileError('the adapter configuration lacks r, lora_alpha or lora_dropout');
  }
  if (scaled !== false) throw new AdapterFileError('rank-stabilised adapters (use_rslora) are not read');
  return { rank: r, alpha, dropout };
}

function transposed({ shape, values }: HostTensor): HostTensor {
  const [rows, columns] = shape as [number, number];
  if (shape.length !== 2) throw new AdapterFileError(`an adapter must be a matrix, found shape [${shape.join(', ')}]`);
  const out = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) out[column * rows + row] = values[row * columns + column]!;
  }
  return { shape: [columns, rows], values: out };
}
