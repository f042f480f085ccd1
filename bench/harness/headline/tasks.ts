import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { accuracyBlock, pairedBlock, type AccuracyBlock } from '../../../bin/fit/block.js';
import type { LoadedBackend } from '../../../harness/backend/tensorflow.js';
import { enlarged } from '../../../harness/calibrate/workload.js';
import { imageNetNormalisation, proceduralDataset } from '../../../harness/data/index.js';
import { cachedDataset } from '../../../harness/device/index.js';
import { deitTinyConfig, type VitConfig } from '../../../harness/model/config.js';
import { FrozenWeights } from '../../../harness/model/frozen-weights.js';
import { readWeights, withFreshHead } from '../../../harness/model/weights.js';
import { loadWorkload, type Workload } from '../../../harness/study/index.js';
import { fitPairedLoss } from '../../../lib/models/accuracy/index.js';
import { loadStudy, studyFile, tryFit } from '../../study/runs.js';

const root = new URL('../../../', import.meta.url);
const weights = fileURLToPath(new URL('../shared/data/weights/deit_tiny_patch16_224.fp16.safetensors', root));

/** A curve as a problem file has it. */
export interface Curve {
  readonly block: AccuracyBlock;
  readonly ratios: 'tied' | 'separate';
}

/** A model with its data, its curve and the length of its trainings. */
export interface Task {
  /** Of profile and pieces. */
  readonly folder: URL;
  /** The `model` of a problem file. */
  readonly model: string;
  readonly blocks: number;
  readonly batchSize: number;
  readonly rounds: number;
  readonly localSteps: number;
  readonly learningRate: number;
  /** What `calibrate` is told of the model. */
  readonly calibrateArgs: readonly string[];
  /** What coded adapters (`exchange`) cost by themselves, as measured here. */
  readonly exchangeLoss: number;
  /** Of the expected loss; with a confidence, of what is kept with that chance. */
  readonly curve: (confidence?: number) => Curve;
  readonly load: (backend: LoadedBackend) => Promise<Workload>;
}

function studied(name: string) {
  const file = studyFile(name);
  if (!file) throw new Error(`there are no runs of the study ${name}`);
  return loadStudy(file).runs;
}

/** Of what is lost against the uncompressed runs of the same seeds. */
function pairedCurve(name: string, confidence: number | undefined): Curve {
  const fit = fitPairedLoss(studied(name).map((run) => ({ ...run, task: name, seed: run.seed! })));
  return {
    block: pairedBlock(fit, confidence),
    ratios: fit.form.directions === 'one' ? 'tied' : 'separate',
  };
}

const embedded: Task = {
  folder: new URL('bench/results/headline/', root),
  model:
    '{ blocks: 6, width: 96, heads: 3, mlpWidth: 384, tokens: 17, embedding: { kind: patches, patchSize: 8 }, head: { kind: classifier, classes: 24 } }',
  blocks: 6,
  batchSize: 16,
  rounds: 16,
  localSteps: 10,
  learningRate: 3e-3,
  calibrateArgs: ['--model', 'embedded', '--batch-size', '16'],
  exchangeLoss: 0.0095,
  curve: (confidence) => {
    if (confidence !== undefined) return pairedCurve('embedded', confidence);
    const fit = tryFit(studied('embedded'));
    if (!fit) throw new Error('study/embedded.csv has no fit');
    return { block: accuracyBlock(fit.model), ratios: fit.form.directions === 'one' ? 'tied' : 'separate' };
  },
  load: (backend) => {
    const workload = { kind: 'embedded', headSeed: 1, trainSeed: 101, validationSeed: 202 } as const;
    return loadWorkload(backend, { workload, trainImages: 8192, validationImages: 2000 });
  },
};

/** Drawn images at 128 px: classes that neither the weights nor the curve (20 of Tiny-ImageNet) have seen. */
const deit: Task = {
  folder: new URL('bench/results/headline/deit/', root),
  model:
    '{ blocks: 12, width: 192, heads: 3, mlpWidth: 768, tokens: 65, embedding: { kind: patches, patchSize: 16 }, head: { kind: classifier, classes: 24 } }',
  blocks: 12,
  batchSize: 8,
  rounds: 12,
  localSteps: 5,
  learningRate: 2e-3,
  calibrateArgs: ['--model', 'deit-tiny', '--weights', weights, '--batch-size', '8'],
  exchangeLoss: 0.0095,
  curve: (confidence) => pairedCurve('deit-tiny', confidence),
  load: async ({ tf }) => {
    const drawn = (length: number, seed: number) => {
      const images = enlarged(proceduralDataset({ classes: 'fine-tuning', length, seed }), 128);
      return { ...cachedDataset(images, Infinity), normalisation: imageNetNormalisation };
    };
    const [train, validation] = [drawn(2400, 101), drawn(480, 202)];
    const config: VitConfig = { ...deitTinyConfig, imageSize: 128, classes: train.classNames.length };
    const set = withFreshHead(readWeights(await readFile(weights), config), config, 1);
    return { config, weights: set, frozen: new FrozenWeights(tf, config, set), train, validation };
  },
};

export const tasks: Readonly<Record<'embedded' | 'deit', Task>> = { embedded, deit };

export const profileOf = ({ folder }: Task) => fileURLToPath(new URL('profile.json', folder));
export const readProfile = (task: Task) => readFileSync(profileOf(task), 'utf8');
