import { derivesItself, type NlpMeta, type NonlinearProgram } from '../problem/index.js';
import { Budget } from '../solver/index.js';
import type { Tolerances } from './conclusion.js';
import type { SolveContext } from './context.js';
import { checkAlongDirection, checkEveryEntry } from './derivative-check.js';
import { allFinite } from './evaluator.js';
import { without } from './own-derivatives.js';
import { ProblemError } from './problem-error.js';
import { Session } from './session.js';
import { crossedBound, findDefinedStart, projectOntoBounds } from './start-point.js';
import { measureSizes, ownUnits, unitsFrom, variableSizes, type Units } from './units.js';

/** Options that the door itself needs. */
export interface DoorOptions extends Tolerances {
  /** Iterations before the solve ends with its best point. */
  readonly maxIterations: number;
  /** Evaluations of the objective before the solve ends with its best point. */
  readonly maxEvaluations: number;
  /** Seconds before the solve ends with its best point. */
  readonly timeLimitSeconds: number;
  /** Compares derivatives with differences before the solve: along one direction, each of them, or not. */
  readonly derivativeCheck: 'directional' | 'full' | 'off';
}

/** With fewer evaluations than this none is spent on measuring or checking. */
export const scarceEvaluations = 20;

/** What is known of a problem while it is solved: its functions, guarded and counted, the budget, sizes and wrong derivatives. */
export class DoorSetting<Options extends DoorOptions> {
  protected readonly session: Session;
  protected readonly meta: NlpMeta;
  protected readonly warnings: string[] = [];
  /** The problem in its own units. */
  protected readonly own: NonlinearProgram;
  /** The problem as given, without derivatives that were found wrong. */
  protected given: NonlinearProgram;
  protected iterations = 0;
  protected stopped = false;
  /** True if no point near the start was found at which everything is defined. */
  protected undefinedEverywhere = false;

  constructor(
    protected readonly problem: NonlinearProgram,
    protected readonly options: Options,
    protected readonly context: SolveContext,
  ) {
    this.meta = problem.meta;
    this.given = problem;
    this.session = new Session(problem, context.budget ?? new Budget({ ...options, signal: context.signal }));
    this.own = this.session.inUnits(ownUnits(this.meta), NaN);
  }

  protected expired = (): boolean =>
    this.stopped || this.session.budget.exhausted(this.iterations, this.session.counts.objective) !== undefined;

  protected firstStart(): Float64Array {
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
  protected get affluent(): boolean {
    return this.session.evaluationsLeft >= scarceEvaluations && !this.expired();
  }

  protected crossed(): boolean {
    const { lower, upper, constraintLower, constraintUpper } = this.meta;
    return crossedBound(lower, upper) >= 0 || crossedBound(constraintLower, constraintUpper) >= 0;
  }

  protected measure(start: Float64Array): Units {
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
  protected checkDerivatives(x: Float64Array): boolean {
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

  protected withGivenDerivatives(prepared: NonlinearProgram): NonlinearProgram {
    let kept = prepared;
    for (const what of ['gradient', 'jacobian', 'hessian', 'hessianProduct'] as const) {
      if (this.problem[what] && !this.given[what]) kept = without(kept, what);
    }
    return kept;
  }

  protected localUnits(x: Float64Array, units: Units): Units {
    const sizes = measureSizes(this.own, x, units.variables, this.expired);
    return sizes?.objective === undefined ? units : unitsFrom(sizes.objective, units.rowSizes, units.variables);
  }

  protected bestIsFeasible(): boolean {
    const { best } = this.session;
    return best.known && best.violation <= 1;
  }

  /** Limits on iterations do not cut a proof short. */
  protected outOfEvaluations = (): boolean =>
    this.session.budget.exhausted(0, this.session.counts.objective) !== undefined;

  protected toOwn(x: Float64Array, { variables }: Units): Float64Array {
    return x.map((value, j) => value * variables[j]!);
  }
}
