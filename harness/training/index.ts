export * from './averaging.js';
export * from './optimizer.js';
export * from './peft.js';
