export * from './matrix.js';
export * from './vector.js';
export * from './cholesky.js';
export * from './symmetric-indefinite.js';
export * from './products.js';
