export * from './options.js';
export * from './classify.js';
export { minimize, type Attempt, type MinimizeContext, type MinimizeResult } from './minimize.js';
export type { MethodName } from './attempts.js';
