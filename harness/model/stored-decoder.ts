import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
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
import { readLlama2cFile, type Llama2cSizes } from '../../lib/io/llama2c/index.js';
import {
  dequantized,
  readGguf,
  readSafetensors,
  readShardIndex,
  readShards,
  TensorFileError,
  type StoredTensor,
} from '../../lib/io/tensors/index.js';
import type { TransformerConfig } from './config.js';
import { storedTensors, weightsFrom, type StoredModel, type WeightSet } from './weights.js';

/**
 * A decoder from a GGUF file, a llama2.c file (`.bin`), or safetensors (one file or the index of several, or a folder with
 * either) with `config.json` beside them. `tokens` is the length of a sample, the longest that the model allows where it is
 * absent. Throws `TensorFileError` for files that are not readable or of models that are not known, `WeightError` naming all
 * that does not fit, or what reading a file throws.
 */
export async function loadDecoder(path: string, tokens?: number): Promise<StoredModel> {
  const file = await weightsFile(path);
  if (file.endsWith('.gguf')) return readGgufModel(await readFile(file), tokens);
  if (file.endsWith('.bin')) return readLlama2c(await readFile(file), tokens);
  const config = await decoderConfig(file, tokens);
  return { config, weights: await loadWeights(file, config) };
}

/** What the files of `loadDecoder` say of the model. Throws as it does. */
export async function decoderConfig(path: string, tokens?: number): Promise<DecoderConfig> {
  const file = await weightsFile(path);
  if (file.endsWith('.gguf')) return ggufDecoder(readGguf(await readFile(file)), tokens);
  if (file.endsWith('.bin')) return llama2cConfig(readLlama2cFile(await readFile(file)).sizes, tokens);
  return readDecoderConfig(await readFile(join(dirname(file), 'config.json'), 'utf8'), tokens);
}

/** Of a folder of Hugging Face's its safetensors: one file, or the index of several. Throws as `loadDecoder`. */
export async function weightsFile(path: string): Promise<string> {
  if (!(await stat(path)).isDirectory()) return path;
  const names = ['model.safetensors', 'model.safetensors.index.json'];
  const found = names.map((name) => join(path, name)).find((file) => existsSync(file));
  if (found === undefined) throw new TensorFileError(`the folder has neither ${names.join(' nor ')}`);
  return found;
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
  const config = llama2cConfig(sizes, tokens);
  const stored = new Map([...tensors].map(([name, tensor]) => [name, () => tensor]));
  return { config, weights: weightsFrom(stored, config, fromLlama2c(config)) };
}

function llama2cConfig(sizes: Llama2cSizes, tokens: number | undefined): DecoderConfig {
  const { tied, tokens: longest, ...shared } = sizes;
  return {
    ...llamaBlock,
    ...shared,
    tokens: sampleTokens(tokens, longest),
    normEpsilon: 1e-5,
    rotaryBase: 10_000,
    head: { kind: 'language-model', tied },
  };
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
