import { DenseSymmetricFactor, maxNorm } from '../linalg/index.js';
import type { QuadraticProgram } from '../problem/index.js';
import { Budget } from '../solver/index.js';
import { concludeCandidate, type QpCandidate } from './candidate.js';
import { DenseData } from './dense-data.js';
import { DualIteration, type DualOutcome } from './dual-iteration.js';
import { unboundedRay } from './evidence.js';
import { qpOptions, type QpOptions, type QpOptionsInput } from './options.js';
import type { QpResult, QpWarmStart } from './result.js';

/** Pivots of P below this fraction of their diagonal entry call for the proximal iteration. */
const definiteTolerance = 1e-11;
const maxProximalSteps = 60;

/**
 * Dense dual active-set solver, preallocated for problems of n variables and m rows and made to be called again and
 * again. Semidefinite Hessians (and linear programs) go through proximal-point iterations
 * x⁺ = argmin ½xᵀPx + qᵀx + ½ε‖x − x̂‖², each warm-started from the last working set, and end with one step on the
 * unregularised optimality conditions of that set.
 */
export class DualActiveSetSolver {
  /** As resolved, defaults included. */
  readonly options: QpOptions;
  private readonly data: DenseData;
  private readonly iteration: DualIteration;
  private readonly linear: Float64Array;
  private readonly previous: Float64Array;
  private readonly warmSides: Int8Array;
  private readonly warmMultipliers: Float64Array;
  private definite = false;
  private shift = 0;
  private loaded = false;
  private kkt: { factor: DenseSymmetricFactor; matrix: Float64Array; rhs: Float64Array } | undefined;

  constructor(
    readonly variableCount: number,
    readonly constraintCount: number,
    options?: QpOptionsInput,
  ) {
    this.options = qpOptions.resolve(options);
    this.data = new DenseData(variableCount, constraintCount);
    this.iteration = new DualIteration(this.data);
    this.linear = new Float64Array(variableCount);
    this.previous = new Float64Array(variableCount);
    this.warmSides = new Int8Array(variableCount + constraintCount);
    this.warmMultipliers = new Float64Array(variableCount + constraintCount);
  }

  /**
   * Solves; the result's arrays are new. With `sameMatrices` P and A are taken to be those of the last call and their
   * factorisation is used again.
   */
  solve(problem: QuadraticProgram, warmStart?: QpWarmStart, sameMatrices = false, budget = this.budget()): QpResult {
    const startedAt = performance.now();
    const candidate = this.findCandidate(problem, warmStart, sameMatrices, budget);
    return concludeCandidate(problem, candidate, this.options, (performance.now() - startedAt) / 1000);
  }

  private budget(): Budget {
    return new Budget({ timeLimitSeconds: this.options.timeLimitSeconds });
  }

  /** The unchecked outcome, for callers that check it themselves. */
  findCandidate(
    problem: QuadraticProgram,
    warmStart: QpWarmStart | undefined,
    sameMatrices: boolean,
    budget: Budget,
    maxIterations = this.options.maxIterations,
  ): QpCandidate {
    const { iteration, data } = this;
    if (sameMatrices && this.loaded) data.loadVectors(problem);
    else {
      data.load(problem);
      this.loaded = this.factorHessian();
      if (!this.loaded) return this.candidate('stalled');
    }
    iteration.resetCount();
    if (this.definite) iteration.setLinear(data.linear);
    this.takeWarmStart(warmStart);
    if (this.definite) {
      return this.candidate(iteration.run(budget, maxIterations));
    }
    return this.proximalPoint(problem, warmStart?.x, budget, maxIterations);
  }

  private factorHessian(): boolean {
    const { data, iteration } = this;
    this.shift = 0;
    this.definite = iteration.factorHessian(0, definiteTolerance);
    if (this.definite) return true;
    const largest = maxNorm(data.hessian);
    if (!Number.isFinite(largest)) return false;
    const scale = largest > 0 ? largest : 1e3 * Math.max(1e-3, maxNorm(data.linear));
    this.shift = this.options.regularization * scale;
    for (let attempt = 0; attempt < 3; attempt++) {
      if (iteration.factorHessian(this.shift, 1e-15)) return true;
      this.shift *= 100;
    }
    return false;
  }

  private takeWarmStart(warmStart: QpWarmStart | undefined): void {
    const { warmSides, warmMultipliers, variableCount: n } = this;
    const workingSet = warmStart?.workingSet;
    const multipliers = warmStart?.multipliers;
    const boundMultipliers = warmStart?.boundMultipliers;
    if (workingSet === undefined && multipliers === undefined && boundMultipliers === undefined) {
      this.iteration.begin();
      return;
    }
    warmMultipliers.fill(0);
    if (boundMultipliers !== undefined) warmMultipliers.set(boundMultipliers);
    if (multipliers !== undefined) warmMultipliers.set(multipliers, n);
    if (workingSet !== undefined) {
      warmSides.set(workingSet.bounds);
      warmSides.set(workingSet.constraints, n);
    } else {
      for (let i = 0; i < warmSides.length; i++) warmSides[i] = Math.sign(warmMultipliers[i]!);
    }
    this.iteration.begin(warmSides, warmMultipliers);
  }

  /** Proximal-point iterations (Rockafellar 1976) around the strictly convex solver. */
  private proximalPoint(
    problem: QuadraticProgram,
    start: Float64Array | undefined,
    budget: Budget,
    maxIterations: number,
  ): QpCandidate {
    const { data, iteration, linear, previous, variableCount: n } = this;
    if (start !== undefined) previous.set(start);
    else previous.fill(0);
    for (let step = 0; step < maxProximalSteps; step++) {
      for (let j = 0; j < n; j++) linear[j] = data.linear[j]! - this.shift * previous[j]!;
      iteration.setLinear(linear);
      const changesBefore = iteration.changes;
      const outcome = iteration.run(budget, maxIterations - iteration.steps);
      if (outcome !== 'optimal') return this.candidate(outcome);
      const { x } = iteration;
      let distance = 0;
      for (let j = 0; j < n; j++) distance = Math.max(distance, Math.abs(x[j]! - previous[j]!));
      for (let j = 0; j < n; j++) linear[j] = x[j]! - previous[j]!;
      if (this.shift * distance <= 1e-11 * (1 + maxNorm(data.linear))) {
        return this.exactStep() ?? this.candidate('optimal');
      }
      if (iteration.changes === changesBefore || step % 4 === 3) {
        const polished = this.exactStep();
        if (polished !== undefined) return polished;
        if (unboundedRay(problem, linear) !== undefined) return this.candidate('unbounded', linear.slice());
      }
      previous.set(x);
    }
    return this.candidate('stalled', linear.slice());
  }

  /**
   * Solves the unregularised optimality conditions of the present working set by a symmetric indefinite factorisation;
   * undefined when they are singular or their solution is not optimal.
   */
  private exactStep(): QpCandidate | undefined {
    const { data, iteration, variableCount: n } = this;
    const size = iteration.workingSetSize;
    const order = n + size;
    const capacity = 2 * n;
    this.kkt ??= {
      factor: new DenseSymmetricFactor(capacity),
      matrix: new Float64Array(capacity * capacity),
      rhs: new Float64Array(capacity),
    };
    const { factor, matrix, rhs } = this.kkt;
    matrix.fill(0, 0, order * order);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) matrix[i * order + j] = data.hessian[i * n + j]!;
      rhs[i] = -data.linear[i]!;
    }
    for (let k = 0; k < size; k++) {
      const condition = iteration.member(k);
      data.addRow(condition, 1, matrix, (n + k) * order);
      rhs[n + k] = iteration.sides[condition]! > 0 ? data.upper[condition]! : data.lower[condition]!;
    }
    const inertia = factor.factor(matrix, order, 1e-13);
    if (inertia.zero > 0) return undefined;
    factor.solve(rhs);
    for (let k = 0; k < size; k++) {
      const condition = iteration.member(k);
      const value = rhs[n + k]! * iteration.sides[condition]!;
      if (data.lower[condition] !== data.upper[condition] && value < -1e-10 * (1 + maxNorm(data.linear)))
        return undefined;
    }
    const x = rhs.slice(0, n);
    for (let i = 0; i < data.lower.length; i++) {
      const activity = data.activity(i, x);
      const low = data.lower[i]!;
      const high = data.upper[i]!;
      if (activity < low - 1e-9 * Math.max(1, Math.abs(low))) return undefined;
      if (activity > high + 1e-9 * Math.max(1, Math.abs(high))) return undefined;
    }
    iteration.x.set(x);
    for (let k = 0; k < size; k++) {
      const condition = iteration.member(k);
      const value = rhs[n + k]!;
      const wrongSign = data.lower[condition] !== data.upper[condition] && value * iteration.sides[condition]! < 0;
      iteration.multipliers[condition] = wrongSign ? 0 : value;
    }
    return this.candidate('optimal');
  }

  private candidate(claim: DualOutcome | 'unbounded', ray?: Float64Array): QpCandidate {
    const { iteration, variableCount: n } = this;
    return {
      claim,
      method: 'active-set',
      x: iteration.x.slice(),
      multipliers: iteration.multipliers.slice(n),
      boundMultipliers: iteration.multipliers.slice(0, n),
      workingSet: { bounds: iteration.sides.slice(0, n), constraints: iteration.sides.slice(n) },
      workingSetChanges: iteration.changes,
      iterations: iteration.steps,
      convex: this.definite,
      ...(claim === 'infeasible' && { farkas: iteration.certificate.slice(n) }),
      ...(ray && { ray }),
    };
  }
}
