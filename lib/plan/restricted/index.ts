export { bestInClass } from './best-in-class.js';
export type { ClassOutcome } from './class-outcome.js';
export { boundedBy, classCube, withEqualServer, type ClassCube } from './class-cube.js';
export { commonCuts } from './common-values.js';
export { equalShares } from './equal-shares.js';
export { inTermsOf } from './restricted-problem.js';
export {
  classDescriptions,
  contains,
  restrictedClasses,
  type RestrictedClass,
  type Restriction,
} from './restriction.js';
