import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { LoadedBackend } from '../backend/tensorflow.js';
import {
  cifarDataset,
  grammarDataset,
  grammarTokens,
  grammarVocabulary,
  imageNetNormalisation,
  jpegDecoder,
  plainNormalisation,
  preprocessorNormalisation,
  proceduralDataset,
  thinned,
  tinyImageNetDataset,
  type Dataset,
  type Normalisation,
} from '../data/index.js';
import { initialAdapters, type AdapterSettings, type AdapterState } from '../model/adapters.js';
import type { TransformerConfig, VitConfig } from '../model/config.js';
import { embeddedDecoder, embeddedWeights } from '../model/embedded.js';
import { randomWeights, readWeights, WeightError, withFreshHead, type WeightSet } from '../model/weights.js';
import type { Scenario } from './scenario.js';
import { shapePresets, type ScenarioFile } from './schema/index.js';

/** All that is read or drawn for a training, the same on every machine that takes part. */
export interface Workload {
  readonly config: TransformerConfig;
  readonly weights: WeightSet;
  readonly adapterSettings: AdapterSettings;
  readonly adapters: AdapterState;
  readonly dataset: Dataset;
  /** Absent where accuracy is not measured. */
  readonly evaluationSet: Dataset | undefined;
}

/** What of a scenario says which data and model are meant. */
export type WorkloadSource = Pick<Scenario, 'file' | 'folder' | 'seed'>;

/** Loads data and model. Throws `DatasetError`, `WeightError`, `TensorFileError`, or what reading a file throws. */
export async function loadWorkload(scenario: WorkloadSource, backend: LoadedBackend): Promise<Workload> {
  const { file, seed } = scenario;
  const { dataset, evaluationSet } = await loadData(scenario, backend);
  const config = modelConfig(file, dataset.classNames.length);
  const trainHead = file.lora.trainHead ?? !isLanguageModel(file);
  const adapterSettings: AdapterSettings = { ...file.lora, trainHead };
  const weights = await loadWeights(scenario, config);
  return {
    config,
    weights,
    adapterSettings,
    adapters: initialAdapters(config, adapterSettings, seed, weights),
    dataset,
    evaluationSet,
  };
}

/** Whether a scenario's model names words rather than classes. */
export function isLanguageModel({ data }: Pick<ScenarioFile, 'data'>): boolean {
  return data.task === 'next-word';
}

/** The model that a scenario trains, with a head for so many classes where it names classes. */
export function modelConfig(file: Pick<ScenarioFile, 'model' | 'data'>, classes: number): TransformerConfig {
  const { model } = file;
  if (model === 'embedded-decoder') return embeddedDecoder(isLanguageModel(file) ? 0 : classes);
  if (typeof model === 'object' && 'family' in model) {
    const { shape } = model;
    const { positions, rotaryBase, tiedHead, keyValueHeads = shape.heads, ...sizes } = shape;
    return {
      ...sizes,
      keyValueHeads,
      causal: true,
      ...(positions === 'rotary' && { rotaryBase }),
      learnedPositions: positions === 'learned' ? grammarTokens : 0,
      vocabulary: grammarVocabulary,
      tokens: grammarTokens,
      head: isLanguageModel(file) ? { kind: 'language-model', tied: tiedHead } : { kind: 'classifier', classes },
    };
  }
  const { shape, imageSize } = model === 'embedded' ? { shape: model } : model;
  const pooling = 'class-token' as const;
  const sizes = typeof shape === 'string' ? { ...shapePresets[shape], pooling } : { imageSize: 0, ...shape };
  return { ...sizes, imageSize: imageSize ?? sizes.imageSize, channels: 3, classes, layerNormEpsilon: 1e-6 };
}

async function loadWeights({ file, folder, seed }: WorkloadSource, config: TransformerConfig): Promise<WeightSet> {
  const { model } = file;
  if (typeof model === 'string') return embeddedWeights(config, seed);
  if (model.weights === undefined) return randomWeights(config, model.seed!);
  // The stored head speaks of other classes.
  return withFreshHead(readWeights(await readFile(resolve(folder, model.weights)), config), config, seed);
}

/** What published weights of these shapes were trained with. */
const shapeNormalisation = {
  embedded: plainNormalisation,
  'deit-tiny': imageNetNormalisation,
  'deit-small': imageNetNormalisation,
  'vit-b16': plainNormalisation,
} as const;

/** As the weights want it: the file's word, the configuration beside the weights, or what is usual for the shape. */
async function normalisationOf({ file, folder }: WorkloadSource): Promise<Normalisation> {
  const { model } = file;
  if (typeof model === 'string' || 'family' in model) return plainNormalisation;
  const { normalisation: given, shape, weights } = model;
  if (given === 'imagenet') return imageNetNormalisation;
  if (given === 'plain') return plainNormalisation;
  if (given) return given;
  const beside = weights === undefined ? undefined : await preprocessorNormalisation(dirname(resolve(folder, weights)));
  if (beside) return beside;
  if (typeof shape === 'string') return shapeNormalisation[shape];
  if (weights === undefined) return plainNormalisation;
  throw new WeightError(
    'how the weights want their pixels is not known: give `model.normalisation`, or put preprocessor_config.json beside them',
  );
}

async function loadData(
  source: WorkloadSource,
  backend: LoadedBackend,
): Promise<Pick<Workload, 'dataset' | 'evaluationSet'>> {
  const { file, folder, seed } = source;
  const { set, task = 'class', images, evaluationImages, badPictures } = file.data;
  if (set === 'grammar' || set === 'procedural') {
    const drawn = (length: number, own: number) => {
      const options = { classes: 'fine-tuning', length, seed: own } as const;
      return set === 'grammar' ? grammarDataset({ ...options, task }) : proceduralDataset(options);
    };
    // What the model is judged by is of another seed.
    const evaluationSet = evaluationImages > 0 ? drawn(evaluationImages, seed + 1_000_003) : undefined;
    return { dataset: drawn(images ?? 2400, seed), evaluationSet };
  }
  const { imageSize } = modelConfig(file, 1) as VitConfig;
  const normalisation = await normalisationOf(source);
  const place = resolve(folder, file.data.folder ?? '.');
  const read = (isTraining: boolean) => {
    if (set === 'tiny-imagenet') {
      const part = isTraining ? 'train' : 'val';
      return tinyImageNetDataset({ folder: place, part, imageSize, decoder: jpegDecoder(backend), badPictures });
    }
    return cifarDataset({ folder: place, variant: set, part: isTraining ? 'train' : 'test', imageSize });
  };
  const part = async (isTraining: boolean, length: number | undefined) => ({
    ...thinned(await read(isTraining), length),
    normalisation,
  });
  const evaluationSet = evaluationImages > 0 ? await part(false, evaluationImages) : undefined;
  return { dataset: await part(true, images), evaluationSet };
}
