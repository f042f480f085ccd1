import { z } from 'zod';
import { Budget, commonOptions, defineOptions, type Termination, type StopSignal } from '../solver/index.js';
import { MultiplierRegion, recover, type PrimalRecovery } from './dual.js';
import { CutMaster } from './master.js';
import { createResponse, dualValue, type ChoiceOracle, type OracleResponse } from './problem.js';

/**
 * A family of feasibility problems that relaxes as a threshold t grows: costs are 0 and no usage grows with t. Typical
 * for min–max problems: t is the maximum, and usage the resources that keep every block at or below it.
 */
export interface ThresholdOracle extends ChoiceOracle {
  /**
   * Rows whose usage falls as t grows; their multipliers are scaled to sum to one, which the dual's homogeneity allows.
   */
  readonly thresholdRows: readonly number[];
  /** Below this threshold some block has no choice at all. */
  readonly leastThreshold: number;
  /** Threshold of the evaluations that follow; `slope` of a response is then dD/dt ≤ 0. */
  setThreshold(threshold: number): void;
}

export const thresholdOptions = defineOptions({
  relativeTolerance: z
    .number()
    .positive()
    .default(1e-7)
    .describe('The search ends when no multipliers could refute a threshold larger by more than this, relative.'),
  maxEvaluations: z.int().positive().default(80).describe('Oracle calls before giving up; the best is returned.'),
  smoothing: z
    .number()
    .min(0)
    .max(0.95)
    .default(0.5)
    .describe('Weight of the best multipliers in the next ones (Wentges 1997).'),
  largestMultiplier: z
    .number()
    .positive()
    .default(1e6)
    .describe('Upper limit of the multipliers of rows that do not depend on the threshold.'),
  timeLimitSeconds: commonOptions.timeLimitSeconds,
});
export type ThresholdOptions = z.input<typeof thresholdOptions.schema>;

export interface ThresholdContext {
  /** Start of the multipliers, > 0 in at least one threshold row. */
  readonly start?: Float64Array;
  /** A threshold near the answer, from a feasible point or an earlier solve. */
  readonly guess?: number;
  /** Stop as soon as this threshold is refuted. */
  readonly target?: number;
  readonly signal?: StopSignal | undefined;
}

export interface ThresholdResult {
  readonly termination: Termination;
  /** D(multipliers) > 0 was seen at this threshold: no feasible point has t ≤ it. */
  readonly refuted: number;
  /** The multipliers that refute it; those of the threshold rows sum to one. */
  readonly multipliers: Float64Array;
  /** Largest threshold that any multipliers could refute, as far as the cuts know. */
  readonly ceiling: number;
  readonly recovery: PrimalRecovery;
  readonly evaluations: number;
}

/** Value at one pair (t, λ) and the threshold at which it would vanish, by Newton's method. */
interface Sample {
  readonly value: number;
  readonly slope: number;
}

/**
 * The largest threshold that weak duality refutes: sup over λ of the root of D(·, λ). For each λ this root t(λ) is found by
 * Newton steps shared with the search over λ; every evaluation (t, λ) gives the linearisation
 * t(λ') ≲ t + (usage − available)ᵀλ' / |dD/dt|, and a master of these picks the next multipliers. The
 * threshold returned is one at which D > 0 was evaluated, whatever the quality of the cuts.
 */
export function largestRefutedThreshold(
  oracle: ThresholdOracle,
  given: Partial<ThresholdOptions> = {},
  context: ThresholdContext = {},
): ThresholdResult {
  return new ThresholdSearch(oracle, given, context).run();
}

/**
 * A linearisation becomes a cut only this near its root, relative: D bends in t, and one from afar would cut off better
 * multipliers.
 */
const nearRoot = 3e-4;

/** A bracket this narrow, relative, with no root of the linearisation inside is a jump of D. */
const jumpWidth = 2e-5;

class ThresholdSearch {
  private readonly options;
  private readonly budget: Budget;
  private readonly response: OracleResponse;
  private readonly master: CutMaster;
  private readonly answers: Int32Array[] = [];
  private readonly excess: Float64Array;
  private readonly trial: Float64Array;
  private readonly best: Float64Array;
  private readonly region: MultiplierRegion;
  private refuted: number;
  private readonly refuting: Float64Array;
  private bestRoot = -Infinity;
  private evaluations = 0;

  constructor(
    private readonly oracle: ThresholdOracle,
    given: Partial<ThresholdOptions>,
    private readonly context: ThresholdContext,
  ) {
    const { rowCount } = oracle;
    this.options = thresholdOptions.resolve(given);
    this.budget = new Budget({ timeLimitSeconds: this.options.timeLimitSeconds, signal: context.signal });
    this.response = createResponse(oracle);
    this.excess = new Float64Array(rowCount);
    this.trial = normalized(context.start ?? new Float64Array(rowCount).fill(1), oracle.thresholdRows);
    const start = Float64Array.from(this.trial);
    this.region = new MultiplierRegion(rowCount, this.options.largestMultiplier, {
      start,
      scale: Float64Array.from(start, (multiplier) => Math.max(multiplier, 0.1)),
    });
    for (const row of oracle.thresholdRows) this.region.upper[row] = this.options.largestMultiplier;
    this.master = new CutMaster(rowCount, this.region.upper, oracle.thresholdRows);
    this.best = Float64Array.from(this.trial);
    this.refuting = Float64Array.from(this.trial);
    this.refuted = oracle.leastThreshold;
  }

  run(): ThresholdResult {
    let threshold = Math.max(this.context.guess ?? 0, this.firstThreshold());
    for (;;) {
      const root = this.root(threshold);
      if (root > this.bestRoot) {
        this.bestRoot = root;
        this.best.set(this.trial);
      }
      const done = this.finished();
      if (done) return this.result(done);
      this.chooseTrial();
      threshold = this.bestRoot > this.oracle.leastThreshold ? this.bestRoot : threshold;
    }
  }

  /** Between the best multipliers and the master's. */
  private chooseTrial(): void {
    const { master, trial, best } = this;
    const { smoothing } = this.options;
    for (let row = 0; row < trial.length; row++) {
      trial[row] = smoothing * best[row]! + (1 - smoothing) * master.multipliers[row]!;
    }
  }

  private firstThreshold(): number {
    const least = this.oracle.leastThreshold;
    return least > 0 ? least * (1 + 1e-3) : 1;
  }

  private finished(): Termination | undefined {
    const { target } = this.context;
    if (this.refuted === Infinity || (target !== undefined && this.refuted >= target)) return 'optimal';
    if (this.master.cutCount > 0) {
      this.master.solve();
      while (this.master.value - this.bestRoot <= this.options.relativeTolerance * Math.abs(this.bestRoot)) {
        if (!this.region.widen(this.master.multipliers)) return 'optimal';
        this.master.solve();
      }
    }
    if (this.evaluations >= this.options.maxEvaluations) return 'evaluation-limit';
    return this.budget.exhausted(0, 0);
  }

  /**
   * An estimate of t(λ) at the trial multipliers, from `threshold`; evaluates once if that is near, a few times if not.
   */
  private root(threshold: number): number {
    let low = this.oracle.leastThreshold;
    let high = Infinity;
    let at = threshold;
    for (let step = 0; step < 90; step++) {
      const { value, slope } = this.evaluate(at);
      if (value > 0) low = Math.max(low, at);
      else high = Math.min(high, at);
      const root = slope < 0 && value < Infinity ? at - value / slope : NaN;
      if (Math.abs(root - at) <= nearRoot * at || (this.evaluations >= this.options.maxEvaluations && root > 0)) {
        this.addCut(at, slope, 0);
        return root;
      }
      if (high - low <= jumpWidth * low) return this.jump(low, high);
      if (low > 1e15 * (this.oracle.leastThreshold + threshold)) return this.refuteAll();
      at = nextThreshold(root, low, high, at);
    }
    return low;
  }

  /** D falls through zero by a jump, where a choice becomes possible: the cut passes through the jump. */
  private jump(low: number, high: number): number {
    const { value, slope } = this.evaluate(high);
    const steepness = slope < 0 ? slope : -this.response.values.reduce((sum, term) => sum + Math.abs(term), 0) / high;
    if (value <= 0 && steepness < 0) this.addCut(high, steepness, value / steepness);
    return low;
  }

  /** No threshold that matters is reachable with these multipliers; certain if D > 0 for an infinite one. */
  private refuteAll(): number {
    if (!(this.evaluate(Infinity).value > 0)) return this.refuted;
    this.refuted = Infinity;
    this.refuting.set(this.trial);
    return Infinity;
  }

  private evaluate(threshold: number): Sample {
    const { oracle, response, trial } = this;
    oracle.setThreshold(threshold);
    oracle.evaluate(trial, response);
    this.evaluations++;
    const value = dualValue(oracle, trial, response);
    const { slope } = response;
    if (value > 0 && threshold > this.refuted) {
      this.refuted = threshold;
      this.refuting.set(trial);
    }
    return { value, slope };
  }

  /** Linearisation of the last evaluation, which was near the root of its multipliers. */
  private addCut(threshold: number, slope: number, raise: number): void {
    const { oracle, response, excess } = this;
    for (let row = 0; row < excess.length; row++) {
      excess[row] = (response.usage[row]! - oracle.available[row]!) / -slope;
    }
    this.master.add(threshold + raise, excess);
    this.answers.push(response.choices.slice());
  }

  /** Where D jumps, the threshold refuted may still lie a little below the jump: halve that distance with its multipliers. */
  private approachJump(): void {
    if (!(this.refuted < Infinity) || this.bestRoot > this.refuted * (1 + 1e-9)) return;
    this.trial.set(this.refuting);
    let low = this.refuted;
    let high = this.refuted * (1 + 2 * jumpWidth);
    for (let step = 0; step < 16; step++) {
      const middle = (low + high) / 2;
      if (this.evaluate(middle).value > 0) low = middle;
      else high = middle;
    }
  }

  /** Moves to the best multipliers and refutes a threshold as close below their root as a few evaluations allow. */
  private result(termination: Termination): ThresholdResult {
    const recovery = recover(this.master, this.answers);
    const ceiling = Math.max(this.refuted, this.master.cutCount > 0 ? this.master.value : -Infinity);
    if (this.bestRoot > this.refuted && this.bestRoot < Infinity) {
      this.trial.set(this.best);
      let margin = 1e-10;
      for (let step = 0; step < 12; step++) {
        const at = this.bestRoot * (1 - margin);
        if (at <= this.refuted) break;
        const { value, slope } = this.evaluate(at);
        if (value > 0) break;
        const missing = slope < 0 ? value / slope / this.bestRoot : 0;
        margin = Math.max(4 * margin, 2 * margin + missing);
      }
    }
    this.approachJump();
    return {
      termination,
      refuted: this.refuted,
      multipliers: this.refuting,
      ceiling,
      recovery,
      evaluations: this.evaluations,
    };
  }
}

/** A Newton step kept strictly inside what is known; far steps are cut, since D may bend. */
function nextThreshold(root: number, low: number, high: number, at: number): number {
  if (root > low && root < high) return Math.min(root, 4 * at);
  if (high < Infinity) return (low + high) / 2;
  return 2 * at;
}

function normalized(multipliers: Float64Array, rows: readonly number[]): Float64Array {
  let sum = 0;
  for (const row of rows) sum += Math.max(0, multipliers[row]!);
  return Float64Array.from(multipliers, (multiplier) => Math.max(0, multiplier) / sum);
}
