export {
  planTwoTimescale,
  twoTimescaleOptions,
  type TwoTimescaleContext,
  type TwoTimescaleOptions,
  type TwoTimescaleResult,
} from './plan-two-timescale.js';
