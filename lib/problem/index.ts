export * from './factorable.js';
export * from './nlp.js';
export * from './qp.js';
export * from './counters.js';
export * from './derived.js';
export * from './kkt.js';
