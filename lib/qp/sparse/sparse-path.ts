import { emptySparse, forEachEntry, lowerTriangle, toSparse, Triplets } from '../../linalg/index.js';
import type { QuadraticProgram } from '../../problem/index.js';
import type { Budget } from '../../solver/index.js';
import type { QpCandidate } from '../candidate.js';
import { farkasCertificate, pointMerit, unboundedRay } from '../evidence.js';
import { withoutDependentRows } from './dependent-rows.js';
import type { InteriorPoint } from './interior-iterate.js';
import { InteriorPointSolver, type InteriorPointOutcome } from './interior-point.js';
import type { QpOptions } from './options.js';
import { polishWorkingSet } from './polish.js';
import { presolve } from './presolve.js';
import { equilibrate, largestSide, type ScaledProgram, type SparseProgram } from './scaling.js';
import type { ReducedProgram } from './selection.js';

/** The problem in the sparse form that the interior-point path works on. */
export function toSparseProgram(problem: QuadraticProgram): SparseProgram {
  const n = problem.linear.length;
  const m = problem.constraintLower.length;
  const joined = (bounds: Float64Array, sides: Float64Array): Float64Array => {
    const result = new Float64Array(n + m);
    result.set(bounds);
    result.set(sides, n);
    return result;
  };
  return {
    variableCount: n,
    constraintCount: m,
    hessian: lowerTriangle(problem.hessian, n),
    constraintMatrix: problem.constraintMatrix === undefined ? emptySparse(m, n) : toSparse(problem.constraintMatrix),
    linear: problem.linear,
    lower: joined(problem.lower, problem.constraintLower),
    upper: joined(problem.upper, problem.constraintUpper),
  };
}

interface Attempt {
  /** Regularisation: small ones converge faster, larger ones bear more degeneracy. */
  readonly shift: number;
  /** Whether it stays in the steps as a proximal term; the iteration then adapts it. */
  readonly proximal: boolean;
  /** What the scaled variables are divided by: nothing, the largest side, or the size they have at the best point. */
  readonly size: 'none' | 'sides' | 'best';
  /** Where the proximal terms stop falling, if not where they do otherwise. */
  readonly smallestShift?: number;
}

/** Fewest steps where nothing is amiss. */
const plain: Attempt = { shift: 1e-9, proximal: false, size: 'none' };
/** Some more steps, and hardly ever in vain. */
const steady: Attempt = { shift: 1e-6, proximal: true, size: 'sides' };
/** Tried in turn after those two. */
const others: readonly Attempt[] = [
  // Curvatures far below the shifts of the other attempts, where factors are accurate without those.
  { shift: 1e-6, proximal: true, size: 'sides', smallestShift: 1e-15 },
  { shift: 1e-8, proximal: false, size: 'sides' },
  { shift: 1e-6, proximal: true, size: 'best' },
  { shift: 1e-10, proximal: false, size: 'none' },
  { shift: 1e-7, proximal: false, size: 'none' },
];
/** Variables and rows from which a failed attempt costs more than the steps that a steady one takes in addition. */
const large = 2000;
const target = 1e-9;
/** Merit from which a polish may lead to the solution. */
const polishable = 1e-6;
const maxInteriorIterations = 150;

interface PathPoint extends InteriorPoint {
  readonly iterations: number;
  readonly end: InteriorPointOutcome['end'];
  readonly merit: number;
  readonly farkas?: Float64Array | undefined;
  readonly ray?: Float64Array | undefined;
}

/**
 * Solves by presolve, interior point and working-set polish; looks for certificates among the iterates. At most
 * `maxIterations` Newton steps in all.
 */
export function interiorPointCandidate(
  problem: QuadraticProgram,
  options: QpOptions,
  budget: Budget,
  maxIterations = options.maxIterations,
): QpCandidate {
  const program = toSparseProgram(problem);
  const reduction = options.presolve ? reduce(program, () => budget.exhausted(0, 0) !== undefined) : undefined;
  let point: PathPoint | undefined;
  if (reduction !== undefined) {
    const inner = solveReduced(reduction.reduced, undefined, options, budget, maxIterations);
    const recovered = reduction.recover(inner);
    point = { ...inner, ...recovered, merit: pointMerit(problem, recovered), farkas: undefined, ray: undefined };
  }
  const used = point?.iterations ?? 0;
  const mayGoOn = used < maxIterations && budget.exhausted(0, 0) === undefined;
  if (point === undefined || (!(point.merit <= options.optimalityTolerance) && mayGoOn)) {
    const direct = solveReduced(program, problem, options, budget, maxIterations - used);
    if (point === undefined || direct.merit < point.merit || direct.farkas !== undefined || direct.ray !== undefined) {
      point = direct;
    }
    // The point may be the earlier one, but what ended the work is what ended the later run.
    const end = point.end === 'converged' ? point.end : direct.end;
    point = { ...point, end, iterations: used + direct.iterations };
  }
  return toCandidate(problem, point);
}

/** The program without what presolve and a look at dependent equations can take out; undefined where that is nothing. */
function reduce(program: SparseProgram, stop: () => boolean): ReducedProgram | undefined {
  const presolved = presolve(program);
  const outer = presolved?.isSmaller === true ? presolved : undefined;
  const inner = withoutDependentRows(outer?.reduced ?? program, stop);
  if (inner === undefined || outer === undefined) return inner ?? outer;
  return { reduced: inner.reduced, recover: (point) => outer.recover(inner.recover(point)) };
}

function toCandidate(problem: QuadraticProgram, point: PathPoint): QpCandidate {
  const n = problem.linear.length;
  const { end } = point;
  let claim: QpCandidate['claim'];
  if (point.farkas !== undefined) claim = 'infeasible';
  else if (point.ray !== undefined) claim = 'unbounded';
  else if (end === 'converged') claim = 'optimal';
  else if (end === 'stalled' || end === 'stopped') claim = 'stalled';
  else claim = end;
  return {
    claim,
    method: 'interior-point',
    x: point.x,
    multipliers: point.multipliers,
    boundMultipliers: point.boundMultipliers,
    workingSet: { bounds: point.sides.slice(0, n), constraints: point.sides.slice(n) },
    workingSetChanges: 0,
    iterations: point.iterations,
    farkas: point.farkas,
    ray: point.ray,
  };
}

/** Interior point with several regularisations, then polish. With `original` given, iterates are tried as certificates. */
function solveReduced(
  program: SparseProgram,
  original: QuadraticProgram | undefined,
  options: QpOptions,
  budget: Budget,
  maxIterations: number,
): PathPoint {
  const { variableCount: n, constraintCount: m } = program;
  if (n === 0) {
    const nothing = new Float64Array(0);
    return {
      x: nothing,
      multipliers: new Float64Array(m),
      boundMultipliers: nothing,
      sides: new Int8Array(m),
      iterations: 0,
      end: 'converged',
      merit: 0,
    };
  }
  const equilibrated = equilibrate(program);
  const [first, second] = n + m < large ? [plain, steady] : [steady, plain];
  let best: PathPoint | undefined;
  let iterations = 0;
  for (const attempt of [first, second, ...others]) {
    const scaled = attempt.size === 'none' ? equilibrated : equilibrate(program, sizeFor(attempt, equilibrated, best));
    const solver = new InteriorPointSolver(scaled, budget);
    let farkas: Float64Array | undefined;
    let ray: Float64Array | undefined;
    const watch =
      original === undefined
        ? undefined
        : (x: Float64Array, y: Float64Array, dx: Float64Array): boolean => {
            if (farkasCertificate(original, y, options.feasibilityTolerance) !== undefined) farkas = y;
            else if (unboundedRay(original, x) !== undefined) ray = x;
            else if (unboundedRay(original, dx) !== undefined) ray = dx;
            return farkas !== undefined || ray !== undefined;
          };
    const outcome = solver.run({
      target,
      maxIterations: Math.min(maxInteriorIterations, maxIterations - iterations),
      shift: attempt.shift,
      proximal: attempt.proximal,
      ...(attempt.smallestShift !== undefined && { smallestShift: attempt.smallestShift }),
      ...(watch && { watch }),
    });
    iterations += outcome.iterations;
    const limited = iterations >= maxIterations;
    // The iteration's own limit is a reason to try another regularisation, the caller's one to end.
    const end = outcome.end === 'iteration-limit' && !limited ? 'stalled' : outcome.end;
    const merit = Math.max(outcome.quality.primal, outcome.quality.dual, outcome.quality.gap);
    const found: PathPoint = { ...outcome.best, iterations, end, merit, farkas, ray };
    if (best === undefined || merit < best.merit || outcome.end === 'stopped') best = found;
    else best = { ...best, end };
    const usedUp = limited || outcome.end === 'time-limit' || outcome.end === 'interrupted';
    if (outcome.end === 'stopped' || usedUp || best.merit <= 0.1 * options.optimalityTolerance) break;
    if (best.merit > polishable) continue;
    // Often only rounding is left, of which the polish takes care at the price of a single iteration.
    const better = polished(program, best, budget);
    if (better.merit <= 0.5 * options.optimalityTolerance) return { ...better, iterations };
  }
  const point = best!;
  return point.farkas === undefined && point.ray === undefined
    ? { ...polished(program, point, budget), iterations }
    : point;
}

function sizeFor({ size }: Attempt, { program, variableScale }: ScaledProgram, best: PathPoint | undefined): number {
  if (size === 'sides' || best === undefined) return largestSide(program);
  let largest = 1;
  best.x.forEach((value, j) => (largest = Math.max(largest, Math.abs(value) / variableScale[j]!)));
  return largest;
}

/** The polished point where it is at least as good, else the point itself. */
function polished(program: SparseProgram, point: PathPoint, budget: Budget): PathPoint {
  if (budget.exhausted(0, 0) !== undefined) return point;
  const candidate = polishWorkingSet(program, point, () => budget.exhausted(0, 0) !== undefined);
  if (candidate === undefined) return point;
  const problem = toProblem(program);
  const before = pointMerit(problem, point);
  const merit = pointMerit(problem, candidate);
  const improves = merit <= Math.max(before, 1e-12);
  return improves ? { ...point, ...candidate, merit, end: 'converged' } : { ...point, merit: before };
}

function toProblem(program: SparseProgram): QuadraticProgram {
  const { variableCount: n, hessian } = program;
  const triplets = new Triplets();
  forEachEntry(hessian, (row, column, value) => {
    triplets.add(row, column, value);
    if (row !== column) triplets.add(column, row, value);
  });
  return {
    hessian: triplets.assemble(n, n).matrix,
    linear: program.linear,
    constraintMatrix: program.constraintMatrix,
    constraintLower: program.lower.slice(n),
    constraintUpper: program.upper.slice(n),
    lower: program.lower.slice(0, n),
    upper: program.upper.slice(0, n),
  };
}
