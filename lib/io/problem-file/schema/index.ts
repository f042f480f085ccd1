export * from './file.js';
export { accuracySection } from './accuracy.js';
export { presetNames } from './model.js';
export { fadingDefaults, pathLossDefaults } from './radio.js';
export { deviceSection } from './devices.js';
export { unknownKeyMessage, type Sampled } from './building-blocks.js';
