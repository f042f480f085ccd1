export * from './bandwidth/index.js';
export * from './bound/index.js';
export { evaluatePlan, slackOf, type PlanEvaluation } from './evaluate.js';
export * from './exact/index.js';
export * from './report.js';
export * from './solve.js';
export { planBits } from './baselines/index.js';
export type { Planner, PlannerOutcome } from './planner.js';
export * from './two-timescale/index.js';
