export * from './exchange.js';
export * from './limits.js';
export * from './protocol-error.js';
export * from './schedule.js';
export * from './step-messages.js';
export * from './stopwatch.js';
export * from './tensor-body.js';
export * from './training-settings.js';
