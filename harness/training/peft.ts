import { fromFloat32, readSafetensors, toFloat32, writeSafetensors } from '../../lib/io/tensors/index.js';
import { adapterTargets, type AdapterSettings, type AdapterState, type AdapterTarget } from '../model/adapters.js';
import * as z from 'zod';
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
  readonly code = 'adapter-file';
}

const modules: Record<AdapterTarget, string> = {
  query: 'attention.attention.query',
  key: 'attention.attention.key',
  value: 'attention.attention.value',
  output: 'attention.output.dense',
  up: 'intermediate.dense',
  down: 'output.dense',
  gate: 'gate_proj',
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
    if (!host.values.every(Number.isFinite))
      throw new AdapterFileError(`${tensor.name} has values that are not finite`);
    const part = /(?:^|\.)classifier\.(?:modules_to_save\.)?(?:default\.)?(weight|bias)$/u.exec(tensor.name)?.[1];
    if (part === 'bias') head.set('head.bias', host);
    else if (part === 'weight') head.set('head.weight', transposed(host));
    else {
      const name = adapterName(tensor.name);
      if (found.has(name)) throw new AdapterFileError(`${tensor.name} is there twice`);
      found.set(name, transposed(host));
    }
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

/** Fields that say nothing of what the adapters compute, or what this reader looks at otherwise. */
const harmless = new Set([
  'auto_mapping',
  'base_model_name_or_path',
  'inference_mode',
  'modules_to_save',
  'peft_version',
  'revision',
  'target_modules',
  'task_type',
]);
/** Ways to start that leave the base model as it is; the others (PiSSA, OLoRA, LoftQ, …) change it. */
const plainStarts: ReadonlySet<unknown> = new Set([true, false, 'gaussian', 'eva', 'orthogonal']);

const config = z.looseObject({
  peft_type: z.literal('LORA').default('LORA'),
  r: z.int().min(1),
  lora_alpha: z.number().positive(),
  lora_dropout: z.number().min(0).max(1).default(0),
  bias: z.literal('none').default('none'),
  init_lora_weights: z
    .unknown()
    .refine((value) => plainStarts.has(value), 'changes the base model')
    .optional(),
});

/** Every field that would give the adapters another meaning must be off. */
function readConfig(text: string): { rank: number; alpha: number; dropout: number } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new AdapterFileError('the adapter configuration is not JSON', { cause });
  }
  const parsed = config.safeParse(json);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new AdapterFileError(`the adapter configuration cannot be used: ${problems.join('; ')}`);
  }
  const { peft_type: _type, r: rank, lora_alpha: alpha, lora_dropout: dropout, bias: _bias, ...rest } = parsed.data;
  const unread = Object.entries(rest).filter(([name, value]) => {
    return name !== 'init_lora_weights' && !harmless.has(name) && !isOff(value);
  });
  if (unread.length > 0) {
    throw new AdapterFileError(`adapters with ${unread.map(([name]) => name).join(', ')} are not read`);
  }
  return { rank, alpha, dropout };
}

function isOff(value: unknown): boolean {
  if (value === null || value === false) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
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
