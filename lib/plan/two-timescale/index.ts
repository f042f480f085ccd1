export { breakTies } from './break-ties.js';
export {
  planTwoTimescale,
  twoTimescaleOptions,
  type TwoTimescaleContext,
  type TwoTimescaleOptions,
} from './plan-two-timescale.js';
