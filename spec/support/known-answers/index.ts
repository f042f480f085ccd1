import { solveAugmentedLagrangian } from '../../../lib/auglag/index.js';
import { solveBound, solveLimitedMemory } from '../../../lib/bound/index.js';
import { solveInterior } from '../../../lib/interior/index.js';
import { denseMatrix } from '../../../lib/linalg/index.js';
import { minimize } from '../../../lib/minimize/index.js';
import type { NonlinearProgram, QuadraticProgram } from '../../../lib/problem/index.js';
import { solveQp } from '../../../lib/qp/sparse/index.js';
import { randomStream } from '../../../lib/random/index.js';
import type { SolverResult } from '../../../lib/solver/index.js';
import { solveSqp } from '../../../lib/sqp/index.js';
import { families, knownProblem, type Family, type KnownProblem } from './families.js';
import { judge, type Verdict } from './judge.js';
import { inRandomUnits, randomUnits, type Derivatives } from './units.js';

export { families, type Family } from './families.js';
export type { Verdict } from './judge.js';

type Door = readonly [name: string, solve: (problem: NonlinearProgram) => SolverResult];

const limits = { maxEvaluations: 4000, maxIterations: 500 };

function doorsOf(problem: KnownProblem, derivatives: Derivatives): readonly Door[] {
  const doors: Door[] = [
    ['minimize', (p) => minimize(p, limits)],
    ['minimize', (p) => minimize(p, limits)],
    ['solveSqp', (p) => solveSqp(p, limits)],
    ['solveAugmentedLagrangian', (p) => solveAugmentedLagrangian(p, limits)],
  ];
  if (derivatives === 'second') doors.push(['solveInterior', (p) => solveInterior(p, limits)]);
  if (problem.rows.length === 0) {
    doors.push(
      ['solveBound', (p) => solveBound(p, limits)],
      ['solveLimitedMemory', (p) => solveLimitedMemory(p, limits)],
    );
  }
  if (isConvexQuadratic(problem) && derivatives === 'second') {
    doors.push(['solveQp', (p) => solveQp(asQuadratic(p))]);
  }
  return doors;
}

function isConvexQuadratic({ convex, shape, linearRows }: KnownProblem): boolean {
  return convex && shape !== 'nonlinear' && linearRows;
}

/** The data of a problem that is quadratic, read off at 0. */
function asQuadratic(problem: NonlinearProgram): QuadraticProgram {
  const { meta } = problem;
  const { variableCount: n, constraintCount: m, lower, upper } = meta;
  const origin = new Float64Array(n);
  const linear = new Float64Array(n);
  problem.gradient!(origin, linear);
  const packed = new Float64Array((n * (n + 1)) / 2);
  problem.hessian!(origin, 1, new Float64Array(m), packed);
  const hessian = denseMatrix(n, n);
  for (let i = 0, k = 0; i < n; i++) {
    for (let j = 0; j <= i; j++, k++) hessian.values[i * n + j] = hessian.values[j * n + i] = packed[k]!;
  }
  const rows = new Float64Array(n * m);
  const offsets = new Float64Array(m);
  if (m > 0) {
    problem.jacobian!(origin, rows);
    problem.constraints!(origin, offsets);
  }
  return {
    hessian,
    linear,
    constant: problem.objective(origin),
    ...(m > 0 && { constraintMatrix: denseMatrix(m, n, rows) }),
    constraintLower: meta.constraintLower.map((side, i) => side - offsets[i]!),
    constraintUpper: meta.constraintUpper.map((side, i) => side - offsets[i]!),
    lower,
    upper,
  };
}

export interface Case {
  readonly seed: number;
  readonly family: Family;
  readonly door: string;
  readonly derivatives: Derivatives;
  readonly plainUnits: boolean;
  readonly termination: string;
  readonly message: string;
  readonly verdict: Verdict;
  readonly evaluations: number;
}

/** Makes, solves and judges the problem of a seed: family, derivatives, units and solver are drawn. */
export function runCase(seed: number): Case {
  const stream = randomStream(seed, 'known answers');
  const family = families[seed % families.length]!;
  const problem = knownProblem(family, stream);
  const derivatives = (['second', 'first', 'none'] as const)[Math.floor(3 * stream.uniform())]!;
  const units = randomUnits(problem, stream);
  const doors = doorsOf(problem, derivatives);
  const [door, solve] = doors[Math.floor(doors.length * stream.uniform())]!;
  const result = solve(inRandomUnits(problem, units, derivatives));
  const { termination, message, counts } = result;
  const plainUnits = units.objective === 1;
  const verdict = judge(problem, units, result);
  return { seed, family, door, derivatives, plainUnits, termination, message, verdict, evaluations: counts.objective };
}

/** The problem of a seed through `solveQp` whatever solver is drawn for it, in units of its own; undefined where it is not convex and quadratic. */
export function runQuadraticCase(
  seed: number,
): { readonly termination: string; readonly verdict: Verdict } | undefined {
  const problem = knownProblem(families[seed % families.length]!, randomStream(seed, 'known answers'));
  if (!isConvexQuadratic(problem)) return undefined;
  const units = randomUnits(problem, randomStream(seed, 'units of quadratic programs'));
  const result = solveQp(asQuadratic(inRandomUnits(problem, units, 'second')));
  return { termination: result.termination, verdict: judge(problem, units, result) };
}
