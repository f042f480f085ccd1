import type { RawIssue } from '../../lib/io/reading/index.js';
import { isDecoder, type VitConfig } from '../model/config.js';
import { listedDevices } from './from-file.js';
import { isLanguageModel, modelConfig } from './load.js';
import { shapePresets, type DecoderEntry, type ScenarioFile } from './schema/index.js';

/** What single values cannot show: sections that exclude each other, names, shares, sizes. */
export function crossChecks(file: ScenarioFile): RawIssue[] {
  return [...exclusive(file), ...deviceChecks(file), ...modelChecks(file), ...headChecks(file), ...dataChecks(file)];
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
  const { blocks } = modelConfig(file, 1);
  const seen = new Set<string>();
  for (const { name } of listedDevices(file)) {
    if (seen.has(name)) issues.push({ path: ['devices'], message: `two devices have the name \`${name}\`` });
    seen.add(name);
  }
  const entries = file.devices ?? [];
  for (const [k, { cut }] of entries.entries()) {
    if (cut > blocks) {
      issues.push({ path: ['devices', k, 'cut'], message: `must be at most ${blocks}, the blocks of the model` });
    }
  }
  const devices = listedDevices(file);
  const total = devices.reduce((sum, { serverShare = 1 / devices.length }) => sum + serverShare, 0);
  if (file.server.sharing === 'allocated' && total > 1 + 1e-9) {
    issues.push({ path: ['devices'], message: `the shares of the server sum to ${total.toPrecision(4)}, above 1` });
  }
  return issues;
}

function modelChecks({ model }: ScenarioFile): RawIssue[] {
  if (typeof model === 'string') return [];
  const issues: RawIssue[] = [];
  if ((model.weights === undefined) === (model.seed === undefined)) {
    issues.push({ path: ['model'], message: 'give either `weights` or `seed`' });
  }
  if ('family' in model) return [...issues, ...decoderChecks(model.shape)];
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

function decoderChecks(shape: DecoderEntry['shape']): RawIssue[] {
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

/** What is trained of the model. */
function headChecks(file: ScenarioFile): RawIssue[] {
  const issues: RawIssue[] = [];
  const { targets, trainHead } = file.lora;
  const config = modelConfig(file, 1);
  const gate = targets.findIndex((target) => target === 'gate');
  if (gate >= 0 && !(isDecoder(config) && config.gatedMlp)) {
    issues.push({ path: ['lora', 'targets', gate], message: 'this model has no gate in its MLP' });
  }
  if (trainHead && isLanguageModel(file)) {
    issues.push({ path: ['lora', 'trainHead'], message: 'the matrix of the words is not trained: leave it out' });
  }
  return issues;
}

function dataChecks(file: ScenarioFile): RawIssue[] {
  const { data } = file;
  const issues: RawIssue[] = [];
  const isText = data.set === 'grammar';
  const config = modelConfig(file, 1);
  const add = (message: string, key = 'set') => issues.push({ path: ['data', key], message });
  if (isText && !isDecoder(config))
    add('texts need a decoder: `model: embedded-decoder`, or one with `family: decoder`');
  if (!isText && isDecoder(config)) add('a decoder reads texts: `data: { set: grammar }`');
  if (!isText && data.task !== undefined) add(`${data.set} has no other task than its classes`, 'task');
  if (data.folder !== undefined && (isText || data.set === 'procedural')) add('drawn data have no folder', 'folder');
  if (!isText && data.set !== 'procedural' && data.folder === undefined) {
    issues.push({ path: ['data'], message: `missing: \`folder\` of ${data.set}` });
  }
  const { imageSize } = config as VitConfig;
  if (data.set === 'procedural' && !isDecoder(config) && (imageSize || 32) !== 32) {
    add(`procedural images have 32 px, the model takes ${imageSize}`);
  }
  return issues;
}
