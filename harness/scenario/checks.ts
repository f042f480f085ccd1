import type { RawIssue } from '../../lib/io/reading/index.js';
import { shapePresets, type DecoderShape, type ScenarioFile } from '../../lib/io/training-file/index.js';
import { isDecoder, type TransformerConfig, type VitConfig } from '../model/config.js';
import { listedDevices } from './from-file.js';
import { isDescribedByFiles, isLanguageModel, modelConfig, type ModelSource } from './model.js';

/** What single values cannot show: sections that exclude each other, names, shares, sizes. */
export function crossChecks(file: ScenarioFile): RawIssue[] {
  const config = isDescribedByFiles(file) ? undefined : modelConfig(file, 1);
  return [
    ...exclusive(file),
    ...deviceChecks(file),
    ...workloadChecks(file),
    ...(config ? configChecks(file, config) : []),
  ];
}

/** Of data and model alone. */
export function workloadChecks(file: ModelSource): RawIssue[] {
  return [...modelChecks(file), ...dataChecks(file)];
}

/** What must fit the model's sizes, which may be those of a file. */
export function configChecks(file: ScenarioFile, config: TransformerConfig): RawIssue[] {
  const issues: RawIssue[] = [];
  for (const [k, { cut }] of (file.devices ?? []).entries()) {
    if (cut > config.blocks) {
      const message = `must be at most ${config.blocks}, the blocks of the model`;
      issues.push({ path: ['devices', k, 'cut'], message });
    }
  }
  const devices = listedDevices(file);
  const served = devices.filter(({ cut }) => cut < config.blocks);
  const total = served.reduce((sum, { serverShare = 1 / devices.length }) => sum + serverShare, 0);
  if (file.server.sharing === 'allocated' && total > 1 + 1e-9) {
    issues.push({ path: ['devices'], message: `the shares of the server sum to ${total.toPrecision(4)}, above 1` });
  }
  const { targets, trainHead } = file.lora;
  const gate = targets.findIndex((target) => target === 'gate');
  if (gate >= 0 && !(isDecoder(config) && config.gatedMlp)) {
    issues.push({ path: ['lora', 'targets', gate], message: 'this model has no gate in its MLP' });
  }
  if (trainHead && isLanguageModel(file)) {
    issues.push({ path: ['lora', 'trainHead'], message: 'the matrix of the words is not trained: leave it out' });
  }
  return issues;
}

function exclusive(file: ScenarioFile): RawIssue[] {
  if (file.devices && file.plan) {
    return [{ path: ['plan'], message: 'give `devices` or `plan`, not both', atKey: true }];
  }
  if (file.devices || file.plan) return [];
  return [{ path: [], message: 'missing: `devices`, or a `plan` that has them' }];
}

function deviceChecks(file: ScenarioFile): RawIssue[] {
  const issues: RawIssue[] = [];
  const seen = new Set<string>();
  for (const { name } of listedDevices(file)) {
    if (seen.has(name)) issues.push({ path: ['devices'], message: `two devices have the name \`${name}\`` });
    seen.add(name);
  }
  return issues;
}

function modelChecks({ model, data }: ModelSource): RawIssue[] {
  if (typeof model === 'string') return [];
  const issues: RawIssue[] = [];
  if ((model.weights === undefined) === (model.seed === undefined)) {
    issues.push({ path: ['model'], message: 'give either `weights` or `seed`' });
  }
  if ('family' in model) {
    const add = (message: string, ...keys: string[]) => issues.push({ path: ['model', ...keys], message });
    const isOwnText = data.set === 'text';
    if (model.shape === undefined && model.weights === undefined) add('missing: `shape`');
    else if (model.shape === undefined && data.set === 'grammar') add('words of the grammar need a `shape`');
    if (!isOwnText && model.tokenizer !== undefined) add('only `data: { set: text }` has one', 'tokenizer');
    if (isOwnText && model.weights === undefined && model.tokenizer === undefined) add('missing: `tokenizer`');
    return [...issues, ...(model.shape ? decoderChecks(model.shape) : [])];
  }
  if (typeof model.shape === 'object') {
    const { width, heads, patchSize } = model.shape;
    if (width % heads !== 0) {
      issues.push({ path: ['model', 'shape', 'heads'], message: `must divide the width, ${width}` });
    }
    if (model.imageSize === undefined) issues.push({ path: ['model'], message: 'missing: `imageSize`' });
    else if (model.imageSize % patchSize !== 0) {
      issues.push({ path: ['model', 'imageSize'], message: `must be a multiple of patchSize, ${patchSize}` });
    }
  } else {
    const { patchSize, imageSize } = shapePresets[model.shape];
    if ((model.imageSize ?? imageSize) % patchSize !== 0) {
      issues.push({ path: ['model', 'imageSize'], message: `must be a multiple of patchSize, ${patchSize}` });
    }
  }
  return issues;
}

function decoderChecks(shape: DecoderShape): RawIssue[] {
  const issues: RawIssue[] = [];
  const { width, heads, keyValueHeads = heads, positions } = shape;
  const add = (key: string, message: string) => issues.push({ path: ['model', 'shape', key], message });
  if (width % heads !== 0) add('heads', `must divide the width, ${width}`);
  else if (positions === 'rotary' && (width / heads) % 2 !== 0) {
    add('heads', `rotary positions need an even width of a head, found ${width / heads}`);
  }
  if (heads % keyValueHeads !== 0) add('keyValueHeads', `must divide the heads, ${heads}`);
  return issues;
}

const texts = ['grammar', 'text'];
const drawn = ['grammar', 'procedural'];
/** Sets of one's own files, at `path`. */
const own = ['text', 'folder'];

function dataChecks({ model, data }: ModelSource): RawIssue[] {
  const issues: RawIssue[] = [];
  const { set } = data;
  const [isText, isOwn] = [texts.includes(set), own.includes(set)];
  const isDecoder = model === 'embedded-decoder' || (typeof model === 'object' && 'family' in model);
  const add = (message: string, ...keys: string[]) => issues.push({ path: ['data', ...keys], message });
  if (isText && !isDecoder) {
    add('texts need a decoder: `model: embedded-decoder`, or one with `family: decoder`', 'set');
  }
  if (set === 'text' && model === 'embedded-decoder') {
    add('the embedded decoder knows the words of the grammar alone: give a model with `family: decoder`', 'set');
  }
  if (!isText && isDecoder) add('a decoder reads texts: `data: { set: grammar }` or `set: text`', 'set');
  if (!isText && data.task !== undefined) add(`${set} has no other task than its classes`, 'task');
  if (isOwn && data.path === undefined) add(`missing: \`path\` of ${set === 'text' ? 'the texts' : 'the images'}`);
  for (const key of ['path', 'evaluationPath'] as const) {
    if (!isOwn && data[key] !== undefined) add('only `set: text` and `set: folder` have one', key);
  }
  for (const key of ['layout', 'tokens'] as const) {
    if (set !== 'text' && data[key] !== undefined) add('only `set: text` has one', key);
  }
  if (data.layout === 'packed' && (data.task ?? 'class') === 'class') add('classes need `padded` texts', 'layout');
  if (data.folder !== undefined && drawn.includes(set)) add('drawn data have no folder', 'folder');
  if (data.folder !== undefined && isOwn) add(`give \`path\` for ${set}`, 'folder');
  if (!isOwn && !drawn.includes(set) && data.folder === undefined) add(`missing: \`folder\` of ${set}`);
  if (set === 'procedural' && !isDecoder) {
    const { imageSize } = modelConfig({ model, data }, 1) as VitConfig;
    if ((imageSize || 32) !== 32) add(`procedural images have 32 px, the model takes ${imageSize}`, 'set');
  }
  return issues;
}
