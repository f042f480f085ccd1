import { DenseSymmetricFactor, maxNorm } from '../linalg/index.js';
import { Budget } from '../solver/index.js';
import { arrowheadEvidence } from './arrowhead-evidence.js';
import {
  arrowheadShape,
  arrowheadToQuadraticProgram,
  tightenShared,
  type ArrowheadQuadraticProgram,
} from './arrowhead-program.js';
import { resultFromEvidence } from './candidate.js';
import { provesOptimal } from './evidence.js';
import { qpOptions, type QpOptions, type QpOptionsInput } from './options.js';
import type { QpResult, QpWarmStart } from './result.js';
import { solveQp } from './solve-qp.js';

const maxNewtonSteps = 60;
const shortestStep = 1e-4;
/** Natural residuals up to this are rounding. */
const roundingResidual = 1e-13;
/** Proximal weight, relative to the other curvatures, that makes a private variable without curvature definite. */
const proximalFraction = 1e-9;

/**
 * Solver of arrowhead programs by a primal–dual active-set method that changes the working set in blocks (Hintermüller,
 * Ito & Kunisch 2003): for given shared variables t and coupling multipliers μ every private variable has a closed
 * form, whose pieces (free, held by its row, held by a bound) are the working set; one small symmetric system of order
 * k + r then moves t and μ to where those pieces meet the shared conditions. A step costs O(n·(k + r)²) and a warm start
 * near the solution needs one or two. Where this does not settle, the general sparse method takes over.
 */
export class ArrowheadSolver {
  readonly options: QpOptions;
  private readonly x: Float64Array;
  private readonly center: Float64Array;
  private readonly y: Float64Array;
  private readonly z: Float64Array;
  /** Per private variable: 0 free, ±1 held by a bound, ±2 held by its row (sign: which side). */
  private readonly piece: Int8Array;
  private readonly previousPiece: Int8Array;
  private readonly shared: Float64Array;
  private readonly sharedStep: Float64Array;
  private readonly baseShared: Float64Array;
  private readonly sharedForce: Float64Array;
  private readonly sharedLower: Float64Array;
  private readonly sharedUpper: Float64Array;
  private readonly coupling: Float64Array;
  private readonly couplingStep: Float64Array;
  private readonly baseCoupling: Float64Array;
  /** Sides held of the shared bounds, then of the coupling rows. */
  private readonly side: Int8Array;
  private readonly previousSide: Int8Array;
  private readonly couplingValue: Float64Array;
  private readonly system: Float64Array;
  private readonly compact: Float64Array;
  private readonly rightHandSide: Float64Array;
  private readonly positions: Int32Array;
  private readonly factor: DenseSymmetricFactor;
  /** Row and side that give the single shared variable its tightest bound, −1 for its own. */
  private lowerSource = -1;
  private upperSource = -1;
  private changes = 0;
  private steps = 0;
  private proximal = 0;

  constructor(
    readonly privateCount: number,
    readonly sharedCount: number,
    readonly couplingCount: number,
    options?: QpOptionsInput,
  ) {
    const n = privateCount;
    const k = sharedCount;
    const r = couplingCount;
    this.options = qpOptions.resolve(options);
    this.x = new Float64Array(n);
    this.center = new Float64Array(n);
    this.y = new Float64Array(n);
    this.z = new Float64Array(n);
    this.piece = new Int8Array(n);
    this.previousPiece = new Int8Array(n);
    this.shared = new Float64Array(k);
    this.sharedStep = new Float64Array(k);
    this.baseShared = new Float64Array(k);
    this.sharedForce = new Float64Array(k);
    this.sharedLower = new Float64Array(k);
    this.sharedUpper = new Float64Array(k);
    this.coupling = new Float64Array(r);
    this.couplingStep = new Float64Array(r);
    this.baseCoupling = new Float64Array(r);
    this.side = new Int8Array(k + r);
    this.previousSide = new Int8Array(k + r);
    this.couplingValue = new Float64Array(r);
    this.system = new Float64Array((k + r) ** 2);
    this.compact = new Float64Array((k + r) ** 2);
    this.rightHandSide = new Float64Array(k + r);
    this.positions = new Int32Array(k + r);
    this.factor = new DenseSymmetricFactor(k + r);
  }

  /**
   * Solves; variables of the result are (x, t), rows the private ones (if any), then the coupling rows, as in
   * `arrowheadToQuadraticProgram`. A warm start is an earlier result of the same shape.
   */
  solve(program: ArrowheadQuadraticProgram, warmStart?: QpWarmStart, budget = this.budget()): QpResult {
    const startedAt = performance.now();
    const shape = arrowheadShape(program);
    if (
      shape.privateCount !== this.privateCount ||
      shape.sharedCount !== this.sharedCount ||
      shape.couplingCount !== this.couplingCount
    ) {
      throw new RangeError('the program has another shape than this solver was made for');
    }
    this.begin(program, warmStart);
    const settled = this.iterate(program, budget);
    if (settled) {
      const result = this.conclude(program, (performance.now() - startedAt) / 1000);
      if (result.termination === 'optimal') return result;
    }
    const end = budget.exhausted(0, 0);
    if (end !== undefined || !this.options.fallback) {
      return this.conclude(program, (performance.now() - startedAt) / 1000, end);
    }
    const general = solveQp(
      arrowheadToQuadraticProgram(program),
      { ...finiteOptions(this.options), method: 'interior-point' },
      undefined,
      { timeLimitSeconds: budget.timeLimitSeconds - budget.elapsedSeconds(), signal: budget.signal },
    );
    return {
      ...general,
      iterations: general.iterations + this.steps,
      timeSeconds: (performance.now() - startedAt) / 1000,
    };
  }

  private budget(): Budget {
    return new Budget({ timeLimitSeconds: this.options.timeLimitSeconds });
  }

  private begin(program: ArrowheadQuadraticProgram, warmStart: QpWarmStart | undefined): void {
    const { privateCount: n, sharedCount: k, couplingCount: r } = this;
    const rowCount = program.privateRows === undefined ? 0 : n;
    this.changes = 0;
    this.steps = 0;
    this.proximal = proximalFraction * (maxNorm(program.privateHessian) || 1);
    const tightened = tightenShared(program);
    this.sharedLower.set(tightened.lower);
    this.sharedUpper.set(tightened.upper);
    this.lowerSource = tightened.lowerSource;
    this.upperSource = tightened.upperSource;
    for (let j = 0; j < n; j++) {
      const start = warmStart?.x?.[j] ?? 0;
      this.center[j] = Math.min(program.privateUpper[j]!, Math.max(program.privateLower[j]!, start));
    }
    for (let c = 0; c < k; c++) {
      const start = warmStart?.x?.[n + c] ?? 0;
      this.shared[c] = Math.min(this.sharedUpper[c]!, Math.max(this.sharedLower[c]!, start));
      this.previousSide[c] = warmStart?.workingSet?.bounds[n + c] ?? 0;
    }
    for (let i = 0; i < r; i++) {
      this.coupling[i] = warmStart?.multipliers?.[rowCount + i] ?? 0;
      this.previousSide[k + i] = warmStart?.workingSet?.constraints[rowCount + i] ?? 0;
    }
    this.previousPiece.fill(0);
    if (warmStart?.workingSet === undefined) return;
    const { bounds, constraints } = warmStart.workingSet;
    for (let j = 0; j < n; j++) {
      const row = rowCount > 0 ? constraints[j]! : 0;
      this.previousPiece[j] = row !== 0 ? 2 * row : bounds[j]!;
    }
  }

  /** Newton steps with line search until the pieces stay as they are; false when they do not settle. */
  private iterate(program: ArrowheadQuadraticProgram, budget: Budget): boolean {
    if (this.sharedCount === 1 && this.sharedLower[0]! > this.sharedUpper[0]!) return false;
    const { shared, coupling, baseShared, baseCoupling, sharedStep, couplingStep } = this;
    this.evaluate(program);
    let residual = this.updateSides(program);
    this.changes += this.acceptPieces();
    while (this.steps < maxNewtonSteps && budget.exhausted(0, 0) === undefined) {
      if (!Number.isFinite(residual) || !this.newtonDirection(program)) return false;
      this.steps++;
      baseShared.set(shared);
      baseCoupling.set(coupling);
      this.center.set(this.x);
      let length = 1;
      let updated = Infinity;
      for (; length > shortestStep; length *= 0.5) {
        for (let c = 0; c < shared.length; c++) {
          const moved = baseShared[c]! + length * sharedStep[c]!;
          shared[c] = Math.min(this.sharedUpper[c]!, Math.max(this.sharedLower[c]!, moved));
        }
        for (let i = 0; i < coupling.length; i++) coupling[i] = baseCoupling[i]! + length * couplingStep[i]!;
        this.evaluate(program);
        updated = this.updateSides(program);
        if (updated <= (1 - 1e-4 * length) * residual || updated <= roundingResidual) break;
      }
      residual = updated;
      const changed = this.acceptPieces();
      this.changes += changed;
      if (changed === 0 && length === 1 && this.centered()) return true;
    }
    return false;
  }

  /** Takes the pieces and sides of the present point as the working set; returns how many are new. */
  private acceptPieces(): number {
    const { piece, previousPiece, side, previousSide } = this;
    let changed = 0;
    for (let j = 0; j < piece.length; j++) {
      if (piece[j] !== previousPiece[j]) changed++;
      previousPiece[j] = piece[j]!;
    }
    for (let c = 0; c < side.length; c++) {
      if (side[c] !== previousSide[c]) changed++;
      previousSide[c] = side[c]!;
    }
    return changed;
  }

  /** True when the proximal terms have faded: the free variables stay where they were. */
  private centered(): boolean {
    let distance = 0;
    let size = 1;
    for (let j = 0; j < this.privateCount; j++) {
      if (this.piece[j] !== 0) continue;
      distance = Math.max(distance, Math.abs(this.x[j]! - this.center[j]!));
      size = Math.max(size, Math.abs(this.x[j]!));
    }
    return this.proximal * distance <= 1e-12 * size;
  }

  /**
   * Private variables and their pieces for the present t and μ, the force on each t, the value of each coupling row,
   * and the matrix of the small system.
   */
  private evaluate(program: ArrowheadQuadraticProgram): void {
    const {
      privateCount: n,
      sharedCount: k,
      couplingCount: r,
      system,
      sharedForce,
      couplingValue,
      shared,
      coupling,
    } = this;
    const order = k + r;
    const rows = program.privateRows;
    const couplingPrivate = program.couplingPrivate.values;
    const couplingShared = program.couplingShared?.values;
    this.startSystem(program);
    for (let j = 0; j < n; j++) {
      let slope = program.privateLinear[j]! - this.proximal * this.center[j]!;
      for (let i = 0; i < r; i++) slope += couplingPrivate[i * n + j]! * coupling[i]!;
      const curvature = program.privateHessian[j]! + this.proximal;
      let low = program.privateLower[j]!;
      let high = program.privateUpper[j]!;
      let lowPiece = -1;
      let highPiece = 1;
      const a = rows === undefined ? 0 : rows.privateCoefficients[j]!;
      if (rows !== undefined && a !== 0) {
        let offset = 0;
        for (let c = 0; c < k; c++) offset += rows.sharedCoefficients.values[j * k + c]! * shared[c]!;
        const rowLow = (a > 0 ? rows.lower[j]! - offset : rows.upper[j]! - offset) / a;
        const rowHigh = (a > 0 ? rows.upper[j]! - offset : rows.lower[j]! - offset) / a;
        if (rowLow > low) {
          low = rowLow;
          lowPiece = a > 0 ? -2 : 2;
        }
        if (rowHigh < high) {
          high = rowHigh;
          highPiece = a > 0 ? 2 : -2;
        }
      }
      const free = -slope / curvature;
      let piece = 0;
      let value = free;
      if (free <= low) {
        value = low;
        piece = lowPiece;
      } else if (free >= high) {
        value = high;
        piece = highPiece;
      }
      this.x[j] = value;
      this.piece[j] = piece;
      const force = -(curvature * value + slope);
      this.y[j] = 0;
      this.z[j] = 0;
      for (let i = 0; i < r; i++) couplingValue[i]! += couplingPrivate[i * n + j]! * value;
      if (piece === 1 || piece === -1) this.z[j] = force;
      else if (piece === 0) {
        for (let i = 0; i < r; i++) {
          const factor = couplingPrivate[i * n + j]! / curvature;
          if (factor === 0) continue;
          for (let h = 0; h <= i; h++) system[(k + i) * order + k + h]! -= factor * couplingPrivate[h * n + j]!;
        }
      } else if (rows !== undefined) {
        const multiplier = force / a;
        this.y[j] = multiplier;
        for (let c = 0; c < k; c++) {
          const ratio = rows.sharedCoefficients.values[j * k + c]! / a;
          sharedForce[c]! += rows.sharedCoefficients.values[j * k + c]! * multiplier;
          for (let h = 0; h <= c; h++) {
            system[c * order + h]! += (curvature * ratio * rows.sharedCoefficients.values[j * k + h]!) / a;
          }
          for (let i = 0; i < r; i++) system[(k + i) * order + c]! -= ratio * couplingPrivate[i * n + j]!;
        }
      }
    }
    for (let i = 0; i < r; i++) {
      for (let c = 0; c < k; c++) couplingValue[i]! += (couplingShared?.[i * k + c] ?? 0) * shared[c]!;
    }
  }

  /** The parts of force, values and system that do not depend on the private variables. */
  private startSystem(program: ArrowheadQuadraticProgram): void {
    const { sharedCount: k, couplingCount: r, system, sharedForce, couplingValue, shared, coupling } = this;
    const order = k + r;
    system.fill(0);
    couplingValue.fill(0);
    for (let c = 0; c < k; c++) {
      let force = program.sharedLinear[c]!;
      for (let h = 0; h < k; h++) {
        const entry = program.sharedHessian?.values[c * k + h] ?? 0;
        force += entry * shared[h]!;
        if (h <= c) system[c * order + h] = entry;
      }
      for (let i = 0; i < r; i++) {
        const entry = program.couplingShared?.values[i * k + c] ?? 0;
        force += entry * coupling[i]!;
        system[(k + i) * order + c] = entry;
      }
      sharedForce[c] = force;
    }
  }

  /**
   * Puts shared bounds and coupling rows in or out of the working set by the sign rules of their natural residuals;
   * returns the size of those residuals, each relative to its own scale.
   */
  private updateSides(program: ArrowheadQuadraticProgram): number {
    const { sharedCount: k, couplingCount: r, shared, sharedForce, coupling, couplingValue, side } = this;
    const forceScale = 1 + maxNorm(program.sharedLinear);
    let residual = 0;
    for (let c = 0; c < k; c++) {
      const force = sharedForce[c]!;
      if (shared[c]! <= this.sharedLower[c]! && force >= 0) side[c] = -1;
      else if (shared[c]! >= this.sharedUpper[c]! && force <= 0) side[c] = 1;
      else {
        side[c] = 0;
        residual = Math.max(residual, Math.abs(force) / forceScale);
      }
    }
    for (let i = 0; i < r; i++) {
      const lower = program.couplingLower[i]!;
      const upper = program.couplingUpper[i]!;
      const multiplier = coupling[i]!;
      // min(scale·μ, slack) of the side that the multiplier points to, in units of the row.
      const near = Math.abs(couplingValue[i]! - lower) < Math.abs(couplingValue[i]! - upper) ? lower : upper;
      const scale = Math.max(1, Math.abs(near)) / forceScale;
      const rowScale = scale * forceScale;
      const aim = couplingValue[i]! + scale * multiplier;
      let distance: number;
      if (lower === upper || aim > upper) {
        side[k + i] = 1;
        distance = couplingValue[i]! - upper;
      } else if (aim < lower) {
        side[k + i] = -1;
        distance = couplingValue[i]! - lower;
      } else {
        side[k + i] = 0;
        distance = scale * multiplier;
      }
      residual = Math.max(residual, Math.abs(distance) / rowScale);
    }
    return residual;
  }

  /** Direction that the small system gives: free shared variables and held coupling rows move, others let go. */
  private newtonDirection(program: ArrowheadQuadraticProgram): boolean {
    const { sharedCount: k, couplingCount: r, system, compact, rightHandSide, positions, coupling, side } = this;
    const { sharedStep, couplingStep } = this;
    const order = k + r;
    let size = 0;
    for (let c = 0; c < order; c++) {
      const moves = c < k ? side[c] === 0 : side[c] !== 0;
      if (moves) positions[size++] = c;
    }
    sharedStep.fill(0);
    couplingStep.fill(0);
    for (let i = 0; i < r; i++) if (side[k + i] === 0) couplingStep[i] = -coupling[i]!;
    let largest = 0;
    for (let a = 0; a < size; a++) {
      const row = positions[a]!;
      for (let b = 0; b <= a; b++) {
        const value = system[row * order + positions[b]!]!;
        compact[a * size + b] = value;
        largest = Math.max(largest, Math.abs(value));
      }
      let target: number;
      if (row < k) target = -this.sharedForce[row]!;
      else {
        const i = row - k;
        target = (side[row]! > 0 ? program.couplingUpper[i]! : program.couplingLower[i]!) - this.couplingValue[i]!;
      }
      for (let i = 0; i < r; i++) {
        if (side[k + i] !== 0) continue;
        const entry = row > k + i ? system[row * order + k + i]! : system[(k + i) * order + row]!;
        target -= entry * couplingStep[i]!;
      }
      rightHandSide[a] = target;
    }
    if (!Number.isFinite(largest)) return false;
    if (size === 0) return true;
    // A vanishing diagonal (no curvature, nothing free) is made definite far below the other entries.
    const tiny = 1e-13 * (largest || 1);
    for (let a = 0; a < size; a++) compact[a * size + a]! += positions[a]! < k ? tiny : -tiny;
    this.factor.factor(compact, size, 0);
    const solution = rightHandSide.subarray(0, size);
    this.factor.solve(solution);
    for (let a = 0; a < size; a++) {
      const index = positions[a]!;
      if (!Number.isFinite(solution[a]!)) return false;
      if (index < k) sharedStep[index] = solution[a]!;
      else couplingStep[index - k] = solution[a]!;
    }
    return true;
  }

  /** Assembles multipliers and working set and lets the evidence decide. */
  private conclude(program: ArrowheadQuadraticProgram, timeSeconds: number, end?: QpResult['termination']): QpResult {
    const { privateCount: n, sharedCount: k, couplingCount: r } = this;
    const rowCount = program.privateRows === undefined ? 0 : n;
    const x = new Float64Array(n + k);
    const multipliers = new Float64Array(rowCount + r);
    const boundMultipliers = new Float64Array(n + k);
    const bounds = new Int8Array(n + k);
    const constraints = new Int8Array(rowCount + r);
    x.set(this.x);
    x.set(this.shared, n);
    for (let j = 0; j < n; j++) {
      const piece = this.piece[j]!;
      if (piece === 1 || piece === -1) bounds[j] = piece;
      else if (piece !== 0) constraints[j] = piece / 2;
      if (rowCount > 0) multipliers[j] = this.y[j]!;
      boundMultipliers[j] = this.z[j]!;
    }
    for (let i = 0; i < r; i++) {
      multipliers[rowCount + i] = this.coupling[i]!;
      constraints[rowCount + i] = this.side[k + i]!;
    }
    for (let c = 0; c < k; c++) {
      const side = this.side[c]!;
      if (side === 0) continue;
      bounds[n + c] = side;
      boundMultipliers[n + c] = -this.sharedForce[c]!;
    }
    this.passToSource(program, multipliers, boundMultipliers, bounds, constraints);
    const point = { x, multipliers, boundMultipliers };
    const evidence = arrowheadEvidence(program, point);
    const limit = end === 'time-limit' || end === 'interrupted' ? end : undefined;
    const claim = provesOptimal(evidence, this.options) ? 'optimal' : (limit ?? 'stalled');
    return resultFromEvidence(
      {
        ...point,
        claim,
        method: 'structured',
        workingSet: { bounds, constraints },
        workingSetChanges: this.changes,
        iterations: this.steps,
      },
      evidence,
      this.options,
      timeSeconds,
    );
  }

  /** A multiplier of a bound on t that comes from a private row and its variable's bound belongs to those two. */
  private passToSource(
    program: ArrowheadQuadraticProgram,
    multipliers: Float64Array,
    boundMultipliers: Float64Array,
    bounds: Int8Array,
    constraints: Int8Array,
  ): void {
    const n = this.privateCount;
    const rows = program.privateRows;
    if (rows === undefined || this.sharedCount !== 1 || this.side[0] === 0) return;
    const source = this.side[0]! > 0 ? this.upperSource : this.lowerSource;
    if (source < 0) return;
    const a = rows.privateCoefficients[source]!;
    const extra = boundMultipliers[n]! / rows.sharedCoefficients.values[source]!;
    multipliers[source]! += extra;
    constraints[source] = extra > 0 ? 1 : -1;
    boundMultipliers[n] = 0;
    bounds[n] = 0;
    if (a === 0) return;
    boundMultipliers[source]! -= a * extra;
    bounds[source] = boundMultipliers[source]! > 0 ? 1 : -1;
  }
}

/** The options as a caller may give them: an infinite limit is one not given. */
function finiteOptions(options: QpOptions): QpOptionsInput {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== Infinity));
}

/** Solves one arrowhead program; see `ArrowheadSolver` for repeated solves. */
export function solveArrowheadQp(
  program: ArrowheadQuadraticProgram,
  options?: QpOptionsInput,
  warmStart?: QpWarmStart,
): QpResult {
  const { privateCount, sharedCount, couplingCount } = arrowheadShape(program);
  return new ArrowheadSolver(privateCount, sharedCount, couplingCount, options).solve(program, warmStart);
}
