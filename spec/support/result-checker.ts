import type { NonlinearProgram } from '../../lib/problem/index.js';
import type { SolverResult } from '../../lib/solver/index.js';

/**
 * What a result claims that its problem contradicts; empty when nothing does. Uses the problem's functions only: the
 * stationarity is that of x ↦ f + yᵀc + zᵀx by central differences.
 */
export function contradictions(problem: NonlinearProgram, result: SolverResult, tolerance = 1e-4): string[] {
  const { meta } = problem;
  const { x } = result;
  const found: string[] = [];
  const values = new Float64Array(meta.constraintCount);
  if (meta.constraintCount > 0) problem.constraints!(x.slice(), values);
  const violation = largestViolation(problem, x, values);
  const solved = result.termination === 'optimal' || result.termination === 'locally-optimal';
  if (solved && !(violation <= 1e-6)) found.push(`called solved with violation ${violation}`);
  if (result.primalStatus === 'feasible' && !(violation <= 1e-6))
    found.push(`called feasible with violation ${violation}`);
  if (!solved) return found;
  const objective = problem.objective(x.slice());
  if (Math.abs(objective - result.objective) > 1e-9 * Math.max(1, Math.abs(objective))) {
    found.push('the objective is not that of the point');
  }
  const stationarity = differencedStationarity(problem, result);
  if (!(stationarity <= tolerance)) found.push(`called solved with stationarity ${stationarity}`);
  const slack = (multiplier: number, value: number, low: number, high: number): boolean => {
    if (multiplier > 0 ? high === Infinity : multiplier < 0 && low === -Infinity) return true;
    if (Math.abs(multiplier) <= tolerance) return false;
    const distance = multiplier > 0 ? high - value : value - low;
    return !(distance * Math.abs(multiplier) <= tolerance * Math.max(1, Math.abs(value)));
  };
  result.multipliers.forEach((y, i) => {
    if (slack(y, values[i]!, meta.constraintLower[i]!, meta.constraintUpper[i]!))
      found.push(`multiplier ${y} of slack row ${i}`);
  });
  result.boundMultipliers.forEach((z, j) => {
    if (slack(z, x[j]!, meta.lower[j]!, meta.upper[j]!)) found.push(`multiplier ${z} of slack bound ${j}`);
  });
  return found;
}

function largestViolation({ meta }: NonlinearProgram, x: Float64Array, values: Float64Array): number {
  let worst = 0;
  const check = (value: number, low: number, high: number): void => {
    if (Number.isNaN(value)) worst = Infinity;
    if (value < low) worst = Math.max(worst, (low - value) / Math.max(1, Math.abs(low)));
    if (value > high) worst = Math.max(worst, (value - high) / Math.max(1, Math.abs(high)));
  };
  values.forEach((value, i) => check(value, meta.constraintLower[i]!, meta.constraintUpper[i]!));
  x.forEach((value, j) => check(value, meta.lower[j]!, meta.upper[j]!));
  return worst;
}

/** ‖∇L‖∞ over max(1, ‖y‖∞, ‖z‖∞). */
function differencedStationarity(problem: NonlinearProgram, result: SolverResult): number {
  const { constraintCount } = problem.meta;
  const values = new Float64Array(constraintCount);
  const lagrangian = (x: Float64Array): number => {
    let sum = problem.objective(x.slice());
    if (constraintCount > 0) problem.constraints!(x.slice(), values);
    values.forEach((value, i) => (sum += result.multipliers[i] === 0 ? 0 : result.multipliers[i]! * value));
    x.forEach((value, j) => (sum += result.boundMultipliers[j]! * value));
    return sum;
  };
  let scale = 1;
  for (const y of result.multipliers) scale = Math.max(scale, Math.abs(y));
  for (const z of result.boundMultipliers) scale = Math.max(scale, Math.abs(z));
  let worst = 0;
  const point = result.x.slice();
  for (let j = 0; j < point.length; j++) {
    const held = point[j]!;
    const step = 1e-5 * Math.max(1, Math.abs(held));
    point[j] = held + step;
    const ahead = lagrangian(point);
    point[j] = held - step;
    const behind = lagrangian(point);
    point[j] = held;
    worst = Math.max(worst, Math.abs(ahead - behind) / (2 * step));
  }
  return worst / scale;
}
