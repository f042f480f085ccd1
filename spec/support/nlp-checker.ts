/**
 * Judges claims about nonlinear programs by its own arithmetic on fresh evaluations: nothing of the solvers is used.
 *
 * Tolerances: every side to 1e-6·max(1, |side|); stationarity and complementarity to `dualTolerance` times
 * s = max(100, mean |multiplier|)/100. A multiplier of a side that is not there must be
 * exactly 0.
 */
import type { NonlinearProgram } from '../../lib/problem/index.js';

/** The part of a solver's answer that is judged. */
export interface NlpClaim {
  readonly termination: string;
  readonly x: Float64Array;
  readonly objective: number;
  readonly multipliers: Float64Array;
  readonly boundMultipliers: Float64Array;
  readonly direction?: Float64Array;
}

interface Side {
  readonly value: number;
  readonly lower: number;
  readonly upper: number;
  readonly multiplier: number;
}

const sideTolerance = 1e-6;

function excess({ value, lower, upper }: Side): number {
  if (Number.isNaN(value)) return Infinity;
  const below = lower === -Infinity ? 0 : (lower - value) / Math.max(1, Math.abs(lower));
  const above = upper === Infinity ? 0 : (value - upper) / Math.max(1, Math.abs(upper));
  return Math.max(0, below, above);
}

function sidesOf(problem: NonlinearProgram, claim: NlpClaim): Side[] {
  const { meta } = problem;
  const values = new Float64Array(meta.constraintCount);
  problem.constraints?.(claim.x.slice(), values);
  const rows = Array.from(values, (value, i) => ({
    value,
    lower: meta.constraintLower[i]!,
    upper: meta.constraintUpper[i]!,
    multiplier: claim.multipliers[i]!,
  }));
  const bounds = Array.from(claim.x, (value, j) => ({
    value,
    lower: meta.lower[j]!,
    upper: meta.upper[j]!,
    multiplier: claim.boundMultipliers[j]!,
  }));
  return [...rows, ...bounds];
}

/** Σ yᵢ∇cᵢ from the Jacobian in whatever order the problem writes it. */
function rowForces(problem: NonlinearProgram, x: Float64Array, multipliers: ArrayLike<number>): number[] {
  const { variableCount, constraintCount, jacobianPattern } = problem.meta;
  const forces = Array.from<number>({ length: variableCount }).fill(0);
  if (constraintCount === 0) return forces;
  const length = jacobianPattern?.rows.length ?? variableCount * constraintCount;
  const values = new Float64Array(length);
  problem.jacobian!(x.slice(), values);
  for (let k = 0; k < length; k++) {
    const row = jacobianPattern ? jacobianPattern.rows[k]! : Math.floor(k / variableCount);
    const column = jacobianPattern ? jacobianPattern.columns[k]! : k % variableCount;
    forces[column]! += values[k]! * multipliers[row]!;
  }
  return forces;
}

/** What speaks against a claim of a first-order solution; empty if nothing does. Needs first derivatives. */
export function objectionsToSolution(problem: NonlinearProgram, claim: NlpClaim, dualTolerance = 2e-6): string[] {
  const objections: string[] = [];
  const objective = problem.objective(claim.x.slice());
  if (!(Math.abs(objective - claim.objective) <= 1e-12 * Math.max(1, Math.abs(objective)))) {
    objections.push(`objective ${claim.objective} is ${objective} at x`);
  }
  const sides = sidesOf(problem, claim);
  const total = sides.reduce((sum, side) => sum + Math.abs(side.multiplier), 0);
  const scale = Math.max(100, total / Math.max(1, sides.length)) / 100;
  sides.forEach((side, k) => {
    if (!(excess(side) <= sideTolerance)) objections.push(`side ${k} violated by ${excess(side)}`);
    if (side.multiplier === 0) return;
    const held = side.multiplier > 0 ? side.upper : side.lower;
    if (!Number.isFinite(held)) {
      objections.push(`multiplier ${side.multiplier} of side ${k}, which is not there`);
      return;
    }
    const slack = Math.abs(side.multiplier) * Math.abs(held - side.value);
    if (!(slack <= dualTolerance * scale)) objections.push(`multiplier ${side.multiplier} of side ${k} has slack`);
  });
  const gradient = new Float64Array(claim.x.length);
  problem.gradient!(claim.x.slice(), gradient);
  const forces = rowForces(problem, claim.x, claim.multipliers);
  forces.forEach((force, j) => {
    const residual = Math.abs(gradient[j]! + force + claim.boundMultipliers[j]!);
    if (!(residual <= dualTolerance * scale)) objections.push(`stationarity of variable ${j} is off by ${residual}`);
  });
  return objections;
}

/**
 * What speaks against `locally-infeasible`: feasibility, or that neither the least-squares violation nor the weighting of
 * the violated rows that the multipliers state is stationary.
 */
export function objectionsToLocalInfeasibility(problem: NonlinearProgram, claim: NlpClaim): string[] {
  const { meta } = problem;
  const rows = sidesOf(problem, claim).slice(0, meta.constraintCount);
  if (!rows.some((row) => excess(row) > sideTolerance)) return ['the point is feasible'];
  const violations = rows.map(({ value, lower, upper }) => value - Math.min(Math.max(value, lower), upper));
  const stated = rows.map((row, i) => (row.multiplier * violations[i]! > 0 ? row.multiplier : 0));
  const rates = [violations, stated].map((weights) => {
    const norm = Math.hypot(...weights);
    if (norm === 0) return Infinity;
    const forces = rowForces(problem, claim.x, weights);
    return Math.max(
      ...forces.map((force, j) => {
        const x = claim.x[j]!;
        return Math.abs(x - Math.min(Math.max(x - force / norm, meta.lower[j]!), meta.upper[j]!));
      }),
    );
  });
  return Math.min(...rates) <= 1e-3 ? [] : [`the violation still falls at the rate ${Math.min(...rates)}`];
}

/** What speaks against `unbounded`: x infeasible, not low, or no further fall along the ray
 * that it names, or else on the line from the start through x. */
export function objectionsToUnboundedness(problem: NonlinearProgram, claim: NlpClaim): string[] {
  const { start } = problem.meta;
  const list: string[] = [];
  const size = Math.max(1, ...claim.x.map(Math.abs));
  const feasible = (x: Float64Array, tolerance: number): boolean =>
    !sidesOf(problem, { ...claim, x }).some((side) => !(excess(side) <= tolerance));
  if (!feasible(claim.x, sideTolerance)) list.push('x is infeasible');
  const objective = problem.objective(claim.x.slice());
  if (!(objective < -1e6)) list.push('the objective is not low');
  for (const factor of [1, 10, 100]) {
    const further = claim.x.map((entry, j) => entry + factor * (claim.direction?.[j] ?? entry - start[j]!));
    if (!(problem.objective(further) < objective)) list.push(`the objective does not fall ${factor} times further out`);
    if (!feasible(further, 1e-6 * Math.max(1, 1e-6 * factor * size)))
      list.push(`infeasible ${factor} times further out`);
  }
  return list;
}

/** Everything that speaks against a termination; statuses that claim nothing have no objections. */
export function objections(problem: NonlinearProgram, claim: NlpClaim): string[] {
  switch (claim.termination) {
    case 'optimal':
    case 'locally-optimal':
      return objectionsToSolution(problem, claim);
    case 'locally-infeasible':
      return objectionsToLocalInfeasibility(problem, claim);
    case 'unbounded':
      return objectionsToUnboundedness(problem, claim);
    default:
      return [];
  }
}
