import { factorWithInertia, type InertiaCorrection } from '../kkt/index.js';
import type { KktMatrix, KktRequest } from '../kkt/index.js';
import { modelGradient, type QuadraticModel, type SubproblemSolution, type WorkingSet } from '../kkt/index.js';
import { maxAbs } from '../kkt/index.js';

/** Result of the search for the working set. */
export type WorkingSetOutcome = 'solved' | 'undecided' | 'inconsistent';

const primalTolerance = 1e-9;
const dualTolerance = 1e-9;
const refinementPasses = 5;
/** Relative residual at which refinement ends. */
const refinementTarget = 1e-13;
/** Relative residual above which a solution of the system is not one. */
const unusableResidual = 1e-2;
/** After this many changes of whole blocks only the worst entry is exchanged, which cannot zigzag as easily. */
const blockChanges = 8;

/**
 * Primal–dual active set method for one subproblem (Hintermüller, Ito & Kunisch 2002; Curtis, Han & Robinson 2015):
 * all violated sides enter and all multipliers of wrong sign leave at once, each round being one factorisation. A
 * predicted working set that is right costs exactly one. The Hessian need only be positive definite on the null space of
 * the final working set; else δI is added. Ends `undecided` when the sets recur or the rounds are used up.
 */
export class WorkingSetSolver {
  private readonly request: { -readonly [Key in keyof KktRequest]: KktRequest[Key] };
  private readonly rightHandSide: Float64Array;
  private readonly residual: Float64Array;
  private readonly modelGradient: Float64Array;
  private readonly activity: Float64Array;
  private readonly zeroRows: Float64Array;
  private readonly seen = new Set<number>();
  rounds = 0;

  constructor(
    private readonly matrix: KktMatrix,
    variableCount: number,
    rowCount: number,
    private readonly correction: InertiaCorrection,
  ) {
    this.request = {
      hessian: new Float64Array(0),
      jacobian: new Float64Array(0),
      variableDiagonal: new Float64Array(variableCount),
      rowDiagonal: new Float64Array(rowCount),
      held: new Int8Array(variableCount),
      active: new Int8Array(rowCount),
    };
    this.rightHandSide = new Float64Array(variableCount + rowCount);
    this.residual = new Float64Array(variableCount + rowCount);
    this.modelGradient = new Float64Array(variableCount);
    this.activity = new Float64Array(rowCount);
    this.zeroRows = new Float64Array(rowCount);
  }

  /** Starts from `solution.workingSet`; on `solved` the whole solution is filled in. */
  solve(
    model: QuadraticModel,
    solution: SubproblemSolution,
    minimumShift: number,
    maxRounds: number,
  ): WorkingSetOutcome {
    const set = solution.workingSet;
    forceEqualities(model, set);
    this.seen.clear();
    let relaxed = false;
    for (let round = 0; round < maxRounds; round++) {
      this.rounds++;
      if (this.recurs(set) && round >= blockChanges) return 'undecided';
      if (!this.solveWithUsableShift(model, solution, minimumShift)) {
        // Sides whose gradients depend on each other: the equalities alone seldom do.
        if (relaxed || !dropInequalities(model, set)) return 'undecided';
        relaxed = true;
        continue;
      }
      const changed = this.update(model, solution, relaxed || round >= blockChanges);
      if (changed) continue;
      return this.worstActiveResidual(model, solution) > 1e-7 ? 'inconsistent' : 'solved';
    }
    return 'undecided';
  }

  private recurs(set: WorkingSet): boolean {
    let hash = 17;
    for (const state of set.rows) hash = (Math.imul(hash, 31) + state) | 0;
    for (const state of set.variables) hash = (Math.imul(hash, 31) + state) | 0;
    if (this.seen.has(hash)) return true;
    this.seen.add(hash);
    return false;
  }

  /** A system too close to singular to be solved is shifted further. */
  private solveWithUsableShift(model: QuadraticModel, solution: SubproblemSolution, minimumShift: number): boolean {
    let shift = minimumShift;
    for (let attempt = 0; attempt < 4; attempt++) {
      if (this.solveOnWorkingSet(model, solution, shift)) return true;
      shift = 1e3 * Math.max(this.correction.shift, 1e-9);
    }
    return false;
  }

  /** One equality-constrained problem on the given working set. */
  private solveOnWorkingSet(model: QuadraticModel, solution: SubproblemSolution, minimumShift: number): boolean {
    const { request } = this;
    const { step, workingSet: set } = solution;
    request.hessian = model.hessian;
    request.jacobian = model.jacobian;
    request.held.set(set.variables);
    request.active.set(set.rows);
    if (!factorWithInertia(this.matrix, request, undefined, undefined, minimumShift, this.correction)) return false;
    solution.shift = this.correction.shift;
    for (let j = 0; j < step.length; j++) {
      const state = set.variables[j]!;
      step[j] = state === 0 ? 0 : state < 0 ? model.stepLower[j]! : model.stepUpper[j]!;
    }
    solution.rowMultipliers.fill(0);
    // The first pass solves, the others refine against the system without γ.
    let previous = Infinity;
    const scale = Math.max(1, maxAbs(model.gradient));
    for (let pass = 0; pass < refinementPasses; pass++) {
      const residual = this.residualAt(model, solution);
      if (!(residual < 0.9 * previous) || (pass > 1 && residual <= refinementTarget * scale)) break;
      this.correct(solution);
      previous = residual;
    }
    return this.finish(model, solution) && this.residualAt(model, solution) <= unusableResidual * scale;
  }

  /** Right-hand side for the present step and multipliers; returns its max-norm. */
  private residualAt(model: QuadraticModel, solution: SubproblemSolution): number {
    const { rightHandSide, modelGradient: gradient, activity } = this;
    const { step, rowMultipliers, workingSet: set } = solution;
    const n = step.length;
    modelGradient(model, solution.shift, step, rowMultipliers, gradient, activity);
    for (let j = 0; j < n; j++) rightHandSide[j] = set.variables[j] === 0 ? -gradient[j]! : 0;
    for (let i = 0; i < rowMultipliers.length; i++) {
      const state = set.rows[i]!;
      rightHandSide[n + i] = state === 0 ? 0 : sideOf(model, i, state) - activity[i]!;
    }
    return maxAbs(rightHandSide);
  }

  /** Adds the factored system's solution for the residual just computed. */
  private correct(solution: SubproblemSolution): void {
    const { rightHandSide } = this;
    const { step, rowMultipliers } = solution;
    this.matrix.solve(rightHandSide);
    for (let j = 0; j < step.length; j++) step[j] = step[j]! + rightHandSide[j]!;
    for (let i = 0; i < rowMultipliers.length; i++) {
      rowMultipliers[i] = rowMultipliers[i]! + rightHandSide[step.length + i]!;
    }
  }

  private finish(model: QuadraticModel, solution: SubproblemSolution): boolean {
    const { step, rowMultipliers, boundMultipliers, workingSet: set } = solution;
    modelGradient(model, solution.shift, step, rowMultipliers, this.modelGradient, this.activity);
    let finite = true;
    for (let j = 0; j < step.length; j++) {
      boundMultipliers[j] = set.variables[j] === 0 ? 0 : -this.modelGradient[j]!;
      if (!Number.isFinite(step[j]!)) finite = false;
    }
    for (const value of rowMultipliers) if (!Number.isFinite(value)) finite = false;
    return finite;
  }

  /** Enters violated sides and drops multipliers of wrong sign; false when nothing is wrong. */
  private update(model: QuadraticModel, solution: SubproblemSolution, onlyWorst: boolean): boolean {
    const { step, rowMultipliers, boundMultipliers, workingSet: set } = solution;
    const scale = dualTolerance * Math.max(1, maxAbs(model.gradient));
    let worst = 0;
    let worstIndex = -1;
    let worstState = 0;
    let changed = false;
    const n = step.length;
    for (let k = 0; k < n + rowMultipliers.length; k++) {
      const isVariable = k < n;
      const i = isVariable ? k : k - n;
      const states = isVariable ? set.variables : set.rows;
      const lower = isVariable ? model.stepLower[i]! : model.rowLower[i]!;
      const upper = isVariable ? model.stepUpper[i]! : model.rowUpper[i]!;
      if (lower === upper) continue;
      const state = states[i]!;
      let next: number;
      let size: number;
      if (state === 0) {
        const value = isVariable ? step[i]! : this.activity[i]!;
        const below = lower === -Infinity ? 0 : (lower - value) / Math.max(1, Math.abs(lower));
        const above = upper === Infinity ? 0 : (value - upper) / Math.max(1, Math.abs(upper));
        size = Math.max(below, above);
        if (!(size > primalTolerance)) continue;
        next = below > above ? -1 : 1;
      } else {
        const multiplier = isVariable ? boundMultipliers[i]! : rowMultipliers[i]!;
        size = -state * multiplier;
        if (!(size > scale)) continue;
        next = 0;
        size /= Math.max(1, scale / dualTolerance);
      }
      changed = true;
      if (!onlyWorst) states[i] = next;
      else if (size > worst) {
        worst = size;
        worstIndex = k;
        worstState = next;
      }
    }
    if (onlyWorst && worstIndex >= 0) {
      if (worstIndex < n) set.variables[worstIndex] = worstState;
      else set.rows[worstIndex - n] = worstState;
    }
    return changed;
  }

  private worstActiveResidual(model: QuadraticModel, solution: SubproblemSolution): number {
    let worst = 0;
    for (let i = 0; i < this.activity.length; i++) {
      const state = solution.workingSet.rows[i]!;
      if (state === 0) continue;
      const side = sideOf(model, i, state);
      worst = Math.max(worst, Math.abs(side - this.activity[i]!) / Math.max(1, Math.abs(side)));
    }
    return worst;
  }

  /**
   * Correction of the last solution's step for other row residuals, reusing its factorisation: the least change d̂ in the
   * model's metric with A_W d̂ = −residual_W. Writes d̂ into `target`.
   */
  secondOrderStep(solution: SubproblemSolution, rowResiduals: Float64Array, target: Float64Array): void {
    const { residual } = this;
    const n = target.length;
    residual.fill(0, 0, n);
    for (let i = 0; i < rowResiduals.length; i++) {
      residual[n + i] = solution.workingSet.rows[i] === 0 ? 0 : -rowResiduals[i]!;
    }
    this.matrix.solve(residual);
    for (let j = 0; j < n; j++) target[j] = residual[j]!;
  }
}

function sideOf(model: QuadraticModel, row: number, state: number): number {
  return state < 0 ? model.rowLower[row]! : model.rowUpper[row]!;
}

/** Equal sides are always in the working set, and no entry is held at a side that does not exist. */
export function forceEqualities(model: QuadraticModel, set: WorkingSet): void {
  for (let i = 0; i < set.rows.length; i++) {
    set.rows[i] = admissible(set.rows[i]!, model.rowLower[i]!, model.rowUpper[i]!);
  }
  for (let j = 0; j < set.variables.length; j++) {
    set.variables[j] = admissible(set.variables[j]!, model.stepLower[j]!, model.stepUpper[j]!);
  }
}

/** Leaves only equal sides in the working set; false if nothing else was in it. */
function dropInequalities(model: QuadraticModel, set: WorkingSet): boolean {
  const before = sides(set);
  for (let i = 0; i < set.rows.length; i++) if (model.rowLower[i] !== model.rowUpper[i]) set.rows[i] = 0;
  for (let j = 0; j < set.variables.length; j++) if (model.stepLower[j] !== model.stepUpper[j]) set.variables[j] = 0;
  return sides(set) < before;
}

function sides({ rows, variables }: WorkingSet): number {
  let count = 0;
  for (const state of rows) if (state !== 0) count++;
  for (const state of variables) if (state !== 0) count++;
  return count;
}

function admissible(state: number, lower: number, upper: number): number {
  if (lower === upper) return 1;
  if (state < 0) return lower === -Infinity ? 0 : -1;
  if (state > 0) return upper === Infinity ? 0 : 1;
  return 0;
}
