import type { RawIssue } from '../../lib/io/reading/index.js';
import { listedDevices } from './from-file.js';
import { shapePresets, type ScenarioFile } from './schema/index.js';

/** What single values cannot show: sections that exclude each other, names, shares, sizes. */
export function crossChecks(file: ScenarioFile): RawIssue[] {
  return [...exclusive(file), ...deviceChecks(file), ...modelChecks(file), ...dataChecks(file)];
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
  const blocks = blockCount(file);
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
  if (model === 'embedded') return [];
  const issues: RawIssue[] = [];
  if ((model.weights === undefined) === (model.seed === undefined)) {
    issues.push({ path: ['model'], message: 'give either `weights` or `seed`' });
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

function dataChecks({ data, model }: ScenarioFile): RawIssue[] {
  const issues: RawIssue[] = [];
  if (data.set !== 'procedural' && data.folder === undefined) {
    issues.push({ path: ['data'], message: `missing: \`folder\` of ${data.set}` });
  }
  const imageSize =
    model === 'embedded'
      ? shapePresets.embedded.imageSize
      : (model.imageSize ?? (typeof model.shape === 'string' ? shapePresets[model.shape].imageSize : 32));
  if (data.set === 'procedural' && imageSize !== 32) {
    issues.push({ path: ['data', 'set'], message: `procedural images have 32 px, the model takes ${imageSize}` });
  }
  return issues;
}

/** Blocks of the model. */
export function blockCount({ model }: ScenarioFile): number {
  if (model === 'embedded') return shapePresets.embedded.blocks;
  return typeof model.shape === 'string' ? shapePresets[model.shape].blocks : model.shape.blocks;
}
