import { fromDecoder, stacked, type Naming, type Take } from '../../lib/io/decoders/index.js';
import { interpolateGrid } from '../../lib/io/images/index.js';
import { readSafetensors, toFloat32, type StoredTensor } from '../../lib/io/tensors/index.js';
import { randomStream } from '../../lib/random/index.js';
import {
  blockConfig,
  configProblems,
  gridSize,
  isDecoder,
  keyValueWidth,
  labelCount,
  tokenCount,
  type DecoderConfig,
  type TransformerConfig,
} from './config.js';
import { WeightError, type HostTensor, type WeightSet } from './host-tensor.js';

export { WeightError, type HostTensor, type WeightSet } from './host-tensor.js';

/** Names and shapes of a model's weights. */
export function weightShapes(config: TransformerConfig): Map<string, readonly number[]> {
  const { width, mlpWidth, norm, gatedMlp, biases } = blockConfig(config);
  const shapes = new Map<string, readonly number[]>(embeddingShapes(config));
  const addNorm = (name: string) => {
    shapes.set(`${name}.weight`, [width]);
    if (norm === 'layer') shapes.set(`${name}.bias`, [width]);
  };
  const addLayer = (name: string, outputs: number, inputs: number) => {
    shapes.set(`${name}.weight`, [outputs, inputs]);
    if (biases) shapes.set(`${name}.bias`, [outputs]);
  };
  for (let block = 0; block < config.blocks; block++) {
    const at = `blocks.${block}`;
    addNorm(`${at}.norm1`);
    addLayer(`${at}.attn.qkv`, width + 2 * keyValueWidth(blockConfig(config)), width);
    addLayer(`${at}.attn.proj`, width, width);
    addNorm(`${at}.norm2`);
    addLayer(`${at}.mlp.fc1`, mlpWidth, width);
    if (gatedMlp) addLayer(`${at}.mlp.gate`, mlpWidth, width);
    addLayer(`${at}.mlp.fc2`, width, mlpWidth);
  }
  addNorm('norm');
  const isLanguageModel = isDecoder(config) && config.head.kind === 'language-model';
  if (!isLanguageModel || !config.head.tied) shapes.set('head.weight', [labelCount(config), width]);
  if (!isLanguageModel) shapes.set('head.bias', [labelCount(config)]);
  return shapes;
}

function embeddingShapes(config: TransformerConfig): [string, readonly number[]][] {
  const { width } = config;
  if (isDecoder(config)) {
    const { vocabulary, learnedPositions } = config;
    const words: [string, readonly number[]][] = [['token_embed.weight', [vocabulary, width]]];
    return learnedPositions > 0 ? [...words, ['pos_embed', [1, learnedPositions, width]]] : words;
  }
  const { channels, patchSize, pooling } = config;
  const patches: [string, readonly number[]][] = [
    ['patch_embed.proj.weight', [width, channels, patchSize, patchSize]],
    ['patch_embed.proj.bias', [width]],
    ['pos_embed', [1, tokenCount(config), width]],
  ];
  return pooling === 'class-token' ? [...patches, ['cls_token', [1, 1, width]]] : patches;
}

/**
 * Tensors that a file may hold besides: they have no part in a classifier's forward pass. The pooler of Hugging Face's ViT
 * serves other tasks, mask tokens serve pre-training, position ids are their own indices; decoders store causal masks and
 * rotary frequencies.
 */
const harmless = [
  /^(?:(?:vit|deit)\.)?pooler\.dense\.(?:weight|bias)$/u,
  /(?:^|\.)mask_token$/u,
  /(?:^|\.)position_ids$/u,
  /\.attn\.(?:masked_)?bias$/u,
  /\.rotary_emb\.inv_freq$/u,
];

/**
 * Weights from a safetensors file (float16, bfloat16 or float32) in timm's or Hugging Face's naming (ViT, GPT-2 or Llama).
 * Position embeddings
 * of another grid are interpolated; a head for another number of classes, or none, is replaced by zeros. A file with any
 * tensor that this model does not have (but for the harmless ones above) is of another model. Throws `WeightError` naming
 * everything that is missing, misshapen, not finite or too much; `TensorFileError` if the file is not readable.
 */
export function readWeights(file: Uint8Array, config: TransformerConfig): WeightSet {
  return weightsFrom(storedTensors(readSafetensors(file).tensors), config);
}

/** Tensors of safetensors files by name; those that hold no floating-point values are known by name alone. */
export function storedTensors(tensors: readonly StoredTensor[]): StoredTensors {
  return new Map(
    tensors.map((tensor) => {
      const isFloat = /^(?:F|BF)\d+$/u.test(tensor.dtype);
      return [tensor.name, isFloat ? () => ({ shape: tensor.shape, values: toFloat32(tensor) }) : undefined];
    }),
  );
}

/** A decoder with its sizes, as its files hold it. */
export interface StoredModel {
  readonly config: DecoderConfig;
  readonly weights: WeightSet;
}

/** Stored tensors by name, decoded when they are taken; undefined for what cannot be a weight. */
export type StoredTensors = ReadonlyMap<string, (() => HostTensor) | undefined>;

/** As `readWeights`, from tensors whatever file they come from; `naming` gives them the project's names. */
export function weightsFrom(stored: StoredTensors, config: TransformerConfig, naming?: Naming): WeightSet {
  const problems = configProblems(config);
  if (problems.length > 0) throw new WeightError(problems.join('\n'));
  const names = [...stored.keys()].filter((name) => !harmless.some((pattern) => pattern.test(name)));
  const unread = new Set(names);
  const take: Take = (name) => {
    const read = stored.get(name);
    if (read) unread.delete(name);
    return read?.();
  };
  const isOwn = stored.has('patch_embed.proj.weight') || stored.has('token_embed.weight');
  const renamed = naming ?? (isOwn ? undefined : isDecoder(config) ? fromDecoder : fromVit);
  const named = renamed ? renamed(names, take, config.blocks) : { get: take };
  const weights = new Map<string, HostTensor>();
  for (const [name, shape] of weightShapes(config)) {
    const found = adapted(name, named.get(name), shape, config);
    if (!found) problems.push(`${name} is missing`);
    else if (!sameShape(found.shape, shape)) {
      problems.push(`${name} has shape [${found.shape.join(', ')}], the model needs [${shape.join(', ')}]`);
    } else if (!found.values.every(Number.isFinite)) problems.push(`${name} has values that are not finite`);
    else weights.set(name, found);
  }
  const others = [...unread].map((name) => JSON.stringify(name).slice(1, -1));
  if (others.length > 0) problems.push(`of another model: ${listed(others, 8, ', ')}`);
  if (problems.length > 0) throw new WeightError(listed(problems, 100, '\n'));
  return weights;
}

function listed(items: readonly string[], most: number, between: string): string {
  const more = items.length > most ? [`and ${items.length - most} more`] : [];
  return [...items.slice(0, most), ...more].join(between);
}

/** Weights drawn from a seed: normal of deviation 0.02 as in the original, norms 1, biases 0. */
export function randomWeights(config: TransformerConfig, seed: number): WeightSet {
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

/**
 * The same weights with a classifier drawn anew: normal of deviation 0.02, biases 0. The final norm stays, and so does the
 * head of a language model.
 */
export function withFreshHead(weights: WeightSet, config: TransformerConfig, seed: number): WeightSet {
  if (isDecoder(config) && config.head.kind === 'language-model') return weights;
  const classes = labelCount(config);
  const random = randomStream(seed, 'head.weight');
  const values = Float32Array.from({ length: classes * config.width }, () => 0.02 * random.normal());
  return new Map([
    ...weights,
    ['head.weight', { shape: [classes, config.width], values }],
    ['head.bias', { shape: [classes], values: new Float32Array(classes) }],
  ]);
}

function adapted(
  name: string,
  found: HostTensor | undefined,
  wanted: readonly number[],
  config: TransformerConfig,
): HostTensor | undefined {
  const hasClassifier = !isDecoder(config) || config.head.kind === 'classifier';
  const isOfOtherClasses = !found || (found.shape[0] !== wanted[0] && sameShape(found.shape.slice(1), wanted.slice(1)));
  if (hasClassifier && name.startsWith('head.') && isOfOtherClasses) {
    return { shape: wanted, values: new Float32Array(wanted.reduce((product, extent) => product * extent, 1)) };
  }
  if (!isDecoder(config) && name === 'pos_embed' && found && !sameShape(found.shape, wanted))
    return interpolateGrid(found, config.width, config.pooling === 'class-token' ? 1 : 0, gridSize(config));
  return found;
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((extent, k) => extent === b[k]);
}

/** Hugging Face's ViT names and separate query, key and value matrices, as timm's. */
function fromVit(names: readonly string[], take: Take, blocks: number): Map<string, HostTensor> {
  const full = new Map(names.map((name) => [name.replace(/^(vit|deit)\./u, ''), name]));
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
