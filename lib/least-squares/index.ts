export * from './loss.js';
export * from './levenberg-marquardt.js';
export * from './covariance.js';
