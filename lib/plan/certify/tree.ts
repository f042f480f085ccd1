import { largestRefutedThreshold, type PrimalRecovery } from '../../lagrangian/index.js';
import type { PlanningProblem } from '../../models/index.js';
import type { StopSignal } from '../../solver/index.js';
import { startMultipliers } from '../bound/bound-plan.js';
import { buildColumns, type ChoiceColumns } from '../bound/columns.js';
import { listChoices } from '../choices/index.js';
import { namedMultipliers } from '../bound/contract.js';
import { SeparateOracle } from '../bound/separate-oracle.js';
import type { StatedProblem } from './state-problem.js';
import { naturalPrices, openChoices, thresholdLeaf, type OpenChoices, type ThresholdLeaf } from './threshold-leaf.js';
import type { BoxesLeaf } from './state-boxes.js';
import { WitnessFinder, type NaturalPrices } from './witnesses.js';

/** A node of a proof; children are places in the list. */
export type ProofNode =
  | { readonly leaf: ThresholdLeaf | BoxesLeaf }
  | { readonly split: { device: number; choices: readonly number[]; inside: number; outside: number } }
  | { readonly drop: DropNode };

/** Choices that no plan within the claim can have, by the same evidence as a leaf's; the proof goes on without them. */
export interface DropNode extends Omit<ThresholdLeaf, 'kind'> {
  readonly choices: readonly (readonly number[])[];
  readonly next: number;
}

/** Nodes after which a proof by a tree is given up. */
const mostNodes = 3_000;
/** A choice is dropped where its price exceeds the room by this much of the sizes involved: rigorous rounding then agrees. */
const dropMargin = 1e-9;

/**
 * Divides the choices until one dual refutes `seconds` in every part; undefined where that does not end within reason, or the way of
 * sharing the server has no such duals.
 */
export function proveByTree(
  problem: PlanningProblem,
  stated: StatedProblem,
  seconds: number,
  signal?: StopSignal,
): ProofNode[] | undefined {
  if (problem.sharing === 'batched') return undefined;
  return new TreeProof(problem, stated, seconds, signal).run();
}

interface OpenNode {
  readonly open: OpenChoices;
  readonly start: Float64Array | undefined;
  /** Where its place is to be written. */
  readonly link: (place: number) => void;
}

class TreeProof {
  private readonly columns: ChoiceColumns;
  private readonly oracle: SeparateOracle;
  private readonly finders: WitnessFinder[];
  private readonly nodes: ProofNode[] = [];
  private readonly target: number;
  /** Place in the columns of each device's stated choice; the last for leaving it out. */
  private readonly places: readonly Map<number, number>[];

  constructor(
    private readonly problem: PlanningProblem,
    private readonly stated: StatedProblem,
    private readonly seconds: number,
    private readonly signal?: StopSignal,
  ) {
    this.columns = buildColumns(listChoices(problem, { keepDominated: true }));
    this.oracle = new SeparateOracle(this.columns);
    this.target = seconds - problem.aggregationSeconds;
    this.finders = problem.devices.map((device, n) => new WitnessFinder(problem, stated, device, stated.devices[n]!));
    this.places = problem.devices.map((_, n) => this.placesOf(n));
  }

  run(): ProofNode[] | undefined {
    const stack: OpenNode[] = [{ open: openChoices(this.stated), start: undefined, link: () => undefined }];
    for (let node = stack.pop(); node; node = stack.pop()) {
      if (this.nodes.length > mostNodes || this.signal?.aborted) return undefined;
      if (!this.expand(node, stack)) return undefined;
    }
    return this.nodes;
  }

  /** Ends a node by a leaf, or adds its children; false where neither is possible. */
  private expand({ open, start, link }: OpenNode, stack: OpenNode[]): boolean {
    link(this.nodes.length);
    if (open.some((list) => list.length === 0)) {
      this.nodes.push({ leaf: this.leaf(open, { perHertz: 0, perShare: 0, perByte: 0, perAccuracy: 0 }) });
      return true;
    }
    const dual = this.dual(open, start);
    const prices = naturalPrices(this.problem, namedMultipliers(this.columns, dual.multipliers));
    if (dual.refuted >= this.target) {
      this.nodes.push({ leaf: this.leaf(open, prices) });
      return true;
    }
    const kept = this.reduce(open, prices);
    if (kept.some((list, n) => list.length < open[n]!.length)) {
      const { witnesses } = this.leaf(open, prices);
      const choices = open.map((list, n) => list.filter((j) => !kept[n]!.includes(j)));
      const node = { prices, witnesses, choices, next: -1 };
      this.nodes.push({ drop: node });
      stack.push({ open: kept, start: dual.multipliers, link: (place) => (node.next = place) });
      return true;
    }
    return this.divide(open, dual, stack);
  }

  private leaf(open: OpenChoices, prices: NaturalPrices): ThresholdLeaf {
    return thresholdLeaf(this.problem, this.stated, open, this.seconds, prices);
  }

  private dual(open: OpenChoices, start: Float64Array | undefined) {
    const starts = new Int32Array(open.length + 1);
    const active: number[] = [];
    open.forEach((list, n) => {
      active.push(...list.map((j) => this.places[n]!.get(j)!));
      starts[n + 1] = active.length;
    });
    this.oracle.setActive(starts, Int32Array.from(active));
    return largestRefutedThreshold(
      this.oracle,
      { relativeTolerance: 1e-9, maxEvaluations: 200, smoothing: 0 },
      {
        start: start ?? startMultipliers(this.columns),
        guess: this.target,
        target: this.target,
        signal: this.signal,
      },
    );
  }

  /** Choices that a plan within the claim may have at these prices. */
  private reduce(open: OpenChoices, prices: NaturalPrices): OpenChoices {
    const values = open.map((list, n) =>
      list.map((j) => (j < 0 ? 0 : this.coupling(n, j, prices) + this.finders[n]!.find(j, this.target, prices).price)),
    );
    const least = values.map((list) => Math.min(...list));
    const sum = least.reduce((total, value) => total + value, 0);
    const { stated } = this;
    const relaxed = 1 + stated.limitTolerance;
    const band =
      stated.resourceBlocks === null ? stated.bandwidthHz * relaxed : stated.resourceBlocks * stated.resourceBlockHz!;
    const limits =
      prices.perHertz * band + prices.perShare * relaxed + prices.perByte * (stated.serverMemoryBytes ?? 0) * relaxed;
    const size = least.reduce((total, value) => total + Math.abs(value), limits);
    const room = limits - sum + dropMargin * size;
    return open.map((list, n) => list.filter((_, k) => values[n]![k]! - least[n]! <= room));
  }

  private coupling(n: number, j: number, prices: NaturalPrices): number {
    const { choices, weight } = this.stated.devices[n]!;
    const { accuracyMinimum, limitTolerance } = this.stated;
    const required = (accuracyMinimum ?? 0) - limitTolerance * Math.abs(accuracyMinimum ?? 0);
    return (
      prices.perByte * choices.serverMemoryBytes[j]! + prices.perAccuracy * weight * (required - choices.accuracy[j]!)
    );
  }

  /** Divides the device on which the dual's answers differ, between them; else the one with most choices. */
  private divide(
    open: OpenChoices,
    { multipliers, recovery }: { readonly multipliers: Float64Array; readonly recovery: PrimalRecovery },
    stack: OpenNode[],
  ): boolean {
    const fractional = recovery.fractionalBlocks.filter((n) => open[n]!.length > 1);
    const widest = (list: readonly number[]) => list.reduce((a, b) => (open[b]!.length > open[a]!.length ? b : a));
    const all = open.map((_, n) => n).filter((n) => open[n]!.length > 1);
    if (all.length === 0) return false;
    const device = widest(fractional.length > 0 ? fractional : all);
    const order = open[device]!;
    const answers = [...new Set(recovery.choices.map((answer) => answer[device]!))]
      .map((at) => order.findIndex((j) => this.places[device]!.get(j) === at))
      .filter((place) => place >= 0)
      .sort((a, b) => a - b);
    const middle =
      answers.length > 1
        ? Math.ceil((answers[0]! + answers[answers.length - 1]! + 1) / 2)
        : Math.ceil(order.length / 2);
    const choices = order.slice(0, middle);
    const split = { device, choices, inside: -1, outside: -1 };
    this.nodes.push({ split });
    const start = Float64Array.from(multipliers);
    const part = (inside: boolean): OpenChoices =>
      open.map((list, n) => (n === device ? list.filter((j) => choices.includes(j) === inside) : list));
    stack.push({ open: part(false), start, link: (place) => (split.outside = place) });
    stack.push({ open: part(true), start, link: (place) => (split.inside = place) });
    return true;
  }

  private placesOf(n: number): Map<number, number> {
    const { columns, stated } = this;
    const { choices } = stated.devices[n]!;
    const key = (blocks: number, up: number, down: number) => `${blocks} ${up} ${down}`;
    const statedAt = new Map(
      choices.blocks.map((blocks, j) => [key(blocks, choices.upPoint[j]!, choices.downPoint[j]!), j]),
    );
    const places = new Map<number, number>();
    for (let at = columns.start[n]!; at < columns.start[n + 1]!; at++) {
      const blocks = columns.blocks[at]!;
      const j = blocks < 0 ? -1 : statedAt.get(key(blocks, columns.upPoint[at]!, columns.downPoint[at]!))!;
      places.set(j, at);
    }
    return places;
  }
}
