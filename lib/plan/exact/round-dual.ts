import { roundDelay, type Plan, type PlanningProblem } from '../../models/index.js';
import { boundPlan, type PlanBound } from '../bound/index.js';
import { buildColumns } from '../bound/columns.js';
import { CombinationEvaluator } from './combination.js';
import { improveCombination } from './improve.js';

export interface RoundedPlan {
  readonly plan: Plan;
  readonly totalSeconds: number;
}

/**
 * A plan from the dual alone: its choices rounded, repaired to meet memory and accuracy, improved by single and paired
 * exchanges at the dual's prices, shares allotted exactly. For large numbers of devices, where the gap it leaves is small.
 */
export function roundDual(problem: PlanningProblem, bound: PlanBound = boundPlan(problem)): RoundedPlan | undefined {
  if (bound.boundSeconds === Infinity) return undefined;
  const isChain = problem.sharing === 'batched' && bound.columns.requirementWeights.length === 1;
  const columns = isChain ? buildColumns(problem, { batchedForm: 'stages' }) : bound.columns;
  const evaluator = new CombinationEvaluator(columns);
  const best = improveCombination(columns, evaluator, bound, [], () => false);
  const plan = best && evaluator.plan(best.choices);
  return plan && { plan, totalSeconds: roundDelay(problem, plan).totalSeconds };
}
