export * from './averaging.js';
export * from './evaluate.js';
export * from './optimizer.js';
export * from './peft.js';
export { peftFamily } from './peft-names.js';
export * from './schedule.js';
export * from './score.js';
