import type { SparsityPattern } from '../../problem/index.js';
import type { TapeState } from './sweeps.js';
import { curvatureOf, type Tape } from './tape.js';

/**
 * Exact sparse Hessian of a weighted sum of the tape's functions by edge pushing (Gower & Mello, "A new framework for
 * the computation of Hessians", 2012). Which entries arise and move where depends only on the tape, so it is worked out
 * once: an edge is an unordered pair of slots with a second-order weight. Every nonlinear operation creates edges
 * between its operands; going down the tape, the edges of each operation are pushed on to its operands, until only
 * edges between variables are left.
 */
export interface HessianPlan {
  readonly pattern: SparsityPattern;
  readonly edgeCount: number;
  /** Created edges: weight += adjoint[createdOperation]·secondPartials[createdPartial]. */
  readonly createdEdges: Int32Array;
  readonly createdPartials: Int32Array;
  /** Runs of pushes with one factor: scale·partials[first]·partials[second], second −1 if there is none. */
  readonly runStarts: Int32Array;
  readonly runFirst: Int32Array;
  readonly runSecond: Int32Array;
  readonly runScales: Float64Array;
  /** weight[target] += factor·weight[source]. */
  readonly targets: Int32Array;
  readonly sources: Int32Array;
  /** Edge of each entry of the pattern. */
  readonly entryEdges: Int32Array;
}

/** Grows the plan; finds the edge of a pair of slots by hashing. */
class EdgePlanner {
  readonly high: number[] = [];
  readonly low: number[] = [];
  readonly created: number[] = [];
  readonly createdPartials: number[] = [];
  readonly runStarts: number[] = [];
  readonly runFirst: number[] = [];
  readonly runSecond: number[] = [];
  readonly runScales: number[] = [];
  readonly targets: number[] = [];
  readonly sources: number[] = [];
  /** First edge of which a slot is the higher end, and the next one of the same slot. */
  private readonly heads: Int32Array;
  private readonly next: number[] = [];
  private buckets = new Int32Array(4096).fill(-1);

  constructor(private readonly tape: Tape) {
    this.heads = new Int32Array(tape.operationBase + tape.operationCount).fill(-1);
  }

  isConstant(slot: number): boolean {
    return slot >= this.tape.variableCount && slot < this.tape.operationBase;
  }

  edge(a: number, b: number): number {
    const high = Math.max(a, b);
    const low = Math.min(a, b);
    if (this.high.length * 2 > this.buckets.length) this.growBuckets();
    const mask = this.buckets.length - 1;
    let bucket = hashPair(high, low) & mask;
    for (;;) {
      const known = this.buckets[bucket]!;
      if (known === -1) break;
      if (this.high[known] === high && this.low[known] === low) return known;
      bucket = (bucket + 1) & mask;
    }
    const edge = this.high.length;
    this.buckets[bucket] = edge;
    this.high.push(high);
    this.low.push(low);
    this.next.push(this.heads[high]!);
    this.heads[high] = edge;
    return edge;
  }

  create(a: number, b: number, partial: number): void {
    if (this.isConstant(a) || this.isConstant(b)) return;
    this.created.push(this.edge(a, b));
    this.createdPartials.push(partial);
  }

  /** Pushes every edge of an operation on to its operands. */
  push(operation: number): void {
    const { operandStarts, operands, operationBase } = this.tape;
    const slot = operationBase + operation;
    const start = operandStarts[operation]!;
    const end = operandStarts[operation + 1]!;
    let loop = -1;
    const others: number[] = [];
    for (let edge = this.heads[slot]!; edge !== -1; edge = this.next[edge]!) {
      if (this.low[edge] === slot) loop = edge;
      else others.push(edge);
    }
    for (let k = start; k < end; k++) {
      const operand = operands[k]!;
      if (this.isConstant(operand)) continue;
      if (others.length > 0) this.pushOthers(operand, k, others);
      if (loop === -1) continue;
      this.run(k, k, 1);
      this.move(this.edge(operand, operand), loop);
      for (let t = k + 1; t < end; t++) {
        const second = operands[t]!;
        if (this.isConstant(second)) continue;
        this.run(k, t, second === operand ? 2 : 1);
        this.move(this.edge(operand, second), loop);
      }
    }
  }

  private pushOthers(operand: number, partial: number, edges: readonly number[]): void {
    this.run(partial, -1, 1);
    let toLoop = -1;
    for (const edge of edges) {
      if (this.low[edge] === operand) toLoop = edge;
      else this.move(this.edge(operand, this.low[edge]!), edge);
    }
    if (toLoop === -1) return;
    this.run(partial, -1, 2);
    this.move(this.edge(operand, operand), toLoop);
  }

  private run(first: number, second: number, scale: number): void {
    this.runStarts.push(this.targets.length);
    this.runFirst.push(first);
    this.runSecond.push(second);
    this.runScales.push(scale);
  }

  private move(target: number, source: number): void {
    this.targets.push(target);
    this.sources.push(source);
  }

  private growBuckets(): void {
    const size = this.buckets.length * 4;
    this.buckets = new Int32Array(size).fill(-1);
    for (let edge = 0; edge < this.high.length; edge++) {
      let bucket = hashPair(this.high[edge]!, this.low[edge]!) & (size - 1);
      while (this.buckets[bucket] !== -1) bucket = (bucket + 1) & (size - 1);
      this.buckets[bucket] = edge;
    }
  }
}

function hashPair(high: number, low: number): number {
  const hash = Math.imul(high, 0x9e3779b1) ^ Math.imul(low + 1, 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 1;
}

/** Plans the Hessian; undefined if it would take more than `maxPushes` elementary updates. */
export function planHessian(tape: Tape, maxPushes: number): HessianPlan | undefined {
  const planner = new EdgePlanner(tape);
  const { operandStarts, operands, codes, operationCount } = tape;
  for (let operation = operationCount - 1; operation >= 0; operation--) {
    const curvature = curvatureOf(codes[operation]!);
    const k = operandStarts[operation]!;
    if (curvature.aa) planner.create(operands[k]!, operands[k]!, 3 * operation);
    if (curvature.ab) createMixed(planner, operands[k]!, operands[k + 1]!, operation);
    if (curvature.bb) planner.create(operands[k + 1]!, operands[k + 1]!, 3 * operation + 2);
  }
  for (let operation = operationCount - 1; operation >= 0; operation--) {
    planner.push(operation);
    if (planner.targets.length > maxPushes) return undefined;
  }
  return finishPlan(planner, tape);
}

/** A mixed derivative by one and the same slot counts twice on the diagonal. */
function createMixed(planner: EdgePlanner, a: number, b: number, operation: number): void {
  planner.create(a, b, 3 * operation + 1);
  if (a === b) planner.create(a, b, 3 * operation + 1);
}

function finishPlan(planner: EdgePlanner, tape: Tape): HessianPlan {
  const entries: number[] = [];
  for (let edge = 0; edge < planner.high.length; edge++) {
    if (planner.high[edge]! < tape.variableCount) entries.push(edge);
  }
  entries.sort((a, b) => planner.high[a]! - planner.high[b]! || planner.low[a]! - planner.low[b]!);
  planner.runStarts.push(planner.targets.length);
  return {
    pattern: {
      rows: Int32Array.from(entries, (edge) => planner.high[edge]!),
      columns: Int32Array.from(entries, (edge) => planner.low[edge]!),
    },
    edgeCount: planner.high.length,
    createdEdges: Int32Array.from(planner.created),
    createdPartials: Int32Array.from(planner.createdPartials),
    runStarts: Int32Array.from(planner.runStarts),
    runFirst: Int32Array.from(planner.runFirst),
    runSecond: Int32Array.from(planner.runSecond),
    runScales: Float64Array.from(planner.runScales),
    targets: Int32Array.from(planner.targets),
    sources: Int32Array.from(planner.sources),
    entryEdges: Int32Array.from(entries),
  };
}

/** Adjoint of every slot for Σ weights[i]·functions[i]; `adjoints` is overwritten. */
export function weightedAdjoints(state: TapeState, weights: Float64Array, adjoints: Float64Array): void {
  const { tape, partials } = state;
  const { operandStarts, operands, operationBase, operationCount, functions } = tape;
  adjoints.fill(0);
  for (let i = 0; i < functions.length; i++) {
    const weight = weights[i]!;
    if (weight === 0) continue;
    const { slots, coefficients } = functions[i]!;
    for (let k = 0; k < slots.length; k++) adjoints[slots[k]!]! += weight * coefficients[k]!;
  }
  for (let operation = operationCount - 1; operation >= 0; operation--) {
    const adjoint = adjoints[operationBase + operation]!;
    if (adjoint === 0) continue;
    for (let k = operandStarts[operation]!; k < operandStarts[operation + 1]!; k++) {
      adjoints[operands[k]!]! += adjoint * partials[k]!;
    }
  }
}

/** Writes the Hessian's entries; `weights` (edgeCount) is scratch. */
export function sparseHessian(
  state: TapeState,
  plan: HessianPlan,
  adjoints: Float64Array,
  weights: Float64Array,
  out: Float64Array,
): void {
  const { partials, secondPartials, tape } = state;
  const { createdEdges, createdPartials, runStarts, runFirst, runSecond, runScales, targets, sources, entryEdges } =
    plan;
  weights.fill(0);
  for (let k = 0; k < createdEdges.length; k++) {
    const partial = createdPartials[k]!;
    const adjoint = adjoints[tape.operationBase + Math.trunc(partial / 3)]!;
    if (adjoint !== 0) weights[createdEdges[k]!]! += adjoint * secondPartials[partial]!;
  }
  for (let run = 0; run < runFirst.length; run++) {
    const second = runSecond[run]!;
    let factor = runScales[run]! * partials[runFirst[run]!]!;
    if (second !== -1) factor *= partials[second]!;
    for (let k = runStarts[run]!; k < runStarts[run + 1]!; k++) {
      const weight = weights[sources[k]!]!;
      if (weight !== 0) weights[targets[k]!]! += factor * weight;
    }
  }
  for (let k = 0; k < entryEdges.length; k++) out[k] = weights[entryEdges[k]!]!;
}
