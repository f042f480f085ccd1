import { Budget, type StopSignal } from '../../solver/index.js';
import { maximizeDual, type DualResult, type PrimalRecovery } from '../../lagrangian/index.js';
import { namedMultipliers, type BoundContext, type PlanBound, type ResolvedBoundOptions } from './contract.js';
import { BoxOracle } from './box-oracle.js';
import type { BoxNode, LimitMultipliers } from './certificate.js';
import { buildColumns, type ChoiceColumns } from './columns.js';

/** A claim is this much below what the search saw, so that a slower recomputation confirms it. */
const claimMargin = 1e-8;

export interface OpenBox {
  readonly low: Float64Array;
  readonly high: Float64Array;
  bound: number;
  multipliers: Float64Array;
  recovery: PrimalRecovery;
  /** Children once divided. */
  split?: { axis: number; at: number; below: OpenBox; above: OpenBox };
}

/**
 * Bound of `batched`: thresholds X (one for the chain, or those of the exact stage form) are divided into boxes, each
 * bounded by the dual of its linearisation, the least bound first. Thresholds whose sum alone reaches the incumbent (or a
 * first upper estimate of what the dual can reach) need no box.
 */
export class BatchedBound {
  evaluations = 0;
  readonly oracle: BoxOracle;
  private readonly open: OpenBox[] = [];
  /** Least dual value at a single point: nothing above it can be shown. */
  private ceiling = Infinity;

  constructor(
    readonly columns: ChoiceColumns,
    private readonly options: ResolvedBoundOptions,
    private readonly context: BoundContext,
    private cap: number,
    private start: Float64Array,
  ) {
    this.oracle = new BoxOracle(columns);
  }

  /** Ready for another run, with the oracle's choices as they are now. */
  restart(cap: number, start: Float64Array): void {
    this.cap = cap;
    this.start = start;
    this.open.length = 0;
    this.ceiling = Infinity;
    this.oracle.measureLimits();
  }

  /** The boxes of the last run that may hold thresholds of a plan below the cap. */
  unrefuted(): readonly OpenBox[] {
    return this.open.filter((box) => box.bound < this.cap);
  }

  run(): { bound: number; root: OpenBox; partition: BoxNode; worst: OpenBox; boxes: number } {
    const { low, high } = rootBox(this.columns, this.oracle, this.cap);
    const root = this.assess(low, high, this.start);
    this.open.push(root);
    let boxes = 1;
    const started = performance.now();
    for (; boxes < this.options.maxBoxes; boxes++) {
      const worst = this.leastOpen();
      if (worst.bound >= this.goal()) break;
      if (this.context.signal?.aborted || (performance.now() - started) / 1000 > this.options.timeLimitSeconds) break;
      if (!this.divide(worst)) break;
    }
    const worst = this.leastOpen();
    return { bound: Math.min(this.cap, worst.bound), root, partition: this.partition(root), worst, boxes };
  }

  /** What is near enough to what can be shown; a target is to be reached. */
  private goal(): number {
    const near = 1 - this.options.relativeTolerance;
    return Math.min(this.context.targetSeconds === undefined ? near * this.cap : this.cap, near * this.ceiling);
  }

  private leastOpen(): OpenBox {
    return this.open.reduce((least, box) => (box.bound < least.bound ? box : least));
  }

  private divide(box: OpenBox): boolean {
    const weights = this.columns.requirementWeights;
    let axis = 0;
    let widest = 0;
    for (let r = 0; r < weights.length; r++) {
      const width = weights[r]! * (box.high[r]! - box.low[r]!);
      if (width > widest) {
        widest = width;
        axis = r;
      }
    }
    const at = (box.low[axis]! + box.high[axis]!) / 2;
    if (!(at > box.low[axis]! && at < box.high[axis]!)) return false;
    const below = this.assess(box.low, withEntry(box.high, axis, at), box.multipliers);
    const above = this.assess(withEntry(box.low, axis, at), box.high, box.multipliers);
    box.split = { axis, at, below, above };
    this.open.splice(this.open.indexOf(box), 1, below, above);
    return true;
  }

  private assess(low: Float64Array, high: Float64Array, start: Float64Array): OpenBox {
    this.oracle.setBox(low, high);
    const result = this.maximize(start, 25, this.cap);
    const box = { low, high, bound: result.bound, multipliers: result.multipliers, recovery: result.recovery };
    if (result.bound < this.cap) {
      // What the dual says at the upper corner alone: the bound cannot end above it.
      this.oracle.setBox(high, high);
      this.ceiling = Math.min(this.ceiling, this.maximize(result.multipliers, 8, Infinity).ceiling);
    }
    return box;
  }

  private maximize(start: Float64Array, maxEvaluations: number, target: number): DualResult {
    const result = maximizeDual(
      this.oracle,
      {
        relativeTolerance: this.options.relativeTolerance / 10,
        maxEvaluations,
        largestMultiplier: 1e6 * this.cap,
        smoothing: 0.5,
      },
      { start, scale: scales(this.columns, this.cap), target, signal: this.context.signal },
    );
    this.evaluations += result.evaluations + 1;
    return result;
  }

  /** The binary partition as plain data, multipliers in a certificate's scales. */
  private partition(box: OpenBox): BoxNode {
    if (!box.split) return { multipliers: namedMultipliers(this.columns, box.multipliers) };
    const { axis, at, below, above } = box.split;
    return { axis, at, below: this.partition(below), above: this.partition(above) };
  }
}

/** From what every plan needs up to where the objective alone exceeds the cap. */
export function rootBox(columns: ChoiceColumns, oracle: BoxOracle, cap: number) {
  const weights = columns.requirementWeights;
  const low = Float64Array.from(oracle.floors);
  let least = oracle.leastServerSeconds;
  for (let r = 0; r < weights.length; r++) least += weights[r]! * low[r]!;
  const high = Float64Array.from(low, (value, r) => value + Math.max(0, cap - least) / weights[r]!);
  return { low, high };
}

function withEntry(values: Float64Array, index: number, value: number): Float64Array {
  const changed = Float64Array.from(values);
  changed[index] = value;
  return changed;
}

function scales(columns: ChoiceColumns, cap: number): Float64Array {
  return Float64Array.from(columns.rows, () => cap);
}

/** Multipliers are seconds a whole unit of each row. */
export function batchedStart(columns: ChoiceColumns, cap: number): Float64Array {
  return Float64Array.from(columns.rows, (row) => (row === 'bandwidth' ? 0.3 * cap : 0.1 * cap));
}

/**
 * An upper estimate of what the dual of the longest chain can show: the least of Y + dual(Y) over a geometric search in Y.
 */
export function dualCeiling(
  columns: ChoiceColumns,
  oracle: BoxOracle,
  signal?: StopSignal,
): { ceiling: number; multipliers: Float64Array } {
  const weights = columns.requirementWeights;
  const floor = Math.max(1e-12, ...oracle.floors);
  let multipliers = batchedStart(columns, floor * 4 + oracle.leastServerSeconds);
  let ceiling = Infinity;
  const point = new Float64Array(weights.length);
  let failures = 0;
  for (let factor = 1.05; failures < 3 && factor < 1e9; factor *= 1.35) {
    point.forEach((_, r) => (point[r] = Math.max(oracle.floors[r]! * factor, floor * (factor - 1) * 0.1)));
    oracle.setBox(point, point);
    const size = point.reduce((sum, value, r) => sum + weights[r]! * value, oracle.leastServerSeconds);
    const result = maximizeDual(
      oracle,
      { relativeTolerance: 1e-4, maxEvaluations: 40, largestMultiplier: 1e6 * size },
      { start: multipliers, scale: scales(columns, size), target: 100 * size },
    );
    if (result.bound >= 100 * size) continue;
    if (result.ceiling < ceiling) {
      ceiling = result.ceiling;
      multipliers = Float64Array.from(result.multipliers);
      failures = 0;
    } else if (ceiling < Infinity) failures++;
    if (size > ceiling || (signal?.aborted && ceiling < Infinity)) break;
  }
  return { ceiling, multipliers };
}

export function boundBatched(columns: ChoiceColumns, options: ResolvedBoundOptions, given: BoundContext): PlanBound {
  const wantsStages = options.form === 'stages' || (options.form === 'auto' && columns.deviceCount <= stagesLimit);
  const chainColumns = columns.requirements.length > 1 ? undefined : columns;
  const budget = new Budget({ timeLimitSeconds: options.timeLimitSeconds, signal: given.signal });
  const context = { ...given, signal: new BudgetSignal(budget) };
  const chain = boundForm(chainColumns ?? buildColumns(columns), options, context);
  if (!wantsStages || chain.boundSeconds >= (given.targetSeconds ?? Infinity) || budget.exhausted(0, 0)) return chain;
  const stageColumns = chainColumns ? buildColumns(columns, 'stages') : columns;
  const left = { ...options, timeLimitSeconds: budget.timeLimitSeconds - budget.elapsedSeconds() };
  const stages = boundForm(stageColumns, left, context, chain.boundSeconds);
  return stages.boundSeconds > chain.boundSeconds ? stages : chain;
}

/** A budget as a signal, for loops of loops. */
class BudgetSignal implements StopSignal {
  constructor(private readonly budget: Budget) {}

  get aborted(): boolean {
    return this.budget.exhausted(0, 0) !== undefined;
  }
}

/** More devices than this and `auto` keeps to the chain form: boxes in three thresholds cost much and gain little. */
const stagesLimit = 200;

function boundForm(columns: ChoiceColumns, options: ResolvedBoundOptions, context: BoundContext, known = 0): PlanBound {
  const { problem } = columns;
  const aggregation = problem.aggregationSeconds;
  const probe = dualCeiling(columns, new BoxOracle(columns), context.signal);
  const ceiling = Math.max(probe.ceiling * (1 + 1e-6), known - aggregation);
  const reach = Math.min(ceiling, mostWanted(context, aggregation));
  // Where nothing says how far a bound can reach, a generous delay stands for it; at 0 and below there is nothing to show.
  const cap = reach < Infinity ? Math.max(reach, Number.MIN_VALUE) : 1e6 * Math.max(1, columns.deviceCount);
  const search = new BatchedBound(columns, options, context, cap, probe.multipliers);
  const { bound, root, partition, worst, boxes } = search.run();
  // Where all devices are optional the dual may leave all of them out: nothing is shown then.
  const boundSeconds = Math.max(0, bound * (1 - claimMargin)) + aggregation;
  const multipliers: LimitMultipliers = namedMultipliers(columns, worst.multipliers);
  const form = columns.requirementWeights.length === 1 ? 'chain' : 'stages';
  return {
    boundSeconds,
    certificate: {
      kind: 'boxes',
      sharing: 'batched',
      form,
      boundSeconds,
      lower: [...root.low],
      upper: [...root.high],
      partition,
    },
    multipliers,
    recovery: worst.recovery,
    columns,
    statistics: { evaluations: search.evaluations, choices: columns.blocks.length, boxes },
  };
}

/** Delay without aggregation above which nothing has to be shown: that of a known plan, or what lets the claim reach a target. */
function mostWanted(
  { incumbentSeconds = Infinity, targetSeconds = Infinity }: BoundContext,
  aggregation: number,
): number {
  if (targetSeconds > incumbentSeconds) return incumbentSeconds - aggregation;
  return (targetSeconds - aggregation) * (1 + 2 * claimMargin);
}
