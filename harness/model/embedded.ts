import { readFile } from 'node:fs/promises';
import type { VitConfig } from './config.js';
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

/**
 * Its weights, pre-trained on the drawn images of the pre-training classes (`sft-opt pretrain`). The head is drawn anew
 * from `headSeed`: fine-tuning has other classes.
 */
export async function embeddedWeights(config: VitConfig = embeddedConfig, headSeed = 1): Promise<WeightSet> {
  const file = await readFile(new URL('../data/embedded-vit.safetensors', import.meta.url));
  return withFreshHead(readWeights(file, config), config, headSeed);
}
