import { readSafetensors, toFloat32 } from '../../lib/io/tensors/index.js';
import { randomStream } from '../../lib/random/index.js';
import { configProblems, gridSize, tokenCount, type VitConfig } from './config.js';

/** A tensor outside any backend. */
export interface HostTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Frozen weights by timm's names (`blocks.0.attn.qkv.weight`…). */
export type WeightSet = ReadonlyMap<string, HostTensor>;

/** Weights that do not fit the model: what is missing or of another shape, all at once. */
export class WeightError extends Error {
  override readonly name = 'WeightError';
}

/** Names and shapes of a model's weights. */
export function weightShapes(config: VitConfig): Map<string, readonly number[]> {
  const { width, mlpWidth, channels, patchSize, classes } = config;
  const shapes = new Map<string, readonly number[]>([
    ['patch_embed.proj.weight', [width, channels, patchSize, patchSize]],
    ['patch_embed.proj.bias', [width]],
    ['pos_embed', [1, tokenCount(config), width]],
  ]);
  if (config.pooling === 'class-token') shapes.set('cls_token', [1, 1, width]);
  for (let block = 0; block < config.blocks; block++) {
    const add = (name: string, shape: readonly number[]) => shapes.set(`blocks.${block}.${name}`, shape);
    add('norm1.weight', [width]);
    add('norm1.bias', [width]);
    add('attn.qkv.weight', [3 * width, width]);
    add('attn.qkv.bias', [3 * width]);
    add('attn.proj.weight', [width, width]);
    add('attn.proj.bias', [width]);
    add('norm2.weight', [width]);
    add('norm2.bias', [width]);
    add('mlp.fc1.weight', [mlpWidth, width]);
    add('mlp.fc1.bias', [mlpWidth]);
    add('mlp.fc2.weight', [width, mlpWidth]);
    add('mlp.fc2.bias', [width]);
  }
  shapes.set('norm.weight', [width]);
  shapes.set('norm.bias', [width]);
  shapes.set('head.weight', [classes, width]);
  shapes.set('head.bias', [classes]);
  return shapes;
}

/**
 * Tensors that a file may hold besides: they have no part in a classifier's forward pass. The pooler of Hugging Face's ViT
 * serves other tasks, mask tokens serve pre-training, position ids are their own indices.
 */
const harmless = [
  /^(?:(?:vit|deit)\.)?pooler\.dense\.(?:weight|bias)$/u,
  /(?:^|\.)mask_token$/u,
  /(?:^|\.)position_ids$/u,
];

/**
 * Weights from a safetensors file (float16, bfloat16 or float32) in timm's or Hugging Face's naming. Position embeddings
 * of another grid are interpolated; a head for another number of classes, or none, is replaced by zeros. A file with any
 * tensor that this model does not have (but for the harmless ones above) is of another model. Throws `WeightError` naming
 * everything that is missing, misshapen, not finite or too much; `TensorFileError` if the file is not readable.
 */
export function readWeights(file: Uint8Array, config: VitConfig): WeightSet {
  const problems = configProblems(config);
  const shapes = weightShapes(config);
  const stored = new Map<string, HostTensor>();
  const unread = new Set<string>();
  for (const tensor of readSafetensors(file).tensors) {
    if (harmless.some((pattern) => pattern.test(tensor.name))) continue;
    unread.add(tensor.name);
    if (!/^(?:F|BF)\d+$/u.test(tensor.dtype)) continue;
    stored.set(tensor.name, { shape: tensor.shape, values: toFloat32(tensor) });
  }
  const take = (name: string): HostTensor | undefined => {
    unread.delete(name);
    return stored.get(name);
  };
  const isOwn = stored.has('patch_embed.proj.weight');
  const named = isOwn ? { get: take } : fromHuggingFace(stored, take, config.blocks);
  const weights = new Map<string, HostTensor>();
  for (const [name, shape] of shapes) {
    const found = adapted(name, named.get(name), shape, config);
    if (!found) problems.push(`${name} is missing`);
    else if (!sameShape(found.shape, shape)) {
      problems.push(`${name} has shape [${found.shape.join(', ')}], the model needs [${shape.join(', ')}]`);
    } else if (!found.values.every(Number.isFinite)) problems.push(`${name} has values that are not finite`);
    else weights.set(name, found);
  }
  if (unread.size > 0) problems.push(`of another model: ${listed([...unread])}`);
  if (problems.length > 0) throw new WeightError(problems.join('\n'));
  return weights;
}

function listed(names: readonly string[]): string {
  const most = 8;
  const shown = names.slice(0, most).map((name) => JSON.stringify(name).slice(1, -1));
  return `${shown.join(', ')}${names.length > most ? ` and ${names.length - most} more` : ''}`;
}

/** Weights drawn from a seed: normal of deviation 0.02 as in the original, norms 1, biases 0. */
export function randomWeights(config: VitConfig, seed: number): WeightSet {
  const problems = configProblems(config);
  if (problems.length > 0) throw new WeightError(problems.join('\n'));
  const weights = new Map<string, HostTensor>();
  for (const [name, shape] of weightShapes(config)) {
    const values = new Float32Array(shape.reduce((product, extent) => product * extent, 1));
    if (/norm\d?\.weight$/u.test(name)) values.fill(1);
    else if (!name.endsWith('.bias')) {
      const random = randomStream(seed, name);
      for (let k = 0; k < values.length; k++) values[k] = 0.02 * random.normal();
    }
    weights.set(name, { shape, values });
  }
  return weights;
}

/** The same weights with a head drawn anew: normal of deviation 0.02, biases 0. The final norm stays. */
export function withFreshHead(weights: WeightSet, config: VitConfig, seed: number): WeightSet {
  const random = randomStream(seed, 'head.weight');
  const values = Float32Array.from({ length: config.classes * config.width }, () => 0.02 * random.normal());
  return new Map([
    ...weights,
    ['head.weight', { shape: [config.classes, config.width], values }],
    ['head.bias', { shape: [config.classes], values: new Float32Array(config.classes) }],
  ]);
}

function adapted(
  name: string,
  found: HostTensor | undefined,
  wanted: readonly number[],
  config: VitConfig,
): HostTensor | undefined {
  if (name.startsWith('head.') && (!found || found.shape[0] !== wanted[0])) {
    return { shape: wanted, values: new Float32Array(wanted.reduce((product, extent) => product * extent, 1)) };
  }
  if (name === 'pos_embed' && found && !sameShape(found.shape, wanted)) return interpolatePositions(found, config);
  return found;
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((extent, k) => extent === b[k]);
}

/**
 * Position embeddings on another grid by bicubic interpolation with half-pixel centres and a = −0.75, the convention of
 * the frameworks these weights come from. The class token's entry is kept.
 */
export function interpolatePositions(positions: HostTensor, config: VitConfig): HostTensor {
  const width = config.width;
  const lead = config.pooling === 'class-token' ? 1 : 0;
  const from = Math.round(Math.sqrt(positions.shape[1]! - lead));
  if (from ** 2 + lead !== positions.shape[1] || positions.shape[2] !== width) return positions;
  const to = gridSize(config);
  const values = new Float32Array((to * to + lead) * width);
  values.set(positions.values.subarray(0, lead * width));
  const axis = Array.from({ length: to }, (_, k) => cubicTaps((k + 0.5) * (from / to) - 0.5, from));
  for (let row = 0; row < to; row++) {
    for (let column = 0; column < to; column++) {
      const target = (lead + row * to + column) * width;
      for (const [y, weightY] of axis[row]!) {
        for (const [x, weightX] of axis[column]!) {
          const source = (lead + y * from + x) * width;
          const weight = weightY * weightX;
          for (let k = 0; k < width; k++) values[target + k]! += weight * positions.values[source + k]!;
        }
      }
    }
  }
  return { shape: [1, to * to + lead, width], values };
}

/** Four neighbours of a position and their cubic-convolution weights (Keys 1981), clamped at the border. */
function cubicTaps(position: number, size: number): [number, number][] {
  const base = Math.floor(position);
  const a = -0.75;
  const weight = (distance: number) => {
    const t = Math.abs(distance);
    if (t <= 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
    return t < 2 ? ((a * t - 5 * a) * t + 8 * a) * t - 4 * a : 0;
  };
  return [-1, 0, 1, 2].map((offset) => {
    const index = Math.min(size - 1, Math.max(0, base + offset));
    return [index, weight(position - (base + offset))];
  });
}

/** Hugging Face's ViT names and separate query, key and value matrices, as timm's. */
function fromHuggingFace(
  stored: ReadonlyMap<string, HostTensor>,
  take: (name: string) => HostTensor | undefined,
  blocks: number,
): Map<string, HostTensor> {
  const full = new Map([...stored.keys()].map((name) => [name.replace(/^(vit|deit)\./u, ''), name]));
  const plain = { get: (name: string) => take(full.get(name) ?? name) };
  const named = new Map<string, HostTensor>();
  const copy = (to: string, from: string) => {
    const tensor = plain.get(from);
    if (tensor) named.set(to, tensor);
  };
  copy('cls_token', 'embeddings.cls_token');
  copy('pos_embed', 'embeddings.position_embeddings');
  for (const part of ['weight', 'bias']) {
    copy(`patch_embed.proj.${part}`, `embeddings.patch_embeddings.projection.${part}`);
    copy(`norm.${part}`, `layernorm.${part}`);
    copy(`head.${part}`, `classifier.${part}`);
    for (let block = 0; block < blocks; block++) {
      const layer = `encoder.layer.${block}`;
      const target = `blocks.${block}`;
      copy(`${target}.norm1.${part}`, `${layer}.layernorm_before.${part}`);
      copy(`${target}.norm2.${part}`, `${layer}.layernorm_after.${part}`);
      copy(`${target}.attn.proj.${part}`, `${layer}.attention.output.dense.${part}`);
      copy(`${target}.mlp.fc1.${part}`, `${layer}.intermediate.dense.${part}`);
      copy(`${target}.mlp.fc2.${part}`, `${layer}.output.dense.${part}`);
      const thirds = ['query', 'key', 'value'].map((name) => plain.get(`${layer}.attention.attention.${name}.${part}`));
      if (thirds.every((third) => third !== undefined)) named.set(`${target}.attn.qkv.${part}`, stacked(thirds));
    }
  }
  return named;
}

/** Tensors one above the other along their first axis. */
function stacked(tensors: readonly HostTensor[]): HostTensor {
  const [first] = tensors;
  const values = new Float32Array(tensors.reduce((sum, tensor) => sum + tensor.values.length, 0));
  let offset = 0;
  for (const tensor of tensors) {
    values.set(tensor.values, offset);
    offset += tensor.values.length;
  }
  const rows = tensors.reduce((sum, tensor) => sum + tensor.shape[0]!, 0);
  return { shape: [rows, ...first!.shape.slice(1)], values };
}
