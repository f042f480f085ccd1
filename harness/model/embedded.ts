import { readFile } from 'node:fs/promises';
import { isDecoder, type DecoderConfig, type TransformerConfig, type VitConfig } from './config.js';
import { readWeights, withFreshHead, type WeightSet } from './weights.js';

/** The small transformer that comes with the project: 17 tokens, 0.7 M parameters. */
export const embeddedConfig: VitConfig = {
  imageSize: 32,
  patchSize: 8,
  channels: 3,
  width: 96,
  blocks: 6,
  heads: 3,
  mlpWidth: 384,
  classes: 24,
  pooling: 'class-token',
  layerNormEpsilon: 1e-6,
};

/** The small decoder that comes with the project, made as Llama is: texts of 32 words of 118, 0.3 M parameters. */
export const embeddedDecoderConfig: DecoderConfig = {
  width: 64,
  blocks: 6,
  heads: 4,
  keyValueHeads: 2,
  mlpWidth: 176,
  norm: 'rms',
  normEpsilon: 1e-5,
  causal: true,
  activation: 'silu',
  gatedMlp: true,
  biases: false,
  rotaryBase: 10_000,
  vocabulary: 118,
  tokens: 32,
  learnedPositions: 0,
  head: { kind: 'language-model', tied: false },
};

/** The same with a head for so many classes; with none it names the next word. */
export function embeddedDecoder(classes: number): DecoderConfig {
  return classes === 0 ? embeddedDecoderConfig : { ...embeddedDecoderConfig, head: { kind: 'classifier', classes } };
}

/**
 * Their weights, pre-trained on drawn images or texts of the pre-training classes (`sft-opt pretrain`). A classifier is
 * drawn anew from `headSeed`: fine-tuning has other classes.
 */
export async function embeddedWeights(config: TransformerConfig = embeddedConfig, headSeed = 1): Promise<WeightSet> {
  const name = isDecoder(config) ? 'embedded-decoder' : 'embedded-vit';
  const file = await readFile(new URL(`../data/${name}.safetensors`, import.meta.url));
  return withFreshHead(readWeights(file, config), config, headSeed);
}
