import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { RawIssue } from '../../lib/io/reading/index.js';
import { shapePresets, type ScenarioFile } from '../../lib/io/training-file/index.js';
import { grammarTokens, grammarVocabulary } from '../data/index.js';
import { loadTokenizer, type TextTokenizer } from '../data/text/tokenizer.js';
import { isDecoder, type DecoderConfig, type TransformerConfig } from '../model/config.js';
import { embeddedDecoder, embeddedWeights } from '../model/embedded.js';
import { decoderConfig, loadDecoder, loadWeights, weightsFile } from '../model/stored-decoder.js';
import { randomWeights, readWeights, withFreshHead, type WeightSet } from '../model/weights.js';

/** What of a scenario says which model is trained. */
export type ModelSource = Pick<ScenarioFile, 'model' | 'data'>;

/** What of a scenario says which data and model are meant. */
export interface WorkloadSource {
  readonly file: ModelSource;
  /** Paths in the file are relative to it. */
  readonly folder: string;
  readonly seed: number;
}

/** What the files of a decoder say before its weights are read. */
export interface DecoderFiles {
  /** Its `tokens` are the longest that it allows. Absent where the scenario gives the shape. */
  readonly stored?: DecoderConfig;
  /** Absent but for texts of one's own. */
  readonly tokenizer?: TextTokenizer;
}

/** Whether a scenario's model names words rather than classes. */
export function isLanguageModel({ data }: Pick<ScenarioFile, 'data'>): boolean {
  return data.task === 'next-word';
}

/** Whether the files of the weights say what model it is. */
export function isDescribedByFiles({ model }: Pick<ScenarioFile, 'model'>): boolean {
  return typeof model === 'object' && 'family' in model && model.shape === undefined;
}

/** Tokens of an example where neither the scenario nor the model says less. */
const usualTokens = 128;

/** The model that a scenario trains, with a head for so many classes where it names classes. */
export function modelConfig(file: ModelSource, classes: number, files: DecoderFiles = {}): TransformerConfig {
  const { model, data } = file;
  if (model === 'embedded-decoder') return embeddedDecoder(isLanguageModel(file) ? 0 : classes);
  if (typeof model === 'object' && 'family' in model) {
    const isOwnText = data.set === 'text';
    const tokens = isOwnText
      ? (data.tokens ?? Math.min(usualTokens, files.stored?.tokens ?? usualTokens))
      : grammarTokens;
    const classifier = { kind: 'classifier', classes } as const;
    if (!model.shape) {
      const stored = files.stored!;
      return { ...stored, tokens, head: isLanguageModel(file) ? stored.head : classifier };
    }
    const { positions, rotaryBase, tiedHead, keyValueHeads = model.shape.heads, ...sizes } = model.shape;
    return {
      ...sizes,
      keyValueHeads,
      causal: true,
      ...(positions === 'rotary' && { rotaryBase }),
      learnedPositions: positions === 'learned' ? tokens : 0,
      vocabulary: isOwnText ? (files.tokenizer?.size ?? 1) : grammarVocabulary,
      tokens,
      head: isLanguageModel(file) ? { kind: 'language-model', tied: tiedHead } : classifier,
    };
  }
  const { shape, imageSize } = model === 'embedded' ? { shape: model } : model;
  const pooling = 'class-token' as const;
  const sizes = typeof shape === 'string' ? { ...shapePresets[shape], pooling } : { imageSize: 0, ...shape };
  return { ...sizes, imageSize: imageSize ?? sizes.imageSize, channels: 3, classes, layerNormEpsilon: 1e-6 };
}

/** The weights; a classifier is drawn anew from the seed, as the stored head speaks of other classes. Throws as `loadDecoder`. */
export async function modelWeights(
  { file, folder, seed }: WorkloadSource,
  config: TransformerConfig,
): Promise<WeightSet> {
  const { model } = file;
  if (typeof model === 'string') return embeddedWeights(config, seed);
  if (model.weights === undefined) return randomWeights(config, model.seed!);
  const path = resolve(folder, model.weights);
  if (isDescribedByFiles(file)) {
    const { weights } = await loadDecoder(path, isDecoder(config) ? config.tokens : undefined);
    return withFreshHead(weights, config, seed);
  }
  if (isDecoder(config)) return withFreshHead(await loadWeights(path, config), config, seed);
  return withFreshHead(readWeights(await readFile(path), config), config, seed);
}

/** Looks into the files that a scenario names but for examples and weights: all that is wrong with them, each at its key. */
export async function inspectFiles(
  source: Pick<WorkloadSource, 'file' | 'folder'>,
): Promise<{ readonly files: DecoderFiles; readonly issues: readonly RawIssue[] }> {
  const { file, folder } = source;
  const { model, data } = file;
  const issues: RawIssue[] = [];
  const attempt = async <Result>(path: RawIssue['path'], work: () => Promise<Result>): Promise<Result | undefined> => {
    try {
      return await work();
    } catch (error) {
      const isTheirs =
        error instanceof Error &&
        ('syscall' in error || ['TensorFileError', 'DatasetError', 'MissingPackageError'].includes(error.name));
      if (!isTheirs) throw error;
      issues.push({ path, message: error.message });
      return undefined;
    }
  };
  for (const key of ['path', 'evaluationPath'] as const) {
    const place = data[key];
    if (place !== undefined) await attempt(['data', key], () => stat(resolve(folder, place)));
  }
  if (typeof model === 'string' || !('family' in model)) return { files: {}, issues };
  const { weights } = model;
  const stored = isDescribedByFiles(file)
    ? await attempt(['model', 'weights'], () => decoderConfig(resolve(folder, weights!)))
    : undefined;
  const key = model.tokenizer === undefined ? 'weights' : 'tokenizer';
  const tokenizer =
    data.set === 'text' && issues.length === 0
      ? await attempt(['model', key], async () => loadTokenizer(await tokenizerFile(model, folder)))
      : undefined;
  if (stored && tokenizer && tokenizer.size > stored.vocabulary) {
    const message = `the tokeniser has ${tokenizer.size} tokens, the model knows ${stored.vocabulary}`;
    issues.push({ path: ['model', key], message });
  }
  if (stored && data.tokens !== undefined && data.tokens > stored.tokens) {
    issues.push({ path: ['data', 'tokens'], message: `must be at most ${stored.tokens}, the longest of the model` });
  }
  return { files: { ...(stored && { stored }), ...(tokenizer && { tokenizer }) }, issues };
}

/** Of a tokeniser: as the scenario says, else inside the weights or beside them. */
async function tokenizerFile(
  { tokenizer, weights }: { readonly tokenizer?: string | undefined; readonly weights?: string | undefined },
  folder: string,
): Promise<string> {
  if (tokenizer !== undefined) return resolve(folder, tokenizer);
  const file = await weightsFile(resolve(folder, weights!));
  if (file.endsWith('.gguf')) return file;
  const beside = join(dirname(file), file.endsWith('.bin') ? 'tokenizer.bin' : 'tokenizer.json');
  return file.endsWith('.bin') && !existsSync(beside) ? file : beside;
}
