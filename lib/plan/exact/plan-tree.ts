import { exceeds } from '../../models/index.js';
import type { BranchingProblem, Candidate, NodeBound, NodeContext } from '../../integer/index.js';
import { mixtures, type PrimalRecovery } from '../../lagrangian/index.js';
import type { ChoiceColumns } from '../bound/columns.js';
import { filterChoices, hasEmptyDevice, singleCombination, type ActiveChoices } from './active-choices.js';
import { isWithinCoupling } from '../choices/index.js';
import type { PlanEvaluator } from '../local-search/index.js';
import { enumerateCombinations } from './enumeration.js';
import type { NodeDuals } from './separate-nodes.js';

/** One choice for every device (entries of the table) and its round with the best shares. */
export interface Combination {
  readonly choices: Int32Array;
  readonly totalSeconds: number;
}

export interface PlanNode {
  readonly choices: ActiveChoices;
  readonly multipliers?: Float64Array;
}

export interface PlanNodeBound extends NodeBound<Combination> {
  readonly choices: ActiveChoices;
  readonly multipliers?: Float64Array;
  readonly recovery?: PrimalRecovery;
}

/** Steps of one attempt to finish a node by enumeration; a node that needs more is divided instead. */
const enumerationSteps = 3000;
const rememberedCombinations = 500_000;

/**
 * Branch and bound over the choices: a node is a set of choices for each device; its bound is the dual within them. Choices
 * that the multipliers exclude are dropped, and what is small enough is enumerated under linear tests.
 */
export class PlanTree implements BranchingProblem<PlanNode, PlanNodeBound, Combination> {
  enumeratedSteps = 0;
  enumeratedLeaves = 0;
  private readonly aggregation: number;
  private readonly deadline: number;
  private readonly latest: number;
  private readonly visited = new VisitedCombinations();

  constructor(
    readonly root: PlanNode,
    private readonly columns: ChoiceColumns,
    private readonly duals: NodeDuals,
    private readonly evaluator: PlanEvaluator,
    /** True once the search must come to an end. */
    private readonly ended: () => boolean,
  ) {
    const { problem } = columns;
    this.aggregation = problem.aggregationSeconds;
    this.latest = problem.deadlineSeconds ?? Infinity;
    this.deadline = (problem.deadlineSeconds ?? Infinity) * (1 + 2e-9);
  }

  bound(node: PlanNode, context: NodeContext): PlanNodeBound {
    const { choices } = node;
    if (hasEmptyDevice(choices)) return { bound: Infinity, choices, closed: true };
    const single = singleCombination(choices);
    if (single) return this.leaf(choices, single);
    const cutoff = Math.min(context.cutoff, this.deadline);
    const target = cutoff - this.aggregation;
    const guess = context.inherited - this.aggregation;
    const dual = this.duals.bound(choices, node.multipliers, guess, target);
    const bound = dual.refuted + this.aggregation;
    if (dual.refuted >= target) return { bound: this.beyond(cutoff, bound), choices, closed: true };
    const reduced = this.duals.reduce(choices, dual.multipliers, target);
    if (hasEmptyDevice(reduced)) return { bound: this.beyond(cutoff, bound), choices, closed: true };
    const outcome = { bound, choices: reduced, multipliers: dual.multipliers, recovery: dual.recovery };
    return this.ended() ? outcome : (this.enumerate(outcome, cutoff, context) ?? outcome);
  }

  heuristic(_node: PlanNode, bound: PlanNodeBound, context: NodeContext): Candidate<Combination> | undefined {
    const { recovery } = bound;
    if (!recovery || recovery.choices.length === 0) return undefined;
    let best: Candidate<Combination> | undefined;
    const limit = Math.min(context.cutoff, this.deadline);
    for (const choices of mixtures(recovery, 16)) {
      if (this.ended()) break;
      const totalSeconds = this.delay(choices);
      if (totalSeconds < Math.min(limit, best?.objective ?? Infinity)) {
        best = { objective: totalSeconds, solution: { choices: Int32Array.from(choices), totalSeconds } };
      }
    }
    return best;
  }

  /** Splits the device on which the dual's answers differ most, between them: by blocks if they differ, else by point. */
  branch(_node: PlanNode, bound: PlanNodeBound): readonly PlanNode[] {
    const { choices, multipliers, recovery } = bound;
    const device = this.branchingDevice(choices, recovery);
    if (device === undefined) return [];
    const order = this.ordered(choices, device.index);
    const low = new Set(order.slice(0, splitPosition(order, device.values)));
    const child = (keepLow: boolean): PlanNode => ({
      choices: filterChoices(choices, (n, j) => n !== device.index || low.has(j) === keepLow),
      ...(multipliers && { multipliers }),
    });
    return [child(true), child(false)];
  }

  /** Infinity for what breaks accuracy, memory or the deadline. */
  private delay(choices: Int32Array): number {
    if (!isWithinCoupling(this.columns, choices)) return Infinity;
    const totalSeconds = this.evaluator.delay(choices);
    return exceeds(totalSeconds, this.latest) ? Infinity : totalSeconds;
  }

  /** A node refuted up to a deadline holds no plan at all; one refuted up to the incumbent none that is better. */
  private beyond(cutoff: number, bound: number): number {
    return cutoff === this.deadline ? Infinity : bound;
  }

  private leaf(choices: ActiveChoices, single: Int32Array): PlanNodeBound {
    const totalSeconds = this.delay(single);
    if (totalSeconds === Infinity) return { bound: Infinity, choices, closed: true };
    const solution = { choices: Int32Array.from(single), totalSeconds };
    return { bound: totalSeconds, choices, candidate: { objective: totalSeconds, solution }, closed: true };
  }

  private enumerate(outcome: PlanNodeBound, cutoff: number, context: NodeContext): PlanNodeBound | undefined {
    let best: Combination | undefined;
    let limit = cutoff;
    let cutShort = false;
    const visit = (combination: Int32Array) => {
      cutShort ||= this.ended();
      if (cutShort || !this.visited.add(combination)) return;
      const totalSeconds = this.delay(combination);
      if (totalSeconds >= limit) return;
      limit = totalSeconds;
      best = { choices: Int32Array.from(combination), totalSeconds };
    };
    const target = cutoff - this.aggregation;
    const steps = enumerationSteps * (context.depth === 0 ? 4 : 1);
    let finished = true;
    for (const tests of this.duals.tests(outcome.choices, outcome.multipliers!, target)) {
      const result = enumerateCombinations(outcome.choices, tests, steps, visit);
      this.enumeratedSteps += result.steps;
      this.enumeratedLeaves += result.leaves;
      finished = result.finished && !cutShort;
      if (!finished) break;
    }
    const candidate = best && { objective: best.totalSeconds, solution: best };
    if (!finished) return candidate && { ...outcome, candidate };
    // All that is left is `best`, or nothing better than the cutoff.
    return { ...outcome, bound: best ? best.totalSeconds : this.beyond(cutoff, cutoff), candidate, closed: true };
  }

  private branchingDevice(choices: ActiveChoices, recovery: PrimalRecovery | undefined) {
    let best: { index: number; values: number[] } | undefined;
    let most = 0;
    for (const n of recovery?.fractionalBlocks ?? []) {
      const values = [...new Set(recovery!.choices.map((answer) => answer[n]!))];
      const score = this.spread(values) * balance(recovery!, n);
      if (score > most && this.size(choices, n) > 1) {
        most = score;
        best = { index: n, values };
      }
    }
    if (best) return best;
    let widest: number | undefined;
    for (let n = 0; n < this.columns.deviceCount; n++) {
      const size = this.size(choices, n);
      if (size > 1 && (widest === undefined || size > this.size(choices, widest))) widest = n;
    }
    return widest === undefined ? undefined : { index: widest, values: [] };
  }

  private size(choices: ActiveChoices, n: number): number {
    return choices.start[n + 1]! - choices.start[n]!;
  }

  /** How different some choices of one device are, in accuracy, server work and bits. */
  private spread(values: readonly number[]): number {
    const { columns } = this;
    const bits = columns.requirements[0]!.upBits;
    const range = (pick: (j: number) => number) => {
      const list = values.map(pick);
      const most = Math.max(...list.map(Math.abs));
      return most > 0 ? (Math.max(...list) - Math.min(...list)) / most : 0;
    };
    return 1e-6 + range((j) => columns.loss[j]!) + range((j) => columns.workSeconds[j]!) + range((j) => bits[j]!);
  }

  /** A device's active choices by blocks, then points; left out last. */
  private ordered(choices: ActiveChoices, n: number): number[] {
    const { columns } = this;
    const rank = (j: number) => {
      if (columns.blocks[j]! < 0) return Infinity;
      return (columns.blocks[j]! * 1000 + columns.upPoint[j]!) * 1000 + columns.downPoint[j]!;
    };
    return [...choices.active.subarray(choices.start[n], choices.start[n + 1])].sort((a, b) => rank(a) - rank(b));
  }
}

/** Combinations evaluated before: sets of tests overlap, and so do a node's enumeration and those of its children. */
class VisitedCombinations {
  private readonly keys = new Set<string>();

  /** False if it was there already. */
  add(combination: Int32Array): boolean {
    const key = String.fromCharCode(...combination);
    if (this.keys.has(key)) return false;
    // A combination forgotten is only evaluated again.
    if (this.keys.size >= rememberedCombinations) this.keys.clear();
    this.keys.add(key);
    return true;
  }
}

/** Position in the order that separates the dual's answers in the middle of their range. */
function splitPosition(order: readonly number[], values: readonly number[]): number {
  const positions = values.map((value) => order.indexOf(value)).filter((position) => position >= 0);
  if (positions.length < 2) return Math.ceil(order.length / 2);
  const low = Math.min(...positions);
  const high = Math.max(...positions);
  return Math.ceil((low + high + 1) / 2);
}

/** 0…½: how evenly the weights are divided over a block's choices. */
function balance(recovery: PrimalRecovery, block: number): number {
  const byChoice = new Map<number, number>();
  recovery.choices.forEach((answer, k) => {
    byChoice.set(answer[block]!, (byChoice.get(answer[block]!) ?? 0) + recovery.weights[k]!);
  });
  return 1e-3 + 1 - Math.max(...byChoice.values());
}
