import type { LinearForm } from '../../problem/index.js';
import type { Budget } from '../../solver/index.js';
import type { LinearRow } from '../linear/certificate.js';
import { Simplex } from '../linear/simplex.js';
import { convexifying, hessianRange, tangentOfForm } from './convexify.js';
import { affineRows, operationCuts, rowViolation } from './cuts.js';
import type { Expressions } from './expressions.js';
import type { Sided } from './propagation.js';

/** What one solve of a relaxation came to. */
export interface Relaxed {
  readonly end: 'optimal' | 'infeasible' | 'unbounded' | 'failed';
  /** No point of the box has a lower objective (without the objective's constant). */
  readonly bound: number;
  /** All slots. */
  readonly point: Float64Array;
  readonly reducedCosts: Float64Array;
  /** Every curved function is proven convex towards its sides over the box. */
  readonly isConvex: boolean;
}

/** Violation that a cut must take away. */
const cutTolerance = 1e-7;
const mostPoolCuts = 400;

interface ConvexSide {
  readonly form: LinearForm;
  readonly side: 1 | -1;
  /** The side of the constraint; undefined for the objective. */
}

/**
 * The linear relaxation over a box: rows of the constraints, envelopes of the operations, tangents of the convexified
 * functions. Without operations that bend it is one linear program whose basis serves every node.
 */
export class LinearRelaxation {
  readonly isLinear: boolean;
  readonly rows: LinearRow[];
  pivots = 0;
  private readonly cost: Float64Array;
  private readonly bending: readonly number[];
  private readonly curved: readonly ConvexSide[];
  private readonly pool: LinearRow[] = [];
  /** Functions convex over the root's box: their tangents hold everywhere. */
  private readonly convexEverywhere = new Set<ConvexSide>();
  private persistent: Simplex | undefined;

  constructor(
    private readonly expressions: Expressions,
    constraints: readonly Sided[],
  ) {
    const { operations, functions, slotCount, variableCount } = expressions;
    this.bending = [...operations.keys()].filter((i) => !['affine', 'constant'].includes(operations[i]!.kind));
    this.isLinear = this.bending.length === 0;
    const objective = functions[0]!;
    this.cost = new Float64Array(slotCount);
    objective.slots.forEach((slot, k) => (this.cost[slot]! += objective.coefficients[k]!));
    this.rows = [...affineRows(expressions), ...constraints.map(rowOf).filter((row) => row.indices.length > 0)];
    const bends = ({ slots }: LinearForm): boolean => slots.some((slot) => slot >= variableCount);
    const curved: ConvexSide[] = bends(objective) ? [{ form: objective, side: 1 }] : [];
    for (const { form, lower, upper } of constraints) {
      if (!bends(form)) continue;
      if (upper < Infinity) curved.push({ form, side: 1 });
      if (lower > -Infinity) curved.push({ form, side: -1 });
    }
    this.curved = this.isLinear ? [] : curved;
  }

  /** Adds a row that every feasible point satisfies. */
  addGlobalRow(row: LinearRow): void {
    this.rows.push(row);
    this.persistent?.addRow(row);
  }

  /** The linear program of a box, from the rows that hold everywhere. */
  program(lower: Float64Array, upper: Float64Array): Simplex {
    const { slotCount } = this.expressions;
    let lp = this.persistent;
    if (!lp) {
      lp = new Simplex(slotCount, this.cost);
      for (const row of this.rows) lp.addRow(row);
      if (this.isLinear) this.persistent = lp;
    }
    lp.lower.set(lower);
    lp.upper.set(upper);
    return lp;
  }

  get costs(): Float64Array {
    return this.cost;
  }

  /** Bounds the objective over a box; `near` is a point whose cuts are worth having from the start. */
  solve(
    lower: Float64Array,
    upper: Float64Array,
    cutoff: number,
    budget: Budget,
    near: Float64Array | undefined,
    rounds: number,
    touch: readonly Float64Array[] = [],
  ): Relaxed & { readonly lp: Simplex } {
    const lp = this.program(lower, upper);
    const before = lp.pivots;
    const first = this.rows.length;
    if (near && !this.isLinear) this.addNear(lp, lower, upper, near);
    const convexities = new Map<ConvexSide, ReturnType<LinearRelaxation['convexity']>>();
    for (const at of touch) this.addTangents(lp, lower, upper, at, convexities, -Infinity);
    let bound = -Infinity;
    let end = lp.solve();
    let flat = 0;
    for (let round = 0; end === 'optimal'; round++) {
      const reached = Math.max(bound, lp.safeBound());
      flat = reached - bound <= 1e-3 * Math.max(1e-6, Math.min(cutoff - reached, Math.abs(reached))) ? flat + 1 : 0;
      bound = reached;
      if (this.isLinear || bound >= cutoff || round >= rounds || flat > 2 || budget.exhausted(0, 0)) break;
      if (round > 0 && round % 4 === 0) {
        const values = lp.x;
        lp.removeRows(first, (row) => rowViolation(row, values) < -1e-6);
      }
      let added = this.addEnvelopes(lp, lower, upper, lp.x, cutTolerance);
      if (added === 0 || round > 1) added += this.addTangents(lp, lower, upper, lp.x, convexities, cutTolerance);
      if (added === 0) break;
      end = lp.solve();
    }
    this.pivots += lp.pivots - before;
    const isConvex = this.curved.every((side) => this.cached(side, convexities, lower, upper)?.isConvex === true);
    return {
      lp,
      end,
      bound: end === 'infeasible' ? Infinity : bound,
      point: lp.x.slice(),
      reducedCosts: end === 'optimal' ? lp.reducedCosts() : new Float64Array(this.expressions.slotCount),
      isConvex,
    };
  }

  private addNear(lp: Simplex, lower: Float64Array, upper: Float64Array, near: Float64Array): void {
    const point = near.map((value, slot) => Math.min(Math.max(value, lower[slot]!), upper[slot]!));
    for (const i of this.bending) {
      for (const row of operationCuts(this.expressions, i, { lower, upper, point })) {
        if (rowViolation(row, near) > -1e-6) lp.addRow(row);
      }
    }
    for (const row of this.pool) if (rowViolation(row, near) > -1e-6) lp.addRow(row);
  }

  private addEnvelopes(
    lp: Simplex,
    lower: Float64Array,
    upper: Float64Array,
    point: Float64Array,
    tolerance: number,
  ): number {
    const found: { readonly row: LinearRow; readonly violation: number }[] = [];
    for (const i of this.bending) {
      for (const row of operationCuts(this.expressions, i, { lower, upper, point })) {
        const violation = rowViolation(row, point);
        if (violation > tolerance) found.push({ row, violation });
      }
    }
    for (const row of this.pool) {
      const violation = rowViolation(row, point);
      if (violation > tolerance) found.push({ row, violation });
    }
    for (const { row } of found) lp.addRow(row);
    return found.length;
  }

  private convexity(
    { form, side }: ConvexSide,
    lower: Float64Array,
    upper: Float64Array,
  ): { variables: readonly number[]; alphas: Float64Array; isConvex: boolean } | undefined {
    const range = hessianRange(this.expressions, form, lower, upper);
    const alphas = range && convexifying(range, side, lower, upper);
    return alphas && { variables: range.variables, alphas, isConvex: alphas.every((alpha) => alpha === 0) };
  }

  private cached(
    side: ConvexSide,
    known: Map<ConvexSide, ReturnType<LinearRelaxation['convexity']>>,
    lower: Float64Array,
    upper: Float64Array,
  ): ReturnType<LinearRelaxation['convexity']> {
    if (!known.has(side)) known.set(side, this.convexity(side, lower, upper));
    return known.get(side);
  }

  /** Notes which functions are convex over the widest box; to be called once, with the root's ranges. */
  noteConvex(lower: Float64Array, upper: Float64Array): void {
    for (const side of this.curved) {
      if (this.convexity(side, lower, upper)?.isConvex === true) this.convexEverywhere.add(side);
    }
  }

  /** Tangents of all curved functions at a point of the variables. */
  private addTangents(
    lp: Simplex,
    lower: Float64Array,
    upper: Float64Array,
    at: Float64Array,
    convexities: Map<ConvexSide, ReturnType<LinearRelaxation['convexity']>>,
    tolerance: number,
  ): number {
    if (this.curved.length === 0) return 0;
    const { expressions } = this;
    const values = new Float64Array(expressions.slotCount);
    for (let j = 0; j < expressions.variableCount; j++) values[j] = Math.min(Math.max(at[j]!, lower[j]!), upper[j]!);
    expressions.evaluate(values);
    let added = 0;
    for (const side of this.curved) {
      const convex = this.cached(side, convexities, lower, upper);
      if (!convex) continue;
      const row = tangentOfForm(expressions, side.form, side.side, convex, lower, upper, values);
      if (!row || rowViolation(row, lp.x) <= tolerance) continue;
      lp.addRow(row);
      added++;
      if (this.convexEverywhere.has(side) && this.pool.length < mostPoolCuts) this.pool.push(row);
    }
    return added;
  }
}

function rowOf({ form, lower, upper }: Sided): LinearRow {
  const entries = new Map<number, number>();
  form.slots.forEach((slot, k) => entries.set(slot, (entries.get(slot) ?? 0) + form.coefficients[k]!));
  return {
    indices: [...entries.keys()],
    values: [...entries.values()],
    lower: lower - form.constant,
    upper: upper - form.constant,
  };
}
