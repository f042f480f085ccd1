import type { NonlinearProgram } from '../../lib/problem/index.js';
import { randomStream } from '../../lib/random/index.js';

/** What a generated problem is known to be. */
export type KnownClass = 'regular' | 'degenerate' | 'nonconvex' | 'infeasible' | 'unbounded';

export interface KnownNlp {
  readonly problem: NonlinearProgram;
  readonly kind: KnownClass;
  /** Global minimiser and its value, where there is one. */
  readonly solution?: Float64Array;
  readonly optimum?: number;
}

interface Row {
  readonly gradient: Float64Array;
  /** ½·curvature·Σ weightⱼ uⱼ² is the quadratic part, u = x − centre. */
  readonly curvature: number;
  readonly weight: Float64Array;
  readonly value: number;
}

interface Pieces {
  readonly center: Float64Array;
  /** P, dense symmetric. */
  readonly quadratic: Float64Array;
  readonly quartic: Float64Array;
  readonly linear: Float64Array;
  readonly rows: readonly Row[];
}

/**
 * A problem made from its solution: x*, y*, z* come first, then the linear term that makes ∇f + Jᵀy + z = 0 there. In
 * the regular and degenerate classes the problem is convex; in the non-convex one only the Lagrangian at (y*, z*) is
 * (its curvature outweighs that of the rows), so x* is still a global minimiser. Degenerate: repeated rows, active rows
 * and bounds with zero multipliers, more active rows than variables.
 */
export function knownNlp(seed: number, kind: KnownClass): KnownNlp {
  const random = randomStream(seed, `known-${kind}`);
  const n = 1 + random.integer(8);
  if (kind === 'infeasible') return infeasible(seed, n);
  if (kind === 'unbounded') return unbounded(seed, n);
  const normal = (): number => random.normal();
  const vector = (): Float64Array => Float64Array.from({ length: n }, normal);
  const center = vector();
  const lower = new Float64Array(n).fill(-Infinity);
  const upper = new Float64Array(n).fill(Infinity);
  const boundMultipliers = new Float64Array(n);
  for (let j = 0; j < n; j++) {
    const choice = random.integer(6);
    const weak = kind === 'degenerate' && random.integer(2) === 0;
    if (choice === 0) {
      lower[j] = center[j]!;
      boundMultipliers[j] = weak ? 0 : -random.uniform() - 0.1;
    } else if (choice === 1) {
      upper[j] = center[j]!;
      boundMultipliers[j] = weak ? 0 : random.uniform() + 0.1;
    } else if (choice === 2) {
      lower[j] = center[j]! - 1 - random.uniform();
      upper[j] = center[j]! + 1 + random.uniform();
    } else if (choice === 3 && random.integer(4) === 0) {
      lower[j] = upper[j] = center[j]!;
      boundMultipliers[j] = normal();
    }
  }
  const rows: Row[] = [];
  const constraintLower: number[] = [];
  const constraintUpper: number[] = [];
  const multipliers: number[] = [];
  const add = (row: Row, low: number, high: number, multiplier: number): void => {
    rows.push(row);
    constraintLower.push(low);
    constraintUpper.push(high);
    multipliers.push(multiplier);
  };
  const equalities = random.integer(Math.max(1, Math.floor(n / 2)));
  for (let i = 0; i < equalities; i++) {
    const value = normal();
    const curvature = kind === 'nonconvex' ? normal() : 0;
    add({ gradient: vector(), curvature, weight: unitWeights(n, random), value }, value, value, normal());
  }
  const inequalities = random.integer(n + 3);
  const activeLimit = kind === 'degenerate' ? Infinity : n - equalities - 1;
  let active = 0;
  for (let i = 0; i < inequalities; i++) {
    const value = normal();
    const upperSide = random.integer(2) === 0;
    const sign = upperSide ? 1 : -1;
    const curvature = kind === 'nonconvex' ? normal() : sign * random.uniform();
    const row = { gradient: vector(), curvature, weight: unitWeights(n, random), value };
    const isActive = active < activeLimit && random.integer(2) === 0;
    const slack = isActive ? 0 : 0.1 + random.uniform();
    if (isActive) active++;
    const weak = kind === 'degenerate' && random.integer(3) === 0;
    const multiplier = isActive && !weak ? sign * (0.1 + random.uniform()) : 0;
    const side = value + sign * slack;
    const low = upperSide ? (random.integer(3) === 0 ? side - 20 : -Infinity) : side;
    const high = upperSide ? side : random.integer(3) === 0 ? side + 20 : Infinity;
    add(row, low, high, multiplier);
    if (kind === 'degenerate' && isActive && random.integer(3) === 0) add(row, low, high, 0);
  }
  // ∇²f = P + diagonal of the quartic; P outweighs Σ y∇²c in the non-convex class.
  const quadratic = new Float64Array(n * n);
  let outweigh = 0.5;
  if (kind === 'nonconvex') rows.forEach((row, i) => (outweigh += Math.abs(row.curvature * multipliers[i]!)));
  const mix = Float64Array.from({ length: n * n }, normal);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let sum = i === j ? outweigh : 0;
      for (let k = 0; k < n; k++) sum += (mix[i * n + k]! * mix[j * n + k]!) / n;
      quadratic[i * n + j] = sum;
    }
  }
  const linear = Float64Array.from(boundMultipliers, (z) => -z);
  rows.forEach((row, i) => {
    for (let j = 0; j < n; j++) linear[j] = linear[j]! - multipliers[i]! * row.gradient[j]!;
  });
  const pieces: Pieces = { center, quadratic, quartic: vector().map(Math.abs), linear, rows };
  const start = center.map((value) => value + 2 * normal());
  const problem = assemble(pieces, {
    lower,
    upper,
    constraintLower: Float64Array.from(constraintLower),
    constraintUpper: Float64Array.from(constraintUpper),
    start,
    convex: kind !== 'nonconvex',
  });
  return { problem, kind, solution: center, optimum: problem.objective(center) };
}

/** A ball and a half-space that miss each other by a margin. */
function infeasible(seed: number, n: number): KnownNlp {
  const random = randomStream(seed, 'infeasible');
  const center = Float64Array.from({ length: n }, () => random.normal());
  const direction = Float64Array.from({ length: n }, () => random.normal());
  const norm = Math.hypot(...direction);
  for (let j = 0; j < n; j++) direction[j] = direction[j]! / norm;
  const radius = 0.5 + random.uniform();
  const gap = 0.2 + random.uniform();
  const ball: Row = { gradient: new Float64Array(n), curvature: 2, weight: new Float64Array(n).fill(1), value: 0 };
  const plane: Row = { gradient: direction, curvature: 0, weight: new Float64Array(n), value: 0 };
  const pieces: Pieces = {
    center,
    quadratic: identity(n),
    quartic: new Float64Array(n),
    linear: Float64Array.from({ length: n }, () => random.normal()),
    rows: [ball, plane],
  };
  const equality = random.integer(2) === 0;
  const problem = assemble(pieces, {
    lower: new Float64Array(n).fill(-Infinity),
    upper: new Float64Array(n).fill(Infinity),
    constraintLower: Float64Array.of(-Infinity, radius + gap),
    constraintUpper: Float64Array.of(radius * radius, equality ? radius + gap : Infinity),
    start: center.map((value) => value + 3 * random.normal()),
    convex: random.integer(2) === 0,
  });
  return { problem, kind: 'infeasible' };
}

/** A ray that stays feasible and along which the linear objective falls. */
function unbounded(seed: number, n: number): KnownNlp {
  const random = randomStream(seed, 'unbounded');
  // Signs, so that the curvature across the ray is made of whole numbers and vanishes along it without round-off.
  const ray = Float64Array.from({ length: n }, () => (random.integer(2) === 0 ? -1 : 1));
  const linear = Float64Array.from({ length: n }, () => random.normal());
  const alongObjective = dot(linear, ray);
  const fall = random.uniform();
  for (let j = 0; j < n; j++) linear[j] = linear[j]! - ((alongObjective + 0.5 + fall) / n) * ray[j]!;
  const rowCount = random.integer(4);
  const rows: Row[] = [];
  for (let i = 0; i < rowCount; i++) {
    const gradient = Float64Array.from({ length: n }, () => random.normal());
    const along = dot(gradient, ray);
    const inward = random.uniform();
    for (let j = 0; j < n; j++) gradient[j] = gradient[j]! - ((along + inward) / n) * ray[j]!;
    rows.push({ gradient, curvature: 0, weight: new Float64Array(n), value: 0 });
  }
  // Curvature across the ray only.
  const quadratic = Float64Array.from({ length: n * n }, (_, k) => {
    const i = Math.floor(k / n);
    const j = k % n;
    return i === j ? n - 1 : -ray[i]! * ray[j]!;
  });
  const pieces: Pieces = { center: new Float64Array(n), quadratic, quartic: new Float64Array(n), linear, rows };
  const problem = assemble(pieces, {
    lower: ray.map((value) => (value > 0 && random.integer(3) === 0 ? -1 : -Infinity)),
    upper: ray.map((value) => (value < 0 && random.integer(3) === 0 ? 1 : Infinity)),
    constraintLower: new Float64Array(rowCount).fill(-Infinity),
    constraintUpper: Float64Array.from({ length: rowCount }, () => 1 + random.uniform()),
    start: new Float64Array(n),
    convex: true,
  });
  return { problem, kind: 'unbounded' };
}

function unitWeights(n: number, random: ReturnType<typeof randomStream>): Float64Array {
  return Float64Array.from({ length: n }, () => random.uniform());
}

function identity(n: number): Float64Array {
  return Float64Array.from({ length: n * n }, (_, k) => (k % (n + 1) === 0 ? 1 : 0));
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += a[j]! * b[j]!;
  return sum;
}

function assemble(
  { center, quadratic, quartic, linear, rows }: Pieces,
  sides: Pick<NonlinearProgram['meta'], 'lower' | 'upper' | 'constraintLower' | 'constraintUpper' | 'start'> & {
    convex: boolean;
  },
): NonlinearProgram {
  const n = center.length;
  const u = new Float64Array(n);
  const shift = (x: Float64Array): void => {
    for (let j = 0; j < n; j++) u[j] = x[j]! - center[j]!;
  };
  return {
    meta: { variableCount: n, constraintCount: rows.length, ...sides },
    objective(x) {
      shift(x);
      let sum = 0;
      for (let i = 0; i < n; i++) {
        sum += linear[i]! * u[i]! + quartic[i]! * u[i]! ** 4;
        for (let j = 0; j < n; j++) sum += 0.5 * quadratic[i * n + j]! * u[i]! * u[j]!;
      }
      return sum;
    },
    gradient(x, values) {
      shift(x);
      for (let i = 0; i < n; i++) {
        let sum = linear[i]! + 4 * quartic[i]! * u[i]! ** 3;
        for (let j = 0; j < n; j++) sum += quadratic[i * n + j]! * u[j]!;
        values[i] = sum;
      }
    },
    constraints(x, values) {
      shift(x);
      rows.forEach((row, i) => {
        let sum = row.value;
        for (let j = 0; j < n; j++) sum += row.gradient[j]! * u[j]! + 0.5 * row.curvature * row.weight[j]! * u[j]! ** 2;
        values[i] = sum;
      });
    },
    jacobian(x, values) {
      shift(x);
      rows.forEach((row, i) => {
        for (let j = 0; j < n; j++) values[i * n + j] = row.gradient[j]! + row.curvature * row.weight[j]! * u[j]!;
      });
    },
    hessian(x, objectiveWeight, multipliers, values) {
      shift(x);
      let k = 0;
      for (let i = 0; i < n; i++) {
        for (let j = 0; j <= i; j++, k++) {
          let sum = objectiveWeight * quadratic[i * n + j]!;
          if (i === j) {
            sum += objectiveWeight * 12 * quartic[i]! * u[i]! ** 2;
            rows.forEach((row, r) => (sum += multipliers[r]! * row.curvature * row.weight[j]!));
          }
          values[k] = sum;
        }
      }
    },
  };
}
