export { fineTune, type FineTuneOptions, type FineTuneResult, type Traffic } from './fine-tune.js';
export { readStudy, StudyFileError } from './read.js';
export { executeRun, rateFactor } from './run.js';
export { RunsFile, RunsFileError, type FinishedRun } from './runs-file.js';
export {
  runCodecs,
  runId,
  studyRuns,
  studySchema,
  type RunSettings,
  type StudyPoint,
  type StudySettings,
  type StudyWorkload,
} from './settings.js';
export { runStudy, StudyError, type StudyOptions, type StudyProgress } from './study.js';
export { loadWorkload, withHeadRows, type Workload } from './workload.js';
