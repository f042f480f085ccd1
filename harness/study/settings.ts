import { createHash } from 'node:crypto';
import * as z from 'zod';
import { codecFields, dataSection, modelEntry } from '../../lib/io/training-file/index.js';
import { section } from '../../lib/io/reading/index.js';
import { targetOrder } from '../../lib/io/peft/index.js';
import { workloadChecks } from '../scenario/checks.js';
import type { StepCodec } from '../protocol/index.js';

const count = (largest: number) => z.int().min(1).max(largest);

/** What is fine-tuned and judged. */
const workloadSchema = z.discriminatedUnion('kind', [
  section(() => ({
    kind: z
      .literal('deit-tiny')
      .describe('DeiT-Tiny, or any ViT of its sizes, on a folder laid out like Tiny-ImageNet.'),
    weights: z.string().min(1).describe('Safetensors file in timm’s or Hugging Face’s naming.'),
    folder: z.string().min(1).describe('Data set in Tiny-ImageNet’s layout.'),
    imageSize: z.int().min(16).max(512).default(128).describe('Side to which images are resized, pixels.'),
    headRows: z
      .array(z.int().min(0).max(999))
      .min(2)
      .describe('Rows of the stored classifier that belong to the data set’s classes, in their order.'),
  })),
  section(() => ({
    kind: z.literal('embedded').describe('The small transformer that comes with the project, on drawn images.'),
    headSeed: z.int().min(0).default(1).describe('Seed of the new classifier.'),
    trainSeed: z.int().min(0).default(101).describe('Seed of the training images.'),
    validationSeed: z.int().min(0).default(202).describe('Seed of the validation images.'),
  })),
  section(() => ({
    kind: z.literal('embedded-decoder').describe('The small decoder that comes with the project, on drawn texts.'),
    task: z.enum(['class', 'next-word']).describe('Class of a text after its last word, or words that its rules give.'),
    headSeed: z.int().min(0).default(1).describe('Seed of the new classifier.'),
    trainSeed: z.int().min(0).default(101).describe('Seed of the training texts.'),
    validationSeed: z.int().min(0).default(202).describe('Seed of the validation texts.'),
  })),
  section(() => ({
    kind: z.literal('scenario').describe('Data and model as a scenario of `train` has them.'),
    data: dataSection.describe('With paths relative to the folder the command is started in.'),
    model: modelEntry,
    seed: z.int().min(0).default(1).describe('Seed of drawn data and of a new classifier.'),
  })),
]);

const adaptersSchema = section(() => ({
  rank: count(256).default(8),
  alpha: z.number().positive().default(16),
  targets: z.array(z.enum(targetOrder)).min(1).default(['query', 'value']),
  trainHead: z.boolean().optional().describe('The classifier is trained with the adapters.'),
})).prefault({});

const trainingSchema = section(() => ({
  steps: count(1_000_000).default(500),
  batchSize: count(1024).default(8),
  learningRate: z.number().positive().default(1e-3).describe('Peak of AdamW’s rate.'),
  weightDecay: z.number().min(0).default(0),
  schedule: z.enum(['cosine', 'constant']).default('cosine').describe('What follows the warm-up.'),
  warmUpSteps: z.int().min(0).default(25).describe('Steps over which the rate rises to its peak.'),
})).prefault({});

const { keptFraction: _keptFraction, bits: _bits, seed: _seed, ...commonFields } = codecFields;
const { rounding, lossless, selectionScope, outlierThreshold } = codecFields;

/** κ and q of one direction. */
const settingSchema = section(() => ({
  keptFraction: z.number().gt(0).max(1).describe('κ: share of the entries that are kept.'),
  bits: z.int().min(1).max(8).describe('q: bits of a kept value, sign included.'),
  rounding: rounding.unwrap().optional().describe('In place of the one common to all points.'),
  lossless: lossless.unwrap().optional().describe('In place of the one common to all points.'),
  selectionScope: selectionScope.unwrap().optional().describe('In place of the one common to all points.'),
  outlierThreshold: outlierThreshold.unwrap().optional().describe('In place of the one common to all points.'),
}));

const pointSchema = z.union([
  z.literal('uncompressed'),
  section(() => ({
    up: settingSchema.describe('Activations.'),
    down: settingSchema.optional().describe('Gradients; as the activations by default.'),
  })),
]);
export type StudyPoint = z.output<typeof pointSchema>;

/** Each group is a full grid; groups are run in their order, a run that occurs again is left out. */
const groupSchema = section(() => ({
  points: z.array(pointSchema).min(1),
  cuts: z.array(z.int().min(0)).min(1).describe('Blocks on the device.'),
  seeds: z.array(z.int().min(0)).min(1),
}));

/** The one source of a study file's types, defaults and checks. */
export const studySchema = section(() => ({
  workload: workloadSchema,
  trainImages: count(10_000_000).optional().describe('Use only so many training images, evenly spread.'),
  validationImages: count(10_000_000).optional().describe('Use only so many validation images, evenly spread.'),
  adapters: adaptersSchema,
  training: trainingSchema,
  codec: z.strictObject(commonFields).partial().default({}).describe('Codec settings common to all points.'),
  groups: z.array(groupSchema).min(1),
})).superRefine(({ workload, adapters }, context) => {
  const add = (message: string, ...path: (string | number)[]) => context.addIssue({ code: 'custom', path, message });
  const gate = adapters.targets.indexOf('gate');
  if (gate >= 0 && !['embedded-decoder', 'scenario'].includes(workload.kind)) {
    add('this model has no gate in its MLP', 'adapters', 'targets', gate);
  }
  if (adapters.trainHead && isOfWords(workload)) {
    add('the matrix of the words is not trained: leave it out', 'adapters', 'trainHead');
  }
  if (workload.kind !== 'scenario') return;
  for (const { message, path } of workloadChecks(workload)) add(message, 'workload', ...path);
  if (workload.data.evaluationImages === 0) {
    add('a study judges its runs: must be at least 1', 'workload', 'data', 'evaluationImages');
  }
});

/** Whether the targets of a workload are words. */
function isOfWords(workload: StudyWorkload): boolean {
  const task = workload.kind === 'scenario' ? workload.data.task : 'task' in workload ? workload.task : undefined;
  return task === 'next-word';
}

export type StudySettings = z.output<typeof studySchema>;
export type StudyWorkload = z.output<typeof workloadSchema>;

/** One fine-tuning, with everything needed to repeat it. */
export interface RunSettings extends Omit<StudySettings, 'groups'> {
  readonly cut: number;
  readonly seed: number;
  readonly point: StudyPoint;
}

/** The runs of a study in their order, each once. */
export function studyRuns({ groups, ...common }: StudySettings): RunSettings[] {
  const runs = new Map<string, RunSettings>();
  for (const { points, cuts, seeds } of groups) {
    for (const point of points) {
      for (const seed of seeds) {
        for (const cut of cuts) {
          const run: RunSettings = { ...common, cut, seed, point };
          runs.set(runId(run), run);
        }
      }
    }
  }
  return [...runs.values()];
}

/** Names a run by its whole configuration: the first 12 hexadecimal digits of a SHA-256. */
export function runId(run: RunSettings): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(run)))
    .digest('hex')
    .slice(0, 12);
}

/** The same value with the keys of every object in order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, entry]) => [key, sorted(entry)]),
  );
}

/** What the codec does to activations (`up`) and gradients (`down`) of a run. */
export function runCodecs({ point, codec }: RunSettings): { readonly up: StepCodec; readonly down: StepCodec } {
  if (point === 'uncompressed') return { up: 'identity', down: 'identity' };
  const common = defined(codec);
  return { up: { ...common, ...defined(point.up) }, down: { ...common, ...defined(point.down ?? point.up) } };
}

/** Optional keys that are undefined, left out. */
function defined(settings: object): Exclude<StepCodec, 'identity'> {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}
