export { codecFields } from './codec-fields.js';
export { dataSection } from './data.js';
export type { CodecEntry, LinkEntry, PlanEntry } from './devices.js';
export { scenarioSchema, type ScenarioFile } from './file.js';
export { modelEntry, shapePresets, type DecoderShape } from './model.js';
export type { TrainingEntry } from './training.js';
