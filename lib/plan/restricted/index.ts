export { bestInClass } from './best-in-class.js';
export type { ClassContext, ClassCounts, ClassOutcome } from './class-outcome.js';
export { boundedBy, classCube, withEqualServer, type ClassCube, type CubeContext } from './class-cube.js';
export { commonCuts, commonPoints, mayHold, maySend, type CommonValues, type PointPair } from './common-values.js';
export { equalShares, type EqualShares } from './equal-shares.js';
export { inTermsOf, withCommonDecisions, type CommonDecisions } from './restricted-problem.js';
export {
  classDescriptions,
  contains,
  restrictedClasses,
  type RestrictedClass,
  type Restriction,
} from './restriction.js';
