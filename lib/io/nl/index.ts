export * from './error.js';
export * from './graph.js';
export * from './model.js';
export * from './opcodes.js';
export * from './read.js';
export * from './compile.js';
export * from './sol.js';
export * from './sol-text.js';
export * from './sol-binary.js';
export * from './read-sol.js';
/** Building blocks of expressions. */
export * as expressions from './expression.js';
export type { Condition, Expression, VariableExpression } from './expression.js';
export * from './model-builder.js';
export * from './write.js';
