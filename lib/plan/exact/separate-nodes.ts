import { largestRefutedThreshold, type PrimalRecovery } from '../../lagrangian/index.js';
import type { StopSignal } from '../../solver/index.js';
import { startMultipliers } from '../bound/bound-plan.js';
import { constantPrice, type ChoiceColumns, type CouplingRow } from '../bound/columns.js';
import { SeparateOracle } from '../bound/separate-oracle.js';
import { filterChoices, hasEmptyDevice, type ActiveChoices } from './active-choices.js';
import type { LinearTests } from './enumeration.js';

/** What the dual says about the plans within some active choices. */
export interface NodeDual {
  /** No plan within them is this fast or faster, seconds without aggregation. */
  readonly refuted: number;
  readonly multipliers: Float64Array;
  readonly recovery: PrimalRecovery;
}

/** Bounds and exclusion tests for parts of the choices; one implementation for each way of sharing the server. */
export interface NodeDuals {
  /** Dual bound; may stop once `target` (Infinity for none) is refuted. */
  bound(choices: ActiveChoices, start: Float64Array | undefined, guess: number, target: number): NodeDual;
  /** Those choices that a plan faster than `cutoff` may use, by reduced cost at the given multipliers. */
  reduce(choices: ActiveChoices, multipliers: Float64Array, cutoff: number): ActiveChoices;
  /** Sets of linear tests for plans faster than `cutoff`; such a plan passes all tests of at least one set. */
  tests(choices: ActiveChoices, multipliers: Float64Array, cutoff: number): readonly LinearTests[];
}

/** Tests are relaxed by this much of the sizes involved, for rounding. */
const testMargin = 1e-11;

/** Factors on (server share, memory with traffic and extra limits, accuracy) relative to bandwidth around a node's best multipliers. */
const variations: readonly (readonly [number, number, number])[] = [
  [1, 1, 1],
  [1, 1, 0.5],
  [1, 1, 2],
  [0.5, 1, 1],
  [2, 1, 1],
  [0.6, 0.6, 0.25],
  [1.6, 1.6, 0.25],
  [0.6, 1.6, 4],
  [1.6, 0.6, 4],
  [0.2, 1, 1],
  [5, 1, 1],
  [1, 0, 1],
  [1, 4, 1],
];

/** Node duals of `allocated` and `equal`. */
export class SeparateNodes implements NodeDuals {
  readonly oracle: SeparateOracle;

  constructor(
    readonly columns: ChoiceColumns,
    private readonly signal?: StopSignal,
  ) {
    this.oracle = new SeparateOracle(columns);
  }

  bound(choices: ActiveChoices, start: Float64Array | undefined, guess: number, target: number): NodeDual {
    this.oracle.setActive(choices.start, choices.active);
    const result = largestRefutedThreshold(
      this.oracle,
      { relativeTolerance: 1e-6, maxEvaluations: 50 },
      {
        start: start ?? startMultipliers(this.columns),
        ...(guess > 0 && guess < Infinity && { guess }),
        ...(target < Infinity && { target }),
        signal: this.signal,
      },
    );
    return { refuted: result.refuted, multipliers: result.multipliers, recovery: result.recovery };
  }

  reduce(choices: ActiveChoices, multipliers: Float64Array, cutoff: number): ActiveChoices {
    const { values, limits } = this.table(choices, multipliers, cutoff);
    const least = leastOf(choices, values);
    const slack = limits - least.reduce((sum, value) => sum + value, 0);
    let at = 0;
    return filterChoices(choices, (n) => values[at++]! - least[n]! <= slack);
  }

  tests(choices: ActiveChoices, multipliers: Float64Array, cutoff: number): readonly LinearTests[] {
    if (hasEmptyDevice(choices)) return [];
    const seen = new Set<string>();
    const tables = variations.flatMap((factors) => {
      const varied = this.vary(multipliers, factors);
      const key = varied.join(' ');
      if (seen.has(key)) return [];
      seen.add(key);
      return [this.table(choices, varied, cutoff)];
    });
    return [{ values: tables.map(({ values }) => values), limits: tables.map(({ limits }) => limits) }];
  }

  private vary(multipliers: Float64Array, [share, sums, accuracy]: readonly [number, number, number]): Float64Array {
    const factorOf = (row: CouplingRow) => {
      if (row === 'bandwidth') return 1;
      if (row === 'server-share') return share;
      return row === 'accuracy' ? accuracy : sums;
    };
    return Float64Array.from(this.columns.rows, (row, r) => multipliers[r]! * factorOf(row));
  }

  /** Price of every active choice at the cutoff, and what all of them together may cost. */
  private table(choices: ActiveChoices, multipliers: Float64Array, cutoff: number) {
    const { columns, oracle } = this;
    const lambda = multipliers[0]!;
    const shareRow = columns.rows.indexOf('server-share');
    const mu = shareRow < 0 ? 0 : multipliers[shareRow]!;
    oracle.setThreshold(cutoff);
    const values = new Float64Array(choices.active.length);
    let size = 0;
    for (let n = 0; n < columns.deviceCount; n++) {
      let largest = 0;
      for (let at = choices.start[n]!; at < choices.start[n + 1]!; at++) {
        const j = choices.active[at]!;
        const base = constantPrice(columns, multipliers, j);
        values[at] = oracle.floors[j]! > cutoff ? Infinity : base + oracle.price(n, j, lambda, mu);
        if (values[at]! < Infinity) largest = Math.max(largest, Math.abs(values[at]!));
      }
      size += largest;
    }
    let limits = 0;
    for (let r = 0; r < columns.rows.length; r++) limits += multipliers[r]! * columns.available[r]!;
    return { values, limits: limits + testMargin * (size + limits) };
  }
}

/** Least value of each device over its active choices. */
export function leastOf(choices: ActiveChoices, values: Float64Array): Float64Array {
  return Float64Array.from({ length: choices.start.length - 1 }, (_, n) => {
    let least = Infinity;
    for (let at = choices.start[n]!; at < choices.start[n + 1]!; at++) least = Math.min(least, values[at]!);
    return least;
  });
}
