import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { readSafetensors, readShardIndex, readShards, type StoredTensor } from '../../lib/io/tensors/index.js';
import type { TransformerConfig } from './config.js';
import { readGgufModel } from './gguf.js';
import { readDecoderConfig } from './hugging-face.js';
import { readLlama2c } from './llama2c.js';
import { storedTensors, weightsFrom, type StoredModel, type WeightSet } from './weights.js';

/**
 * A decoder from a GGUF file, a llama2.c file (`.bin`), or safetensors (one file or the index of several) with `config.json`
 * beside them. `tokens` is the length of a sample. Throws `WeightError`, `TensorFileError`, or what reading a file throws.
 */
export async function loadDecoder(path: string, tokens?: number): Promise<StoredModel> {
  if (path.endsWith('.gguf')) return readGgufModel(await readFile(path), tokens);
  if (path.endsWith('.bin')) return readLlama2c(await readFile(path), tokens);
  const config = readDecoderConfig(await readFile(join(dirname(path), 'config.json'), 'utf8'), tokens);
  return { config, weights: await loadWeights(path, config) };
}

/** Weights of a safetensors file, or of all files that an index (`….safetensors.index.json`) names. Throws as `loadDecoder`. */
export async function loadWeights(path: string, config: TransformerConfig): Promise<WeightSet> {
  return weightsFrom(storedTensors(await loadTensors(path)), config);
}

async function loadTensors(path: string): Promise<readonly StoredTensor[]> {
  if (!basename(path).endsWith('.index.json')) return readSafetensors(await readFile(path)).tensors;
  const index = readShardIndex(await readFile(path, 'utf8'));
  const files = new Map<string, Uint8Array>();
  for (const file of index.keys()) files.set(file, await readFile(join(dirname(path), file)));
  return readShards(index, files);
}
