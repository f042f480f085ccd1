/** For whoever writes certificates: the checker's own figures, so that nothing is claimed that it would not accept. */
export { isAsGood, isEmptied, openChoices, withoutAggregation } from './bound.js';
export { BoundChecker, priceAt, type Judgement, type Part, type Prices } from './judge.js';
export { claimPlan, type PlanClaim } from './plan.js';
export { Reader } from './reader.js';
export { loadsOf, readProblem, shareRange, type Problem } from './problem.js';
export { planSizes } from './verify.js';
export { formatVersion } from './version.js';
