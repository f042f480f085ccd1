export * from './file.js';
export { accuracySection } from './accuracy.js';
export { presetNames } from './model.js';
export { fadingDefaults, pathLossDefaults, pathLossModels } from './radio.js';
export { deviceSection, type MemberOverride } from './devices.js';
export { unknownKeyMessage, type Sampled } from './building-blocks.js';
