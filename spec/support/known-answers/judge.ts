import type { SolverResult } from '../../../lib/solver/index.js';
import { randomStream } from '../../../lib/random/index.js';
import type { KnownProblem } from './families.js';
import type { RandomUnits } from './units.js';

/** Share of the optimum, or of 1, by which an answer may miss it, and violations of rows and bounds that may remain. */
const gapTolerance = 1e-3;
const violationTolerance = 1e-5;
/** Tolerances of rows are absolute in units that leave sizes from 2⁻¹⁰ as they are: so much larger they may be here. */
const mostMagnified = 2 ** 10;
const neighbours = 300;
/** Shares of the way to a neighbour at which it must not go uphill, and how high a ridge may be that is only rounding and tolerance. */
const pathShares = Array.from({ length: 48 }, (_, k) => 1.25 ** -k);
const ridgeTolerance = 1e-7;

export type Verdict = 'right' | 'undecided' | { readonly falseClaim: string };

/** What becomes of a result before what is known of its problem; nothing of the solvers is used. */
export function judge(problem: KnownProblem, units: RandomUnits, result: SolverResult): Verdict {
  const { truth } = problem;
  const { termination } = result;
  const isSolved = termination === 'optimal' || termination === 'locally-optimal';
  const saysInfeasible = termination === 'infeasible' || termination === 'locally-infeasible';
  const x = Array.from(result.x, (v, j) => v / units.variables[j]!);
  const violation = violationAt(problem, units, x);
  if (result.primalStatus === 'feasible' && violation > violationTolerance) {
    return { falseClaim: `feasible with violation ${violation.toExponential(1)}` };
  }
  if (!isSolved && !saysInfeasible && termination !== 'unbounded') return 'undecided';
  if (truth.kind !== 'optimum') {
    const right = truth.kind === 'unbounded' ? termination === 'unbounded' : saysInfeasible;
    if (right) return 'right';
    // A valley of its own may end at a bound or row beside the one without end.
    const mayBeLocal = termination === 'locally-optimal' && truth.kind === 'unbounded' && !problem.convex;
    if (!mayBeLocal || violation > violationTolerance) return { falseClaim: `${termination}, but it is ${truth.kind}` };
    return isLocalMinimum(problem, x) ? 'undecided' : { falseClaim: 'no local minimum: lower close by' };
  }
  if (!isSolved) {
    const isLocal = termination === 'locally-infeasible' && !problem.convex;
    return isLocal ? 'undecided' : { falseClaim: `${termination}, but it has the optimum ${truth.value}` };
  }
  if (violation > violationTolerance)
    return { falseClaim: `${termination} with violation ${violation.toExponential(1)}` };
  const value = problem.objective.value(x);
  const size = Math.max(1, Math.abs(truth.value));
  if (value - truth.value <= gapTolerance * size) return 'right';
  if (termination === 'optimal' || truth.everyMinimumIsGlobal) {
    return { falseClaim: `${termination} at ${value}, the optimum is ${truth.value}` };
  }
  return isLocalMinimum(problem, x) ? 'right' : { falseClaim: 'no local minimum: lower close by' };
}

function isLocalMinimum(problem: KnownProblem, x: readonly number[]): boolean {
  return deepestNeighbour(problem, x) >= -gapTolerance;
}

function excess(value: number, [low, high]: readonly [number, number]): number {
  if (Number.isNaN(value)) return Infinity;
  const below = low === -Infinity ? 0 : (low - value) / Math.max(1, Math.abs(low));
  const above = high === Infinity ? 0 : (value - high) / Math.max(1, Math.abs(high));
  return Math.max(0, below, above);
}

function violationAt(problem: KnownProblem, units: RandomUnits, x: readonly number[]): number {
  let worst = 0;
  problem.rows.forEach((row, i) => {
    const magnified = Math.min(mostMagnified, Math.max(1, 1 / units.rows[i]!));
    worst = Math.max(worst, excess(row.value(x), problem.sides[i]!) / magnified);
  });
  problem.bounds.forEach((bound, j) => (worst = Math.max(worst, excess(x[j]!, bound))));
  return worst;
}

function between(x: readonly number[], near: readonly number[], share: number): number[] {
  return x.map((v, j) => v + share * (near[j]! - v));
}

/** The least change of the objective among feasible points nearby; for problems without equality rows. */
function deepestNeighbour(problem: KnownProblem, x: readonly number[]): number {
  const stream = randomStream(7, 'neighbours');
  const here = problem.objective.value(x);
  const ridge = ridgeTolerance * Math.max(1, Math.abs(here));
  let deepest = 0;
  for (let k = 0; k < neighbours; k++) {
    const radius = 0.3 * 10 ** (-2 * stream.uniform());
    const near = x.map((v, j) =>
      Math.min(problem.bounds[j]![1], Math.max(problem.bounds[j]![0], v + radius * stream.normal())),
    );
    if (problem.rows.some((row, i) => excess(row.value(near), problem.sides[i]!) > 0)) continue;
    const depth = problem.objective.value(near) - here;
    // Another valley beyond a ridge does not count, however narrow the ridge.
    if (depth < deepest && pathShares.every((t) => problem.objective.value(between(x, near, t)) <= here + ridge))
      deepest = depth;
  }
  return deepest;
}
