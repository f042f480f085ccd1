import { FallWatch } from '../nlp/index.js';
import type { Budget, BudgetEnd, IterationCallback, IterationRecord, Termination } from '../solver/index.js';
import type { Iterate } from './iterate.js';
import { fallsFromHere, hasRunAway } from './progress.js';

/** How one run of a method ended. */
export interface Ending {
  readonly termination: Termination;
  readonly message: string;
  /** Farkas multipliers (scaled units) of an `infeasible` ending. */
  readonly certificate?: Float64Array;
}

/** What every run starts from. */
export interface DriverRequest {
  readonly start: Float64Array;
  readonly budget: Budget;
  readonly onIteration: IterationCallback | undefined;
  /** True once the work is out of proportion to the steps that it buys: the run then ends as `stalled`. */
  readonly givesWay?: (() => boolean) | undefined;
}

/** What a method adds to the driver: where it begins, what one iteration is, and what it has at hand when time is up. */
export interface SteppingMethod {
  readonly iterate: Iterate;
  /** The last step, in which a ray is looked for. */
  readonly direction: Float64Array;
  /** Goes to a point where everything is defined; false if there is none near the start. */
  begin(): boolean;
  iteration(): Ending | undefined;
  /** The ending at a solution already known, if there is one. */
  solutionAtHand(): Ending | undefined;
}

/** The part of the settings of a method that the driver obeys. */
export interface DriverOptions {
  readonly feasibilityTolerance: number;
  readonly unboundedThreshold: number;
}

export const unboundedEnding: Ending = {
  termination: 'unbounded',
  message: 'The objective falls without end over points that satisfy the constraints.',
};

const givenWay: Ending = { termination: 'stalled', message: 'The steps take too many factorisations each.' };

const limitMessages: Record<BudgetEnd, string> = {
  'iteration-limit': 'The limit on iterations was reached.',
  'evaluation-limit': 'The limit on evaluations was reached.',
  'time-limit': 'The time limit was reached.',
  interrupted: 'The caller stopped the solve.',
};

/**
 * Drives a method that moves from point to point: begins, iterates until something ends, keeps to the budget, tells the
 * caller of every step, and looks for a ray where the objective has fallen far. What a step is stays with the method.
 */
export class StepDriver {
  iterations = 0;
  restorations = 0;
  private interrupted = false;
  private firstObjective = 0;
  private request!: DriverRequest;
  private readonly watch: FallWatch;

  constructor(
    private readonly method: SteppingMethod,
    private readonly options: DriverOptions,
    private readonly evaluationCount: () => number,
  ) {
    this.watch = new FallWatch(options.unboundedThreshold);
  }

  run(request: DriverRequest): Ending {
    const { method } = this;
    this.request = request;
    this.iterations = this.restorations = 0;
    this.interrupted = false;
    if (!method.begin()) {
      const end = this.budgetEnd();
      if (end !== undefined) return { termination: end, message: limitMessages[end] };
      return { termination: 'not-finite', message: 'No point near the start at which the problem is defined.' };
    }
    this.firstObjective = method.iterate.current.objective;
    this.watch.reset();
    for (;;) {
      const ending = this.limit() ?? method.iteration();
      if (ending === undefined) continue;
      const gaveUp = ending.termination === 'stalled' || ending.termination === 'iteration-limit';
      return gaveUp && hasRunAway(method.iterate, request.start, this.firstObjective) && this.fallsForever()
        ? unboundedEnding
        : ending;
    }
  }

  readonly expired = (): boolean => this.budgetEnd() !== undefined || this.request.givesWay?.() === true;

  /** The ending where a limit is reached: a solution that is known comes first. */
  limit(): Ending | undefined {
    const end = this.budgetEnd();
    if (end === undefined && this.request.givesWay?.() !== true) return undefined;
    const ending: Ending = end === undefined ? givenWay : { termination: end, message: limitMessages[end] };
    return this.method.solutionAtHand() ?? ending;
  }

  /** Counts a step and reports it; an ending where the objective falls along a ray from the new point. */
  stepTaken(record: Pick<IterationRecord, 'stationarity' | 'stepNorm' | 'details'>): Ending | undefined {
    this.iterations++;
    const { current, evaluation } = this.method.iterate;
    const objective = current.objective / evaluation.scaling.objective;
    const { onIteration } = this.request;
    if (onIteration !== undefined) {
      const primalInfeasibility = evaluation.relativeViolation(current);
      const proceed = onIteration({ iteration: this.iterations, objective, primalInfeasibility, ...record });
      if (proceed === false) this.interrupted = true;
    }
    return this.watch.isDue(objective) && this.fallsForever() ? unboundedEnding : undefined;
  }

  private budgetEnd(): BudgetEnd | undefined {
    if (this.interrupted) return 'interrupted';
    return this.request.budget.exhausted(this.iterations, this.evaluationCount());
  }

  /** Limits on iterations do not cut the search for a ray short. */
  private fallsForever(): boolean {
    const { method, request, options } = this;
    const expired = (): boolean => request.budget.exhausted(0, this.evaluationCount()) !== undefined;
    return fallsFromHere(method.iterate, request.start, method.direction, options.feasibilityTolerance, expired);
  }
}
