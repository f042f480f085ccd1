export { tradeOffCurve, type TradeOffContext } from './curve.js';
