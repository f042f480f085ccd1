export { listChoices, type PlanChoices } from './columns.js';
export { couplingUse, couplingViolation, isWithinCoupling, keepsCoupling, type CouplingUse } from './coupling.js';
export { decisionsOfEntries, entriesOfPlan, loadsOfEntries } from './entries.js';
