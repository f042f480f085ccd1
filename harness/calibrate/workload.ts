import { readFile } from 'node:fs/promises';
import { grammarDataset, imageNetNormalisation, proceduralDataset, resizeBicubic } from '../data/index.js';
import type { Dataset } from '../data/index.js';
import { cachedDataset } from '../device/index.js';
import { initialAdapters, type AdapterSettings, type AdapterState } from '../model/adapters.js';
import { deitTinyConfig, type TransformerConfig, type VitConfig } from '../model/config.js';
import { embeddedConfig, embeddedDecoder, embeddedWeights } from '../model/embedded.js';
import { randomWeights, readWeights, withFreshHead, type WeightSet } from '../model/weights.js';

/** A model with data of its size: what calibration and validation train. */
export interface TimingWorkload {
  readonly name: string;
  readonly config: TransformerConfig;
  readonly weights: WeightSet;
  readonly settings: AdapterSettings;
  readonly adapters: AdapterState;
  readonly dataset: Dataset;
}

export interface WorkloadOptions {
  readonly model: 'embedded' | 'embedded-decoder' | 'deit-tiny';
  /** Safetensors file of DeiT-Tiny; without it weights are drawn, which changes sizes of messages but hardly times. */
  readonly weightsFile?: string;
  /** For DeiT-Tiny; default 128. */
  readonly imageSize?: number;
  readonly rank?: number;
  readonly seed?: number;
}

/** Loads or draws a model, and drawn images or texts of its size. */
export async function timingWorkload(options: WorkloadOptions): Promise<TimingWorkload> {
  const { model, weightsFile, rank = 8, seed = 1 } = options;
  const settings: AdapterSettings = { rank, alpha: 2 * rank, targets: ['query', 'value'], dropout: 0, trainHead: true };
  // Few enough to be drawn once for all runs: drawing is no stage of a step, but takes its time beside them.
  const drawn = { classes: 'fine-tuning', length: 512, seed } as const;
  const dataset = cachedDataset(
    model === 'embedded-decoder' ? grammarDataset({ ...drawn, task: 'class' }) : proceduralDataset(drawn),
  );
  if (model !== 'deit-tiny') {
    const config = model === 'embedded' ? embeddedConfig : embeddedDecoder(dataset.classNames.length);
    const weights = await embeddedWeights(config, seed);
    const adapters = initialAdapters(config, settings, seed, weights);
    return { name: model, config, weights, settings, adapters, dataset };
  }
  const { imageSize = 128 } = options;
  const config: VitConfig = { ...deitTinyConfig, imageSize, classes: dataset.classNames.length };
  const weights = weightsFile
    ? withFreshHead(readWeights(await readFile(weightsFile), config), config, seed)
    : randomWeights(config, seed);
  return {
    name: `deit-tiny at ${imageSize} px${weightsFile ? '' : ', drawn weights'}`,
    config,
    weights,
    settings,
    adapters: initialAdapters(config, settings, seed, weights),
    dataset: { ...cachedDataset(enlarged(dataset, imageSize)), normalisation: imageNetNormalisation },
  };
}

/** The same images at another size. */
export function enlarged(dataset: Dataset, imageSize: number): Dataset {
  const side = dataset.shape[0]!;
  return {
    ...dataset,
    shape: [imageSize, imageSize, 3],
    values: async (index) => {
      const pixels = (await dataset.values(index)) as Uint8Array;
      return resizeBicubic({ width: side, height: side, pixels }, imageSize, imageSize).pixels;
    },
  };
}
