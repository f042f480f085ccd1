export * from './allocate.js';
export {
  compileLoads,
  emptyLoads,
  loadsOfChoices,
  loadsOfDecisions,
  type CompiledAllocation,
  type FixedDecision,
  type StepLoads,
} from './compile.js';
export type { DelayRows } from './delay-rows.js';
export { searchShares, ShareSearch, type ShareAnswer } from './share-search.js';
export { JointSearch, type JointAnswer } from './joint-search.js';
export { searchThresholds, type ThresholdAnswer } from './threshold-search.js';
export { blockLimits, searchBlocks, type BlockAnswer, type BlockLimits } from './resource-blocks.js';
