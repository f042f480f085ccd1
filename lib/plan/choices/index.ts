export { listChoices, type PlanChoices } from './columns.js';
export {
  couplingUse,
  couplingViolation,
  exchangedUse,
  isWithinCoupling,
  keepsExtra,
  type CouplingUse,
} from './coupling.js';
export { decisionsOfEntries, entriesOfPlan, loadsOfEntries } from './entries.js';
