export { planExact, exactOptions, type ExactAnswer, type ExactContext, type ExactOptions } from './plan-exact.js';
