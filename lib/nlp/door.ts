import { completeFirstDerivatives } from '../derivative/index.js';
import { clearAbsentSides, kktResiduals, type KktResiduals, type NonlinearProgram } from '../problem/index.js';
import { isSolved, type Budget, type IterationCallback, type SolverResult } from '../solver/index.js';
import { assess, meetsTolerances, type Evidence, type Tolerances } from './conclusion.js';
import type { SolveContext } from './context.js';
import { DoorJudge, type Judgement } from './door-judge.js';
import type { DoorOptions } from './door-setting.js';
import { Evaluator } from './evaluator.js';
import { largestEntry } from './held-space.js';
import { remembering } from './own-derivatives.js';
import { checkProblem } from './problem-error.js';
import { limitStop } from './stop.js';
import { isHuge, scaledTolerances, type Units } from './units.js';

/** What a solver gets besides the problem and its options: everything in the units that it works in. */
export interface PreparedContext extends SolveContext {
  readonly start: Float64Array;
  readonly budget: Budget;
  /** The problem as it was given, to see which derivatives are its own. */
  readonly given: NonlinearProgram;
}

/** A solver that works on a prepared problem. */
export type PreparedSolver<Options extends DoorOptions, Result extends SolverResult> = (
  problem: NonlinearProgram,
  options: Options,
  context: PreparedContext,
) => Result;

/** Solves from better points or in better units at most this often again. */
const mostRounds = 3;
/** Iterations for more digits of a huge objective than its size lets expect. */
const sharpeningSteps = 50;
/** Multiple of the tolerance that the violation left may be worth at its multipliers. */
const dearest = 1000;

/**
 * The way in and out of every solver of nonlinear programs. In: the problem is checked, its functions guarded, missing
 * first derivatives made by differences within the bounds, and everything put in units in which objective, rows and
 * variables have ordinary sizes. Out: what the solver claims is judged anew from the problem. A solution must meet the
 * tolerances in units measured at the solution and must not be worse than a feasible point met on the way, else the
 * solve goes on from there; `unbounded` needs a ray that holds; infeasibility no feasible point.
 *
 * @param problem - The program: facts in `meta`, functions, and those derivatives that it has.
 * @param options - Tolerances and limits, complete.
 * @param context - Signal and callback of this call.
 * @param solve - The solver, given the problem in ordinary units.
 * @param ownResult - Carries what only this solver's results have back into the problem's units.
 * @example
 * ```ts
 * import { solveThroughDoor } from 'sft-opt/nlp';
 * import { runSqp, sqpOptions } from 'sft-opt/sqp';
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
 * const result = solveThroughDoor(problem, sqpOptions.defaults, {}, (prepared, options, call) => runSqp(prepared, options, call));
 * console.log(result.termination, result.x); // locally-optimal Float64Array(2) [ 0.5, 1.5 ]
 * ```
 */
export function solveThroughDoor<Options extends DoorOptions, Result extends SolverResult>(
  problem: NonlinearProgram,
  options: Options,
  context: SolveContext,
  solve: PreparedSolver<Options, Result>,
  ownResult?: (result: Result, units: Units) => Result,
): Result {
  checkProblem(problem);
  return new Door(problem, options, context, solve, ownResult).run();
}

/** One solve and what became of it. */
interface Round<Result> {
  readonly prepared: NonlinearProgram;
  readonly result: Result;
  readonly judged: Judgement;
  readonly units: Units;
  readonly tolerances: Tolerances;
}

class Door<Options extends DoorOptions, Result extends SolverResult> extends DoorJudge<Options> {
  constructor(
    problem: NonlinearProgram,
    options: Options,
    context: SolveContext,
    private readonly solve: PreparedSolver<Options, Result>,
    private readonly ownResult: ((result: Result, units: Units) => Result) | undefined,
  ) {
    super(problem, options, context);
  }

  run(): Result {
    let start = this.firstStart();
    let kept: Round<Result> | undefined;
    let lastSize = Infinity;
    let idle = 0;
    for (let count = 0; ; count++) {
      const units = this.measure(start);
      if (count === 0) this.checkDerivatives(start);
      // Where an objective is huge, what its digits allow comes first, and then as much more as a few iterations bring.
      const sharpens = kept !== undefined;
      const tolerances = scaledTolerances(units, this.options, !sharpens);
      const prepared = remembering(
        completeFirstDerivatives(
          this.withGivenDerivatives(this.session.inUnits(units, tolerances.feasibilityTolerance)),
        ),
        this.given,
      );
      const result = this.solveOnce(prepared, units, tolerances, start, count === 0, sharpens);
      this.iterations += result.iterations;
      const judged = this.judge(prepared, result, units, tolerances);
      const round = { prepared, result, judged, units, tolerances };
      if (kept) {
        const isBetter = isSolved(judged.termination) || judged.termination === 'interrupted';
        if (isBetter || !this.isRefuted(kept)) return this.finish(isBetter ? round : kept);
        if (this.expired() || idle++ >= mostRounds) return this.finish(round);
        kept = undefined;
        start = this.session.best.x.slice();
        continue;
      }
      const solved = isSolved(judged.termination);
      const canSharpen = solved && isHuge(units) && !this.expired();
      if (canSharpen) {
        kept = round;
        start = this.toOwn(result.x, units);
        continue;
      }
      // A round that takes orders of magnitude off the objective is progress, as where its start is astronomically large.
      const size = Math.abs(result.objective / units.objective);
      idle = size < 1e-3 * lastSize ? 0 : idle + 1;
      lastSize = size;
      if (!judged.next || idle >= mostRounds || this.expired()) return this.finish(round);
      start = judged.next;
    }
  }

  private solveOnce(
    prepared: NonlinearProgram,
    units: Units,
    tolerances: Tolerances,
    start: Float64Array,
    useGuess: boolean,
    sharpens: boolean,
  ): Result {
    const { context, session, options } = this;
    const { multipliers, boundMultipliers } = useGuess ? context : {};
    return this.solve(
      prepared,
      { ...options, ...tolerances },
      {
        ...context,
        start: start.map((value, j) => value / units.variables[j]!),
        multipliers: multipliers && Float64Array.from(multipliers, (y, i) => (y * units.objective) / units.rows[i]!),
        boundMultipliers:
          boundMultipliers && Float64Array.from(boundMultipliers, (z, j) => z * units.objective * units.variables[j]!),
        budget: session.budget.limited({
          maxIterations: Math.min(
            session.budget.maxIterations - this.iterations,
            sharpens ? sharpeningSteps : Infinity,
          ),
          ...(this.undefinedEverywhere && { evaluations: 0 }),
        }),
        onIteration: this.callback(units),
        given: this.given,
      },
    );
  }

  private callback(units: Units): IterationCallback | undefined {
    const { onIteration } = this.context;
    if (!onIteration) return undefined;
    const before = this.iterations;
    return (record) => {
      const proceed = onIteration({
        ...record,
        iteration: before + record.iteration,
        objective: record.objective / units.objective,
      });
      if (proceed === false) this.stopped = true;
      return proceed;
    };
  }

  private finish({ prepared, result, judged, units, tolerances }: Round<Result>): Result {
    const { session, meta } = this;
    const { best, counts, budget } = session;
    let { evidence, termination, message } = judged;
    let x = this.toOwn(result.x, units);
    let objective = result.objective / units.objective;
    if (isSolved(termination) && this.checkedAtEnd(x)) {
      termination = 'stalled';
      message = `The solution rests on a wrong derivative. ${this.warnings.at(-1)}`;
    }
    const claimed = this.ownEvidence(evidence, units);
    const price = largestEntry(claimed.multipliers) * claimed.residuals.absoluteInfeasibility;
    if (isSolved(termination) && price > dearest * this.options.optimalityTolerance * claimed.residuals.dualScale) {
      termination = 'stalled';
      message = `The violation that is left is worth too much at its multipliers (${price.toExponential(1)}).`;
    }
    const claims = isSolved(termination) || termination === 'unbounded' || termination.endsWith('infeasible');
    const end = budget.exhausted(0, counts.objective);
    if (!claims && end !== undefined && !this.undefinedEverywhere) ({ termination, message } = limitStop(end));
    if (!claims && this.bestIsBetter(objective, evidence.residuals, tolerances)) {
      x = best.x.slice();
      objective = best.objective;
      const there = {
        x: x.map((v, j) => v / units.variables[j]!),
        objective: objective * units.objective,
        multipliers: judged.multipliers,
      };
      const affordable =
        this.given.gradient !== undefined && (meta.constraintCount === 0 || this.given.jacobian !== undefined);
      evidence = assess(new Evaluator(prepared), there, affordable || this.affluent);
    }
    const failed = !claims && session.firstError !== undefined;
    const own = this.ownEvidence(evidence, units);
    const feasible = evidence.residuals.primalInfeasibility <= tolerances.feasibilityTolerance;
    const known = Number.isFinite(evidence.residuals.primalInfeasibility) && Number.isFinite(objective);
    const stationary = meetsTolerances(
      { ...evidence.residuals, primalInfeasibility: 0 },
      { ...tolerances, optimalityTolerance: isSolved(termination) ? Infinity : tolerances.optimalityTolerance },
    );
    const mapped = this.ownResult ? this.ownResult(result, units) : result;
    const certificate = result.dualStatus === 'certificate';
    return {
      ...mapped,
      termination,
      message: failed ? `${message} First error of the problem's functions: ${String(session.firstError)}` : message,
      primalStatus: known ? (feasible ? 'feasible' : 'infeasible') : 'unknown',
      dualStatus: certificate
        ? 'certificate'
        : evidence.residuals.stationarity === Infinity
          ? 'unknown'
          : stationary
            ? 'stationary'
            : 'not-stationary',
      x,
      objective,
      multipliers: own.multipliers,
      boundMultipliers: own.boundMultipliers,
      residuals: own.residuals,
      iterations: this.iterations,
      counts: { ...counts },
      timeSeconds: budget.elapsedSeconds(),
      ...(judged.ray && { direction: this.toOwn(judged.ray, units) }),
      ...(failed && { cause: session.firstError }),
      ...(this.warnings.length > 0 && { warnings: [...this.warnings] }),
    };
  }

  private checkedAtEnd(x: Float64Array): boolean {
    return this.options.derivativeCheck !== 'off' && this.warnings.length === 0 && this.checkDerivatives(x);
  }

  private bestIsBetter(objective: number, residuals: KktResiduals, tolerances: Tolerances): boolean {
    const { best } = this.session;
    if (!best.known) return false;
    if (!Number.isFinite(objective) || !Number.isFinite(residuals.primalInfeasibility)) return true;
    const feasible = residuals.primalInfeasibility <= tolerances.feasibilityTolerance;
    if (feasible !== best.violation <= 1) return !feasible;
    return feasible
      ? best.objective < objective
      : best.violation < residuals.primalInfeasibility / tolerances.feasibilityTolerance;
  }

  /** Multipliers and residuals in the problem's own units. */
  private ownEvidence({ point }: Evidence, units: Units) {
    const { meta } = this;
    const { objective, rows, variables } = units;
    const multipliers = point.multipliers.map((y, i) => (y * rows[i]!) / objective);
    const perVariable = (values: Float64Array) => values.map((value, j) => value / (objective * variables[j]!));
    const boundMultipliers = perVariable(point.boundMultipliers);
    const residuals = kktResiduals(meta, {
      x: this.toOwn(point.x, units),
      multipliers,
      boundMultipliers,
      gradient: perVariable(point.gradient),
      constraintValues: point.constraintValues.map((value, i) => value / rows[i]!),
      jacobianTransposeMultipliers: perVariable(point.jacobianTransposeMultipliers),
    });
    clearAbsentSides(multipliers, meta.constraintLower, meta.constraintUpper);
    clearAbsentSides(boundMultipliers, meta.lower, meta.upper);
    return { multipliers, boundMultipliers, residuals };
  }
}
