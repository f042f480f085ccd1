import { readLlama2cFile } from '../../lib/io/llama2c/index.js';
import type { DecoderConfig } from './config.js';
import { halved, stacked, type Naming } from './decoder-names.js';
import { weightsFrom, WeightError, type StoredModel } from './weights.js';

/**
 * A model of llama2.c. `tokens` is the length of a sample, the longest that the file allows where it is absent. Throws
 * `TensorFileError` if the file is not readable, `WeightError` naming what cannot be used.
 */
export function readLlama2c(file: Uint8Array, tokens?: number): StoredModel {
  const { sizes, tensors } = readLlama2cFile(file);
  const { tied, tokens: longest, ...shared } = sizes;
  if (tokens !== undefined && tokens > longest) {
    throw new WeightError(`${tokens} tokens are more than the model's ${longest}`);
  }
  const config: DecoderConfig = {
    ...shared,
    tokens: tokens ?? longest,
    learnedPositions: 0,
    norm: 'rms',
    normEpsilon: 1e-5,
    causal: true,
    activation: 'silu',
    gatedMlp: true,
    biases: false,
    rotaryBase: 10_000,
    head: { kind: 'language-model', tied },
  };
  const stored = new Map([...tensors].map(([name, tensor]) => [name, () => tensor]));
  return { config, weights: weightsFrom(stored, config, fromLlama2c(config)) };
}

/** Rotary positions turn neighbouring pairs in these files. */
function fromLlama2c({ heads, keyValueHeads }: DecoderConfig): Naming {
  return (names, take, blocks) => {
    const named = new Map(
      names.filter((name) => !/\.[qkv]$/u.test(name)).map((name) => [`${name}.weight`, take(name)!] as const),
    );
    for (let block = 0; block < blocks; block++) {
      const [q, k, v] = ['q', 'k', 'v'].map((part) => take(`blocks.${block}.${part}`)!);
      named.set(`blocks.${block}.attn.qkv.weight`, stacked([halved(q!, heads), halved(k!, keyValueHeads), v!]));
    }
    return named;
  };
}
