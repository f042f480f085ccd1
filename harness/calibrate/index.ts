export { affordablePoints, calibrate, calibrationCuts, type CalibrateOptions } from './calibrate.js';
export { devicePeakBytes, peakResidentBytes, serverBytes } from './memory.js';
export { codecAt, defaultPoints, type CodecPoint } from './points.js';
export { middleReferences, ReferenceTimer, slowdown, type References } from './references.js';
export { stepTotals, timedRun, unsteadyStages, type TimedRound, type TimedRun } from './timed-run.js';
export { timingWorkload, type TimingWorkload } from './workload.js';
