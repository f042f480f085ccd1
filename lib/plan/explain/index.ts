export { singleConflicts } from './conflicts.js';
export { bandPrice } from './band-price.js';
export { explainInfeasibility } from './infeasibility.js';
export { whatIf } from './what-if.js';
