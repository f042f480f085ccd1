import { BarrierTerms, clamp, ElasticRows, nearestInterior } from './interior-terms.js';
import { factorWithInertia, inertiaCorrection, type InertiaCorrection } from '../kkt/index.js';
import type { KktMatrix, KktRequest, ModelStructure } from '../kkt/index.js';
import { RefinedSolve } from '../kkt/index.js';
import { modelGradient, type QuadraticModel, type SubproblemSolution } from '../kkt/index.js';
import { maxAbs } from '../kkt/index.js';

/** What an interior-point solve of a subproblem came to. */
export type InteriorOutcome = 'solved' | 'approximate' | 'failed';

const maxIterations = 80;
const boundaryFraction = 0.995;
/** Complementarity at which an answer counts as solved, relative to the dual scale. */
const complementarityTarget = 1e-10;
const largestStep = 1e15;

/**
 * Primal–dual interior-point method for the elastic subproblem
 *
 *   min ½dᵀ(H + δI)d + gᵀd + ν Σ(p + n)   s.t.  rowLower ≤ Ad + n − p ≤ rowUpper,  stepLower ≤ d ≤ stepUpper,  p, n ≥ 0,
 *
 * which always has a solution when the Hessian is convex on the rows: p + n > 0 at the end measures how inconsistent
 * the linearisation is. Predictor–corrector steps (Mehrotra 1992); the elastic variables and slacks are eliminated, so
 * that each iteration factors one matrix of the model's own structure (their curvature stands on its row diagonal,
 * which also takes care of dependent rows). Where the barrier's system has the wrong inertia its matrix, not the model,
 * gets more on the diagonal, so that a minimiser with a smaller shift is not missed.
 */
export class InteriorPointSolver {
  private readonly request: { -readonly [Key in keyof KktRequest]: KktRequest[Key] };
  private readonly variableDiagonal: Float64Array;
  private readonly rowDiagonal: Float64Array;
  private readonly rightHandSide: Float64Array;
  private readonly gradient: Float64Array;
  private readonly activity: Float64Array;
  private readonly refined: RefinedSolve;
  private structure: ModelStructure | undefined;
  private readonly barrier: BarrierTerms;
  private readonly rows: ElasticRows;

  constructor(
    private readonly matrix: KktMatrix,
    private readonly variableCount: number,
    private readonly rowCount: number,
    private readonly correction: InertiaCorrection,
  ) {
    this.request = {
      hessian: new Float64Array(0),
      jacobian: new Float64Array(0),
      variableDiagonal: new Float64Array(variableCount),
      rowDiagonal: new Float64Array(rowCount),
      held: new Int8Array(variableCount),
      active: new Int8Array(rowCount).fill(1),
    };
    this.variableDiagonal = new Float64Array(variableCount);
    this.rowDiagonal = new Float64Array(rowCount);
    this.rightHandSide = new Float64Array(variableCount + rowCount);
    this.gradient = new Float64Array(variableCount);
    this.activity = new Float64Array(rowCount);
    this.refined = new RefinedSolve(matrix, variableCount, rowCount);
    this.barrier = new BarrierTerms(variableCount);
    this.rows = new ElasticRows(rowCount);
  }

  /** Largest correction of the inertia in the last solve. */
  largestShift = 0;

  /**
   * Fills `solution`, whose working set becomes the sides on which the multiplier outweighs the slack. The
   * start stays `distance` away from the sides where there is room.
   */
  solve(
    model: QuadraticModel,
    solution: SubproblemSolution,
    minimumShift: number,
    penalty: number,
    expired: () => boolean,
    distance = 1,
  ): InteriorOutcome {
    const { variableCount: n, rowCount: m, barrier, rows, request } = this;
    this.structure = model.structure;
    request.hessian = model.hessian;
    request.jacobian = model.jacobian;
    for (let j = 0; j < n; j++) request.held[j] = model.stepLower[j] === model.stepUpper[j] ? 1 : 0;
    const { step, rowMultipliers } = solution;
    const dualScale = clamp(maxAbs(model.gradient), 1, 1e6);
    for (let j = 0; j < n; j++) {
      step[j] =
        request.held[j] !== 0
          ? model.stepLower[j]!
          : nearestInterior(0, model.stepLower[j]!, model.stepUpper[j]!, distance);
    }
    rowMultipliers.fill(0);
    modelGradient(model, minimumShift, step, rowMultipliers, this.gradient, this.activity);
    barrier.start(model.stepLower, model.stepUpper, request.held, step, dualScale);
    rows.start(model.rowLower, model.rowUpper, this.activity, penalty, dualScale, distance);
    const shift = minimumShift;
    this.largestShift = 0;
    Object.assign(this.correction, inertiaCorrection());
    let outcome: InteriorOutcome = 'failed';
    for (let iteration = 0; iteration < maxIterations && !expired(); iteration++) {
      modelGradient(model, shift, step, rowMultipliers, this.gradient, this.activity);
      const pairs = barrier.pairCount + rows.pairCount;
      const gap = barrier.gap() + rows.gap();
      const mu = pairs === 0 ? 0 : gap / pairs;
      const dualError = this.dualError();
      const primalError = rows.primalError(this.activity);
      const small = mu <= complementarityTarget * dualScale && dualError <= 1e-9 * dualScale && primalError <= 1e-9;
      if (small) {
        outcome = 'solved';
        break;
      }
      if (mu <= 1e-6 * dualScale && dualError <= 1e-6 * dualScale && primalError <= 1e-7) outcome = 'approximate';
      barrier.diagonal(this.variableDiagonal);
      rows.diagonal(this.rowDiagonal, rowMultipliers);
      if (!factorWithInertia(this.matrix, request, this.variableDiagonal, this.rowDiagonal, shift, this.correction))
        break;
      this.largestShift = Math.max(this.largestShift, this.correction.shift);
      this.direction(0, false);
      const affine = Math.min(barrier.longest(1), rows.longest(1));
      const affineGap = barrier.gapAfter(affine) + rows.gapAfter(affine);
      const centering = gap > 0 ? Math.pow(affineGap / gap, 3) : 0;
      this.direction(Math.max(centering * mu, 1e-14), true);
      const length = Math.min(1, barrier.longest(boundaryFraction), rows.longest(boundaryFraction));
      for (let j = 0; j < n; j++) step[j] = step[j]! + length * barrier.delta[j]!;
      for (let i = 0; i < m; i++) rowMultipliers[i] = rowMultipliers[i]! + length * rows.deltaMultiplier[i]!;
      barrier.advance(length);
      rows.advance(length);
      if (!(maxAbs(step) < largestStep)) {
        // The model falls without end along a face: more curvature, from where it was still finite.
        return 'failed';
      }
      if (length < 1e-12) break;
    }
    solution.shift = shift;
    this.finish(model, solution, penalty);
    return outcome;
  }

  /** Newton direction towards complementarity `mu`; with `correct` the predictor's second-order terms are used. */
  private direction(mu: number, correct: boolean): void {
    const { variableCount: n, rowCount: m, barrier, rows, rightHandSide, request } = this;
    barrier.residual(mu, correct);
    rows.residual(mu, correct, this.activity);
    for (let j = 0; j < n; j++) {
      rightHandSide[j] = request.held[j] !== 0 ? 0 : -this.gradient[j]! + barrier.rightHandSide[j]!;
    }
    for (let i = 0; i < m; i++) rightHandSide[n + i] = rows.rightHandSide[i]!;
    this.refined.solve(this.structure!, request, rightHandSide);
    for (let j = 0; j < n; j++) barrier.delta[j] = rightHandSide[j]!;
    for (let i = 0; i < m; i++) rows.deltaMultiplier[i] = rightHandSide[n + i]!;
    barrier.expand();
    rows.expand();
  }

  private dualError(): number {
    let worst = 0;
    for (let j = 0; j < this.variableCount; j++) {
      if (this.request.held[j] !== 0) continue;
      worst = Math.max(worst, Math.abs(this.gradient[j]! + this.barrier.dual(j)));
    }
    return Math.max(worst, this.rows.dualError());
  }

  private finish(model: QuadraticModel, solution: SubproblemSolution, penalty: number): void {
    const { variableCount: n, rowCount: m, barrier, rows } = this;
    const { step, rowMultipliers, boundMultipliers, workingSet: set } = solution;
    modelGradient(model, solution.shift, step, rowMultipliers, this.gradient, this.activity);
    for (let j = 0; j < n; j++) {
      const held = this.request.held[j] !== 0;
      set.variables[j] = held ? 1 : barrier.state(j);
      boundMultipliers[j] = held ? -this.gradient[j]! : barrier.dual(j);
    }
    let violation = 0;
    for (let i = 0; i < m; i++) {
      set.rows[i] = rows.state(i);
      const value = this.activity[i]!;
      const excess = Math.max(0, model.rowLower[i]! - value, value - model.rowUpper[i]!);
      // Below the accuracy of the method an elastic variable says nothing.
      if (excess > 1e-7 * Math.max(1, Math.abs(value))) violation += excess;
      rowMultipliers[i] = clamp(rowMultipliers[i]!, -penalty, penalty);
    }
    solution.linearViolation = violation;
  }
}
