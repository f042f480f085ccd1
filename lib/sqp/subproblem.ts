import { inertiaCorrection, type InertiaCorrection } from '../kkt/index.js';
import { InteriorPointSolver } from './interior-point.js';
import { multiplyHessian, type KktMatrix } from '../kkt/index.js';
import { subproblemSolution, type QuadraticModel, type SubproblemSolution } from '../kkt/index.js';
import { WorkingSetSolver } from './working-set-solver.js';

/**
 * `solved`: exact on its working set; `approximate`: an interior-point answer; `inconsistent`: the least violated step
 * of an elastic subproblem; `failed`: no usable step.
 */
export type SubproblemOutcome = 'solved' | 'approximate' | 'inconsistent' | 'failed';

const predictionRounds = 25;
const confirmationRounds = 12;
/** Multipliers beyond this come from dependent rows rather than from the problem. */
const largestMultiplier = 1e10;
/** ν beyond which an elastic subproblem counts as inconsistent. */
const largestPenalty = 1e9;
/** Starts of the interior paths of a non-convex quadratic program, and the size up to which they are tried. */
const startDistances = [1, 10];
const largestNonconvexProgram = 500;

/** Solves the subproblems of one problem: prediction of the working set first, interior point where that does not settle. */
export class SubproblemSolver {
  readonly workingSetSolver: WorkingSetSolver;
  private readonly interior: InteriorPointSolver;
  private readonly spare: SubproblemSolution;
  private lastShift = 0;
  private bestSpare: SubproblemSolution | undefined;
  /** True if the matrix still holds the factors of the final working set. */
  factorsMatchSolution = false;

  constructor(
    matrix: KktMatrix,
    variableCount: number,
    rowCount: number,
    correction: InertiaCorrection,
    private readonly isQuadraticProgram: boolean,
  ) {
    this.workingSetSolver = new WorkingSetSolver(matrix, variableCount, rowCount, correction);
    this.interior = new InteriorPointSolver(matrix, variableCount, rowCount, inertiaCorrection());
    this.spare = subproblemSolution(variableCount, rowCount);
  }

  /** Forgets what earlier subproblems needed. */
  reset(): void {
    this.lastShift = 0;
  }

  /** `solution.workingSet` is the prediction; `penalty` is ν of the elastic subproblem. */
  solve(
    model: QuadraticModel,
    solution: SubproblemSolution,
    minimumShift: number,
    penalty: number,
    expired: () => boolean,
  ): SubproblemOutcome {
    this.factorsMatchSolution = false;
    const predicted = this.workingSetSolver.solve(model, solution, minimumShift, predictionRounds);
    if (this.isQuadraticProgram && solution.shift > minimumShift && solution.step.length <= largestNonconvexProgram) {
      return this.solveNonconvex(model, solution, minimumShift, penalty, expired, predicted === 'solved');
    }
    if (predicted === 'solved' && isModerate(solution)) {
      solution.linearViolation = 0;
      this.factorsMatchSolution = true;
      return 'solved';
    }
    let weight = penalty;
    for (;;) {
      const outcome = this.solveElastic(model, solution, minimumShift, weight, expired);
      if (outcome === 'failed') return 'failed';
      if (solution.linearViolation === 0) return this.confirm(model, solution, minimumShift, outcome);
      // A heavier penalty tells rows that contradict each other from ones that were only too cheap to violate.
      const before = solution.linearViolation;
      if (weight >= largestPenalty || expired()) return 'inconsistent';
      weight *= 100;
      copySolution(solution, this.spare);
      const heavier = this.solveElastic(model, solution, minimumShift, weight, expired);
      if (heavier === 'failed' || solution.linearViolation > 0.9 * before) {
        copySolution(this.spare, solution);
        return 'inconsistent';
      }
      if (solution.linearViolation === 0) return this.confirm(model, solution, minimumShift, heavier);
    }
  }

  /**
   * A non-convex quadratic program is all of the problem, so it is worth the local minima at the end of several paths:
   * the lowest is taken.
   */
  private solveNonconvex(
    model: QuadraticModel,
    solution: SubproblemSolution,
    minimumShift: number,
    penalty: number,
    expired: () => boolean,
    predicted: boolean,
  ): SubproblemOutcome {
    const best = (this.bestSpare ??= subproblemSolution(solution.step.length, solution.rowMultipliers.length));
    let lowest = Infinity;
    let outcome: SubproblemOutcome = 'failed';
    const consider = (found: SubproblemOutcome): void => {
      if (found === 'failed') return;
      const value = found === 'inconsistent' ? Number.MAX_VALUE : modelValue(model, solution.step);
      if (!(value < lowest)) return;
      lowest = value;
      outcome = found;
      copySolution(solution, best);
    };
    if (predicted && isModerate(solution)) consider('solved');
    for (const distance of startDistances) {
      const found = this.solveElastic(model, solution, minimumShift, penalty, expired, distance);
      consider(found === 'failed' ? 'failed' : this.confirm(model, solution, minimumShift, found));
    }
    copySolution(best, solution);
    this.factorsMatchSolution = false;
    return outcome;
  }

  private solveElastic(
    model: QuadraticModel,
    solution: SubproblemSolution,
    minimumShift: number,
    penalty: number,
    expired: () => boolean,
    distance = 1,
  ): 'solved' | 'approximate' | 'failed' {
    // A shift that the last subproblem needed is rarely needless in the next one.
    const remembered = this.lastShift / 10;
    let shift = remembered > 1e-7 ? Math.max(minimumShift, remembered) : minimumShift;
    const first = shift;
    for (let attempt = 0; attempt < 6 && !expired(); attempt++) {
      const outcome = this.interior.solve(model, solution, shift, penalty, expired, distance);
      if (outcome !== 'failed') {
        this.lastShift = shift > minimumShift ? shift : 0;
        return outcome;
      }
      shift = shift === first ? Math.max(1e-6, 10 * shift, 0.1 * this.interior.largestShift) : 30 * shift;
    }
    return 'failed';
  }

  /** Replaces an interior-point answer by the exact one on its working set where that works out. */
  private confirm(
    model: QuadraticModel,
    solution: SubproblemSolution,
    minimumShift: number,
    outcome: 'solved' | 'approximate',
  ): SubproblemOutcome {
    if (solution.linearViolation > 0) return 'inconsistent';
    const { spare } = this;
    spare.workingSet.rows.set(solution.workingSet.rows);
    spare.workingSet.variables.set(solution.workingSet.variables);
    const confirmed = this.workingSetSolver.solve(model, spare, minimumShift, confirmationRounds);
    if (confirmed === 'solved' && isModerate(spare)) {
      copySolution(spare, solution);
      this.factorsMatchSolution = true;
      return 'solved';
    }
    return outcome === 'solved' ? 'solved' : 'approximate';
  }
}

/** ½dᵀHd + gᵀd. */
function modelValue(model: QuadraticModel, step: Float64Array): number {
  const product = new Float64Array(step.length);
  multiplyHessian(model.structure, model.hessian, step, product);
  let value = 0;
  for (let j = 0; j < step.length; j++) value += (model.gradient[j]! + 0.5 * product[j]!) * step[j]!;
  return value;
}

function isModerate(solution: SubproblemSolution): boolean {
  for (const value of solution.rowMultipliers) if (!(Math.abs(value) < largestMultiplier)) return false;
  return true;
}

export function copySolution(from: SubproblemSolution, to: SubproblemSolution): void {
  to.step.set(from.step);
  to.rowMultipliers.set(from.rowMultipliers);
  to.boundMultipliers.set(from.boundMultipliers);
  to.workingSet.rows.set(from.workingSet.rows);
  to.workingSet.variables.set(from.workingSet.variables);
  to.linearViolation = from.linearViolation;
  to.shift = from.shift;
}
