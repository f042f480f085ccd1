export { planExact, exactOptions, type ExactAnswer, type ExactContext, type ExactOptions } from './plan-exact.js';
export { roundDual, type RoundedPlan } from './round-dual.js';
