import { largestRefutedThreshold, maximizeDual, type PrimalRecovery } from '../../lagrangian/index.js';
import type { PlanningProblem } from '../../models/index.js';
import type { StopSignal } from '../../solver/index.js';
import {
  BoundChecker,
  isEmptied,
  openChoices,
  priceAt,
  withoutAggregation,
  type Judgement,
  type Part,
  type Prices,
  type Problem,
} from '../../verify/evidence.js';
import type { BoxNode, LimitMultipliers } from '../bound/index.js';
import { batchedStart } from '../bound/batched-bound.js';
import { startMultipliers } from '../bound/bound-plan.js';
import { BoxOracle } from '../bound/box-oracle.js';
import { buildColumns, type ChoiceColumns } from '../bound/columns.js';
import { namedMultipliers } from '../bound/contract.js';
import { SeparateOracle } from '../bound/separate-oracle.js';
import { listChoices } from '../choices/index.js';
import { naturalPrices, noPrices } from './prices.js';
import { replacements } from './replacements.js';
import type { StatedProblem } from './state-problem.js';
import { mergeColumns, withDigits, WitnessFinder, type WitnessColumns } from './witnesses.js';

/** A node of a proof, in the order in which a stack takes them. */
export type ProofNode =
  | { readonly device: number; readonly choices: readonly number[] }
  | { readonly threshold: number; readonly at: number }
  | ({
      /** Of a share, the server, a second, and a unit of each shared limit. */
      readonly prices: readonly number[];
      readonly without: readonly (readonly number[])[];
    } & WitnessTables);

/** Along the open choices of each device. */
interface WitnessTables {
  readonly at?: readonly (readonly (number | null)[])[];
  readonly stage?: readonly (readonly (number | null)[])[];
}

export interface BoundClaim {
  /** No plan is this fast or faster, seconds; null: there is no plan at all. */
  readonly roundSeconds: number | null;
  readonly byStages: boolean;
  readonly nodes: readonly ProofNode[];
}

/** What is known of a part before: multipliers that may refute it, a partition of its thresholds, its box's corners. */
export interface Hint {
  readonly multipliers?: LimitMultipliers | undefined;
  readonly partition?: BoxNode | undefined;
  readonly lower?: readonly number[] | undefined;
  readonly upper?: readonly number[] | undefined;
  /** Parts below the one at which choices were last tried to be dropped. */
  readonly triedParts?: number | undefined;
}

interface OpenPart {
  readonly part: Part;
  readonly hint: Hint;
  /** Multipliers to start from. */
  readonly start: Float64Array | undefined;
}

/** Witnesses with what they show. */
interface Judged {
  readonly columns: readonly WitnessColumns[];
  readonly judgement: Judgement;
}

/** What a dual of a part found. */
interface PartDual {
  readonly multipliers: Float64Array;
  readonly recovery: PrimalRecovery;
}

export interface ProofRequest {
  readonly problem: PlanningProblem;
  readonly stated: StatedProblem;
  readonly statement: Problem;
  /** No plan is this fast or faster, seconds; Infinity: there is none. */
  readonly seconds: number;
  readonly form: 'chain' | 'stages';
  readonly hint?: Hint;
  /** Nodes after which the proof is given up. */
  readonly maxNodes: number;
  readonly signal?: StopSignal | undefined;
}

/** Divides choices and thresholds until one dual refutes the claim in every part; undefined where that does not end within reason. */
export function proveBound(request: ProofRequest): BoundClaim | undefined {
  const nodes = new Proof(request).run();
  if (!nodes) return undefined;
  const { seconds, form } = request;
  return { roundSeconds: seconds === Infinity ? null : seconds, byStages: form === 'stages', nodes };
}

class Proof {
  private readonly nodes: ProofNode[] = [];
  private readonly checker: BoundChecker;
  private readonly finders: readonly WitnessFinder[];
  private readonly weights: readonly number[];
  private readonly target: number;
  private readonly perSecond: number;
  private readonly noPrices: Prices;
  private duals: Duals | undefined;

  constructor(private readonly request: ProofRequest) {
    const { problem, statement, seconds, form } = request;
    this.target = withoutAggregation(statement, seconds);
    this.checker = new BoundChecker(statement, form === 'stages', this.target);
    this.finders = problem.devices.map((_, n) => new WitnessFinder(problem, statement, form === 'stages', n));
    this.weights = this.checker.factors;
    this.noPrices = noPrices(problem);
    this.perSecond = statement.isBatched && seconds < Infinity ? 1 : 0;
  }

  run(): ProofNode[] | undefined {
    const { statement, hint = {}, maxNodes, signal } = this.request;
    const root = this.checker.root(openChoices(statement));
    const without = statement.devices.map((device, n) => replacements(device, root.open[n]!));
    const part = without.some((list) => list.length > 0) ? this.go(root, this.noPrices, {}, without) : root;
    const stack: OpenPart[] = part ? [{ part, hint, start: undefined }] : [];
    for (let entry = stack.pop(); entry; entry = stack.pop()) {
      if (this.nodes.length > maxNodes || signal?.aborted) return undefined;
      if (!this.expand(entry, stack)) return undefined;
    }
    return this.nodes;
  }

  /** Ends a part by a leaf, or adds what it is divided into; false where neither is possible. */
  private expand(entry: OpenPart, stack: OpenPart[]): boolean {
    const { part, hint, start } = entry;
    if (this.nodes.length === 0 || part.open.some((list) => list.length === 0)) {
      if (this.leaf(part, this.noPrices)) return true;
    }
    if (this.cutByHint(entry, stack)) return true;
    // The round itself is longer than claimed where the thresholds alone are.
    if (this.perSecond > 0 && this.leaf(part, { ...this.noPrices, perSecond: 1 })) return true;
    if (hint.multipliers && this.leaf(part, this.prices(hint.multipliers))) return true;
    if (part.open.every((list) => list.every((j) => j < 0)) && this.leaf(part, this.noPrices)) return true;
    if (part.open.some((list) => list.length === 0)) return false;
    if (!(this.target > 0)) return false;
    this.duals ??= new Duals(this.request, this.target);
    const dual = this.duals.of(part, start);
    const prices = this.prices(this.duals.named(dual.multipliers));
    const judged = this.judged(part, prices);
    if (this.endWith(part, prices, judged)) return true;
    if (this.drop(part, prices, { hint: {}, start: dual.multipliers }, stack, 0, judged)) return true;
    return this.isWide(part)
      ? this.halve(part, dual, stack) || this.split(part, dual, stack)
      : this.split(part, dual, stack) || this.halve(part, dual, stack);
  }

  private prices(multipliers: LimitMultipliers): Prices {
    return naturalPrices(this.request.problem, multipliers, this.perSecond);
  }

  private judged(part: Part, prices: Prices): Judged {
    const columns = part.open.map((list, n) => this.finders[n]!.columns(list, part.high, prices));
    return this.judgedWith(part, prices, columns);
  }

  private judgedWith({ ...part }: Part, prices: Prices, columns: readonly WitnessColumns[]): Judged {
    const column = (list: readonly (number | null)[] | undefined, n: number) =>
      Float64Array.from(part.open[n]!, (_, k) => list?.[k] ?? NaN);
    const witnesses = columns.map(({ at, stage }, n) => ({ at: column(at, n), stage: column(stage, n) }));
    return { columns, judgement: this.checker.judge(part, prices, witnesses) };
  }

  /** Writes that a part goes on without some choices. Returns what is left, undefined where no plan is. */
  private go(
    { open, ...box }: Part,
    prices: Prices,
    tables: WitnessTables,
    without: readonly (readonly number[])[],
  ): Part | undefined {
    const { perShare, perServer, perSecond, perUnit } = prices;
    this.nodes.push({ prices: [perShare, perServer, perSecond, ...Array.from(perUnit)], ...tables, without });
    const kept = open.map((list, n) => list.filter((j) => !without[n]!.includes(j)));
    return isEmptied(kept) ? undefined : { open: kept, ...box };
  }

  private tables({ open }: Part, columns: readonly WitnessColumns[]): WitnessTables {
    const table = (name: keyof WitnessColumns) =>
      columns.some((device) => device[name]) && {
        [name]: columns.map((device, n) => device[name] ?? open[n]!.map(() => null)),
      };
    return { ...table('at'), ...table('stage') };
  }

  /**
   * The same evidence in fewer digits, or none, for choices that are not the cheapest even so: shorter, and quicker to check since
   * shares recur.
   */
  private shortened(part: Part, prices: Prices, full: Judged, without: Part['open']): readonly WitnessColumns[] {
    const { least } = full.judgement;
    let { columns } = full;
    for (const digits of [3, 2, 0]) {
      const rounded = columns.map((device) => withDigits(device, digits));
      const { judgement } = this.judgedWith(part, prices, rounded);
      columns = columns.map((device, n) => {
        const list = part.open[n]!;
        const isEnough = (k: number) => {
          if (without[n]!.includes(list[k]!)) return false;
          return least.every((values, corner) => priceAt(judgement.prices[n]!, k, corner) >= values[n]!);
        };
        return mergeColumns(device, rounded[n]!, list.length, isEnough);
      });
    }
    return columns;
  }

  private leaf(part: Part, prices: Prices): boolean {
    const isPriced = prices.perShare > 0 || prices.perServer > 0;
    const judged = isPriced
      ? this.judged(part, prices)
      : this.judgedWith(
          part,
          prices,
          part.open.map(() => ({})),
        );
    return this.endWith(part, prices, judged);
  }

  private endWith(part: Part, prices: Prices, judged: Judged): boolean {
    const { isRefuted } = judged.judgement;
    const refuted = part.open.map((list, n) => list.filter((_, k) => isRefuted(n, k)));
    // The device that is shown to have none, with as few as there may be.
    const emptied = part.open.flatMap((list, n) => (list.length === refuted[n]!.length ? [n] : []));
    const device = emptied.reduce((a, b) => (a < 0 || refuted[b]!.length < refuted[a]!.length ? b : a), -1);
    const isNobody = part.open.every((list, n) => list.every((j) => j < 0 || refuted[n]!.includes(j)));
    if (device < 0 && !isNobody) return false;
    const without = refuted.map((list, n) => (device < 0 || n === device ? list : []));
    this.go(part, prices, this.tables(part, this.shortened(part, prices, judged, without)), without);
    return true;
  }

  /** Cuts off what lies outside the box of a bound, then divides as it was divided. */
  private cutByHint({ part, hint, start }: OpenPart, stack: OpenPart[]): boolean {
    const { lower = [], upper = [], multipliers } = hint;
    const partition = hint.partition && within(hint.partition, part);
    const { low, high } = part;
    const r = low.findIndex((end, axis) => lower[axis]! > end && lower[axis]! < high[axis]!);
    if (r >= 0) return this.cut(part, r, lower[r]!, [{}, hint], start, stack);
    const s = high.findIndex((end, axis) => upper[axis]! < end && upper[axis]! > low[axis]!);
    if (s >= 0) return this.cut(part, s, upper[s]!, [hint, {}], start, stack);
    if (!partition) return false;
    if ('multipliers' in partition) {
      if (multipliers === partition.multipliers) return false;
      return this.expand({ part, hint: { multipliers: partition.multipliers }, start }, stack);
    }
    const parts = partCount(partition);
    if (parts >= 4 && parts <= (hint.triedParts ?? Infinity) / 3) {
      const tried = { ...hint, triedParts: parts };
      if (this.drop(part, this.prices(middleMultipliers(partition)), { hint: tried, start }, stack, leastDropped))
        return true;
      return this.cutByHint({ part, hint: tried, start }, stack);
    }
    const { axis, at, below, above } = partition;
    const { triedParts } = hint;
    return this.cut(
      part,
      axis,
      at,
      [
        { partition: below, triedParts },
        { partition: above, triedParts },
      ],
      start,
      stack,
    );
  }

  /** Goes on without the choices that no plan within the claim can have, if they are more than a part `least` of all. */
  private drop(
    part: Part,
    prices: Prices,
    next: Omit<OpenPart, 'part'>,
    stack: OpenPart[],
    least: number,
    judged = this.judged(part, prices),
  ): boolean {
    const { judgement } = judged;
    const without = part.open.map((list, n) => list.filter((_, k) => judgement.isRefuted(n, k)));
    const count = (lists: Part['open']) => lists.reduce((sum, list) => sum + list.length, 0);
    if (!(count(without) > least * count(part.open))) return false;
    const left = this.go(part, prices, this.tables(part, this.shortened(part, prices, judged, without)), without);
    if (left) stack.push({ part: left, ...next });
    return true;
  }

  private cut(
    part: Part,
    threshold: number,
    at: number,
    [below, above]: readonly [Hint, Hint],
    start: Float64Array | undefined,
    stack: OpenPart[],
  ): boolean {
    const { low, high } = part;
    if (!(at > low[threshold]! && at < high[threshold]!)) return false;
    this.nodes.push({ threshold, at });
    const replaced = (ends: readonly number[]) => ends.map((end, r) => (r === threshold ? at : end));
    stack.push({ part: { ...part, low: replaced(low) }, hint: above, start });
    stack.push({ part: { ...part, high: replaced(high) }, hint: below, start });
    return true;
  }

  /** Whether dividing the thresholds promises more than dividing choices. */
  private isWide({ low, high }: Part): boolean {
    const width = this.weights.reduce((sum, weight, r) => sum + weight * (high[r]! - low[r]!), 0);
    return width > widthPart * this.target;
  }

  private halve({ ...part }: Part, dual: PartDual, stack: OpenPart[]): boolean {
    const { low, high } = part;
    const widths = this.weights.map((weight, r) => weight * (high[r]! - low[r]!));
    const widest = widths.indexOf(Math.max(...widths));
    if (!(widths[widest]! > 1e-12 * this.target) || !(high[widest]! < Infinity)) return false;
    const at = (low[widest]! + high[widest]!) / 2;
    return this.cut(part, widest, at, [{}, {}], dual.multipliers, stack);
  }

  /** Divides the device on which the dual's answers differ, between them; else the one with most choices. */
  private split(part: Part, { multipliers, recovery }: PartDual, stack: OpenPart[]): boolean {
    const { open } = part;
    const all = open.map((_, n) => n).filter((n) => open[n]!.length > 1);
    if (all.length === 0) return false;
    // The dual does not know that some device takes part.
    if (open.every((list) => list[0] === -1)) return this.branch(part, all[0]!, [-1], multipliers, stack);
    const fractional = recovery.fractionalBlocks.filter((n) => open[n]!.length > 1);
    const device = (fractional.length > 0 ? fractional : all).reduce((a, b) =>
      open[b]!.length > open[a]!.length ? b : a,
    );
    const order = open[device]!;
    const answers = [...new Set(recovery.choices.map((answer) => answer[device]!))]
      .map((at) => order.indexOf(this.duals!.statedChoice(device, at) ?? NaN))
      .filter((place) => place >= 0)
      .sort((a, b) => a - b);
    const between = answers.length > 1 ? (answers[0]! + answers.at(-1)! + 1) / 2 : order.length / 2;
    return this.branch(part, device, order.slice(0, Math.ceil(between)), multipliers, stack);
  }

  private branch(
    part: Part,
    device: number,
    choices: readonly number[],
    multipliers: Float64Array,
    stack: OpenPart[],
  ): boolean {
    this.nodes.push({ device, choices });
    const side = (inside: boolean): Part => ({
      ...part,
      open: part.open.map((list, n) => (n === device ? list.filter((j) => choices.includes(j) === inside) : list)),
    });
    const start = Float64Array.from(multipliers);
    stack.push({ part: side(false), hint: {}, start }, { part: side(true), hint: {}, start });
    return true;
  }
}

/** Thresholds are divided before choices while their box is wider than this part of the round. */
const widthPart = 0.02;

/** A drop beside a partition's own parts has to pay for its evidence. */
const leastDropped = 0.1;

/** The division of a part by a partition of a larger box: cuts outside the part leave one side. */
function within(node: BoxNode, part: Pick<Part, 'low' | 'high'>): BoxNode {
  if ('multipliers' in node) return node;
  const { axis, at, below, above } = node;
  if (at >= part.high[axis]!) return within(below, part);
  return at <= part.low[axis]! ? within(above, part) : node;
}

function partCount(node: BoxNode): number {
  return 'multipliers' in node ? 1 : partCount(node.below) + partCount(node.above);
}

function middleMultipliers(node: BoxNode): LimitMultipliers {
  if ('multipliers' in node) return node.multipliers;
  return middleMultipliers(partCount(node.below) >= partCount(node.above) ? node.below : node.above);
}

/** Duals of parts, by the planner's own oracles. */
class Duals {
  private readonly columns: ChoiceColumns;
  private readonly boxes: BoxOracle | undefined;
  private readonly separate: SeparateOracle | undefined;
  /** Entries of the table by device and stated choice; −1 for leaving it out. */
  private readonly places: readonly Map<number, number>[];

  constructor(
    private readonly request: ProofRequest,
    private readonly target: number,
  ) {
    const { problem, seconds, form } = request;
    // Without a claim on the round only what the choices use together counts, however the server is shared.
    const isTimed = problem.sharing === 'batched' && seconds < Infinity;
    const counted: PlanningProblem =
      isTimed || problem.sharing !== 'batched' ? problem : { ...problem, sharing: 'equal' };
    this.columns = buildColumns(listChoices(counted, { keepDominated: true }), form);
    if (isTimed) this.boxes = new BoxOracle(this.columns);
    else this.separate = new SeparateOracle(this.columns);
    this.places = problem.devices.map((_, n) => this.placesOf(n));
  }

  of({ open, low, high }: Part, start: Float64Array | undefined): PartDual {
    const { target, boxes, separate, columns } = this;
    const { signal } = this.request;
    const starts = new Int32Array(open.length + 1);
    const active: number[] = [];
    open.forEach((list, n) => {
      active.push(...list.map((j) => this.places[n]!.get(j)!));
      starts[n + 1] = active.length;
    });
    (boxes ?? separate!).setActive(starts, Int32Array.from(active));
    if (separate) {
      return largestRefutedThreshold(
        separate,
        { relativeTolerance: 1e-9, maxEvaluations: 200, smoothing: 0 },
        { start: start ?? startMultipliers(columns), guess: target, target, signal },
      );
    }
    boxes!.setBox(Float64Array.from(low), Float64Array.from(high));
    return maximizeDual(
      boxes!,
      { relativeTolerance: 1e-9, maxEvaluations: 60, largestMultiplier: 1e6 * target, smoothing: 0.5 },
      {
        start: start ?? batchedStart(columns, target),
        scale: columns.available.map(() => target),
        target: target * (1 + 1e-9),
        signal,
      },
    );
  }

  named(multipliers: Float64Array): LimitMultipliers {
    return namedMultipliers(this.columns, multipliers);
  }

  /** The stated choice of an entry of the table. */
  statedChoice(n: number, entry: number): number | undefined {
    for (const [j, place] of this.places[n]!) if (place === entry) return j;
    return undefined;
  }

  private placesOf(n: number): Map<number, number> {
    const { columns } = this;
    const { blocks, upPoint, downPoint } = this.request.stated.devices[n]!.choices;
    const key = (...labels: number[]) => labels.join(' ');
    const statedAt = new Map(Array.from(blocks, (count, j) => [key(count, upPoint[j]!, downPoint[j]!), j]));
    const places = new Map<number, number>();
    for (let at = columns.start[n]!; at < columns.start[n + 1]!; at++) {
      const count = columns.blocks[at]!;
      places.set(count < 0 ? -1 : statedAt.get(key(count, columns.upPoint[at]!, columns.downPoint[at]!))!, at);
    }
    return places;
  }
}
