import type { NlSuffix, SuffixTarget } from './model.js';

/** What a `.sol` file says about a solve. */
export interface NlSolution {
  /** Sentences for people; lines are separated by \n. */
  readonly message: string;
  /** The numbers of the `.nl` file's first line, repeated. */
  readonly amplOptions: readonly number[];
  /** Present if the second option is 3. */
  readonly tolerance?: number;
  /** Number of constraints of the model. */
  readonly constraintCount: number;
  /** Number of variables of the model. */
  readonly variableCount: number;
  /** Marginals ∂f/∂(side) of the objective as written, length constraintCount; absent if none are given. */
  readonly marginals?: Float64Array;
  /** Values of the variables, length variableCount; absent if none are given. */
  readonly x?: Float64Array;
  /** Index of the objective that was solved, from 0. */
  readonly objective: number;
  /** 0–99 solved, 100–199 doubtful, 200–299 infeasible, 300–399 unbounded, 400–499 a limit, 500–999 failure. */
  readonly solveResult: number;
  /** Values handed back to the modeller, such as reduced costs. */
  readonly suffixes: readonly NlSuffix[];
}

/** Targets of suffixes in the order of their numbers in a file. */
export const suffixTargets: readonly SuffixTarget[] = ['variable', 'constraint', 'objective', 'problem'];

/**
 * The number that stands for a suffix's target and type.
 *
 * @param suffix - The suffix.
 * @example
 * ```ts
 * import { denseSuffix, suffixKind } from 'sft-opt/io/nl';
 *
 * console.log(suffixKind(denseSuffix('priority', 'variable', Int32Array.of(0, 5), false))); // 0
 * ```
 */
export function suffixKind(suffix: NlSuffix): number {
  return suffixTargets.indexOf(suffix.target) | (suffix.real ? 4 : 0);
}

/**
 * A suffix of all entries of `values` that are not 0.
 *
 * @param name - As in `priority`.
 * @param target - What the values belong to.
 * @param values - One for each variable, constraint or objective.
 * @param real - Whether values are real numbers.
 * @example
 * ```ts
 * import { denseSuffix } from 'sft-opt/io/nl';
 *
 * console.log(denseSuffix('priority', 'variable', Int32Array.of(0, 5), false).indices); // Int32Array(1) [ 1 ]
 * ```
 */
export function denseSuffix(
  name: string,
  target: SuffixTarget,
  values: Float64Array | Int32Array,
  real: boolean,
): NlSuffix {
  const indices = Int32Array.from(values.keys()).filter((i) => values[i] !== 0);
  return { name, target, real, indices, values: Float64Array.from(indices, (i) => values[i]!) };
}

/** With option 2 = 3 the count of options in a `.sol` file is two larger than the number of options in it. */
export const toleranceOption = 3;
/** By how much the count then differs. */
export const toleranceExtra = 2;
