export { singleConflicts } from './conflicts.js';
export { bandPrice } from './band-price.js';
export { explainInfeasibility } from './infeasibility.js';
export { findRemedies } from './remedies.js';
export { whatIf, type WhatIfBase } from './what-if.js';
