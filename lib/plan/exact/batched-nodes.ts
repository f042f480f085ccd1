import type { StopSignal } from '../../solver/index.js';
import { batchedStart, BatchedBound } from '../bound/batched-bound.js';
import { boundOptions } from '../bound/contract.js';
import type { ChoiceColumns } from '../bound/columns.js';
import { filterChoices, hasEmptyDevice, type ActiveChoices } from './active-choices.js';
import type { LinearTests } from './enumeration.js';
import { leastOf, type NodeDual, type NodeDuals } from './separate-nodes.js';

/** Boxes into which the thresholds of one node are divided. */
const nodeBoxes = 12;

interface LeafBox {
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly multipliers: Float64Array;
}

/**
 * Node duals of `batched`: the thresholds' boxes of a node's own bound give a set of linear tests each. A plan faster than the
 * cutoff has its thresholds in one of them.
 */
export class BatchedNodes implements NodeDuals {
  private leaves: readonly LeafBox[] = [];
  private readonly search: BatchedBound;

  constructor(
    readonly columns: ChoiceColumns,
    signal?: StopSignal,
  ) {
    const options = boundOptions.resolve({ relativeTolerance: 1e-7, maxBoxes: nodeBoxes });
    this.search = new BatchedBound(columns, options, { signal }, 1, batchedStart(columns, 1));
  }

  bound(choices: ActiveChoices, start: Float64Array | undefined, guess: number, target: number): NodeDual {
    const { search } = this;
    search.oracle.setActive(choices.start, choices.active);
    // Without a target any delay is of interest: a generous one stands for it.
    const cap = target < Infinity ? target : Math.max(1e6 * guess, 1e6);
    if (!(cap > 0)) {
      // No round is shorter than nothing, as one that leaves all devices out.
      this.leaves = [];
      const multipliers = batchedStart(this.columns, 1);
      return { refuted: 0, multipliers, recovery: { weights: [], choices: [], fractionalBlocks: [] } };
    }
    search.restart(cap, start ?? batchedStart(this.columns, cap));
    const { bound, worst } = search.run();
    this.leaves = search.unrefuted();
    return { refuted: bound, multipliers: worst.multipliers, recovery: worst.recovery };
  }

  reduce(choices: ActiveChoices, _multipliers: Float64Array, cutoff: number): ActiveChoices {
    const useful = new Uint8Array(this.columns.blocks.length);
    for (const { values, limits } of this.tables(choices, cutoff)) {
      const least = values.map((column) => leastOf(choices, column));
      const slack = limits.map((limit, v) => limit - least[v]!.reduce((sum, value) => sum + value, 0));
      for (let n = 0; n + 1 < choices.start.length; n++) {
        for (let at = choices.start[n]!; at < choices.start[n + 1]!; at++) {
          // Some corner of the box must let the choice pass: the Lagrangian is concave over the box.
          if (slack.some((room, v) => values[v]![at]! - least[v]![n]! <= room)) useful[choices.active[at]!] = 1;
        }
      }
    }
    return filterChoices(choices, (_n, j) => useful[j] === 1);
  }

  tests(choices: ActiveChoices, _multipliers: Float64Array, cutoff: number): readonly LinearTests[] {
    if (hasEmptyDevice(choices)) return [];
    // One corner each: what passes none of a box's corners has no thresholds in it.
    return this.tables(choices, cutoff).flatMap(({ values, limits }) =>
      values.map((column, v) => ({ values: [column], limits: [limits[v]!] })),
    );
  }

  /** For every box left, the price of each active choice and the limit, at every corner. */
  private tables(choices: ActiveChoices, cutoff: number): LinearTests[] {
    const { oracle } = this.search;
    oracle.setActive(choices.start, choices.active);
    return this.leaves.map(({ low, high, multipliers }) => {
      oracle.setBox(low, high);
      return oracle.cornerTests(choices.active, multipliers, cutoff);
    });
  }
}
