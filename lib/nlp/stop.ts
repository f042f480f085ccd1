import type { BudgetEnd, Termination } from '../solver/index.js';

/** How an algorithm ended, before anything is checked. */
export interface Stop {
  /** Why the solve ended. */
  readonly termination: Termination;
  /** The same in words. */
  readonly message: string;
}

/**
 * The stop that belongs to a limit.
 *
 * @param end - Which limit ended the work.
 * @example
 * ```ts
 * import { limitStop } from 'sft-opt/nlp';
 *
 * console.log(limitStop('time-limit').termination); // time-limit
 * ```
 */
export function limitStop(end: BudgetEnd): Stop {
  const words: Record<BudgetEnd, string> = {
    'iteration-limit': 'The iteration limit ended the work.',
    'evaluation-limit': 'The evaluation limit ended the work.',
    'time-limit': 'The time limit ended the work.',
    interrupted: 'Stopped by the abort signal.',
  };
  return { termination: end, message: words[end] };
}

/**
 * Message for a variable whose bounds exclude each other; `index` from 0.
 *
 * @param names - Names of all variables, where there are any.
 * @param index - The variable, from 0.
 * @example
 * ```ts
 * import { crossedMessage } from 'sft-opt/nlp';
 *
 * console.log(crossedMessage(['speed'], 0)); // The bounds of variable speed exclude each other.
 * ```
 */
export function crossedMessage(names: readonly string[] | undefined, index: number): string {
  return `The bounds of variable ${names?.[index] ?? `number ${index}`} exclude each other.`;
}

/** Message where points were found whose objective falls without end. */
export const unboundedMessage = 'The objective falls without end over points that satisfy the constraints.';
