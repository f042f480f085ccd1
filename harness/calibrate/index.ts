export { affordablePoints, calibrate, calibrationCuts, type CalibrateOptions } from './calibrate.js';
export { devicePeakBytes, peakResidentBytes, serverBytes, type ServerBytes } from './memory.js';
export { codecAt, defaultPoints, type CodecPoint } from './points.js';
export { middleReferences, ReferenceTimer, slowdown, type References } from './references.js';
export {
  stepTotals,
  timedRun,
  unsteadyStages,
  type TimedRound,
  type TimedRun,
  type TimedRunOptions,
} from './timed-run.js';
export { timingWorkload, type TimingWorkload, type WorkloadOptions } from './workload.js';
