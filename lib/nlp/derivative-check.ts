import { checkDerivatives } from '../derivative/index.js';
import type { NlpMeta, NonlinearProgram } from '../problem/index.js';

/** Steps of which all must disagree before a derivative is called wrong: a kink or rounding spoils one, not all. */
const steps = [6e-6, 1e-4, 1e-3, 4e-7] as const;
const tolerance = 1e-2;
const roundOff = 1e-14;
const curvatureShare = 1e-3;
/** Variables up to which the worst entry of a wrong derivative is looked for. */
const mostNamed = 60;

/** Derivatives that a check found wrong. */
export interface DerivativeFault {
  readonly what: 'gradient' | 'jacobian';
  readonly message: string;
}

/**
 * Compares the given first derivatives with differences along one direction: two evaluations where they agree. x must be
 * a point where everything is defined. Where a function bends or rounds too much for differences to judge, nothing is said.
 */
export function checkAlongDirection(problem: NonlinearProgram, x: Float64Array): DerivativeFault[] {
  const { meta } = problem;
  const suspects: DerivativeFault['what'][] = [];
  const direction = directionWithin(meta, x);
  if (direction.every((component) => component === 0)) return [];
  if (problem.gradient) {
    const gradient = new Float64Array(x.length);
    problem.gradient(x, gradient);
    const given = [weighted(gradient, direction)];
    if (disagrees(x, direction, given, (point) => [problem.objective(point)])) suspects.push('gradient');
  }
  if (problem.jacobian && meta.constraintCount > 0) {
    const given = jacobianTimes(problem, x, direction);
    const values = (point: Float64Array): number[] => {
      const target = new Float64Array(meta.constraintCount);
      problem.constraints!(point, target);
      return Array.from(target);
    };
    if (disagrees(x, direction, given, values)) suspects.push('jacobian');
  }
  return suspects.map((what) => ({ what, message: describe(problem, x, what) }));
}

/** Every entry, by central differences. */
export function checkEveryEntry(problem: NonlinearProgram, x: Float64Array): DerivativeFault[] {
  const faults: DerivativeFault[] = [];
  for (const what of ['gradient', 'jacobian'] as const) {
    if (!problem[what] || (what === 'jacobian' && problem.meta.constraintCount === 0)) continue;
    const worst = worstEntry(problem, x, what, 1e-4);
    if (worst) faults.push({ what, message: worst });
  }
  return faults;
}

interface Directional {
  readonly slope: number;
  /** Σ |entry·direction|. */
  readonly size: number;
}

function weighted(entries: Float64Array, direction: Float64Array): Directional {
  let slope = 0;
  let size = 0;
  for (let j = 0; j < entries.length; j++) {
    const term = entries[j]! * direction[j]!;
    slope += term;
    size += Math.abs(term);
  }
  return { slope, size };
}

function jacobianTimes(problem: NonlinearProgram, x: Float64Array, direction: Float64Array): Directional[] {
  const { variableCount: n, constraintCount: m, jacobianPattern } = problem.meta;
  const entries = new Float64Array(jacobianPattern ? jacobianPattern.rows.length : n * m);
  problem.jacobian!(x, entries);
  const slopes = new Float64Array(m);
  const sizes = new Float64Array(m);
  for (let k = 0; k < entries.length; k++) {
    const row = jacobianPattern ? jacobianPattern.rows[k]! : Math.floor(k / n);
    const term = entries[k]! * direction[jacobianPattern ? jacobianPattern.columns[k]! : k % n]!;
    slopes[row]! += term;
    sizes[row]! += Math.abs(term);
  }
  return Array.from(slopes, (slope, i) => ({ slope, size: sizes[i]! }));
}

/** A mixed direction, without the components for which a bound leaves no room on both sides. */
function directionWithin({ lower, upper }: NlpMeta, x: Float64Array): Float64Array {
  return x.map((value, j) => {
    const room = Math.min(upper[j]! - value, value - lower[j]!);
    const size = Math.max(1, Math.abs(value));
    if (!(room > steps[2] * size)) return 0;
    const fraction = ((j + 1) * 0.6180339887498949) % 1;
    return size * (fraction < 0.5 ? -0.5 - fraction : fraction);
  });
}

/** True if some function's slope disagrees at every step with what the derivatives say. */
function disagrees(
  x: Float64Array,
  direction: Float64Array,
  given: readonly Directional[],
  evaluate: (point: Float64Array) => readonly number[],
): boolean {
  let suspects = given.map((_, i) => i);
  const seen: number[][] = [];
  const here = evaluate(x);
  for (const step of steps) {
    const ahead = evaluate(x.map((value, j) => value + step * direction[j]!));
    // One evaluation settles it where nothing is wrong and the slope is not small against the curvature.
    const clear = suspects.every((i) => {
      const { slope, size } = given[i]!;
      return Math.abs((ahead[i]! - here[i]!) / step - slope) <= tolerance * size;
    });
    if (clear) return false;
    const behind = evaluate(x.map((value, j) => value - step * direction[j]!));
    suspects = suspects.filter((i) => {
      const { slope, size } = given[i]!;
      const differenced = (ahead[i]! - behind[i]!) / (2 * step);
      const rounding = (roundOff * (Math.abs(ahead[i]!) + Math.abs(behind[i]!))) / step;
      // Against the curvature over the step a slope this small is rounding.
      const bend = (curvatureShare * Math.abs(ahead[i]! + behind[i]! - 2 * here[i]!)) / step;
      // What is not defined here or there says nothing.
      if (!Number.isFinite(differenced) || !Number.isFinite(slope)) return false;
      if (Math.abs(differenced - slope) <= tolerance * Math.max(size, Math.abs(differenced)) + 10 * rounding + bend)
        return false;
      (seen[i] ??= []).push(differenced);
      return true;
    });
    if (suspects.length === 0) return false;
  }
  // Differences that do not agree among themselves are no judge.
  return suspects.some((i) => {
    const values = seen[i]!;
    const largest = Math.max(...values.map(Math.abs), given[i]!.size);
    return (
      Math.max(...values) - Math.min(...values) <=
      0.2 * Math.max(Math.abs(values[0]! - given[i]!.slope), tolerance * largest)
    );
  });
}

function describe(problem: NonlinearProgram, x: Float64Array, what: DerivativeFault['what']): string {
  const general =
    what === 'gradient'
      ? 'The given gradient does not agree with differences of the objective'
      : 'The given Jacobian does not agree with differences of the constraints';
  if (x.length > mostNamed) return `${general} along a direction.`;
  return worstEntry(problem, x, what, 1e-3) ?? `${general} along a direction.`;
}

function worstEntry(
  problem: NonlinearProgram,
  x: Float64Array,
  what: DerivativeFault['what'],
  allowed: number,
): string | undefined {
  const { meta } = problem;
  const only: NonlinearProgram = {
    meta,
    objective: (point) => problem.objective(point),
    ...(problem.constraints && {
      constraints: (point: Float64Array, values: Float64Array) => problem.constraints!(point, values),
    }),
    ...(what === 'gradient'
      ? { gradient: (point: Float64Array, values: Float64Array) => problem.gradient!(point, values) }
      : { jacobian: (point: Float64Array, values: Float64Array) => problem.jacobian!(point, values) }),
  };
  const worst = checkDerivatives(only, x, allowed).disagreements.find((entry) => Number.isFinite(entry.differenced));
  if (!worst) return undefined;
  const variable = meta.variableNames?.[worst.column] ?? `variable ${worst.column}`;
  const figures = `given ${worst.given.toPrecision(6)}, differenced ${worst.differenced.toPrecision(6)}`;
  if (what === 'gradient') return `The given gradient is wrong for ${variable}: ${figures}.`;
  const row = meta.constraintNames?.[worst.row!] ?? `constraint ${worst.row}`;
  return `The given Jacobian is wrong for ${row} and ${variable}: ${figures}.`;
}
