import { fractionalVariables, Pseudocosts } from '../integer/index.js';
import type { QpWarmStart } from '../qp/sparse/index.js';
import type { BudgetEnd } from '../solver/index.js';
import { Dyadic } from '../verify/programs/index.js';
import { clearedMultipliers, dualLeaf, leaning, rayLeaf, type ProvenLeaf } from './evidence.js';
import { boxOf, impliedBounds, type Stated, type Tightening } from './numeric.js';
import { exactly, roundedDown } from './rational.js';
import { relaxationOf, type Relaxed, type RelaxationOf } from './relaxation.js';
import { NotCertifiable } from './state-program.js';

const integralityTolerance = 1e-6;

export interface TreeRequest {
  readonly stated: Stated;
  readonly shift: readonly Dyadic[] | undefined;
  /** Objective of the best point known; Infinity if none is. */
  readonly incumbent: number;
  readonly relativeGap: number;
  readonly maxNodes: number;
  readonly isOver: () => BudgetEnd | undefined;
  /** Whether a point with these integers improves on the incumbent; returns its objective. */
  readonly onIntegral: (x: Float64Array) => number | undefined;
}

/** A tree whose leaves prove `value`: undefined where they prove that there is no point. */
export interface ProvenTree {
  readonly value: number | undefined;
  readonly step: number | undefined;
  readonly nodes: readonly object[];
  /** What ended the search before the gap was reached. */
  readonly ended: BudgetEnd | 'node-limit' | undefined;
}

/** A node of the tree being built, and what comes below it: the part below a cut first. */
interface Growing {
  written: object;
  below: readonly Growing[];
}

interface Open {
  readonly node: Growing;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly warm: QpWarmStart | undefined;
  /** Multipliers and point of the parent: they bound this node, too. */
  readonly parent: Relaxed | undefined;
  readonly branched: { readonly variable: number; readonly direction: 0 | 1; readonly distance: number } | undefined;
}

/**
 * Plain branch and bound whose leaves are proven exactly: relaxations in doubles say where to go, and each leaf is kept only when its
 * multipliers, evaluated in exact arithmetic, reach the bound. Depth first, nearer child first.
 */
export function proveTree(request: TreeRequest): ProvenTree {
  return new Tree(request).run();
}

class Tree {
  private readonly root: Growing = { written: {}, below: [] };
  private nodeCount = 1;
  private readonly stack: Open[] = [];
  private readonly relax: RelaxationOf;
  private readonly costs: Pseudocosts;
  private readonly integers: Int32Array;
  private readonly step: number | undefined;
  private incumbent: number;
  private weakest = Infinity;

  constructor(private readonly request: TreeRequest) {
    const { stated } = request;
    this.relax = relaxationOf(stated);
    this.costs = new Pseudocosts(stated.variableCount);
    this.integers = Int32Array.from(stated.statement.integers);
    this.step = objectiveStep(stated);
    this.incumbent = request.incumbent;
  }

  run(): ProvenTree {
    const { stated, maxNodes, isOver } = this.request;
    const lower = stated.lower.map((value, j) => (stated.exact.isInteger[j] === 1 ? Math.ceil(value) : value));
    const upper = stated.upper.map((value, j) => (stated.exact.isInteger[j] === 1 ? Math.floor(value) : value));
    this.stack.push({ node: this.root, lower, upper, warm: undefined, parent: undefined, branched: undefined });
    let ended: ProvenTree['ended'];
    while (this.stack.length > 0 && ended === undefined) {
      ended = isOver() ?? (this.nodeCount > maxNodes ? 'node-limit' : undefined);
      if (ended === undefined) this.visit(this.stack.pop()!);
    }
    if (ended !== undefined) this.closeAsTheyAre(ended);
    if (this.incumbent === Infinity && this.weakest === Infinity) {
      return { value: undefined, step: undefined, nodes: inOrder(this.root), ended };
    }
    const goal = this.goal();
    const useStep = this.step !== undefined && this.weakest === Infinity;
    return {
      value: Math.min(goal, this.weakest),
      step: useStep ? this.step : undefined,
      nodes: inOrder(this.root),
      ended,
    };
  }

  /** The value claimed: the incumbent itself where the objective moves in steps, less the gap elsewhere. */
  private goal(): number {
    const { incumbent, step } = this;
    if (step === undefined) return incumbent - this.request.relativeGap * Math.max(1, Math.abs(incumbent));
    return this.weakest < Infinity ? incumbent - step : incumbent;
  }

  /** What a leaf has to exceed. */
  private isEnough(value: number): boolean {
    return this.step === undefined ? value >= this.goal() : value > this.incumbent - this.step;
  }

  private grow(node: Growing, written: object, count: number): readonly Growing[] {
    node.written = written;
    node.below = Array.from({ length: count }, () => ({ written: {}, below: [] }));
    return node.below;
  }

  private visit(open: Open): void {
    const { stated } = this.request;
    const { exact } = stated;
    const [lower, upper] = [open.lower.slice(), open.upper.slice()];
    const node = impliedBounds(stated, lower, upper).reduce((at, step) => this.tighten(at, step), open.node);
    // Nothing more is to be shown where bounds cross.
    if (lower.some((value, j) => value > upper[j]!)) return;
    const relaxed = this.relax(lower, upper, open.warm);
    if (relaxed.end === 'unbounded') throw new NotCertifiable('the relaxation falls without end');
    if (open.branched && open.parent && relaxed.end === 'optimal') {
      const { variable, direction, distance } = open.branched;
      this.costs.record(variable, direction, distance, relaxed.objective - open.parent.objective);
    }
    if (relaxed.end === 'optimal' && !this.isEnough(relaxed.objective)) {
      const fractional = fractionalVariables(this.integers, relaxed.x, integralityTolerance);
      if (fractional.length === 0) {
        const found = this.request.onIntegral(relaxed.x);
        if (found !== undefined && found < this.incumbent) this.incumbent = found;
      }
      if (!this.isEnough(relaxed.objective) && fractional.length > 0) {
        const chosen = fractional.reduce((best, v) => (this.costs.score(v) > this.costs.score(best) ? v : best));
        this.split(node, lower, upper, relaxed, chosen.variable, chosen.value);
        return;
      }
    }
    const leaf = this.prove(lower, upper, relaxed);
    if (leaf) {
      node.written = leaf.leaf;
      return;
    }
    // Smaller boxes are easier to prove.
    const wide = [...this.integers].filter((j) => lower[j]! < upper[j]!);
    const j = wide.find((k) => Math.abs(relaxed.x[k]! - Math.round(relaxed.x[k]!)) > integralityTolerance) ?? wide[0];
    if (j !== undefined && (Number.isFinite(lower[j]) || Number.isFinite(upper[j]) || relaxed.end === 'optimal')) {
      const value = Number.isFinite(relaxed.x[j]) ? Math.min(Math.max(relaxed.x[j]!, lower[j]!), upper[j]!) : 0;
      const cut = Math.min(Math.floor(value), upper[j]! - 1);
      if (Math.abs(cut) < 2 ** 50) {
        this.split(node, lower, upper, relaxed, j, cut + 0.5);
        return;
      }
    }
    // What is left is proven to be no lower than something, if at all.
    if (!this.accept(node, lower, upper, relaxed)) {
      const reason = exact.isLinear
        ? 'a variable that matters has no bound'
        : 'the bounds are too wide for its curvature';
      throw new NotCertifiable(`the bound of a leaf could not be proven: ${reason}`);
    }
  }

  /** A branch of which the row refutes one side. Returns the other. */
  private tighten(node: Growing, { row, sign, variable, side, value }: Tightening): Growing {
    const isUpper = side === 'upper';
    const [below, above] = this.grow(node, { variable, at: isUpper ? value : value - 1 }, 2) as [Growing, Growing];
    const rows = new Array<number>(this.request.stated.rowCount).fill(0);
    rows[row] = sign;
    (isUpper ? above : below).written = { over: '0', rows };
    return isUpper ? below : above;
  }

  private split(
    node: Growing,
    lower: Float64Array,
    upper: Float64Array,
    relaxed: Relaxed,
    variable: number,
    value: number,
  ): void {
    const at = Math.floor(value);
    const children = this.grow(node, { variable, at }, 2);
    this.nodeCount += 2;
    const child = (direction: 0 | 1): Open => {
      const [low, high] = [lower.slice(), upper.slice()];
      if (direction === 0) high[variable] = Math.min(high[variable]!, at);
      else low[variable] = Math.max(low[variable]!, at + 1);
      return {
        node: children[direction]!,
        lower: low,
        upper: high,
        warm: relaxed.warm,
        parent: relaxed,
        branched: { variable, direction, distance: direction === 0 ? value - at : at + 1 - value },
      };
    };
    const first = value - at <= 0.5 ? 0 : 1;
    this.stack.push(child(first === 0 ? 1 : 0), child(first));
  }

  private prove(lower: Float64Array, upper: Float64Array, relaxed: Relaxed): ProvenLeaf | undefined {
    const leaf = provenLeaf(this.request.stated, this.request.shift, lower, upper, relaxed, (value) =>
      this.isEnough(value),
    );
    return leaf && (leaf.value === Infinity || this.isEnough(leaf.value)) ? leaf : undefined;
  }

  /** Takes whatever multipliers prove here and lowers the claim to it. */
  private accept(node: Growing, lower: Float64Array, upper: Float64Array, relaxed: Relaxed | undefined): boolean {
    const leaf = relaxed && provenLeaf(this.request.stated, this.request.shift, lower, upper, relaxed, () => false);
    if (!leaf) return false;
    node.written = leaf.leaf;
    this.weakest = Math.min(this.weakest, leaf.value);
    return true;
  }

  private closeAsTheyAre(ended: string): void {
    for (const { node, lower, upper, parent } of this.stack) {
      const known = parent ?? this.relax(lower, upper);
      if (!this.accept(node, lower, upper, known))
        throw new NotCertifiable(`the work met its ${ended} before there was a bound`);
    }
    this.stack.length = 0;
  }
}

/** Nodes in the order in which a stack takes them. */
function inOrder(root: Growing): object[] {
  const nodes: object[] = [];
  const stack = [root];
  for (let node = stack.pop(); node; node = stack.pop()) {
    nodes.push(node.written);
    stack.push(...[...node.below].reverse());
  }
  return nodes;
}

/**
 * The best proof that the multipliers of a relaxation give within a box: as they are, or, where that does not satisfy `isEnough`, moved
 * so that reduced costs vanish exactly where they have to.
 */
export function provenLeaf(
  stated: Stated,
  shift: readonly Dyadic[] | undefined,
  lower: Float64Array,
  upper: Float64Array,
  relaxed: Relaxed,
  isEnough: (value: number) => boolean,
): ProvenLeaf | undefined {
  const box = boxOf(lower, upper);
  const y = leaning(stated, relaxed.y);
  if (relaxed.end === 'infeasible') {
    const plain = rayLeaf(stated, box, exactly(relaxed.y)) ?? rayLeaf(stated, box, exactly(y));
    if (plain) return plain;
    for (const side of [
      y,
      leaning(
        stated,
        relaxed.y.map((value) => -value),
      ),
    ]) {
      for (const moved of clearedMultipliers(stated, side, lower, upper, { hasCost: false })) {
        const leaf = rayLeaf(stated, box, moved);
        if (leaf) return leaf;
      }
    }
    return undefined;
  }
  const w = stated.exact.isLinear ? undefined : relaxed.x.map((value) => (Number.isFinite(value) ? value : 0));
  let best = dualLeaf(stated, box, exactly(y), w && exactly(w).entries, shift);
  if (best && isEnough(best.value)) return best;
  for (const moved of clearedMultipliers(stated, y, lower, upper, { hasCost: true, x: relaxed.x, w })) {
    const tangent = w && exactly(w).entries.map((value) => value.times(moved.over));
    const leaf = dualLeaf(stated, box, moved, tangent, shift);
    if (leaf && (!best || leaf.value > best.value)) best = leaf;
    if (best && isEnough(best.value)) break;
  }
  return best;
}

/** A step of which every objective value of integer points is a whole multiple away from the constant. */
function objectiveStep({ exact, statement }: Stated): number | undefined {
  if (!exact.isLinear) return undefined;
  const costs = exact.linear.filter(({ n }) => n !== 0n);
  if (costs.length === 0 || exact.linear.some(({ n }, j) => n !== 0n && exact.isInteger[j] === 0)) return undefined;
  const least = costs.reduce((e, value) => Math.min(e, value.e), 0);
  let step = 0n;
  for (const { n, e } of costs) {
    let [a, b] = [step, n << BigInt(e - least)];
    if (b < 0n) b = -b;
    while (b > 0n) [a, b] = [b, a % b];
    step = a;
  }
  const value = roundedDown(new Dyadic(step, least), Dyadic.one);
  const largest = statement.linear.reduce((most, cost) => Math.max(most, Math.abs(cost)), 0);
  // Finer steps than a gap's worth say nothing.
  return value > 1e-6 * largest && Dyadic.of(value).minus(new Dyadic(step, least)).n === 0n ? value : undefined;
}
