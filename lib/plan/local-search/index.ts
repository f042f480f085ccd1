export { breakTies } from './break-ties.js';
export { divides, PlanEvaluator, type Evaluation } from './evaluation.js';
export { priceRounding } from './price-rounding.js';
export { LocalSearch } from './search.js';
