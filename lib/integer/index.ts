export * from './tree.js';
export * from './minlp.js';
export * from './outer-approximation.js';
export { Pseudocosts, fractionalVariables, type FractionalVariable } from './branching.js';
export { roundAndFix, dive, pumpFeasibility, type HeuristicTools } from './heuristics.js';
export { largestViolation, type RelaxationResult, type RelaxationSolver } from './relaxation.js';
