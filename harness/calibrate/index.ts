export { batchTotals, calibrate, calibrationCuts, type CalibrateOptions } from './calibrate.js';
export { devicePeakBytes, serverBytes, type ServerBytes } from './memory.js';
export { codecAt, defaultPoints, type CodecPoint } from './points.js';
export { referenceKernelSeconds } from './reference-kernel.js';
export { median, relativeFit, robustSummary, type FitRow, type RobustSummary } from './robust.js';
export { collectGarbage, timedRun, type TimedRun, type TimedRunOptions } from './timed-run.js';
export { timingWorkload, type TimingWorkload, type WorkloadOptions } from './workload.js';
