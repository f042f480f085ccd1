import type { QuadraticProgram } from '../problem/index.js';
import { Budget, type BudgetLimits } from '../solver/index.js';
import { DualActiveSetSolver } from './dual-active-set.js';
import { qpOptions, type QpOptionsInput } from './options.js';
import type { QpResult, QpWarmStart } from './result.js';

/** Solves a convex quadratic (or linear) program. */
export function solveQp(
  problem: QuadraticProgram,
  options?: QpOptionsInput,
  warmStart?: QpWarmStart,
  limits: BudgetLimits = {},
): QpResult {
  const resolved = qpOptions.resolve(options);
  const budget = new Budget({ timeLimitSeconds: resolved.timeLimitSeconds, ...limits });
  const solver = new DualActiveSetSolver(problem.linear.length, problem.constraintLower.length, options);
  return solver.solve(problem, warmStart, false, budget);
}
