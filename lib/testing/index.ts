/** Checks of one's own parts of a planning problem, and brute force to hold planner and bound against. For tests, not for production. */
export { bruteForcePlan, type BruteForceAnswer } from './brute-force.js';
export {
  checkConformance,
  checkRateLaw,
  type ConformanceOptions,
  type ConformanceReport,
  type InstanceReport,
} from './conformance.js';
export { smallInstance, type SmallInstanceOptions } from './small-instance.js';
