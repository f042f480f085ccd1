import { fromFloat32, readSafetensors, toFloat32, writeSafetensors } from '../tensors/index.js';
import * as z from 'zod';
import {
  targetOrder,
  type AdapterSettings,
  type AdapterState,
  type AdapterTarget,
  type AdapterTensor,
} from './adapters.js';
import { fusedOf, joinFused, splitFused } from './fused.js';
import { parsePeftName, peftNames, type PeftFamily, type PeftTarget } from './names.js';

/**
 * Adapters as Hugging Face's PEFT stores them for a ViT, GPT-2 or Llama: `adapter_model.safetensors` with A as rank × inputs
 * and B as outputs × rank, and `adapter_config.json`.
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

const root = 'base_model.model.';
const parts = { down: 'lora_A', up: 'lora_B' } as const;

/** Adapters of a model of `family` as PEFT's files. A trained classifier is saved whole (`modules_to_save`). */
export function writePeft(settings: AdapterSettings, state: AdapterState, family: PeftFamily = 'vit'): PeftFiles {
  const { layers, classifier, modules } = peftNames[family];
  const fused = family === 'gpt2' ? fusedOf(settings.targets) : [];
  const tensors = [...(fused.length > 0 ? joinFused(state, fused) : state)].map(([name, host]) => {
    if (name === 'head.bias') return fromFloat32(`${root}${classifier}.bias`, host.shape, host.values);
    const { shape, values } = transposed(host);
    if (name === 'head.weight') return fromFloat32(`${root}${classifier}.weight`, shape, values);
    const [block, target, part] = name.split('.') as [string, PeftTarget, keyof typeof parts];
    return fromFloat32(`${root}${layers}${block}.${modules[target]!}.${parts[part]}.weight`, shape, values);
  });
  const targets = new Set(settings.targets.map((target) => (fused.includes(target) ? 'fused' : target)));
  const config = {
    peft_type: 'LORA',
    r: settings.rank,
    lora_alpha: settings.alpha,
    lora_dropout: settings.dropout,
    bias: 'none',
    fan_in_fan_out: family === 'gpt2',
    inference_mode: true,
    ...(settings.trainHead && { modules_to_save: [classifier] }),
    ...(fused.length > 1 && {
      rank_pattern: { c_attn: fused.length * settings.rank },
      alpha_pattern: { c_attn: fused.length * settings.alpha },
    }),
    // A pattern, since the MLP's and the attention's output layers share the end of their names.
    target_modules: `.*\\.(${[...targets].map((target) => pattern(family, target)).join('|')})`,
  };
  return { model: writeSafetensors({ tensors, metadata: { format: 'pt' } }), config: JSON.stringify(config, null, 2) };
}

function pattern(family: PeftFamily, target: PeftTarget): string {
  const name = peftNames[family].modules[target]!.replaceAll('.', '\\.');
  return family === 'vit' && target === 'down' ? `\\d+\\.${name}` : name;
}

const headPart = /(?:^|\.)(?:classifier|score)\.(?:modules_to_save\.)?(?:default\.)?(weight|bias)$/u;

/**
 * Adapters from a PEFT file, with the settings they were trained with. Throws `AdapterFileError` on names or settings
 * that are not understood, `TensorFileError` on a damaged file.
 */
export function readPeft(files: { readonly model: Uint8Array; readonly config: string }): {
  readonly settings: AdapterSettings;
  readonly state: AdapterState;
} {
  const stored = new Map<string, AdapterTensor>();
  const head = new Map<string, AdapterTensor>();
  const families = new Set<PeftFamily>();
  for (const tensor of readSafetensors(files.model).tensors) {
    const host = { shape: tensor.shape, values: toFloat32(tensor) };
    if (!host.values.every(Number.isFinite))
      throw new AdapterFileError(`${tensor.name} has values that are not finite`);
    const part = headPart.exec(tensor.name)?.[1];
    if (part === 'bias') head.set('head.bias', host);
    else if (part === 'weight') head.set('head.weight', transposed(host));
    else {
      const parsed = parsePeftName(tensor.name);
      if (!parsed) throw new AdapterFileError(`${tensor.name} is no adapter of a transformer's layer`);
      if (stored.has(parsed.name)) throw new AdapterFileError(`${tensor.name} is there twice`);
      stored.set(parsed.name, transposed(host));
      families.add(parsed.family);
    }
  }
  if (families.size > 1) throw new AdapterFileError(`the file has adapters of ${[...families].join(' and ')}`);
  const [family] = families;
  const { rank, alpha, dropout, ranks } = readConfig(files.config, family);
  const found = family === 'gpt2' ? splitFused(stored, rank, ranks) : stored;
  if (!found)
    throw new AdapterFileError(`the adapters of c_attn are not ${ranks} of rank ${rank}, each of outputs of its own`);
  if (head.size === 1) throw new AdapterFileError('the classifier needs both its weight and its bias');
  for (const [name, { shape }] of found) {
    const at = name.endsWith('.down') ? 1 : 0;
    if (shape[at] !== rank) throw new AdapterFileError(`${name} has rank ${shape[at]}, the configuration says ${rank}`);
    const other = name.replace(/\.(down|up)$/u, (end) => (end === '.down' ? '.up' : '.down'));
    if (!found.has(other)) throw new AdapterFileError(`${name} is there, ${other} is not`);
  }
  const targets = targetOrder.filter((target) => [...found.keys()].some((name) => name.split('.')[1] === target));
  const settings = { rank, alpha, dropout, targets, ...(head.size > 0 && { trainHead: true }) };
  const ofHead = ['head.weight', 'head.bias'].flatMap((name): [string, AdapterTensor][] => {
    const host = head.get(name);
    return host ? [[name, host]] : [];
  });
  return { settings, state: new Map([...ordered(found, targets), ...ofHead]) };
}

/** By block, by target, A before B, as new adapters are. */
function ordered(found: ReadonlyMap<string, AdapterTensor>, targets: readonly AdapterTarget[]): AdapterState {
  const key = (name: string) => {
    const [block, target, part] = name.split('.') as [string, AdapterTarget, string];
    return (Number(block) * targets.length + targets.indexOf(target)) * 2 + (part === 'down' ? 0 : 1);
  };
  return new Map([...found].sort(([a], [b]) => key(a) - key(b)));
}

/** Fields that say nothing of what the adapters compute, or what this reader looks at otherwise. */
const harmless = new Set([
  'auto_mapping',
  'base_model_name_or_path',
  'inference_mode',
  // Of megatron_config and use_qalora, which must be off.
  'megatron_core',
  'qalora_group_size',
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

/** Every field that would give the adapters another meaning must be off. `ranks`: adapters side by side in GPT-2's c_attn. */
function readConfig(
  text: string,
  family: PeftFamily | undefined,
): { rank: number; alpha: number; dropout: number; ranks: number } {
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
  const ranks = family === 'gpt2' ? sideBySide(rest, rank, alpha) : 1;
  const ofGpt2 = new Set(['fan_in_fan_out', ...(ranks > 1 ? ['rank_pattern', 'alpha_pattern'] : [])]);
  const unread = Object.entries(rest).filter(([name, value]) => {
    if (family === 'gpt2' && ofGpt2.has(name)) return false;
    return name !== 'init_lora_weights' && !harmless.has(name) && !isOff(value);
  });
  if (unread.length > 0) {
    throw new AdapterFileError(`adapters with ${unread.map(([name]) => name).join(', ')} are not read`);
  }
  return { rank, alpha, dropout, ranks };
}

/** Patterns that give c_attn, and nothing else, two or three times rank and alpha; 1 where they are none such. */
function sideBySide(fields: Readonly<Record<string, unknown>>, rank: number, alpha: number): number {
  const times = (field: string, one: number) => {
    const [entry, ...more] = Object.entries((fields[field] ?? {}) as Record<string, unknown>);
    return entry && more.length === 0 && entry[0] === 'c_attn' ? Number(entry[1]) / one : undefined;
  };
  const ranks = times('rank_pattern', rank);
  return (ranks === 2 || ranks === 3) && times('alpha_pattern', alpha) === ranks ? ranks : 1;
}

function isOff(value: unknown): boolean {
  if (value === null || value === false) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function transposed({ shape, values }: AdapterTensor): AdapterTensor {
  const [rows, columns] = shape as [number, number];
  if (shape.length !== 2) throw new AdapterFileError(`an adapter must be a matrix, found shape [${shape.join(', ')}]`);
  const out = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) out[column * rows + row] = values[row * columns + column]!;
  }
  return { shape: [columns, rows], values: out };
}
