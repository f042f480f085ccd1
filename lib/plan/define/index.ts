export { definePlanningProblem, definitionIssues } from './define.js';
export type {
  AccuracyDefinition,
  CompressionDefinition,
  DeviceDefinition,
  PerCut,
  PlanningProblemDefinition,
  PointDefinition,
  StageDefinition,
} from './definition.js';
export { ProblemDefinitionError, Issues, type DefinitionIssue } from './issues.js';
export { defineRate, type RateDefinition } from './rate.js';
export { checkRate } from './check-rate.js';
export { limitPrices, type LimitPrice } from './prices.js';
