export * from './options.js';
export * from './classify.js';
export { minimize } from './minimize.js';
export type { Attempt, MinimizeContext, MinimizeResult } from './result.js';
export type { MethodName } from './attempts.js';
