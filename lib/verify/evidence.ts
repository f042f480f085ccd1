/** For whoever writes certificates: the checker's own figures, so that nothing is claimed that it would not accept. */
export { isAsGood, isEmptied, withoutAggregation } from './bound.js';
export { BoundChecker, readWitnesses, type Judgement, type Part, type Prices } from './judge.js';
export { claimPlan, type PlanClaim } from './plan.js';
export { Reader } from './reader.js';
export { admissibleChoices, loadsOf, readProblem, shareRange, type Form, type Problem } from './problem.js';
export { planSizes } from './verify.js';
