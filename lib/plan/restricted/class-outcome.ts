import type { Plan } from '../../models/index.js';
import type { StopSignal } from '../../solver/index.js';
import type { Planner } from '../planner.js';

/** The best plan of a class, what is proven of the class, and what that took. */
export interface ClassOutcome {
  /**
   * - `found`: every value of the common decisions was searched or excluded by its bound;
   * - `stopped`: the search ended before that, with the best plan so far if there is one;
   * - `infeasible`: proven that no plan of the class keeps all limits;
   * - `not-found`: no plan was found, and none is proven not to exist;
   * - `does-not-apply`: the file's pins contradict the class, `note` names them.
   */
  readonly status: 'found' | 'stopped' | 'infeasible' | 'not-found' | 'does-not-apply';
  readonly plan?: Plan;
  /** Round delay of the plan, seconds; Infinity without one. */
  readonly totalSeconds: number;
  /** No plan of the class is faster, seconds; 0 where nothing is proven. */
  readonly boundSeconds: number;
  readonly note?: string;
  readonly counts: ClassCounts;
}

export interface ClassCounts {
  /** Values of the common decisions. */
  readonly values: number;
  /** Values that were given to the planner; the others were excluded by bounds. */
  readonly solves: number;
}

/** What the search of a class works with. */
export interface ClassContext {
  readonly planner: Planner;
  /** Plans of the class that are known. */
  readonly starts: readonly Plan[];
  readonly signal?: StopSignal | undefined;
}
