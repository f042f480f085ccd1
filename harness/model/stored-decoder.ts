import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  fromGguf,
  fromLlama2c,
  ggufDecoder,
  llamaBlock,
  readDecoderConfig,
  sampleTokens,
  type DecoderConfig,
} from '../../lib/io/decoders/index.js';
import { readLlama2cFile } from '../../lib/io/llama2c/index.js';
import {
  dequantized,
  readGguf,
  readSafetensors,
  readShardIndex,
  readShards,
  type StoredTensor,
} from '../../lib/io/tensors/index.js';
import type { TransformerConfig } from './config.js';
import { storedTensors, weightsFrom, type StoredModel, type WeightSet } from './weights.js';

/**
 * A decoder from a GGUF file, a llama2.c file (`.bin`), or safetensors (one file or the index of several) with `config.json`
 * beside them. `tokens` is the length of a sample, the longest that the model allows where it is absent. Throws
 * `TensorFileError` for files that are not readable or of models that are not known, `WeightError` naming all that does not
 * fit, or what reading a file throws.
 */
export async function loadDecoder(path: string, tokens?: number): Promise<StoredModel> {
  if (path.endsWith('.gguf')) return readGgufModel(await readFile(path), tokens);
  if (path.endsWith('.bin')) return readLlama2c(await readFile(path), tokens);
  const config = readDecoderConfig(await readFile(join(dirname(path), 'config.json'), 'utf8'), tokens);
  return { config, weights: await loadWeights(path, config) };
}

/** A Llama or GPT-2 from a GGUF file, dequantised. Throws as `loadDecoder`. */
export function readGgufModel(file: Uint8Array, tokens?: number): StoredModel {
  const read = readGguf(file);
  const config = ggufDecoder(read, tokens);
  const stored = read.tensors.map((tensor) => {
    return [tensor.name, () => ({ shape: tensor.shape, values: dequantized(tensor) })] as const;
  });
  return { config, weights: weightsFrom(new Map(stored), config, fromGguf(config)) };
}

/** A model of llama2.c. Throws as `loadDecoder`. */
export function readLlama2c(file: Uint8Array, tokens?: number): StoredModel {
  const { sizes, tensors } = readLlama2cFile(file);
  const { tied, tokens: longest, ...shared } = sizes;
  const config: DecoderConfig = {
    ...llamaBlock,
    ...shared,
    tokens: sampleTokens(tokens, longest),
    normEpsilon: 1e-5,
    rotaryBase: 10_000,
    head: { kind: 'language-model', tied },
  };
  const stored = new Map([...tensors].map(([name, tensor]) => [name, () => tensor]));
  return { config, weights: weightsFrom(stored, config, fromLlama2c(config)) };
}

/** Weights of a safetensors file, or of all files that an index (`….safetensors.index.json`) names. Throws as `loadDecoder`. */
export async function loadWeights(path: string, config: TransformerConfig): Promise<WeightSet> {
  return weightsFrom(storedTensors(await loadTensors(path)), config);
}

async function loadTensors(path: string): Promise<readonly StoredTensor[]> {
  if (!path.endsWith('.index.json')) return readSafetensors(await readFile(path)).tensors;
  const index = readShardIndex(await readFile(path, 'utf8'));
  const files = new Map<string, Uint8Array>();
  for (const file of index.keys()) files.set(file, await readFile(join(dirname(path), file)));
  return readShards(index, files);
}
