export { median, relativeFit, robustSummary, type FitRow, type RobustSummary } from './robust.js';
export { mannKendall, theilSenSlope, trendOf, type Trend } from './trend.js';
