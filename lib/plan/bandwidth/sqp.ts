import { Budget, type Termination } from '../../solver/index.js';
import type { CompiledAllocation } from './compile.js';
import { evaluateRow, rowValue, steepestSlope } from './delay-rows.js';
import { solveSeparableMinMax } from './separable-minmax.js';
import type { SeparableMinMax, SeparableValues } from './separable-problem.js';

/** Answer of the bandwidth SQP; fields as in the other searches. */
export interface SqpShares {
  /** Why the method ended. */
  readonly termination: Termination;
  /** Longest device delay, seconds. */
  readonly delaySeconds: number;
  /** w = B / b of each device. */
  readonly reciprocal: Float64Array;
  /** Σ b / B. */
  readonly bandwidthUse: number;
  /** ∂ delay for a whole further band, seconds, ≤ 0. */
  readonly bandwidthPrice: number;
  /** Quadratic subproblems solved. */
  readonly steps: number;
  /** Working-set changes in all subproblems. */
  readonly workingSetChanges: number;
  /** What is left of the optimality conditions, relative. */
  readonly residual: number;
}

const out = new Float64Array(3);

/**
 * Bandwidths by sequential quadratic programming in epigraph form, in the coordinate w = B / b in which delays are nearly
 * straight. Starts from equal shares or from `startShares` (b / B of each device, an earlier plan's). No scalar search.
 *
 * @param compiled - Loads as `compileLoads` makes them.
 * @param startShares - b / B of each device.
 * @param options - Steps, budget and callback.
 * @throws Error where shares of the server are still decisions.
 * @example
 * ```ts
 * import { parseProblemFile } from 'sft-opt';
 * import { compileLoads, loadsOfDecisions, searchShares, sqpShares } from 'sft-opt/plan';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const decision = { participates: true, blocks: 2, upPoint: 0, downPoint: 0 };
 * const compiled = compileLoads({ ...problem, sharing: 'equal' }, loadsOfDecisions(problem, [decision, decision]));
 * const [sqp, search] = [sqpShares(compiled), searchShares(compiled)];
 * console.log(Math.abs(sqp.delaySeconds / search.delaySeconds - 1) < 1e-6); // true
 * ```
 */
export function sqpShares(
  compiled: CompiledAllocation,
  startShares?: ArrayLike<number>,
  options: {
    readonly maxSteps?: number;
    readonly budget?: Budget;
    /** Called after each subproblem with the delay before its step, seconds, and the residual there. */
    readonly onStep?: ((step: number, delaySeconds: number, residual: number) => void) | undefined;
  } = {},
): SqpShares {
  if (compiled.serverSeconds.some((work) => work > 0)) {
    throw new Error('the bandwidth SQP takes server shares as given: compile the loads with them');
  }
  const form = new EpigraphForm(compiled);
  if (form.count === 0) return form.nothingFree();
  const start = new Float64Array(form.count);
  for (let i = 0; i < form.count; i++) {
    const share = startShares?.[form.free[i]!] ?? 0;
    start[i] = share > 0 ? 1 / share : form.count / form.limit;
  }
  const { onStep } = options;
  const result = solveSeparableMinMax(form, start, {
    scale: form.floorSeconds,
    ...(options.maxSteps !== undefined && { maxSteps: options.maxSteps }),
    ...(options.budget && { budget: options.budget }),
    ...(onStep && { onStep: (step, objective, residual) => onStep(step, form.floorSeconds + objective, residual) }),
  });
  const reciprocal = compiled.greatestReciprocal.slice();
  result.x.forEach((w, i) => (reciprocal[form.free[i]!] = w));
  let bandwidthUse = 0;
  for (let n = 0; n < reciprocal.length; n++) bandwidthUse += 1 / reciprocal[n]!;
  return {
    termination: result.termination,
    delaySeconds: form.delay(result.thresholds),
    reciprocal,
    bandwidthUse,
    bandwidthPrice: result.limitMultiplier > 0 ? -result.limitMultiplier : 0,
    steps: result.steps,
    workingSetChanges: result.workingSetChanges,
    residual: result.residual,
  };
}

/** Devices whose share is open, with rows above the floor that all devices share, so that a T next to it keeps its digits. */
class EpigraphForm implements SeparableMinMax {
  readonly count: number;
  /** Positions of the free devices among the compiled ones. */
  readonly free: Int32Array;
  readonly rowWeights: readonly number[];
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly limit: number;
  /** Σ_r c_r·(floor of row r). */
  readonly floorSeconds: number;
  private readonly rowFloors: Float64Array;
  /** Floor of each free row below that of its kind. */
  private readonly gap: Float64Array;
  /** Longest rows of the devices without choice, above rowFloors. */
  readonly leastThresholds: Float64Array;

  constructor(private readonly compiled: CompiledAllocation) {
    const { rows, leastReciprocal, greatestReciprocal } = compiled;
    this.rowWeights = compiled.rowWeights;
    const perDevice = this.rowWeights.length;
    const free: number[] = [];
    let limit = 1;
    for (let n = 0; n < compiled.count; n++) {
      let sends = false;
      for (let r = 0; r < perDevice; r++) sends ||= steepestSlope(rows, n * perDevice + r) > 0;
      if (sends && greatestReciprocal[n]! > leastReciprocal[n]! * (1 + 1e-12)) free.push(n);
      else limit -= 1 / greatestReciprocal[n]!;
    }
    this.free = Int32Array.from(free);
    this.count = free.length;
    this.limit = limit;
    this.lower = Float64Array.from(free, (n) => leastReciprocal[n]!);
    this.upper = Float64Array.from(free, (n) => greatestReciprocal[n]!);
    this.rowFloors = new Float64Array(perDevice);
    const isFree = new Uint8Array(compiled.count);
    for (const n of free) isFree[n] = 1;
    const ownFloor = (n: number, r: number) => {
      const row = n * perDevice + r;
      const w = isFree[n] ? leastReciprocal[n]! : greatestReciprocal[n]!;
      return rows.floor[row]! + (w > 0 && steepestSlope(rows, row) > 0 ? rowValue(rows, row, w) : 0);
    };
    for (let r = 0; r < perDevice; r++) {
      for (let n = 0; n < compiled.count; n++) this.rowFloors[r] = Math.max(this.rowFloors[r]!, ownFloor(n, r));
    }
    this.leastThresholds = new Float64Array(perDevice).fill(-Infinity);
    for (let n = 0; n < compiled.count; n++) {
      if (isFree[n]) continue;
      for (let r = 0; r < perDevice; r++) {
        this.leastThresholds[r] = Math.max(this.leastThresholds[r]!, ownFloor(n, r) - this.rowFloors[r]!);
      }
    }
    this.gap = new Float64Array(this.count * perDevice);
    for (let i = 0; i < this.count; i++) {
      for (let r = 0; r < perDevice; r++) {
        this.gap[i * perDevice + r] = this.rowFloors[r]! - rows.floor[free[i]! * perDevice + r]!;
      }
    }
    let floorSeconds = 0;
    for (let r = 0; r < perDevice; r++) floorSeconds += this.rowWeights[r]! * this.rowFloors[r]!;
    this.floorSeconds = floorSeconds;
  }

  evaluate(x: Float64Array, at: SeparableValues): void {
    const perDevice = this.rowWeights.length;
    const { rows } = this.compiled;
    for (let i = 0; i < this.count; i++) {
      const w = x[i]!;
      for (let r = 0; r < perDevice; r++) {
        const k = i * perDevice + r;
        evaluateRow(rows, this.free[i]! * perDevice + r, w, out);
        at.row[k] = out[0]! - this.gap[k]!;
        at.rowSlope[k] = out[1]!;
        at.rowCurvature[k] = out[2]!;
      }
      const share = 1 / w;
      at.use[i] = share;
      at.useSlope[i] = -share * share;
      at.useCurvature[i] = 2 * share * share * share;
    }
  }

  totalUse(x: Float64Array): number {
    let use = 0;
    for (let i = 0; i < x.length; i++) use += 1 / x[i]!;
    return use;
  }

  /** Scales the shares that are not at a limit until the band is used up; a few rounds where limits come in. */
  restore(x: Float64Array): void {
    const { lower, upper, limit } = this;
    for (let round = 0; round < 50; round++) {
      let held = 0;
      let open = 0;
      for (let i = 0; i < x.length; i++) open += 1 / x[i]!;
      const grows = open < limit;
      open = 0;
      for (let i = 0; i < x.length; i++) {
        if (x[i] === (grows ? lower[i] : upper[i])) held += 1 / x[i]!;
        else open += 1 / x[i]!;
      }
      if (open === 0 || limit - held <= 0) return;
      const factor = open / (limit - held);
      if (Math.abs(factor - 1) <= 2e-16) return;
      let clamps = false;
      for (let i = 0; i < x.length; i++) {
        const scaled = x[i] === (grows ? lower[i] : upper[i]) ? x[i]! : x[i]! * factor;
        x[i] = Math.min(Math.max(scaled, lower[i]!), upper[i]!);
        clamps ||= x[i] !== scaled;
      }
      if (!clamps) return;
    }
  }

  /** Delay from thresholds of the free devices. */
  delay(thresholds: Float64Array): number {
    let sum = this.floorSeconds;
    for (let r = 0; r < this.rowWeights.length; r++) sum += this.rowWeights[r]! * thresholds[r]!;
    return sum;
  }

  nothingFree(): SqpShares {
    const reciprocal = this.compiled.greatestReciprocal.slice();
    return {
      termination: 'optimal',
      delaySeconds: this.floorSeconds,
      reciprocal,
      bandwidthUse: 1 - this.limit,
      bandwidthPrice: 0,
      steps: 0,
      workingSetChanges: 0,
      residual: 0,
    };
  }
}
