/**
 * Quadratic programs of the structures that linear-programming models with a few curved variables have, built around a
 * known solution: point, sides and multipliers are drawn first, the linear cost is what makes them optimal.
 */
import { assembleSparse } from '../../lib/linalg/index.js';
import type { QuadraticProgram } from '../../lib/problem/index.js';
import { randomStream, type RandomStream } from '../../lib/random/index.js';

export const qpFamilies = ['staircase', 'transportation', 'degenerate', 'free', 'rank-deficient'] as const;
export type QpFamily = (typeof qpFamilies)[number];

export interface KnownProgram {
  readonly problem: QuadraticProgram;
  /** Optimal value. */
  readonly objective: number;
}

/** Rows of a matrix as lists of (column, value). */
type Rows = [number, number][][];

/** A power of ten between 10^low and 10^high. */
function magnitude(random: RandomStream, low: number, high: number): number {
  return 10 ** (low + (high - low) * random.uniform());
}

/** Periods that each touch their own columns and those of the period before. */
function staircase(random: RandomStream, n: number): Rows {
  const width = 10;
  const periods = Math.floor(n / width);
  return Array.from({ length: Math.floor(0.6 * n) }, (_, i) => {
    const period = i % periods;
    const from = Math.max(0, period - 1) * width;
    const to = Math.min(n, (period + 1) * width);
    const scale = magnitude(random, -2, 2);
    return pick(random, from, to, 5).map((j): [number, number] => [j, random.normal() * scale]);
  });
}

/** Supplies and demands of a complete bipartite network; their sum is one equation too many. */
function transportation(n: number): Rows {
  const sources = Math.max(2, Math.floor(Math.sqrt(n / 2)));
  const sinks = Math.floor(n / sources);
  const at = (s: number, t: number): number => s * sinks + t;
  return [
    ...Array.from({ length: sources }, (_, s) =>
      Array.from({ length: sinks }, (__, t): [number, number] => [at(s, t), 1]),
    ),
    ...Array.from({ length: sinks }, (_, t) =>
      Array.from({ length: sources }, (__, s): [number, number] => [at(s, t), 1]),
    ),
  ];
}

function scattered(random: RandomStream, n: number, m: number): Rows {
  return Array.from({ length: m }, () => {
    const scale = magnitude(random, -1, 2);
    return pick(random, 0, n, 6).map((j): [number, number] => [j, random.normal() * scale]);
  });
}

/** Some rows are sums of others. */
function rankDeficient(random: RandomStream, n: number): Rows {
  const own = scattered(random, n, Math.floor(0.4 * n));
  const sums = Array.from({ length: Math.floor(0.1 * n) }, () => {
    const total = new Map<number, number>();
    for (const i of pick(random, 0, own.length, 3)) {
      const factor = random.normal();
      for (const [j, value] of own[i]!) total.set(j, (total.get(j) ?? 0) + factor * value);
    }
    return [...total];
  });
  return [...own, ...sums];
}

function pick(random: RandomStream, from: number, to: number, count: number): number[] {
  const chosen = new Set<number>();
  while (chosen.size < Math.min(count, to - from)) chosen.add(from + Math.floor(random.uniform() * (to - from)));
  return [...chosen];
}

/**
 * A program of about n variables with its optimal value. `spread` is the range, in decades, of the sizes of the point,
 * the multipliers and the curvatures.
 */
export function familyProgram(family: QpFamily, n: number, seed: number, spread = 4): KnownProgram {
  const random = randomStream(seed, `qp-${family}-${n}`);
  const rows = {
    staircase: () => staircase(random, n),
    transportation: () => transportation(n),
    degenerate: () => scattered(random, n, Math.floor(0.8 * n)),
    free: () => scattered(random, n, Math.floor(0.5 * n)),
    'rank-deficient': () => rankDeficient(random, n),
  }[family]();
  const m = rows.length;
  const equalityShare = family === 'transportation' || family === 'rank-deficient' ? 1 : 0.5;
  const freeShare = family === 'free' ? 0.5 : 0;
  const x = new Float64Array(n);
  const z = new Float64Array(n);
  const lower = new Float64Array(n);
  const upper = new Float64Array(n).fill(Infinity);
  for (let j = 0; j < n; j++) {
    const size = magnitude(random, -1, spread - 1);
    if (random.uniform() < freeShare) {
      lower[j] = -Infinity;
      x[j] = random.normal() * size;
    } else if (random.uniform() < 0.5) {
      // At its bound; in the degenerate family half of the time without a multiplier.
      if (family !== 'degenerate' || random.uniform() < 0.5) z[j] = -magnitude(random, 1 - spread, 1);
    } else {
      x[j] = size;
      if (random.uniform() < 0.2) {
        upper[j] = size;
        z[j] = magnitude(random, 1 - spread, 1);
      } else if (random.uniform() < 0.3) upper[j] = 2 * size;
    }
  }
  const y = new Float64Array(m);
  const constraintLower = new Float64Array(m);
  const constraintUpper = new Float64Array(m);
  const transposed = new Float64Array(n);
  rows.forEach((row, i) => {
    const value = row.reduce((sum, [j, a]) => sum + a * x[j]!, 0);
    const isEquality = random.uniform() < equalityShare;
    const isHeld = isEquality || random.uniform() < (family === 'degenerate' ? 0.9 : 0.5);
    const width = magnitude(random, -1, 2);
    constraintLower[i] = isEquality ? value : -Infinity;
    constraintUpper[i] = isHeld ? value : value + width;
    const weak = family === 'degenerate' && random.uniform() < 0.5;
    if (isEquality) y[i] = random.normal() * magnitude(random, 1 - spread, 1);
    else if (isHeld && !weak) y[i] = magnitude(random, 1 - spread, 1);
    for (const [j, a] of row) transposed[j]! += a * y[i]!;
  });
  const entries: [number, number, number][] = [];
  for (let j = 0; j < n; j++) if (random.uniform() < 0.2) entries.push([j, j, magnitude(random, -spread, 1)]);
  for (let k = 0; k < n / 10; k++) {
    const [i, j] = pick(random, 0, n, 2) as [number, number];
    const size = magnitude(random, -spread, 0);
    const c = random.normal();
    entries.push([i, i, size], [j, j, c * c * size], [i, j, c * size], [j, i, c * size]);
  }
  const hessian = assembleSparse(
    n,
    n,
    entries.map(([i]) => i),
    entries.map(([, j]) => j),
    entries.map(([, , value]) => value),
  ).matrix;
  const bent = new Float64Array(n);
  for (const [i, j, value] of entries) bent[i]! += value * x[j]!;
  const linear = Float64Array.from(x, (_, j) => -(bent[j]! + transposed[j]! + z[j]!));
  const objective = x.reduce((sum, value, j) => sum + value * (0.5 * bent[j]! + linear[j]!), 0);
  const flat = rows.flatMap((row, i) => row.map(([j, value]) => [i, j, value] as const));
  const constraintMatrix = assembleSparse(
    m,
    n,
    flat.map(([i]) => i),
    flat.map(([, j]) => j),
    flat.map(([, , value]) => value),
  ).matrix;
  return {
    problem: { hessian, linear, constraintMatrix, constraintLower, constraintUpper, lower, upper },
    objective,
  };
}
