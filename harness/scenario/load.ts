import { dirname, resolve } from 'node:path';
import type { ScenarioFile } from '../../lib/io/training-file/index.js';
import type { LoadedBackend } from '../backend/tensorflow.js';
import {
  cifarDataset,
  grammarDataset,
  heldOut,
  imageFolderDataset,
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
import { textDataset } from '../data/text/text-dataset.js';
import { initialAdapters, type AdapterSettings, type AdapterState } from '../model/adapters.js';
import { tokenCount, type TransformerConfig, type VitConfig } from '../model/config.js';
import { WeightError, type WeightSet } from '../model/weights.js';
import {
  inspectFiles,
  isLanguageModel,
  modelConfig,
  modelWeights,
  type DecoderFiles,
  type WorkloadSource,
} from './model.js';

/** A model with its examples. */
export interface LoadedModel {
  readonly config: TransformerConfig;
  readonly weights: WeightSet;
  readonly dataset: Dataset;
  /** Absent where accuracy is not measured. */
  readonly evaluationSet: Dataset | undefined;
}

/** All that is read or drawn for a training, the same on every machine that takes part. */
export interface Workload extends LoadedModel {
  readonly adapterSettings: AdapterSettings;
  readonly adapters: AdapterState;
}

/** Loads data, model and the adapters to start from. Throws as `loadModel`. */
export async function loadWorkload(
  source: WorkloadSource & { readonly file: Pick<ScenarioFile, 'lora'> },
  backend: LoadedBackend,
): Promise<Workload> {
  const { file, seed } = source;
  const loaded = await loadModel(source, backend);
  const adapterSettings: AdapterSettings = { ...file.lora, trainHead: file.lora.trainHead ?? !isLanguageModel(file) };
  const { config, weights } = loaded;
  return { ...loaded, adapterSettings, adapters: initialAdapters(config, adapterSettings, seed, weights) };
}

/**
 * Loads data and model. Throws `DatasetError`, `MissingPackageError`, `WeightError`, `TensorFileError`, or what reading a file
 * throws.
 */
export async function loadModel(source: WorkloadSource, backend: LoadedBackend): Promise<LoadedModel> {
  const { files, issues } = await inspectFiles(source);
  if (issues.length > 0) throw new WeightError(issues.map(({ message }) => message).join('\n'));
  const { dataset, evaluationSet } = await loadData(source, backend, files);
  const config = modelConfig(source.file, dataset.classNames.length, files);
  return { config, weights: await modelWeights(source, config), dataset, evaluationSet };
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

type Examples = Pick<Workload, 'dataset' | 'evaluationSet'>;

async function loadData(source: WorkloadSource, backend: LoadedBackend, files: DecoderFiles): Promise<Examples> {
  const { file, folder, seed } = source;
  const { set, task = 'class', images, evaluationImages, badPictures, badTexts, layout } = file.data;
  if (set === 'grammar' || set === 'procedural') {
    const drawn = (length: number, own: number) => {
      const options = { classes: 'fine-tuning', length, seed: own } as const;
      return set === 'grammar' ? grammarDataset({ ...options, task }) : proceduralDataset(options);
    };
    // What the model is judged by is of another seed.
    const evaluationSet = evaluationImages > 0 ? drawn(evaluationImages, seed + 1_000_003) : undefined;
    return { dataset: drawn(images ?? 2400, seed), evaluationSet };
  }
  if (set === 'text') {
    const tokenizer = files.tokenizer!;
    const tokens = tokenCount(modelConfig(file, 1, files));
    const own =
      task === 'class'
        ? ({ task: 'classification', layout: 'padded' } as const)
        : ({ task: 'next-token', layout: layout ?? 'packed' } as const);
    return ownData(source, (path, classNames) =>
      textDataset({ path, tokenizer, tokens, badTexts, ...own, ...(classNames && { classNames }) }),
    );
  }
  const { imageSize } = modelConfig(file, 1) as VitConfig;
  const normalisation = await normalisationOf(source);
  const decoder = jpegDecoder(backend);
  if (set === 'folder') {
    return ownData(source, async (path, classNames) => {
      const images = await imageFolderDataset({ folder: path, imageSize, decoder, badPictures }, classNames);
      return { ...images, normalisation };
    });
  }
  const place = resolve(folder, file.data.folder ?? '.');
  const read = (isTraining: boolean) => {
    if (set === 'tiny-imagenet') {
      const part = isTraining ? 'train' : 'val';
      return tinyImageNetDataset({ folder: place, part, imageSize, decoder, badPictures });
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

/** Examples of one's own files; those that are held out are of other files, or of the same. */
async function ownData(
  { file, folder }: WorkloadSource,
  read: (path: string, classNames?: readonly string[]) => Promise<Dataset>,
): Promise<Examples> {
  const { path, evaluationPath, images, evaluationImages } = file.data;
  const all = await read(resolve(folder, path!));
  if (evaluationImages === 0) return { dataset: thinned(all, images), evaluationSet: undefined };
  if (evaluationPath === undefined) {
    const { rest, held } = heldOut(all, evaluationImages);
    return { dataset: thinned(rest, images), evaluationSet: held };
  }
  const held = await read(resolve(folder, evaluationPath), all.classNames);
  return { dataset: thinned(all, images), evaluationSet: thinned(held, evaluationImages) };
}
