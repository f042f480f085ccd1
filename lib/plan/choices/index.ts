export { listChoices, type ExtraColumn, type PlanChoices } from './columns.js';
export {
  couplingUse,
  couplingViolation,
  exchangedUse,
  isWithinCoupling,
  keepsCoupling,
  keepsExtra,
  type CouplingUse,
} from './coupling.js';
export { decisionsOfEntries, entriesOfPlan, loadsOfEntries } from './entries.js';
