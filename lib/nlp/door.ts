import { completeFirstDerivatives } from '../derivative/index.js';
import {
  clearAbsentSides,
  derivesItself,
  kktResiduals,
  type KktResiduals,
  type NlpMeta,
  type NonlinearProgram,
} from '../problem/index.js';
import { Budget, isSolved, type IterationCallback, type SolverResult, type Termination } from '../solver/index.js';
import {
  assess,
  describeResiduals,
  isDegenerate,
  meetsTolerances,
  type Evidence,
  type Tolerances,
} from './conclusion.js';
import type { SolveContext } from './context.js';
import { findsLowerPoint } from './curvature.js';
import { checkAlongDirection, checkEveryEntry } from './derivative-check.js';
import { Evaluator, allFinite } from './evaluator.js';
import { largestEntry } from './held-space.js';
import { judgeLeastViolation } from './least-violation.js';
import { remembering, without } from './own-derivatives.js';
import { checkProblem, ProblemError } from './problem-error.js';
import { Session } from './session.js';
import { crossedBound, findDefinedStart, projectOntoBounds } from './start-point.js';
import { limitStop } from './stop.js';
import { fallsForever } from './unbounded.js';
import { isHuge, measureSizes, ownUnits, scaledTolerances, unitsFrom, variableSizes, type Units } from './units.js';

/** Options that the door itself needs. */
export interface DoorOptions extends Tolerances {
  readonly maxIterations: number;
  readonly maxEvaluations: number;
  readonly timeLimitSeconds: number;
  readonly derivativeCheck: 'directional' | 'full' | 'off';
}

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
/** With fewer evaluations than this none is spent on measuring or checking. */
const scarceEvaluations = 20;
/** Share of the objective's size by which another feasible point must be lower to count as better than a solution. */
const betterBy = 1e-4;
/** The same for a point sought along a direction in which the objective should fall. */
const lowerBy = 1e-6;
/** Multiple of the tolerance that the violation left may be worth at its multipliers. */
const dearest = 1000;

/**
 * The way in and out of every solver of nonlinear programs. In: the problem is checked, its functions guarded, missing
 * first derivatives made by differences within the bounds, and everything put in units in which objective, rows and
 * variables have ordinary sizes. Out: what the solver claims is judged anew from the problem. A solution must meet the
 * tolerances in units measured at the solution and must not be worse than a feasible point met on the way, else the
 * solve goes on from there; `unbounded` needs a ray that holds; infeasibility no feasible point.
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

interface Judgement {
  readonly termination: Termination;
  readonly message: string;
  readonly evidence: Evidence;
  readonly multipliers: Float64Array;
  /** Where the solve should go on, own units. */
  readonly next?: Float64Array | undefined;
  /** Of an unbounded problem. */
  readonly ray?: Float64Array;
}

class Door<Options extends DoorOptions, Result extends SolverResult> {
  private readonly session: Session;
  private readonly meta: NlpMeta;
  private readonly warnings: string[] = [];
  /** The problem in its own units. */
  private readonly own: NonlinearProgram;
  /** The problem as given, without derivatives that were found wrong. */
  private given: NonlinearProgram;
  private iterations = 0;
  private stopped = false;
  /** True if no point near the start was found at which everything is defined. */
  private undefinedEverywhere = false;

  constructor(
    private readonly problem: NonlinearProgram,
    private readonly options: Options,
    private readonly context: SolveContext,
    private readonly solve: PreparedSolver<Options, Result>,
    private readonly ownResult: ((result: Result, units: Units) => Result) | undefined,
  ) {
    this.meta = problem.meta;
    this.given = problem;
    this.session = new Session(problem, context.budget ?? new Budget({ ...options, signal: context.signal }));
    this.own = this.session.inUnits(ownUnits(this.meta), NaN);
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

  private expired = (): boolean =>
    this.stopped || this.session.budget.exhausted(this.iterations, this.session.counts.objective) !== undefined;

  private firstStart(): Float64Array {
    const { meta, context } = this;
    const given = context.start;
    if (given && given.length !== meta.variableCount) {
      const message = `length ${given.length}, where ${meta.variableCount} is needed`;
      throw new ProblemError([{ path: 'context.start', message }]);
    }
    const start = Float64Array.from(given ?? meta.start);
    projectOntoBounds(meta, start);
    return start;
  }

  /** True if measuring and checking can be afforded. */
  private get affluent(): boolean {
    return this.session.evaluationsLeft >= scarceEvaluations && !this.expired();
  }

  private crossed(): boolean {
    const { lower, upper, constraintLower, constraintUpper } = this.meta;
    return crossedBound(lower, upper) >= 0 || crossedBound(constraintLower, constraintUpper) >= 0;
  }

  private measure(start: Float64Array): Units {
    const { meta } = this;
    if (this.crossed() || !this.affluent) return ownUnits(meta);
    const values = new Float64Array(meta.constraintCount);
    const found = findDefinedStart(meta, start, (point) => {
      if (this.expired()) return false;
      if (values.length > 0) this.own.constraints!(point, values);
      return allFinite(values) && Number.isFinite(this.own.objective(point)) && this.derivativesDefined(point);
    });
    this.undefinedEverywhere = !found && !this.expired();
    if (!found) return ownUnits(meta);
    this.session.keepValue();
    const variables = variableSizes(meta, start);
    const sizes = measureSizes(this.own, start, variables, this.expired);
    if (!sizes) return { ...ownUnits(meta), variables };
    return unitsFrom(sizes.objective ?? this.steepness(start, variables), sizes.rows, variables);
  }

  private derivativesDefined(point: Float64Array): boolean {
    if (!this.own.gradient) return true;
    const gradient = new Float64Array(point.length);
    this.own.gradient(point, gradient);
    return allFinite(gradient);
  }

  /** Size of the objective by its given gradient; 1 where there is none. */
  private steepness(x: Float64Array, variables: Float64Array): number {
    if (!this.own.gradient) return 1;
    const gradient = new Float64Array(x.length);
    this.own.gradient(x, gradient);
    let largest = 0;
    gradient.forEach((entry, j) => (largest = Math.max(largest, Math.abs(entry * variables[j]!))));
    return largest > 0 && Number.isFinite(largest) ? largest : 1;
  }

  /** Names derivatives that the functions do not bear out; differences take their place. */
  private checkDerivatives(x: Float64Array): boolean {
    const { options, own, given } = this;
    if (options.derivativeCheck === 'off' || !this.affluent || (!given.gradient && !given.jacobian)) return false;
    if (options.derivativeCheck === 'directional' && derivesItself(given)) return false;
    const probed = this.withGivenDerivatives(own);
    const faults = options.derivativeCheck === 'full' ? checkEveryEntry(probed, x) : checkAlongDirection(probed, x);
    for (const { what, message } of faults) {
      this.warnings.push(`${message} Differences are used instead.`);
      this.given = without(this.given, what);
    }
    return faults.length > 0;
  }

  private withGivenDerivatives(prepared: NonlinearProgram): NonlinearProgram {
    let kept = prepared;
    for (const what of ['gradient', 'jacobian', 'hessian', 'hessianProduct'] as const) {
      if (this.problem[what] && !this.given[what]) kept = without(kept, what);
    }
    return kept;
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

  /** What remains of the solver's claim. */
  private judge(prepared: NonlinearProgram, result: Result, units: Units, tolerances: Tolerances): Judgement {
    const evaluator = new Evaluator(prepared);
    const evidence = this.evidenceOf(evaluator, result, tolerances);
    const base = { evidence, multipliers: result.multipliers, message: result.message };
    if (this.undefinedEverywhere) {
      const message = 'No point near the start at which the problem is defined.';
      return { ...base, termination: 'not-finite', message };
    }
    switch (result.termination) {
      case 'optimal':
      case 'locally-optimal':
      case 'stalled':
        return this.judgeSolution(prepared, result, evidence, units, tolerances);
      case 'unbounded': {
        // Where functions and derivatives contradict each other, one of them is wrong.
        const ray = this.warnings.length === 0 ? this.unboundedRay(prepared, result, units, tolerances) : undefined;
        if (ray) return { ...base, termination: 'unbounded', ray };
        return {
          ...base,
          termination: 'stalled',
          message: 'The objective falls far, but not along a ray that goes on without flattening.',
        };
      }
      case 'infeasible':
      case 'locally-infeasible':
        if (result.termination === 'locally-infeasible') {
          const { isLeast, lower } = judgeLeastViolation(evidence, prepared, this.expired);
          const message = 'The violation could not be reduced, but is not at a local minimum.';
          if (!isLeast) return { ...base, termination: 'stalled', message, next: lower && this.toOwn(lower, units) };
        }
        if (!this.bestIsFeasible() || this.crossed()) return { ...base, termination: result.termination };
        return { ...base, termination: 'stalled', message: 'The method found no way on, but feasible points exist.' };
      default:
        return { ...base, termination: result.termination };
    }
  }

  private evidenceOf(evaluator: Evaluator, result: Result, tolerances: Tolerances): Evidence {
    const candidate = { x: result.x, objective: result.objective, multipliers: result.multipliers };
    const claimed = assess(evaluator, { ...candidate, boundMultipliers: result.boundMultipliers });
    if (meetsTolerances(claimed.residuals, tolerances)) return claimed;
    const fitted = assess(evaluator, candidate);
    return worst(fitted.residuals) < worst(claimed.residuals) ? fitted : claimed;
  }

  private judgeSolution(
    prepared: NonlinearProgram,
    result: Result,
    evidence: Evidence,
    units: Units,
    tolerances: Tolerances,
  ): Judgement {
    const { residuals } = evidence;
    const claimed = isSolved(result.termination);
    const x = this.toOwn(result.x, units);
    // Where the objective's size at the start is an ordinary one, absolute tolerances are meant, and held already.
    const settled =
      claimed && units.objective === 1 && units.objectiveSize >= 1 && meetsTolerances(residuals, tolerances);
    const local = this.affluent && !settled ? this.localUnits(x, units) : units;
    const { optimalityTolerance } = scaledTolerances(
      { ...units, objectiveSize: local.objectiveSize },
      this.options,
      true,
    );
    const allowed = { ...tolerances, optimalityTolerance };
    const base = { evidence, multipliers: result.multipliers };
    if (meetsTolerances(residuals, allowed)) {
      const better = this.betterPoint(result, evidence, units, local);
      if (better) {
        const message = 'A feasible point with a lower objective than the solution found is known.';
        return { ...base, termination: 'stalled', message, next: better };
      }
      const isConvex = this.meta.convex === true || result.termination === 'optimal';
      const along = isConvex ? undefined : this.pointAlongCurvature(prepared, result, evidence, units, local);
      if (along) {
        const message = 'The point is stationary, but the objective falls along a feasible direction.';
        return { ...base, termination: 'stalled', message, next: along };
      }
      const message = claimed ? result.message : 'The point meets the tolerances.';
      return { ...base, termination: isConvex ? 'optimal' : 'locally-optimal', message };
    }
    if (!claimed) return { ...base, termination: result.termination, message: result.message };
    const degenerate =
      residuals.stationarity <= allowed.optimalityTolerance && isDegenerate(residuals, allowed)
        ? ' Multipliers without bound hide the residual: the gradients of the active constraints depend on each other there (no constraint qualification holds).'
        : '';
    const message = `The recomputed residuals (${describeResiduals(residuals)}) do not meet the tolerance.${degenerate}`;
    // The units of the start may have been those of another place.
    const next = residuals.primalInfeasibility <= allowed.feasibilityTolerance && !degenerate ? x : undefined;
    return { ...base, termination: 'stalled', message, next };
  }

  private localUnits(x: Float64Array, units: Units): Units {
    const sizes = measureSizes(this.own, x, units.variables, this.expired);
    return sizes?.objective === undefined ? units : unitsFrom(sizes.objective, units.rowSizes, units.variables);
  }

  /** A feasible point met on the way whose objective is clearly lower, the violation that it has paid for. */
  private betterPoint(
    result: Result,
    { residuals }: Evidence,
    units: Units,
    local: Units,
    share = betterBy,
  ): Float64Array | undefined {
    const { best } = this.session;
    if (!this.bestIsFeasible()) return undefined;
    const objective = result.objective / units.objective;
    let bought = 0;
    const { feasibilityTolerance } = scaledTolerances(units, this.options);
    for (let i = 0; i < result.multipliers.length; i++) {
      const side = Math.max(1, Math.min(1e6, Math.abs(this.meta.constraintUpper[i]! * units.rows[i]!) || 1));
      bought += (Math.abs(result.multipliers[i]!) / units.objective) * feasibilityTolerance * best.violation * side;
    }
    const size = Math.max(local.objectiveSize, Math.min(Math.abs(objective), 1e3 * local.objectiveSize));
    const given = (largestEntry(result.multipliers) * residuals.absoluteInfeasibility) / units.objective;
    const margin = share * size + 2 * bought + given;
    return best.objective < objective - margin ? best.x.slice() : undefined;
  }

  /** A lower feasible point where the second-order necessary conditions do not hold. */
  private pointAlongCurvature(
    prepared: NonlinearProgram,
    result: Result,
    evidence: Evidence,
    units: Units,
    local: Units,
  ): Float64Array | undefined {
    if (!this.affluent) return undefined;
    const { session, given, meta } = this;
    let lowest = this.bestIsFeasible() ? session.best.objective : Infinity;
    const lower = findsLowerPoint({
      evaluator: new Evaluator(prepared),
      point: evidence.point,
      objectiveSize: local.objectiveSize * units.objective,
      exact: given.gradient !== undefined && (meta.constraintCount === 0 || given.jacobian !== undefined),
      spent: session.counts.objective,
      left: session.evaluationsLeft,
      expired: () => this.expired() || session.evaluationsLeft < scarceEvaluations,
      isLower: () => {
        if (!this.bestIsFeasible() || !(session.best.objective < lowest)) return false;
        lowest = session.best.objective;
        return this.betterPoint(result, evidence, units, local, lowerBy) !== undefined;
      },
    });
    return lower ? session.best.x.slice() : undefined;
  }

  /** True if a point was met whose objective is clearly lower in digits, not only in relation to its size. */
  private isRefuted({ result, units }: Round<Result>): boolean {
    const { best } = this.session;
    const objective = result.objective / units.objective;
    const share = betterBy * Math.max(Math.abs(objective), Math.abs(best.objective));
    return this.bestIsFeasible() && best.objective < objective - share;
  }

  private bestIsFeasible(): boolean {
    const { best } = this.session;
    return best.known && best.violation <= 1;
  }

  /** A direction in which the problem itself falls without end from where the solver says so. */
  private unboundedRay(prepared: NonlinearProgram, result: Result, units: Units, tolerances: Tolerances) {
    const start = this.firstStart().map((value, j) => value / units.variables[j]!);
    const whole = result.x.map((value, j) => value - start[j]!);
    const directions = result.direction ? [result.direction, whole] : [whole];
    const { feasibilityTolerance } = tolerances;
    return fallsForever(prepared, start, result.x, directions, feasibilityTolerance, this.outOfEvaluations);
  }

  /** Limits on iterations do not cut a proof short. */
  private outOfEvaluations = (): boolean =>
    this.session.budget.exhausted(0, this.session.counts.objective) !== undefined;

  private toOwn(x: Float64Array, { variables }: Units): Float64Array {
    return x.map((value, j) => value * variables[j]!);
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

function worst({ stationarity, complementarity }: KktResiduals): number {
  return Math.max(stationarity, complementarity);
}
