export { tradeOffCurve } from './curve.js';
