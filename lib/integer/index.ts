export * from './tree.js';
export * from './minlp.js';
export * from './outer-approximation.js';
export {
  Pseudocosts,
  fractionalVariables,
  mostFractional,
  pseudocostBranching,
  reliabilityBranching,
  type BranchingContext,
  type BranchingRule,
  type FractionalVariable,
} from './branching.js';
export {
  roundAndFix,
  dive,
  pumpFeasibility,
  rounding,
  divingEvery,
  pumpAtRoot,
  type Heuristic,
  type HeuristicPlace,
  type HeuristicTools,
} from './heuristics.js';
export { largestViolation, withBounds, type RelaxationResult, type RelaxationSolver } from './relaxation.js';
export type { QuadraticSolver } from './tangents.js';
export { enumerateIntegerPoints, integerPointCount, type EnumerationResult } from './enumeration.js';
export { searchNeighbourhoods, type NeighbourhoodTools } from './neighbourhood.js';
export { solveStructured } from './structured.js';
export type { StructuredOptions, StructuredResult, StructuredTools } from './structured/node.js';
export { structureOf } from './structure.js';
