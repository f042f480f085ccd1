export { relativeError, summarise, type ErrorSummary, type Pair } from './errors.js';
export { median, relativeFit, robustSummary, type FitRow } from './robust.js';
export { mannKendall, theilSenSlope, trendOf } from './trend.js';
export { studentQuantile } from './student.js';
