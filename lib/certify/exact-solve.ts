import { Dyadic } from '../verify/programs/index.js';
import type { Rationals } from './rational.js';

/** Σ values[k]·u[unknowns[k]] = right. */
export interface Equation {
  readonly unknowns: readonly number[];
  readonly values: readonly Dyadic[];
  readonly right: Dyadic;
}

/** Just below 2²⁵: products of residues are exact doubles. */
const prime = 33_554_393;
const bigPrime = BigInt(prime);
const mostEquations = 500;
/** Operations on integers that lifting may take. */
const mostLifting = 8e6;

/**
 * An exact solution of linear equations of doubles: unknowns are taken in the order of `preferred`, all others keep the values in
 * `fixed`. Equations that depend on others are left out, so the caller checks what comes of it. Undefined where that is too large or
 * has no solution that can be found. Elimination modulo a prime says which unknowns and equations go together; Dixon's (1982) lifting
 * gives the solution.
 */
export function solveExactly(
  equations: readonly Equation[],
  preferred: readonly number[],
  fixed: readonly Dyadic[],
): Rationals | undefined {
  if (equations.length > mostEquations) return undefined;
  const place = new Map(preferred.map((unknown, k) => [unknown, k]));
  const system = equations.map((equation) => {
    const least = equation.values.reduce((e, value) => Math.min(e, value.e), 0);
    const entries: { at: number; value: bigint }[] = [];
    let right = equation.right.times(new Dyadic(1n, -least));
    equation.unknowns.forEach((unknown, k) => {
      const { n, e } = equation.values[k]!;
      const value = n << BigInt(e - least);
      const at = place.get(unknown);
      if (at !== undefined) entries.push({ at, value });
      else right = right.minus(fixed[unknown]!.times(new Dyadic(value, 0)));
    });
    return { entries, right };
  });
  const pivots = independent(system, preferred.length);
  if (!pivots) return undefined;
  const size = pivots.length;
  const column = new Map(pivots.map(({ at }, k) => [at, k]));
  const square = pivots.map(({ equation }) => {
    const { entries, right } = system[equation]!;
    let rest = right;
    const kept: { at: number; value: bigint }[] = [];
    for (const { at, value } of entries) {
      const k = column.get(at);
      if (k !== undefined) kept.push({ at: k, value });
      else rest = rest.minus(fixed[preferred[at]!]!.times(new Dyadic(value, 0)));
    }
    return { entries: kept, right: rest };
  });
  const least = square.reduce((e, { right }) => Math.min(e, right.e), 0);
  const right = square.map(({ right: { n, e } }) => n << BigInt(e - least));
  const lifted = size === 0 ? { over: 1n, values: [] } : lift(square, right);
  if (!lifted) return undefined;
  const over = new Dyadic(lifted.over, 0);
  const entries = fixed.map((value) => value.times(over));
  pivots.forEach(({ at }, k) => (entries[preferred[at]!] = new Dyadic(lifted.values[k]!, least)));
  return { over, entries };
}

type System = readonly { readonly entries: readonly { at: number; value: bigint }[] }[];

const residue = (value: bigint): number => Number(((value % bigPrime) + bigPrime) % bigPrime);

/** A largest nonsingular part: for each unknown, in order, an equation. */
function independent(system: System, count: number): { at: number; equation: number }[] | undefined {
  const m = system.length;
  if (m * count > 4e6) return undefined;
  const table = system.map(({ entries }) => {
    const row = new Float64Array(count);
    for (const { at, value } of entries) row[at] = residue(value);
    return row;
  });
  const pivots: { at: number; equation: number }[] = [];
  const open = new Set(system.keys());
  for (let at = 0; at < count && open.size > 0; at++) {
    let equation = -1;
    for (const i of open) {
      if (table[i]![at] !== 0) {
        equation = i;
        break;
      }
    }
    if (equation < 0) continue;
    open.delete(equation);
    pivots.push({ at, equation });
    const row = table[equation]!;
    const inverse = inverseModulo(row[at]!);
    for (const i of open) {
      const other = table[i]!;
      if (other[at] === 0) continue;
      const factor = prime - ((other[at]! * inverse) % prime);
      for (let j = at; j < count; j++) if (row[j] !== 0) other[j] = (other[j]! + factor * row[j]!) % prime;
    }
  }
  return pivots;
}

function inverseModulo(value: number): number {
  let [a, b, x, y] = [value, prime, 1, 0];
  while (b > 0) {
    const q = Math.floor(a / b);
    [a, b] = [b, a - q * b];
    [x, y] = [y, x - q * y];
  }
  return ((x % prime) + prime) % prime;
}

/** Inverse modulo the prime by Gauss and Jordan; undefined if it has none. */
function invert(system: System): Float64Array[] | undefined {
  const n = system.length;
  const left = system.map(({ entries }) => {
    const row = new Float64Array(2 * n);
    for (const { at, value } of entries) row[at] = residue(value);
    return row;
  });
  left.forEach((row, i) => (row[n + i] = 1));
  for (let k = 0; k < n; k++) {
    const found = left.findIndex((row, i) => i >= k && row[k] !== 0);
    if (found < 0) return undefined;
    [left[k], left[found]] = [left[found]!, left[k]!];
    const row = left[k]!;
    const inverse = inverseModulo(row[k]!);
    for (let j = k; j < 2 * n; j++) if (row[j] !== 0) row[j] = (row[j]! * inverse) % prime;
    for (let i = 0; i < n; i++) {
      const other = left[i]!;
      if (i === k || other[k] === 0) continue;
      const factor = prime - other[k]!;
      for (let j = k; j < 2 * n; j++) if (row[j] !== 0) other[j] = (other[j]! + factor * row[j]!) % prime;
    }
  }
  return left.map((row) => row.subarray(n));
}

/** The solution modulo ever higher powers of the prime, until it is that of small fractions that solve the equations. */
function lift(system: System, right: readonly bigint[]): { over: bigint; values: bigint[] } | undefined {
  const inverse = invert(system);
  if (!inverse) return undefined;
  const n = system.length;
  const rest = [...right];
  const solution = new Array<bigint>(n).fill(0n);
  let modulus = 1n;
  const work = system.reduce((sum, { entries }) => sum + entries.length, n);
  let next = 2;
  for (let step = 1; step * work <= mostLifting; step++) {
    const residues = Float64Array.from(rest, residue);
    const digit = inverse.map((row) => {
      let sum = 0;
      for (let j = 0; j < n; j++) sum = (sum + row[j]! * residues[j]!) % prime;
      return BigInt(sum);
    });
    for (let k = 0; k < n; k++) solution[k]! += modulus * digit[k]!;
    system.forEach(({ entries }, i) => {
      let value = rest[i]!;
      for (const entry of entries) value -= entry.value * digit[entry.at]!;
      rest[i] = value / bigPrime;
    });
    modulus *= bigPrime;
    if (step < next) continue;
    next = Math.ceil(1.5 * step) + 1;
    const found = fractions(solution, modulus);
    if (found && solves(system, right, found)) return found;
  }
  return undefined;
}

function solves(
  system: System,
  right: readonly bigint[],
  { over, values }: { over: bigint; values: readonly bigint[] },
): boolean {
  return system.every(
    ({ entries }, i) => entries.reduce((sum, { at, value }) => sum + value * values[at]!, 0n) === right[i]! * over,
  );
}

/** Fractions over one denominator that the residues stand for, if numerators and denominator are small against the modulus. */
function fractions(residues: readonly bigint[], modulus: bigint): { over: bigint; values: bigint[] } | undefined {
  const limit = 1n << BigInt(Math.floor(modulus.toString(16).length * 2 - 2));
  const centred = (value: bigint): bigint => {
    const rest = ((value % modulus) + modulus) % modulus;
    return 2n * rest > modulus ? rest - modulus : rest;
  };
  const isSmall = (value: bigint): boolean => value < limit && -value < limit;
  let over = 1n;
  for (const value of residues) {
    const numerator = centred(value * over);
    if (isSmall(numerator)) continue;
    let [a, b, y, z] = [modulus, numerator < 0n ? numerator + modulus : numerator, 0n, 1n];
    while (!isSmall(b)) {
      const q = a / b;
      [a, b] = [b, a - q * b];
      [y, z] = [z, y - q * z];
    }
    over *= z < 0n ? -z : z;
    if (over === 0n || !isSmall(over)) return undefined;
  }
  return { over, values: residues.map((value) => centred(value * over)) };
}
