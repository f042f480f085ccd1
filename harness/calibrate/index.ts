export { affordable } from './budget.js';
export { calibrate } from './calibrate.js';
export { devicePeakBytes, peakResidentBytes, serverBytes } from './memory.js';
export { codecAt, defaultPoints } from './points.js';
export { middleReferences, ReferenceTimer, slowdown, type References } from './references.js';
export { type CalibrateOptions } from './steady-run.js';
export { RoundTimer, stepTotals, timedRun, unsteadyStages, type TimedRound, type TimedRun } from './timed-run.js';
export { timingWorkload, type TimingWorkload } from './workload.js';
