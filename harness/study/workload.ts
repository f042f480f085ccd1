import { readFile } from 'node:fs/promises';
import type { LoadedBackend } from '../backend/tensorflow.js';
import {
  grammarDataset,
  imageNetNormalisation,
  jpegDecoder,
  proceduralDataset,
  thinned,
  tinyImageNetDataset,
  type Dataset,
} from '../data/index.js';
import { cachedDataset } from '../device/index.js';
import { deitTinyConfig, type TransformerConfig, type VitConfig } from '../model/config.js';
import { embeddedConfig, embeddedDecoder, embeddedWeights } from '../model/embedded.js';
import { FrozenWeights } from '../model/frozen-weights.js';
import { readWeights, WeightError, type WeightSet } from '../model/weights.js';
import { loadModel } from '../scenario/load.js';
import type { RunSettings, StudyWorkload } from './settings.js';

/** Model and data of a study, loaded once for all runs of a process. */
export interface Workload {
  readonly config: TransformerConfig;
  readonly weights: WeightSet;
  readonly frozen: FrozenWeights;
  readonly train: Dataset;
  readonly validation: Dataset;
}

export async function loadWorkload(
  backend: LoadedBackend,
  settings: Pick<RunSettings, 'workload' | 'trainImages' | 'validationImages'>,
): Promise<Workload> {
  const { workload, trainImages, validationImages } = settings;
  const loaded =
    workload.kind === 'deit-tiny'
      ? await loadDeit(backend, workload)
      : workload.kind === 'scenario'
        ? await loadScenario(backend, workload)
        : await loadEmbedded(workload, trainImages, validationImages);
  return {
    ...loaded,
    frozen: new FrozenWeights(backend.tf, loaded.config, loaded.weights),
    // A study sees each image many times, and only one copy is held by a process.
    train: cachedDataset(thinned(loaded.train, trainImages), Infinity),
    validation: cachedDataset(thinned(loaded.validation, validationImages), Infinity),
  };
}

type Unfrozen = Omit<Workload, 'frozen'>;
type Kind<K extends StudyWorkload['kind']> = Extract<StudyWorkload, { kind: K }>;

/** Drawn images or texts of classes that the weights have not seen. */
async function loadEmbedded(
  workload: Kind<'embedded' | 'embedded-decoder'>,
  trainImages = 8192,
  validationImages = 5000,
): Promise<Unfrozen> {
  const { headSeed, trainSeed, validationSeed } = workload;
  const drawn = (length: number, seed: number) =>
    workload.kind === 'embedded'
      ? proceduralDataset({ classes: 'fine-tuning', length, seed })
      : grammarDataset({ classes: 'fine-tuning', task: workload.task, length, seed });
  const train = drawn(trainImages, trainSeed);
  const config = workload.kind === 'embedded' ? embeddedConfig : embeddedDecoder(train.classNames.length);
  const weights = await embeddedWeights(config, headSeed);
  return { config, weights, train, validation: drawn(validationImages, validationSeed) };
}

async function loadScenario(backend: LoadedBackend, { data, model, seed }: Kind<'scenario'>): Promise<Unfrozen> {
  const { dataset, evaluationSet, ...rest } = await loadModel({ file: { data, model }, folder: '.', seed }, backend);
  return { ...rest, train: dataset, validation: evaluationSet! };
}

async function loadDeit(backend: LoadedBackend, workload: Kind<'deit-tiny'>): Promise<Unfrozen> {
  const { imageSize, folder, headRows } = workload;
  const stored: VitConfig = { ...deitTinyConfig, imageSize };
  const weights = withHeadRows(readWeights(await readFile(workload.weights), stored), headRows);
  const decoder = jpegDecoder(backend);
  const part = async (name: 'train' | 'val'): Promise<Dataset> => ({
    ...(await tinyImageNetDataset({ folder, part: name, imageSize, decoder })),
    normalisation: imageNetNormalisation,
  });
  const [train, validation] = await Promise.all([part('train'), part('val')]);
  if (train.classNames.length !== headRows.length) {
    throw new WeightError(`${headRows.length} rows of the head for ${train.classNames.length} classes`);
  }
  const config = { ...stored, classes: headRows.length };
  return { config, weights, train, validation };
}

/** Weights whose classifier keeps only some of its classes, in the order given. */
export function withHeadRows(weights: WeightSet, rows: readonly number[]): WeightSet {
  const matrix = weights.get('head.weight')!;
  const bias = weights.get('head.bias')!;
  const width = matrix.shape[1]!;
  const values = new Float32Array(rows.length * width);
  const shifts = new Float32Array(rows.length);
  rows.forEach((row, k) => {
    if (row >= matrix.shape[0]!) throw new WeightError(`the head has ${matrix.shape[0]} classes, none at ${row}`);
    values.set(matrix.values.subarray(row * width, (row + 1) * width), k * width);
    shifts[k] = bias.values[row]!;
  });
  return new Map(weights)
    .set('head.weight', { shape: [rows.length, width], values })
    .set('head.bias', { shape: [rows.length], values: shifts });
}
