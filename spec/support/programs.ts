import { denseMatrix } from '../../lib/linalg/index.js';
import type { QuadraticProgram } from '../../lib/problem/index.js';
import { randomStream } from '../../lib/random/index.js';

export const programKinds = [
  'linear',
  'linear-boxed',
  'linear-free',
  'linear-degenerate',
  'linear-transport',
  'linear-infeasible',
  'linear-unbounded',
  'quadratic',
  'quadratic-free',
  'quadratic-semidefinite',
  'quadratic-infeasible',
  'quadratic-unbounded',
  'integer-linear',
  'integer-mixed',
  'integer-infeasible',
  'integer-quadratic',
  'integer-unbounded',
] as const;
export type ProgramKind = (typeof programKinds)[number];

export interface SampleProgram {
  readonly kind: ProgramKind;
  readonly program: QuadraticProgram;
  readonly integers: readonly number[];
}

/** A random program whose kind is known by how it is made; `size` scales its dimensions. */
export function sampleProgram(seed: number, kind: ProgramKind, size = 1): SampleProgram {
  const random = randomStream(seed, `program-${kind}`);
  const uniform = (low: number, high: number): number => low + (high - low) * random.uniform();
  const whole = (low: number, high: number): number => Math.floor(uniform(low, high + 1));
  const isInteger = kind.startsWith('integer');
  const isQuadratic = kind.includes('quadratic');
  const n = Math.round((isInteger ? whole(3, 6) : whole(2, 12)) * size);
  const m = Math.round((isInteger ? whole(1, 4) : whole(1, 9)) * size);
  // Half of them have decimals, so that nothing is exact by luck.
  const decimals = seed % 2 === 0;
  // In 64ths, so that what is made of them is exact, too.
  const number = (low: number, high: number): number =>
    decimals ? Math.round(64 * uniform(low, high)) / 64 : whole(low, high);
  const inside = Array.from({ length: n }, () => number(-3, 3)).map((x) => (isInteger ? Math.round(x) : x));
  const values = new Float64Array(m * n);
  const rowLower = new Float64Array(m).fill(-Infinity);
  const rowUpper = new Float64Array(m).fill(Infinity);
  const linear = Float64Array.from({ length: n }, () => number(-9, 9));
  const isBoxed = isInteger || kind === 'linear-boxed' || kind === 'quadratic-semidefinite';
  const lower = Float64Array.from(inside, (x) => (isBoxed ? Math.floor(x) - whole(0, 3) : -Infinity));
  const upper = Float64Array.from(inside, (x) => (isBoxed ? Math.ceil(x) + whole(0, 3) : Infinity));
  for (let i = 0; i < m; i++) {
    let at = 0;
    for (let j = 0; j < n; j++) {
      if (random.uniform() < 0.3) continue;
      values[i * n + j] = number(-9, 9);
      at += values[i * n + j]! * inside[j]!;
    }
    const side = random.uniform();
    if (side < 0.2 && !isInteger) rowLower[i] = rowUpper[i] = decimals ? at : Math.round(at);
    else if (side < 0.6) rowUpper[i] = at + (kind === 'linear-degenerate' ? 0 : Math.abs(number(0, 6)));
    else rowLower[i] = at - (kind === 'linear-degenerate' ? 0 : Math.abs(number(0, 6)));
  }
  const unboundedWays = kind === 'linear-free' || kind.endsWith('unbounded') ? 0 : 0.6;
  if (!isBoxed) {
    for (let j = 0; j < n; j++) {
      if (random.uniform() < unboundedWays) lower[j] = Math.floor(inside[j]!) - whole(0, 2);
      if (random.uniform() < unboundedWays) upper[j] = Math.ceil(inside[j]!) + whole(0, 2);
    }
  }
  const hessian = isQuadratic ? semidefinite(n, kind, number) : undefined;
  if (!isBoxed && !isQuadratic && !kind.endsWith('unbounded')) {
    // Costs that some multipliers answer: bounded below.
    const y = Array.from({ length: m }, (_, i) => {
      const size_ = Math.abs(number(0, 4));
      return rowLower[i] === rowUpper[i] ? number(-4, 4) : rowUpper[i]! < Infinity ? size_ : -size_;
    });
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let i = 0; i < m; i++) sum -= values[i * n + j]! * y[i]!;
      const z = Math.abs(number(0, 4));
      if (kind !== 'linear-degenerate') sum += lower[j]! > -Infinity ? z : upper[j]! < Infinity ? -z : 0;
      linear[j] = sum;
    }
  }
  if (kind === 'linear-transport') return transport(() => random.uniform(), whole, decimals, size);
  const integers = isInteger
    ? Array.from({ length: n }, (_, j) => j).filter((j) => kind !== 'integer-mixed' || j % 2 === 0)
    : [];
  if (kind.endsWith('infeasible')) contradict(values, rowLower, rowUpper, lower, upper, n, m, isInteger);
  if (kind.endsWith('unbounded')) {
    // Nothing holds the first variable on one side.
    for (let i = 0; i < m; i++) {
      const value = values[i * n]!;
      values[i * n] = rowUpper[i] === rowLower[i] ? 0 : rowUpper[i]! < Infinity ? -Math.abs(value) : Math.abs(value);
    }
    linear[0] = -Math.abs(number(1, 5)) - 1;
    upper[0] = Infinity;
    if (hessian) for (let j = 0; j < n; j++) hessian[j] = hessian[j * n] = 0;
    fit(values, rowLower, rowUpper, inside, n, m);
  }
  return {
    kind,
    integers,
    program: {
      ...(hessian && { hessian: denseMatrix(n, n, hessian) }),
      linear,
      constant: number(-5, 5),
      constraintMatrix: denseMatrix(m, n, values),
      constraintLower: rowLower,
      constraintUpper: rowUpper,
      lower,
      upper,
    },
  };
}

/** Sides that the known point keeps. */
function fit(
  values: Float64Array,
  rowLower: Float64Array,
  rowUpper: Float64Array,
  x: number[],
  n: number,
  m: number,
): void {
  for (let i = 0; i < m; i++) {
    let at = 0;
    for (let j = 0; j < n; j++) at += values[i * n + j]! * x[j]!;
    if (rowLower[i] === rowUpper[i]) rowLower[i] = rowUpper[i] = Math.round(at * 8) / 8;
    else if (rowUpper[i]! < Infinity) rowUpper[i] = Math.ceil(at) + 1;
    else rowLower[i] = Math.floor(at) - 1;
  }
}

function semidefinite(n: number, kind: ProgramKind, number: (low: number, high: number) => number): Float64Array {
  const rank = kind === 'quadratic-semidefinite' || kind === 'quadratic-unbounded' ? Math.max(1, n >> 1) : n + 1;
  const factor = Array.from({ length: rank * n }, () => Math.round(number(-4, 4)));
  const hessian = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      for (let k = 0; k < rank; k++) hessian[i * n + j]! += factor[k * n + i]! * factor[k * n + j]!;
    }
    if (rank > n) hessian[i * n + i]! += Math.abs(number(0.5, 2));
  }
  return hessian;
}

/** The last row contradicts what the others and the bounds imply. */
function contradict(
  values: Float64Array,
  rowLower: Float64Array,
  rowUpper: Float64Array,
  lower: Float64Array,
  upper: Float64Array,
  n: number,
  m: number,
  isInteger: boolean,
): void {
  const last = m - 1;
  if (isInteger) {
    // An even sum that should be odd; the relaxation has points.
    for (let j = 0; j < n; j++) values[last * n + j] = 2 * (1 + (j % 3));
    let at = 0;
    for (let j = 0; j < n; j++) at += values[last * n + j]! * Math.round((lower[j]! + upper[j]!) / 2);
    rowLower[last] = rowUpper[last] = at + 1;
    return;
  }
  for (let j = 0; j < n; j++) {
    let sum = 0;
    for (let i = 0; i < last; i++) sum += values[i * n + j]! * (rowUpper[i]! < Infinity ? 1 : -1);
    values[last * n + j] = sum;
  }
  let most = 0;
  for (let i = 0; i < last; i++) most += rowUpper[i]! < Infinity ? rowUpper[i]! : -rowLower[i]!;
  rowLower[last] = most + 1;
  rowUpper[last] = Infinity;
}

/** Suppliers and buyers: equality rows of rank one less, degenerate vertices. */
function transport(
  uniform: () => number,
  whole: (low: number, high: number) => number,
  decimals: boolean,
  size: number,
): SampleProgram {
  const [from, to] = [Math.round(whole(2, 4) * size), Math.round(whole(2, 4) * size)];
  const n = from * to;
  const plan = Float64Array.from({ length: n }, () => (uniform() < 0.5 ? 0 : whole(1, 8)));
  const m = from + to;
  const values = new Float64Array(m * n);
  const sides = new Float64Array(m);
  for (let s = 0; s < from; s++) {
    for (let t = 0; t < to; t++) {
      const j = s * to + t;
      values[s * n + j] = 1;
      values[(from + t) * n + j] = 1;
      sides[s]! += plan[j]!;
      sides[from + t]! += plan[j]!;
    }
  }
  return {
    kind: 'linear-transport',
    integers: [],
    program: {
      linear: Float64Array.from({ length: n }, () => (decimals ? 9 * uniform() : whole(1, 9))),
      constraintMatrix: denseMatrix(m, n, values),
      constraintLower: sides,
      constraintUpper: sides.slice(),
      lower: new Float64Array(n),
      upper: new Float64Array(n).fill(Infinity),
    },
  };
}
