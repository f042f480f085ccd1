export * from './protocol-error.js';
export * from './step-messages.js';
export * from './stopwatch.js';
export * from './tensor-body.js';
