/** For whoever writes certificates: the checker's own figures, so that nothing is claimed that it would not accept. */
export { BoundChecker, withoutAggregation, type Judgement } from './bound.js';
export { admissibleChoices, shareRange } from './limits.js';
export { claimPlan, type PlanClaim } from './plan.js';
export { readWitnesses, type Part, type Prices } from './price.js';
export { Reader } from './reader.js';
export { stagesOf, type Form, type Stage } from './round.js';
export { costNames, readStatement, type Statement } from './statement.js';
