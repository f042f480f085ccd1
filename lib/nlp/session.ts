import {
  relativeViolation,
  zeroCounts,
  type EvaluationCounts,
  type NlpMeta,
  type NonlinearProgram,
} from '../problem/index.js';
import { Budget } from '../solver/index.js';
import { Incumbent } from './incumbent.js';
import type { Units } from './units.js';

/**
 * One solve of one problem, whoever takes part in it: the only place from which the problem's functions are called. It
 * counts, stops at the evaluation limit, hands out copies of x, keeps the first error of the user's functions, and the
 * best point at which everything was evaluated.
 */
export class Session {
  readonly counts: EvaluationCounts = zeroCounts();
  readonly budget: Budget;
  /** First thing that a function of the problem threw, or what was wrong with what it returned. */
  firstError: unknown;
  /** Best point, own units; violations are multiples of the tolerance. */
  readonly best: Incumbent;
  private readonly argument: Float64Array;
  /** Where the objective was evaluated last, own units, and what it was: the same point again costs nothing. */
  private readonly knownAt: Float64Array;
  private known = NaN;
  private isKnown = false;
  private readonly startAt: Float64Array;
  private startValue = NaN;
  private startKnown = false;
  private readonly noMultipliers: Float64Array;

  constructor(
    readonly problem: NonlinearProgram,
    budget: Budget,
  ) {
    const { variableCount, constraintCount } = problem.meta;
    this.budget = budget.countedBy(() => this.counts.objective);
    this.best = new Incumbent(variableCount, constraintCount, 1);
    this.argument = new Float64Array(variableCount);
    this.knownAt = new Float64Array(variableCount);
    this.startAt = new Float64Array(variableCount);
    this.noMultipliers = new Float64Array(constraintCount);
  }

  /** Keeps the value at the last point for good, until another is kept: solvers come back to where they start. */
  keepValue(): void {
    this.startAt.set(this.knownAt);
    this.startValue = this.known;
    this.startKnown = this.isKnown;
  }

  get evaluationsLeft(): number {
    return this.budget.maxEvaluations - this.counts.objective;
  }

  /** Remembers the first error; functions that are undefined at a point may throw as well. */
  private note(error: unknown): void {
    this.firstError ??= error ?? new Error('a function of the problem threw nothing that could be reported');
  }

  /** x = variables·x̃ in an array that the caller's functions may spoil. */
  private own(x: Float64Array, { variables }: Units): Float64Array {
    const { argument } = this;
    for (let j = 0; j < argument.length; j++) argument[j] = x[j]! * variables[j]!;
    return argument;
  }

  private call(run: () => unknown, name: string): boolean {
    try {
      const returned = run();
      if (!isPromise(returned)) return true;
      returned.then(undefined, () => undefined);
      this.note(new TypeError(`${name} returned a promise; the problem's functions must be synchronous`));
      return false;
    } catch (error) {
      this.note(error);
      return false;
    }
  }

  /**
   * The problem in other units. Functions do not throw: what is not defined comes back as NaN. `feasibilityTolerance`, in
   * these units, says which points count as feasible for the best one.
   */
  inUnits(units: Units, feasibilityTolerance: number): NonlinearProgram {
    const { problem, counts, best } = this;
    const meta = scaledMeta(problem.meta, units);
    const { rows, variables } = units;
    const m = meta.constraintCount;
    const lastX = new Float64Array(meta.variableCount).fill(NaN);
    let lastViolation = NaN;
    const offer = (x: Float64Array, objective: number): void => {
      if (!best.improvedBy(objective, lastViolation)) return;
      // Answers are evaluated as they are, and one without a feasible point may lie outside the bounds.
      let violation = lastViolation;
      for (let j = 0; j < x.length; j++) {
        const excess = relativeViolation(x[j]!, meta.lower[j]!, meta.upper[j]!) / feasibilityTolerance;
        if (excess > violation) violation = excess;
      }
      if (!best.improvedBy(objective, violation)) return;
      best.set(this.own(x, units), objective, violation, this.noMultipliers);
    };
    let pendingObjective = NaN;
    const weighted = new Float64Array(m);
    const scaledDirection = new Float64Array(meta.variableCount);
    const jacobianFactors = factorsOf(problem.meta, units);
    const hessianFactors = problem.hessian ? hessianFactorsOf(problem.meta, units) : undefined;
    return {
      meta,
      objective: (x) => {
        const own = this.own(x, units);
        if (this.startKnown && sameArray(own, this.startAt)) return this.startValue * units.objective;
        if (this.isKnown && sameArray(own, this.knownAt)) return this.known * units.objective;
        if (this.evaluationsLeft <= 0) return NaN;
        counts.objective++;
        let value: unknown = NaN;
        this.isKnown = false;
        if (!this.call(() => (value = problem.objective(this.own(x, units))), 'objective')) return NaN;
        if (typeof value !== 'number') {
          const what = value === undefined ? 'nothing' : value === null ? 'null' : `a ${typeof value}`;
          this.note(new TypeError(`objective returned ${what}, where a number is needed`));
          return NaN;
        }
        if (m === 0 || sameArray(x, lastX)) {
          if (m === 0) lastViolation = 0;
          offer(x, value);
        } else {
          lastX.set(x);
          lastViolation = NaN;
          pendingObjective = value;
        }
        this.knownAt.set(this.own(x, units));
        this.known = value;
        this.isKnown = true;
        return value * units.objective;
      },
      ...(m > 0 && {
        constraints: (x: Float64Array, values: Float64Array) => {
          counts.constraints++;
          values.fill(NaN);
          if (!this.call(() => problem.constraints!(this.own(x, units), values), 'constraints')) {
            values.fill(NaN);
            return;
          }
          let violation = 0;
          for (let i = 0; i < m; i++) {
            values[i] = values[i]! * rows[i]!;
            const excess = relativeViolation(values[i]!, meta.constraintLower[i]!, meta.constraintUpper[i]!);
            if (excess > violation) violation = excess;
          }
          const known = sameArray(x, lastX) ? pendingObjective : NaN;
          lastX.set(x);
          lastViolation = violation / feasibilityTolerance;
          pendingObjective = NaN;
          if (!Number.isNaN(known)) offer(x, known);
        },
      }),
      ...(problem.gradient && {
        gradient: (x: Float64Array, values: Float64Array) => {
          counts.gradient++;
          values.fill(0);
          if (!this.call(() => problem.gradient!(this.own(x, units), values), 'gradient')) values.fill(NaN);
          for (let j = 0; j < values.length; j++) values[j] = values[j]! * units.objective * variables[j]!;
        },
      }),
      ...(problem.jacobian && {
        jacobian: (x: Float64Array, values: Float64Array) => {
          counts.jacobian++;
          values.fill(0);
          if (!this.call(() => problem.jacobian!(this.own(x, units), values), 'jacobian')) values.fill(NaN);
          for (let k = 0; k < values.length; k++) values[k] = values[k]! * jacobianFactors[k]!;
        },
      }),
      ...(problem.hessian && {
        hessian: (x: Float64Array, weight: number, multipliers: Float64Array, values: Float64Array) => {
          counts.hessian++;
          for (let i = 0; i < m; i++) weighted[i] = multipliers[i]! * rows[i]!;
          values.fill(0);
          const run = () => problem.hessian!(this.own(x, units), weight * units.objective, weighted, values);
          if (!this.call(run, 'hessian')) values.fill(NaN);
          for (let k = 0; k < values.length; k++) values[k] = values[k]! * hessianFactors![k]!;
        },
      }),
      ...(problem.hessianProduct && {
        hessianProduct: (
          x: Float64Array,
          weight: number,
          multipliers: Float64Array,
          direction: Float64Array,
          values: Float64Array,
        ) => {
          counts.hessianProduct++;
          for (let i = 0; i < m; i++) weighted[i] = multipliers[i]! * rows[i]!;
          for (let j = 0; j < values.length; j++) scaledDirection[j] = direction[j]! * variables[j]!;
          values.fill(0);
          const own = this.own(x, units);
          const run = () => problem.hessianProduct!(own, weight * units.objective, weighted, scaledDirection, values);
          if (!this.call(run, 'hessianProduct')) values.fill(NaN);
          for (let j = 0; j < values.length; j++) values[j] = values[j]! * variables[j]!;
        },
      }),
    };
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

function sameArray(a: Float64Array, b: Float64Array): boolean {
  for (let j = 0; j < a.length; j++) if (a[j] !== b[j]) return false;
  return true;
}

function scaledMeta(meta: NlpMeta, { objective, rows, variables }: Units): NlpMeta {
  const { typical: _measured, ...facts } = meta;
  const overVariables = (values: ArrayLike<number>) => Float64Array.from(values, (value, j) => value / variables[j]!);
  const timesRows = (values: ArrayLike<number>) => Float64Array.from(values, (value, i) => value * rows[i]!);
  return {
    ...facts,
    lower: overVariables(meta.lower),
    upper: overVariables(meta.upper),
    start: overVariables(meta.start),
    constraintLower: timesRows(meta.constraintLower),
    constraintUpper: timesRows(meta.constraintUpper),
    ...(meta.startMultipliers && {
      startMultipliers: Float64Array.from(meta.startMultipliers, (value, i) => (value * objective) / rows[i]!),
    }),
    ...(meta.startBoundMultipliers && {
      startBoundMultipliers: Float64Array.from(meta.startBoundMultipliers, (v, j) => v * objective * variables[j]!),
    }),
  };
}

/** Factor of each entry of the Jacobian. */
function factorsOf(meta: NlpMeta, { rows, variables }: Units): Float64Array {
  const { variableCount: n, constraintCount: m, jacobianPattern } = meta;
  if (jacobianPattern) {
    return Float64Array.from(jacobianPattern.rows, (row, k) => rows[row]! * variables[jacobianPattern.columns[k]!]!);
  }
  const factors = new Float64Array(n * m);
  for (let i = 0, k = 0; i < m; i++) for (let j = 0; j < n; j++, k++) factors[k] = rows[i]! * variables[j]!;
  return factors;
}

function hessianFactorsOf(meta: NlpMeta, { variables }: Units): Float64Array {
  const { variableCount: n, hessianPattern } = meta;
  if (hessianPattern) {
    const { rows, columns } = hessianPattern;
    return Float64Array.from(rows, (row, k) => variables[row]! * variables[columns[k]!]!);
  }
  const factors = new Float64Array((n * (n + 1)) / 2);
  for (let i = 0, k = 0; i < n; i++) for (let j = 0; j <= i; j++, k++) factors[k] = variables[i]! * variables[j]!;
  return factors;
}
