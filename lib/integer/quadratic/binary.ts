import type { FactorableForm, MixedIntegerNonlinearProgram } from '../../problem/index.js';
import type { BudgetEnd } from '../../solver/index.js';
import type { Budget } from '../../solver/index.js';
import type { Candidate } from '../tree.js';
import { choleskyFactor, semidefiniteDiagonal } from './semidefinite-diagonal.js';

/** min ½xᵀHx + cᵀx + constant over binary x; H dense, symmetric, row-major, its diagonal moved into c. */
export interface BinaryQuadratic {
  readonly n: number;
  readonly hessian: Float64Array;
  readonly linear: Float64Array;
  readonly constant: number;
}

const mostVariables = 200;

/** The quadratic of a form without constraints whose variables are all binary; undefined if it is none. */
export function binaryQuadraticOf(
  problem: MixedIntegerNonlinearProgram,
  form: FactorableForm,
): BinaryQuadratic | undefined {
  const { meta, integerVariables, specialOrderedSets } = problem;
  const n = meta.variableCount;
  if (meta.constraintCount > 0 || specialOrderedSets?.length || integerVariables.length < n) return undefined;
  if (n > mostVariables || form.operations.length === 0) return undefined;
  if (!meta.lower.every((low, j) => Math.ceil(low) === 0 && Math.floor(meta.upper[j]!) === 1)) return undefined;
  const slots: (Polynomial | undefined)[] = Array.from({ length: n }, (_, j) => ({
    constant: 0,
    linear: new Map([[j, 1]]),
    products: new Map<number, number>(),
  }));
  for (const { kind, operands, coefficients, parameter } of form.operations) {
    const parts = operands.map((slot) => slots[slot]!);
    let result: Polynomial | undefined;
    if (kind === 'constant') result = { constant: parameter, linear: new Map(), products: new Map() };
    else if (kind === 'affine') result = combined(parts, coefficients, parameter);
    else if (kind === 'multiply') result = multiplied(parts[0]!, parts[1]!, n);
    else if (kind === 'square' || (kind === 'power' && parameter === 2)) result = multiplied(parts[0]!, parts[0]!, n);
    if (!result) return undefined;
    slots.push(result);
  }
  const { objective } = form;
  const total = combined(
    objective.slots.map((slot) => slots[slot]!),
    objective.coefficients,
    objective.constant,
  );
  const hessian = new Float64Array(n * n);
  const linear = new Float64Array(n);
  total.linear.forEach((value, j) => (linear[j]! += value));
  total.products.forEach((value, key) => {
    const [i, j] = [Math.floor(key / n), key % n];
    if (i === j) linear[i]! += value;
    else {
      hessian[i * n + j]! += value;
      hessian[j * n + i]! += value;
    }
  });
  return { n, hessian, linear, constant: total.constant };
}

interface Polynomial {
  readonly constant: number;
  readonly linear: ReadonlyMap<number, number>;
  /** By i·n + j, i ≤ j. */
  readonly products: ReadonlyMap<number, number>;
}

function combined(parts: readonly Polynomial[], factors: readonly number[], constant: number): Polynomial {
  const linear = new Map<number, number>();
  const products = new Map<number, number>();
  let total = constant;
  parts.forEach((part, k) => {
    const factor = factors[k]!;
    total += factor * part.constant;
    part.linear.forEach((value, j) => linear.set(j, (linear.get(j) ?? 0) + factor * value));
    part.products.forEach((value, key) => products.set(key, (products.get(key) ?? 0) + factor * value));
  });
  return { constant: total, linear, products };
}

function multiplied(a: Polynomial, b: Polynomial, n: number): Polynomial | undefined {
  if (a.products.size > 0 || b.products.size > 0) {
    const isConstant = ({ linear, products }: Polynomial): boolean => linear.size === 0 && products.size === 0;
    if (isConstant(a)) return combined([b], [a.constant], 0);
    return isConstant(b) ? combined([a], [b.constant], 0) : undefined;
  }
  const linear = new Map<number, number>();
  const products = new Map<number, number>();
  a.linear.forEach((value, j) => linear.set(j, (linear.get(j) ?? 0) + value * b.constant));
  b.linear.forEach((value, j) => linear.set(j, (linear.get(j) ?? 0) + value * a.constant));
  a.linear.forEach((left, i) => {
    b.linear.forEach((right, j) => {
      const key = Math.min(i, j) * n + Math.max(i, j);
      products.set(key, (products.get(key) ?? 0) + left * right);
    });
  });
  return { constant: a.constant * b.constant, linear, products };
}

export interface BinaryResult {
  readonly best: Candidate<Float64Array>;
  readonly bound: number;
  readonly nodeCount: number;
  readonly ended?: BudgetEnd | 'node-limit';
}

export interface BinaryOptions {
  readonly relativeGap: number;
  readonly maxNodes: number;
}

/** Nodes between two looks at the clock. */
const nodesBetweenChecks = 32;

/**
 * Branch and bound on an unconstrained binary quadratic program. Multiples of xᵢ² − xᵢ, which are 0 at every binary point,
 * make it convex; those that bound it best come from the semidefinite relaxation (quadratic convex reformulation:
 * Billionnet & Elloumi 2007). A node is a convex quadratic over a box, bounded by its gradient at a nearly optimal point,
 * so that no bound rests on the convergence of the inner solver.
 */
export function solveBinaryQuadratic(
  quadratic: BinaryQuadratic,
  options: BinaryOptions,
  budget: Budget,
  random: () => number,
): BinaryResult {
  return new BinarySearch(quadratic, options, budget, random).run();
}

interface OpenBox {
  /** −1 free, else the value held. */
  readonly held: Int8Array;
  readonly bound: number;
  readonly start: Float64Array;
}

class BinarySearch {
  private readonly convex: Float64Array;
  private readonly shifted: Float64Array;
  private best: Candidate<Float64Array>;
  private nodeCount = 0;
  private readonly integral: boolean;
  private readonly scale: number;

  constructor(
    private readonly quadratic: BinaryQuadratic,
    private readonly options: BinaryOptions,
    private readonly budget: Budget,
    random: () => number,
  ) {
    const { n, hessian, linear } = quadratic;
    const shift = convexifyingShift(quadratic);
    this.convex = Float64Array.from(hessian);
    for (let i = 0; i < n; i++) this.convex[i * n + i]! += 2 * shift[i]!;
    this.shifted = linear.map((value, i) => value - shift[i]!);
    this.scale = [...hessian, ...linear].reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    this.integral = [...hessian, ...linear].every(Number.isInteger);
    this.best = { objective: 0, solution: new Float64Array(n) };
    for (let k = 0; k < 40 + 4 * n; k++)
      this.offer(this.descended(Float64Array.from({ length: n }, () => (random() < 0.5 ? 0 : 1))));
  }

  run(): BinaryResult {
    const { n, constant } = this.quadratic;
    const stack: OpenBox[] = [
      { held: new Int8Array(n).fill(-1), bound: -Infinity, start: new Float64Array(n).fill(0.5) },
    ];
    let ended: BinaryResult['ended'];
    for (;;) {
      const node = stack.pop();
      if (!node) break;
      if (node.bound >= this.cutoff()) continue;
      if (this.nodeCount >= this.options.maxNodes) ended = 'node-limit';
      else if (this.nodeCount % nodesBetweenChecks === 0) ended = this.budget.exhausted(0, 0);
      if (ended) {
        stack.push(node);
        break;
      }
      this.nodeCount++;
      stack.push(...this.children(node));
    }
    const open = ended ? stack.reduce((least, { bound }) => Math.min(least, bound), Infinity) : Infinity;
    const bound = Math.min(open, this.best.objective);
    return {
      best: { ...this.best, objective: this.best.objective + constant },
      bound: bound + constant,
      nodeCount: this.nodeCount,
      ...(ended && { ended }),
    };
  }

  /** A solution below this is worth looking for. */
  private cutoff(): number {
    const { objective } = this.best;
    if (this.integral) return objective - 1 + 1e-6;
    return objective - Math.max(this.options.relativeGap * Math.abs(objective), 1e-9 * this.scale);
  }

  private children({ held, start }: OpenBox): OpenBox[] {
    const { n } = this.quadratic;
    const free: number[] = [];
    for (let j = 0; j < n; j++) if (held[j] === -1) free.push(j);
    const x = Float64Array.from(start, (value, j) => (held[j] === -1 ? value : held[j]!));
    const gradient = this.minimise(x, free);
    // f(y) ≥ f(x) + g·(y − x), at its least over the box.
    let value = 0;
    for (let i = 0; i < n; i++) value += x[i]! * (this.shifted[i]! + gradient[i]!) * 0.5;
    let bound = value;
    for (const j of free) bound += Math.min(gradient[j]! * -x[j]!, gradient[j]! * (1 - x[j]!));
    bound -= 1e-11 * (Math.abs(value) + this.scale);
    this.offer(this.descended(x.map(Math.round)));
    const cutoff = this.cutoff();
    if (bound >= cutoff || free.length === 0) return [];
    // Reduced costs hold what would rise above the cutoff.
    const own = Int8Array.from(held);
    let branching = -1;
    let nearest = Infinity;
    for (const j of free) {
      const rise = Math.abs(gradient[j]!);
      if (x[j]! <= 1e-12 && gradient[j]! > 0 && bound + rise >= cutoff) own[j] = 0;
      else if (x[j]! >= 1 - 1e-12 && gradient[j]! < 0 && bound + rise >= cutoff) own[j] = 1;
      else {
        const distance = Math.abs(x[j]! - 0.5);
        if (distance < nearest) {
          nearest = distance;
          branching = j;
        }
      }
    }
    if (branching < 0) {
      this.offer(this.descended(Float64Array.from(x, (entry, j) => (own[j] === -1 ? Math.round(entry) : own[j]!))));
      return [];
    }
    const child = (side: 0 | 1): OpenBox => {
      const box = Int8Array.from(own);
      box[branching] = side;
      return { held: box, bound, start: x };
    };
    // The last is taken first.
    return x[branching]! > 0.5 ? [child(0), child(1)] : [child(1), child(0)];
  }

  /** Coordinate descent on the convex quadratic in the free variables, in place; returns the gradient. */
  private minimise(x: Float64Array, free: readonly number[]): Float64Array {
    const { n } = this.quadratic;
    const { convex } = this;
    const gradient = Float64Array.from(this.shifted);
    for (let j = 0; j < n; j++) {
      const value = x[j]!;
      if (value === 0) continue;
      for (let i = 0; i < n; i++) gradient[i]! += convex[j * n + i]! * value;
    }
    for (let sweep = 0; sweep < 200; sweep++) {
      let largest = 0;
      for (const j of free) {
        const curvature = convex[j * n + j]!;
        const old = x[j]!;
        const target = curvature > 0 ? old - gradient[j]! / curvature : gradient[j]! > 0 ? 0 : 1;
        const next = Math.min(Math.max(target, 0), 1);
        const step = next - old;
        if (step === 0) continue;
        x[j] = next;
        largest = Math.max(largest, Math.abs(step));
        for (let i = 0; i < n; i++) gradient[i]! += step * convex[j * n + i]!;
      }
      if (largest < 1e-4) break;
    }
    return gradient;
  }

  /** A local optimum among changes of one variable. */
  private descended(x: Float64Array): Candidate<Float64Array> {
    const { n, hessian, linear } = this.quadratic;
    const gradient = Float64Array.from(linear);
    const rounding = 1e-13 * n * this.scale;
    for (let j = 0; j < n; j++) if (x[j] === 1) for (let i = 0; i < n; i++) gradient[i]! += hessian[j * n + i]!;
    for (;;) {
      let best = -1;
      let gain = 0;
      for (let j = 0; j < n; j++) {
        const change = x[j] === 1 ? -gradient[j]! : gradient[j]!;
        if (change < gain - rounding) {
          gain = change;
          best = j;
        }
      }
      if (best < 0) break;
      const step = x[best] === 1 ? -1 : 1;
      x[best]! += step;
      for (let i = 0; i < n; i++) gradient[i]! += step * hessian[best * n + i]!;
    }
    let objective = 0;
    for (let i = 0; i < n; i++) if (x[i] === 1) objective += 0.5 * (linear[i]! + gradient[i]!);
    return { objective, solution: x };
  }

  private offer(candidate: Candidate<Float64Array>): void {
    if (candidate.objective < this.best.objective) this.best = candidate;
  }
}

/** Multiples λ of xᵢ² − xᵢ with H + 2·Diag(λ) positive definite. */
function convexifyingShift({ n, hessian, linear }: BinaryQuadratic): Float64Array {
  // In z = 2x − 1, with z₀ = 1: the quadratic form of M, up to a constant.
  const m = n + 1;
  const matrix = new Float64Array(m * m);
  for (let i = 0; i < n; i++) {
    let row = linear[i]!;
    for (let j = 0; j < n; j++) {
      matrix[(i + 1) * m + j + 1] = hessian[i * n + j]! / 8;
      row += hessian[i * n + j]! / 2;
    }
    matrix[i + 1] = matrix[(i + 1) * m] = row / 4;
  }
  const diagonal = semidefiniteDiagonal(matrix, m);
  const shift = diagonal
    ? Float64Array.from({ length: n }, (_, i) => 4 * diagonal[i + 1]!)
    : Float64Array.from({ length: n }, (_, i) => {
        let row = 0;
        for (let j = 0; j < n; j++) row += Math.abs(hessian[i * n + j]!);
        return row / 2;
      });
  // The definiteness on which every bound rests is checked anew.
  let extra = 0;
  for (;;) {
    const convex = Float64Array.from(hessian);
    for (let i = 0; i < n; i++) convex[i * n + i]! += 2 * shift[i]! + extra;
    if (choleskyFactor(convex, n)) return shift.map((value) => value + extra / 2);
    extra = extra === 0 ? 1e-9 * (1 + hessian.reduce((most, value) => Math.max(most, Math.abs(value)), 0)) : 4 * extra;
  }
}
