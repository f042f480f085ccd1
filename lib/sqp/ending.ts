import type { NlpMeta } from '../problem/index.js';
import type { Budget, BudgetEnd, IterationCallback, Termination } from '../solver/index.js';
import type { WorkingSet } from '../kkt/index.js';

/** How one run of the algorithm ended. */
export interface Ending {
  readonly termination: Termination;
  readonly message: string;
  /** Farkas multipliers (scaled units) of an `infeasible` ending. */
  readonly certificate?: Float64Array;
}

/** What a run starts from. */
export interface RunRequest {
  readonly start: Float64Array;
  readonly multipliers: Float64Array | undefined;
  readonly workingSet: WorkingSet | undefined;
  readonly budget: Budget;
  readonly onIteration: IterationCallback | undefined;
  /** δ below which the Hessian's shift never falls. */
  readonly minimumShift: number;
  readonly scaling: boolean;
  readonly globalization: 'filter' | 'merit';
  readonly seed: number;
}

export const unboundedEnding: Ending = {
  termination: 'unbounded',
  message: 'The objective falls without end over points that satisfy the constraints.',
};

export const limitMessages: Record<BudgetEnd, string> = {
  'iteration-limit': 'The limit on iterations was reached.',
  'evaluation-limit': 'The limit on evaluations was reached.',
  'time-limit': 'The time limit was reached.',
  interrupted: 'The caller stopped the solve.',
};

/** True for a quadratic objective over linear constraints. */
export function isQuadraticProgram({ objectiveShape, linearConstraints, constraintCount }: NlpMeta): boolean {
  if (objectiveShape !== 'quadratic' && objectiveShape !== 'linear') return false;
  return constraintCount === 0 || linearConstraints?.every((flag) => flag === 1) === true;
}
