import { ArgumentError } from '../errors/index.js';
import { meetsTolerances, solveThroughDoor } from '../nlp/index.js';
import { completeFirstDerivatives } from '../derivative/index.js';
import {
  countEvaluations,
  zeroCounts,
  type EvaluationCounts,
  type NlpMeta,
  type NonlinearProgram,
} from '../problem/index.js';
import { Budget, isSolved, type Termination } from '../solver/index.js';
import { SqpAlgorithm } from './algorithm.js';
import type { RunRequest } from './run-request.js';
import { independentResiduals } from '../kkt/index.js';
import { DenseKkt } from '../kkt/index.js';
import { Evaluation, type Ending } from '../kkt/index.js';
import {
  denseLowerTriangle,
  densePattern,
  diagonalPattern,
  modelStructure,
  type KktMatrix,
  type KktRequest,
} from '../kkt/index.js';
import { LimitedMemoryBfgs } from './limited-memory-bfgs.js';
import { LowRankKkt } from '../kkt/index.js';
import { sqpOptions, type SqpOptions } from './options.js';
import { SparseKkt } from '../kkt/index.js';
import { workingSet, type WorkingSet } from '../kkt/index.js';
import { DampedBfgs } from './quasi-newton.js';
import type { SqpAttempt, SqpCall, SqpResult } from './result.js';

/** Another way to go through the problem after an attempt that did not end at a solution. */
interface Strategy {
  readonly name: string;
  readonly minimumShift: number;
  readonly scaling: boolean;
  readonly fromIncumbent: boolean;
  readonly useGivenGuess: boolean;
  readonly globalization: 'filter' | 'merit';
  /** Share of the iterations that are left which this attempt may use. */
  readonly share: number;
}

/**
 * Sequential quadratic programming for one problem. Workspaces are allocated once; `solve` may be called any number of
 * times, with other starts, and gives the same answer for the same call.
 */
export class SqpSolver {
  /** All options, defaults filled in. */
  readonly options: SqpOptions;
  private readonly counts: EvaluationCounts = zeroCounts();
  private readonly problem: NonlinearProgram;
  private readonly evaluation: Evaluation;
  private readonly algorithm: SqpAlgorithm;
  private readonly matrix: CountingMatrix;

  constructor(problem: NonlinearProgram, options?: Partial<SqpOptions>) {
    this.options = sqpOptions.resolve(options);
    const { meta } = problem;
    const { variableCount: n, constraintCount: m } = meta;
    this.problem = completeFirstDerivatives(countEvaluations(problem, this.counts));
    const exact = this.options.hessian !== 'quasi-newton' && problem.hessian !== undefined;
    if (this.options.hessian === 'exact' && !exact) {
      throw new ArgumentError('option hessian is `exact`, but the problem has no Hessian', 'unsuitable');
    }
    const limitedMemory = !exact && n > this.options.denseLimit;
    // The dense pattern takes n² numbers: it is made only where it is needed.
    const pattern =
      (exact ? meta.hessianPattern : undefined) ?? (limitedMemory ? diagonalPattern(n) : denseLowerTriangle(n));
    const structure = modelStructure(n, m, pattern, meta.jacobianPattern ?? densePattern(m, n));
    const stored = n <= this.options.denseLimit ? new DenseKkt(structure) : new SparseKkt(structure);
    this.matrix = new CountingMatrix(limitedMemory ? new LowRankKkt(stored, structure) : stored);
    this.evaluation = new Evaluation(this.problem, this.options.feasibilityTolerance);
    this.algorithm = new SqpAlgorithm(
      this.evaluation,
      structure,
      this.matrix,
      this.options,
      () => this.counts.objective,
      exact
        ? undefined
        : (values) =>
            limitedMemory
              ? (structure.lowRank = new LimitedMemoryBfgs(n, values, this.options.memory))
              : new DampedBfgs(n, values),
    );
  }

  /** Solves from the start of `call` or the problem's own. */
  solve(call: SqpCall = {}): SqpResult {
    Object.assign(this.counts, zeroCounts());
    this.matrix.reset();
    const { options, evaluation, algorithm } = this;
    const budget = call.budget ?? new Budget({ ...options, signal: call.signal });
    evaluation.reset();
    const crossed = this.crossedSides();
    if (crossed !== undefined) return this.report(crossed, [], budget, 0, 0, false);
    const attempts: SqpAttempt[] = [];
    let iterations = 0;
    let restorations = 0;
    let best: Ending | undefined;
    const givesWay = (): boolean =>
      call.mayGiveWay === true && this.matrix.isOverworked(iterations + algorithm.iterations);
    for (const strategy of this.strategies(options.retries)) {
      const request = this.runRequest(call, strategy, budget, iterations, evaluation.incumbent);
      const ending = algorithm.run({ ...request, givesWay });
      const gaveWay = ending.termination === 'stalled' && givesWay();
      iterations += algorithm.iterations;
      restorations += algorithm.restorations;
      const checked = this.check(ending);
      attempts.push({ strategy: strategy.name, termination: checked.termination, iterations: algorithm.iterations });
      best = preferred(best, checked);
      // One strategy may end at a poor point of least violation, a second opinion settles it.
      const settled =
        checked.termination === 'locally-infeasible' &&
        attempts.filter((a) => a.termination === 'locally-infeasible').length >= 2;
      if (gaveWay) return this.report(best, attempts, budget, iterations, restorations, true);
      if (
        settled ||
        !worthRetrying(checked.termination) ||
        budget.exhausted(iterations, this.counts.objective) !== undefined
      )
        break;
    }
    return this.report(best!, attempts, budget, iterations, restorations, false);
  }

  private strategies(retries: number): Strategy[] {
    const plain: Strategy = {
      name: 'filter',
      minimumShift: 0,
      scaling: this.options.scaling,
      fromIncumbent: false,
      useGivenGuess: true,
      globalization: 'filter',
      share: 1,
    };
    if (retries === 0) return [plain];
    // Without constraints filter and merit function are the same.
    const constrained = this.problem.meta.constraintCount > 0;
    return [
      { ...plain, share: constrained ? 0.3 : 1 },
      { ...plain, name: 'merit function', globalization: 'merit' as const, useGivenGuess: false, share: 0.5 },
      { ...plain, name: 'filter, damped', minimumShift: 1e-2, useGivenGuess: false, share: 0.7 },
      {
        ...plain,
        name: 'filter, from the best point',
        scaling: !plain.scaling,
        fromIncumbent: true,
        useGivenGuess: false,
      },
    ].slice(0, 1 + retries);
  }

  private runRequest(
    call: SqpCall,
    strategy: Strategy,
    budget: Budget,
    iterationsUsed: number,
    incumbent: Float64Array,
  ): RunRequest {
    const useIncumbent = strategy.fromIncumbent && !Number.isNaN(this.evaluation.incumbentObjective);
    return {
      start: useIncumbent ? incumbent.slice() : (call.start ?? this.problem.meta.start),
      multipliers: strategy.useGivenGuess ? call.multipliers : undefined,
      workingSet: strategy.useGivenGuess ? call.workingSet : undefined,
      budget: budget.limited({
        maxIterations: Math.ceil(strategy.share * Math.max(0, budget.maxIterations - iterationsUsed)),
        evaluations: budget.maxEvaluations,
      }),
      onIteration: call.onIteration,
      minimumShift: strategy.minimumShift,
      scaling: strategy.scaling,
      globalization: strategy.globalization,
      seed: 1,
    };
  }

  /** A claim of a solution stands only if fresh evaluations of the problem itself confirm it. */
  private check(ending: Ending): Ending {
    if (!isSolved(ending.termination)) return ending;
    const { algorithm, options, problem } = this;
    const { current, model } = algorithm.iterate;
    algorithm.convergence.residuals(current, model, algorithm.rowMultipliers, algorithm.boundMultipliers);
    const { multipliers, boundMultipliers } = algorithm.convergence;
    const residuals = independentResiduals(problem, current.x, multipliers, boundMultipliers);
    if (residuals === null || !meetsTolerances(residuals, options))
      return { termination: 'stalled', message: 'A second evaluation did not confirm the first-order conditions.' };
    if (problem.meta.convex === true) return { termination: 'optimal', message: ending.message };
    return ending;
  }

  /** Empty sets of a row or variable are seen without any evaluation. */
  private crossedSides(): Ending | undefined {
    const { lower, upper, constraintLower, constraintUpper } = this.problem.meta;
    for (let j = 0; j < lower.length; j++) {
      if (lower[j]! > upper[j]!) {
        return { termination: 'infeasible', message: `Variable ${j} has a lower bound above its upper bound.` };
      }
    }
    for (let i = 0; i < constraintLower.length; i++) {
      if (constraintLower[i]! > constraintUpper[i]!) {
        return { termination: 'infeasible', message: `Constraint ${i} has a lower side above its upper side.` };
      }
    }
    return undefined;
  }

  private report(
    ending: Ending,
    attempts: readonly SqpAttempt[],
    budget: Budget,
    iterations: number,
    restorations: number,
    gaveWay: boolean,
  ): SqpResult {
    const { algorithm, evaluation, options, problem } = this;
    const { meta } = problem;
    // Claims are about the point where the algorithm stands, not about the best one met.
    const claims = isSolved(ending.termination) || ending.termination === 'locally-infeasible';
    const { current, model } = algorithm.iterate;
    algorithm.convergence.residuals(current, model, algorithm.rowMultipliers, algorithm.boundMultipliers);
    const seen = !Number.isNaN(evaluation.incumbentObjective);
    const x = claims
      ? current.x.slice()
      : seen
        ? evaluation.incumbent.slice()
        : clampedStart(meta.start, meta.lower, meta.upper);
    const objective = claims ? current.objective / evaluation.scaling.objective : evaluation.incumbentObjective;
    const { certificate } = ending;
    const multipliers =
      certificate === undefined
        ? algorithm.convergence.multipliers.slice()
        : certificate.map((value, i) => value * evaluation.scaling.constraints[i]!);
    const boundMultipliers = algorithm.convergence.boundMultipliers.slice();
    if (certificate !== undefined) boundMultipliers.fill(0);
    const residuals = independentResiduals(problem, x, multipliers, boundMultipliers) ?? unknownResiduals;
    const feasible = residuals.primalInfeasibility <= options.feasibilityTolerance;
    const stationary =
      residuals.stationarity <= options.optimalityTolerance && residuals.complementarity <= options.optimalityTolerance;
    return {
      termination: ending.termination,
      message: ending.message,
      primalStatus: feasible ? 'feasible' : Number.isFinite(residuals.primalInfeasibility) ? 'infeasible' : 'unknown',
      dualStatus: certificate !== undefined ? 'certificate' : stationary ? 'stationary' : 'not-stationary',
      x,
      objective,
      multipliers,
      boundMultipliers,
      residuals,
      iterations,
      counts: { ...this.counts },
      timeSeconds: budget.elapsedSeconds(),
      workingSet: copySet(algorithm.solution.workingSet),
      restorations,
      factorizations: this.matrix.factorizations,
      gaveWay,
      attempts,
    };
  }
}

/**
 * Solves a nonlinear program by sequential quadratic programming. See `SqpSolver` for repeated solves.
 *
 * @param problem - The program: facts in `meta`, functions, and those derivatives that it has.
 * @param options - Tolerances and limits; what is absent takes its default.
 * @param call - Start, multipliers, signal and callbacks of this call.
 * @throws ProblemError for a problem that contradicts itself, OptionsError for unknown options.
 * @example
 * ```ts
 * import { solveSqp } from 'sft-opt';
 *
 * const problem = {
 *   meta: {
 *     variableCount: 2,
 *     constraintCount: 1,
 *     lower: Float64Array.of(0, 0),
 *     upper: Float64Array.of(Infinity, Infinity),
 *     constraintLower: Float64Array.of(-Infinity),
 *     constraintUpper: Float64Array.of(2),
 *     start: Float64Array.of(0, 0),
 *   },
 *   objective: (x: Float64Array) => (x[0]! - 1) ** 2 + (x[1]! - 2) ** 2,
 *   constraints: (x: Float64Array, c: Float64Array) => void (c[0] = x[0]! + x[1]!),
 * };
 * const { termination, x, multipliers } = solveSqp(problem);
 * console.log(termination, x, multipliers); // locally-optimal Float64Array(2) [ 0.5, 1.5 ] Float64Array(1) [ 1 ]
 * ```
 */
export function solveSqp(problem: NonlinearProgram, options?: Partial<SqpOptions>, call: SqpCall = {}): SqpResult {
  return solveThroughDoor(problem, sqpOptions.resolve(options), call, (prepared, resolved, inner) =>
    runSqp(prepared, resolved, { ...inner, workingSet: call.workingSet, mayGiveWay: call.mayGiveWay }),
  );
}

/**
 * The same on a problem that is guarded and in ordinary units already. Multipliers of bounds predict the working set.
 *
 * @param problem - The program: facts in `meta`, functions, and those derivatives that it has.
 * @param options - Tolerances and limits; what is absent takes its default.
 * @param call - Start, multipliers, signal and callbacks of this call.
 * @example
 * ```ts
 * import { completeFirstDerivatives } from 'sft-opt/derivative';
 * import { runSqp } from 'sft-opt/sqp';
 *
 * const problem = {
 *   meta: {
 *     variableCount: 2,
 *     constraintCount: 1,
 *     lower: Float64Array.of(0, 0),
 *     upper: Float64Array.of(Infinity, Infinity),
 *     constraintLower: Float64Array.of(-Infinity),
 *     constraintUpper: Float64Array.of(2),
 *     start: Float64Array.of(0, 0),
 *   },
 *   objective: (x: Float64Array) => (x[0]! - 1) ** 2 + (x[1]! - 2) ** 2,
 *   constraints: (x: Float64Array, c: Float64Array) => void (c[0] = x[0]! + x[1]!),
 * };
 * const derived = completeFirstDerivatives(problem);
 * console.log(runSqp(derived, {}, {}).x.map((value) => Math.round(1e6 * value) / 1e6)); // Float64Array(2) [ 0.5, 1.5 ]
 * ```
 */
export function runSqp(problem: NonlinearProgram, options: Partial<SqpOptions>, call: SqpCall): SqpResult {
  const predicted = predictedSides(problem.meta, call.multipliers, call.boundMultipliers);
  return new SqpSolver(problem, options).solve({ ...call, workingSet: call.workingSet ?? predicted });
}

/** The sides that multipliers of the right sign push against; undefined where none are given for the bounds. */
function predictedSides(
  meta: NlpMeta,
  multipliers: Float64Array | undefined,
  boundMultipliers: Float64Array | undefined,
): WorkingSet | undefined {
  if (!boundMultipliers) return undefined;
  const rowMultipliers = multipliers ?? meta.startMultipliers ?? new Float64Array(meta.constraintCount);
  return {
    rows: sidesOf(rowMultipliers, meta.constraintLower, meta.constraintUpper),
    variables: sidesOf(boundMultipliers, meta.lower, meta.upper),
  };
}

function sidesOf(multipliers: Float64Array, lower: Float64Array, upper: Float64Array): Int8Array {
  return Int8Array.from(multipliers, (multiplier, k) => {
    if (lower[k] === upper[k]) return 1;
    const side = Math.sign(multiplier);
    return side !== 0 && Number.isFinite(side > 0 ? upper[k]! : lower[k]!) ? side : 0;
  });
}

function worthRetrying(termination: Termination): boolean {
  return (
    termination === 'stalled' ||
    termination === 'locally-infeasible' ||
    termination === 'not-finite' ||
    termination === 'iteration-limit'
  );
}

const ranking: readonly Termination[] = ['optimal', 'locally-optimal', 'unbounded', 'infeasible', 'locally-infeasible'];

/** The more telling of two endings; limits of a retry do not hide what an earlier attempt found. */
function preferred(first: Ending | undefined, second: Ending): Ending {
  if (first === undefined) return second;
  const rank = (ending: Ending) => {
    const at = ranking.indexOf(ending.termination);
    return at < 0 ? ranking.length : at;
  };
  return rank(second) <= rank(first) ? second : first;
}

const unknownResiduals = {
  stationarity: Infinity,
  primalInfeasibility: Infinity,
  absoluteInfeasibility: Infinity,
  complementarity: Infinity,
  dualScale: 1,
};

function clampedStart(start: Float64Array, lower: Float64Array, upper: Float64Array): Float64Array {
  return start.map((value, j) => Math.min(Math.max(value, lower[j]!), upper[j]!));
}

function copySet(set: WorkingSet): WorkingSet {
  const copy = workingSet(set.variables.length, set.rows.length);
  copy.rows.set(set.rows);
  copy.variables.set(set.variables);
  return copy;
}

/** Operations up to which the factorisations of one solve are never too many: some tenths of a second. */
const affordableOperations = 3e8;
const affordableFactorizations = 1000;
/** Factorisations of one solve, and more of them for each of its steps, that are in proportion. */
const ordinaryFactorizations = 200;
const ordinaryPerStep = 25;

/** Counts factorisations and their operations. */
class CountingMatrix implements KktMatrix {
  factorizations = 0;
  private work = 0;

  constructor(private readonly inner: KktMatrix) {}

  get expired(): () => boolean {
    return this.inner.expired ?? (() => false);
  }

  set expired(expired: () => boolean) {
    this.inner.expired = expired;
  }

  reset(): void {
    this.factorizations = this.work = 0;
  }

  get operations(): number {
    return this.inner.operations;
  }

  /** Whether so many steps have taken more factorisations than they should. */
  isOverworked(steps: number): boolean {
    const isCostly = this.work > affordableOperations || this.factorizations > affordableFactorizations;
    return isCostly && this.factorizations > ordinaryFactorizations + ordinaryPerStep * steps;
  }

  factor(request: KktRequest) {
    this.factorizations++;
    const verdict = this.inner.factor(request);
    this.work += this.inner.operations;
    return verdict;
  }

  solve(rightHandSide: Float64Array): void {
    this.inner.solve(rightHandSide);
  }
}
