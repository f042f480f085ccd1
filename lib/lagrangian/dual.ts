import * as z from '../schema/index.js';
import { Budget, commonOptions, defineOptions, type Termination, type StopSignal } from '../solver/index.js';
import { CutMaster } from './master.js';
import { createResponse, dualValue, recomputeBound, type ChoiceOracle } from './problem.js';

/** Options of the dual method: types, defaults and meanings. */
export const dualOptions = defineOptions({
  relativeTolerance: z
    .number()
    .positive()
    .default(1e-9)
    .describe('The dual is called maximal when no multiplier can raise it by more than this, relative to max(1, |D|).'),
  maxEvaluations: z
    .int()
    .positive()
    .default(200)
    .describe('Oracle calls before giving up; the best bound is returned.'),
  smoothing: z
    .number()
    .min(0)
    .max(0.95)
    .default(0.4)
    .describe('Weight of the best multipliers in the next ones (Wentges 1997); raise it if the bound oscillates.'),
  largestMultiplier: z
    .number()
    .positive()
    .default(1e6)
    .describe('Upper limit of every multiplier; a multiplier at it suggests an infeasible problem.'),
  timeLimitSeconds: commonOptions.timeLimitSeconds,
});
/** Options of `maximizeDual`; what is absent has its default. */
export type DualOptions = z.input<typeof dualOptions.schema>;

/** Multipliers, the bound they prove, and what the dual says about the primal. */
export interface DualResult {
  /** Why the maximisation ended. */
  readonly termination: Termination;
  /** Best multipliers found, length rowCount, ≥ 0. */
  readonly multipliers: Float64Array;
  /** D at them, recomputed after the search: a lower bound on the optimum. Infinity: some block has no choice. */
  readonly bound: number;
  /** No multipliers within the limits give more than this, as far as the cuts know. */
  readonly ceiling: number;
  /** Convex combination of oracle answers that the cuts end with: the solution of the convexified problem. */
  readonly recovery: PrimalRecovery;
  /** Evaluations of the dual function. */
  readonly evaluations: number;
  /** Wall time, seconds. */
  readonly timeSeconds: number;
}

/** What a caller of `maximizeDual` may know already. */
export interface DualContext {
  /** Multipliers to start from. */
  readonly start?: Float64Array | undefined;
  /** Typical size of each multiplier, > 0: the search starts in a box of this size and widens it where it must. */
  readonly scale?: Float64Array | undefined;
  /** Stop as soon as the bound reaches this. */
  readonly target?: number | undefined;
  /** Ends the work with the best bound so far once aborted. */
  readonly signal?: StopSignal | undefined;
}

/** Convex weights over oracle answers; at most rowCount + 1 of them, so at most rowCount blocks are fractional. */
export interface PrimalRecovery {
  /** Weight of each answer, > 0, in sum 1. */
  readonly weights: readonly number[];
  /** Choice of every block in each answer. */
  readonly choices: readonly Int32Array[];
  /** Blocks in which the weighted answers differ. */
  readonly fractionalBlocks: readonly number[];
}

/**
 * Maximises the dual D(λ) over 0 ≤ λ ≤ `largestMultiplier` by cutting planes with smoothing between the best multipliers
 * and those of the cuts' master problem (Kelley 1960; Wentges 1997). Meant for a handful of rows: the master's size is
 * theirs, and cuts grow by one a call.
 *
 * @param oracle - Prices the choices of all blocks at given multipliers.
 * @param given - Tolerances and limits; what is absent takes its default.
 * @param context - Start, signal and callbacks of this call.
 * @example
 * ```ts
 * import { type OracleResponse, maximizeDual } from 'sft-opt/lagrangian';
 *
 * // Two blocks of two choices each: cost and use of one shared row, of which 3 is there.
 * const costs = [[4, 1], [6, 2]];
 * const uses = [[1, 3], [1, 2]];
 * const oracle = {
 *   blockCount: 2,
 *   rowCount: 1,
 *   available: Float64Array.of(3),
 *   evaluate(multipliers: Float64Array, response: OracleResponse) {
 *     response.cost = response.usage[0] = 0;
 *     costs.forEach((of, block) => {
 *       const priced = of.map((cost, choice) => cost + multipliers[0]! * uses[block]![choice]!);
 *       const choice = priced[0]! <= priced[1]! ? 0 : 1;
 *       response.values[block] = priced[choice]!;
 *       response.choices[block] = choice;
 *       response.usage[0]! += uses[block]![choice]!;
 *       response.cost += of[choice]!;
 *     });
 *   },
 * };
 * const { termination, bound } = maximizeDual(oracle);
 * console.log(termination, bound); // optimal 6
 * ```
 */
export function maximizeDual(
  oracle: ChoiceOracle,
  given: Partial<DualOptions> = {},
  context: DualContext = {},
): DualResult {
  const options = dualOptions.resolve(given);
  const budget = new Budget({ timeLimitSeconds: options.timeLimitSeconds, signal: context.signal });
  const { rowCount } = oracle;
  const response = createResponse(oracle);
  const excess = new Float64Array(rowCount);
  const region = new MultiplierRegion(rowCount, options.largestMultiplier, context);
  const master = new CutMaster(rowCount, region.upper);
  const answers: Int32Array[] = [];
  const best = new Float64Array(rowCount);
  const trial = Float64Array.from(context.start ?? best, (multiplier) => clamp(multiplier, options.largestMultiplier));
  let bestValue = -Infinity;
  let evaluations = 0;
  let termination: Termination = 'evaluation-limit';
  while (evaluations < options.maxEvaluations) {
    oracle.evaluate(trial, response);
    evaluations++;
    const value = dualValue(oracle, trial, response);
    if (value > bestValue || evaluations === 1) {
      bestValue = value;
      best.set(trial);
    }
    if (value === Infinity) {
      termination = 'infeasible';
      break;
    }
    for (let row = 0; row < rowCount; row++) excess[row] = response.usage[row]! - oracle.available[row]!;
    master.add(response.cost, excess);
    answers.push(response.choices.slice());
    if (bestValue >= (context.target ?? Infinity)) {
      termination = 'optimal';
      break;
    }
    region.widen(best);
    master.solve();
    while (master.value - bestValue <= options.relativeTolerance * Math.max(1, Math.abs(bestValue))) {
      if (!region.widen(master.multipliers)) {
        termination = 'optimal';
        break;
      }
      master.solve();
    }
    if (termination === 'optimal') break;
    const ended = budget.exhausted(evaluations, evaluations);
    if (ended) {
      termination = ended;
      break;
    }
    for (let row = 0; row < rowCount; row++) {
      trial[row] = options.smoothing * best[row]! + (1 - options.smoothing) * master.multipliers[row]!;
    }
  }
  return {
    termination,
    multipliers: best,
    bound: recomputeBound(oracle, best),
    ceiling: bestValue === Infinity || region.isTight(master.multipliers) ? Infinity : master.value,
    recovery: recover(master, answers),
    evaluations,
    timeSeconds: budget.elapsedSeconds(),
  };
}

/**
 * Box in which multipliers are sought: early cuts say little about far ones, so it starts small and grows once nothing
 * better is left inside and the master presses against it.
 */
export class MultiplierRegion {
  /** Largest multiplier of each row sought at present. */
  readonly upper: Float64Array;

  constructor(
    rowCount: number,
    private readonly largest: number,
    { start, scale }: { start?: Float64Array | undefined; scale?: Float64Array | undefined },
  ) {
    this.upper = new Float64Array(rowCount).fill(largest);
    if (!scale) return;
    for (let row = 0; row < rowCount; row++) {
      this.upper[row] = Math.min(largest, Math.max(4 * scale[row]!, 4 * (start?.[row] ?? 0)));
    }
  }

  /** Widens the sides that these multipliers touch; false if none can be. */
  widen(multipliers: Float64Array): boolean {
    let widened = false;
    for (let row = 0; row < this.upper.length; row++) {
      if (!this.presses(multipliers, row)) continue;
      this.upper[row] = Math.min(this.largest, 4 * this.upper[row]!);
      widened = true;
    }
    return widened;
  }

  /** Multipliers further out than these were left out of account. */
  isTight(multipliers: Float64Array): boolean {
    return multipliers.some((_, row) => this.presses(multipliers, row));
  }

  private presses(multipliers: Float64Array, row: number): boolean {
    return multipliers[row]! >= 0.7 * this.upper[row]! && this.upper[row]! < this.largest;
  }
}

/**
 * The master's weights and the blocks in which the answers that carry weight differ.
 *
 * @param master - The cutting-plane master, solved.
 * @param answers - Choice of every block in each cut.
 * @example
 * ```ts
 * import { CutMaster, type OracleResponse, createResponse, recover } from 'sft-opt/lagrangian';
 *
 * // Two blocks of two choices each: cost and use of one shared row, of which 3 is there.
 * const costs = [[4, 1], [6, 2]];
 * const uses = [[1, 3], [1, 2]];
 * const oracle = {
 *   blockCount: 2,
 *   rowCount: 1,
 *   available: Float64Array.of(3),
 *   evaluate(multipliers: Float64Array, response: OracleResponse) {
 *     response.cost = response.usage[0] = 0;
 *     costs.forEach((of, block) => {
 *       const priced = of.map((cost, choice) => cost + multipliers[0]! * uses[block]![choice]!);
 *       const choice = priced[0]! <= priced[1]! ? 0 : 1;
 *       response.values[block] = priced[choice]!;
 *       response.choices[block] = choice;
 *       response.usage[0]! += uses[block]![choice]!;
 *       response.cost += of[choice]!;
 *     });
 *   },
 * };
 * const master = new CutMaster(1, Float64Array.of(10));
 * const answers = [0, 10].map((multiplier) => {
 *   const response = createResponse(oracle);
 *   oracle.evaluate(Float64Array.of(multiplier), response);
 *   master.add(response.cost, Float64Array.of(response.usage[0]! - 3));
 *   return response.choices;
 * });
 * master.solve();
 * console.log(recover(master, answers).fractionalBlocks); // [ 0, 1 ]
 * ```
 */
export function recover(master: CutMaster, answers: readonly Int32Array[]): PrimalRecovery {
  const all = master.cutCount > 0 ? master.weights() : new Float64Array(0);
  const kept = [...all.keys()].filter((k) => all[k]! > 1e-9);
  const choices = kept.map((k) => answers[k]!);
  const fractionalBlocks: number[] = [];
  const first = choices[0];
  if (first) {
    for (let block = 0; block < first.length; block++) {
      if (choices.some((answer) => answer[block] !== first[block])) fractionalBlocks.push(block);
    }
  }
  return { weights: kept.map((k) => all[k]!), choices, fractionalBlocks };
}

/**
 * Combinations that take each fractional block from one of the dual's answers, at most `most` of them.
 *
 * @param recovery - What `maximizeDual` gave.
 * @param most - Most combinations.
 * @example
 * ```ts
 * import { type OracleResponse, maximizeDual, mixtures } from 'sft-opt/lagrangian';
 *
 * // Two blocks of two choices each: cost and use of one shared row, of which 3 is there.
 * const costs = [[4, 1], [6, 2]];
 * const uses = [[1, 3], [1, 2]];
 * const oracle = {
 *   blockCount: 2,
 *   rowCount: 1,
 *   available: Float64Array.of(3),
 *   evaluate(multipliers: Float64Array, response: OracleResponse) {
 *     response.cost = response.usage[0] = 0;
 *     costs.forEach((of, block) => {
 *       const priced = of.map((cost, choice) => cost + multipliers[0]! * uses[block]![choice]!);
 *       const choice = priced[0]! <= priced[1]! ? 0 : 1;
 *       response.values[block] = priced[choice]!;
 *       response.choices[block] = choice;
 *       response.usage[0]! += uses[block]![choice]!;
 *       response.cost += of[choice]!;
 *     });
 *   },
 * };
 * const { recovery } = maximizeDual(oracle);
 * console.log(mixtures(recovery, 4).map((choices) => [...choices])); // [ [ 0, 1 ] ]
 * ```
 */
export function mixtures(recovery: PrimalRecovery, most: number): Int32Array[] {
  let list = [Int32Array.from(recovery.choices[0]!)];
  for (const block of recovery.fractionalBlocks) {
    const values = [...new Set(recovery.choices.map((answer) => answer[block]!))];
    if (list.length * values.length > most) break;
    list = list.flatMap((combination) =>
      values.map((value) => {
        const changed = Int32Array.from(combination);
        changed[block] = value;
        return changed;
      }),
    );
  }
  return list;
}

function clamp(value: number, largest: number): number {
  return Math.min(Math.max(0, value), largest);
}
