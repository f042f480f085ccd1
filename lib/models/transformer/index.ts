export * from './shape.js';
export * from './presets.js';
export * from './parameters.js';
export * from './lora.js';
export * from './work.js';
export * from './memory.js';
export * from './cost-table.js';
export * from './profile.js';
