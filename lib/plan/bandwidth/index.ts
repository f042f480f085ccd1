export {
  allocate,
  allocateLoads,
  planOf,
  type Allocated,
  type AllocationPrices,
  type NoShares,
  type SharesFound,
} from './allocate.js';
export { planBandwidth, type BandwidthOptions, type PlanSearchResult } from './plan-bandwidth.js';
export {
  compileLoads,
  loadNames,
  writeCosts,
  type LoadColumns,
  LinkRows,
  emptyLoads,
  loadsOfDecisions,
  type CompiledAllocation,
  type FixedDecision,
  type StepLoads,
} from './compile.js';
export { evaluateRow, type DelayRows } from './delay-rows.js';
export { searchShares, ShareSearch, type ShareAnswer } from './share-search.js';
export { JointSearch, type JointAnswer } from './joint-search.js';
export { searchThresholds, type ThresholdAnswer } from './threshold-search.js';
export { blockLimits, searchBlocks, type BlockAnswer, type BlockLimits } from './resource-blocks.js';
export { sqpShares, type SqpShares } from './sqp.js';
export { solveSeparableMinMax, type SeparableOptions, type SeparableResult } from './separable-minmax.js';
export type { SeparableMinMax, SeparableValues } from './separable-problem.js';
