import * as z from '../schema/index.js';
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

/** Options of the search on a threshold: types, defaults and meanings. */
export const thresholdOptions = defineOptions({
  relativeTolerance: z
    .number()
    .positive()
    .default(1e-7)
    .describe(
      'The search ends when no multipliers could refute a threshold larger by more than this, relative, to first order.',
    ),
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
/** Options of `largestRefutedThreshold`; what is absent has its default. */
export type ThresholdOptions = z.input<typeof thresholdOptions.schema>;

/** What a caller of `largestRefutedThreshold` may know already. */
export interface ThresholdContext {
  /** Start of the multipliers, > 0 in at least one threshold row. */
  readonly start?: Float64Array;
  /** A threshold near the answer, from a feasible point or an earlier solve. */
  readonly guess?: number;
  /** Stop as soon as this threshold is refuted. */
  readonly target?: number;
  /** Ends the work with the best bound so far once aborted. */
  readonly signal?: StopSignal | undefined;
  /** Called after each evaluation of the dual with how many there were and the largest threshold refuted so far. */
  readonly onEvaluation?: ((evaluations: number, refuted: number) => void) | undefined;
}

/** What `largestRefutedThreshold` found. */
export interface ThresholdResult {
  /** Why the search ended. */
  readonly termination: Termination;
  /** D(multipliers) > 0 was seen at this threshold: no feasible point has t ≤ it. */
  readonly refuted: number;
  /** The multipliers that refute it; those of the threshold rows sum to one. */
  readonly multipliers: Float64Array;
  /** Largest threshold that any multipliers could refute, as far as the cuts know. */
  readonly ceiling: number;
  /** Oracle answers whose weighted mean comes closest to the rows at the ceiling. */
  readonly recovery: PrimalRecovery;
  /** Evaluations of the dual function. */
  readonly evaluations: number;
}

/** Value and slope of D at one pair (t, λ). */
interface Sample {
  readonly value: number;
  readonly slope: number;
}

/**
 * The largest threshold that weak duality refutes: the supremum over λ of the root of D(·, λ), by a monotone cutting-plane
 * method. At the current threshold t every earlier answer gives the cut D(t, λ') ≤ (usage − available)ᵀλ', valid because
 * it was taken at a threshold no larger and usage only falls with t. The cuts' master proposes multipliers; where D > 0
 * there, t moves up to their root (Newton, or bisection where a new choice makes D jump); otherwise they add a cut. The
 * threshold returned is one at which D > 0 was evaluated.
 *
 * @param oracle - Prices the choices at given multipliers and threshold.
 * @param given - Tolerances and limits; what is absent takes its default.
 * @param context - Start, signal and callbacks of this call.
 * @example
 * ```ts
 * import { type OracleResponse, largestRefutedThreshold } from 'sft-opt/lagrangian';
 *
 * // One block: with time t it needs 6/t of a row of which 2 is there.
 * let threshold = 1;
 * const oracle = {
 *   blockCount: 1,
 *   rowCount: 1,
 *   available: Float64Array.of(2),
 *   thresholdRows: [0],
 *   leastThreshold: 0.1,
 *   setThreshold: (t: number) => void (threshold = t),
 *   evaluate([price]: Float64Array, response: OracleResponse) {
 *     response.usage[0] = 6 / threshold;
 *     response.values[0] = price! * response.usage[0];
 *     response.choices[0] = 0;
 *     response.cost = 0;
 *     response.slope = (-price! * 6) / threshold ** 2;
 *   },
 * };
 * console.log(Math.round(1e6 * largestRefutedThreshold(oracle).refuted) / 1e6); // 3
 * ```
 */
export function largestRefutedThreshold(
  oracle: ThresholdOracle,
  given: Partial<ThresholdOptions> = {},
  context: ThresholdContext = {},
): ThresholdResult {
  return new ThresholdSearch(oracle, given, context).run();
}

/** A Newton step this small, relative, ends the search for a root. */
const rootTolerance = 1e-8;
/** A root from above is looked at from below where its bracket is wider than this, relative. */
const stepsWidth = 1e-6;
/** A bracket this narrow, relative, without a root of the linearisation inside is a jump of D. */
const jumpWidth = 1e-8;
/** Wide enough while other multipliers may still have more to refute. */
const coarseJumpWidth = 1e-3;

/**
 * Parts of the present slope by which older cuts are tightened, from bold to safe: each takes over when the one before sees
 * no better multipliers.
 */
const fallAssumed = [0.95, 0.5, 0];

/** A cut that lowers the master's value where it stands by less than this part has left it there. */
const cutOff = 1e-3;

class ThresholdSearch {
  private readonly options;
  private readonly budget: Budget;
  private readonly response: OracleResponse;
  private master: CutMaster;
  private readonly region: MultiplierRegion;
  private answers: Int32Array[] = [];
  private readonly excess: Float64Array;
  private readonly trial: Float64Array;
  /** Multipliers of the current threshold. */
  private readonly best: Float64Array;
  /** Current threshold: the root of D at `best`, or just above a jump there. */
  private current = 0;
  /** |dD/dt| at the current threshold. */
  private steepness = 1;
  private refuted: number;
  private readonly refuting: Float64Array;
  private evaluations = 0;
  /** Threshold at which each cut was taken. */
  private thresholds: number[] = [];
  private lastThreshold = 0;
  private trust = 0;
  /** D is below 0 at the best multipliers, above a jump, or the last cut left the master where it was: no smoothing helps. */
  private unsmoothed = false;
  /** Width at which a bracket counts as a jump for now, and the lower end of a bracket that was left that wide. */
  private jumpWidth = coarseJumpWidth;
  private openBelow: number | undefined;

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
      scale: Float64Array.from(start, (multiplier) => Math.max(multiplier, 1)),
    });
    for (const row of oracle.thresholdRows) this.region.upper[row] = this.options.largestMultiplier;
    this.master = new CutMaster(rowCount, this.region.upper, oracle.thresholdRows);
    this.best = Float64Array.from(this.trial);
    this.refuting = Float64Array.from(this.trial);
    this.refuted = oracle.leastThreshold;
  }

  run(): ThresholdResult {
    this.ascend(Math.max(this.context.guess ?? 0, this.firstThreshold()));
    for (;;) {
      const done = this.finished();
      if (done === 'optimal' && this.openBelow !== undefined && !this.isEnough()) {
        this.closeBracket(this.openBelow);
        continue;
      }
      if (done) return this.result(done);
      this.chooseTrial();
      const { value } = this.evaluate(this.current);
      if (value > 0) this.ascend(this.current);
      else {
        this.addCut();
        this.unsmoothed ||= !this.cutsOffMaster();
      }
    }
  }

  private firstThreshold(): number {
    const least = this.oracle.leastThreshold;
    return least > 0 ? least * (1 + 1e-3) : 1;
  }

  /**
   * Between the best multipliers and the master's; the master's own where a cut between might leave it as it is, which it cannot
   * where D is 0 at the best ones.
   */
  private chooseTrial(): void {
    const { master, trial, best } = this;
    const smoothing = this.unsmoothed ? 0 : this.options.smoothing;
    for (let row = 0; row < trial.length; row++) {
      trial[row] = smoothing * best[row]! + (1 - smoothing) * master.multipliers[row]!;
    }
  }

  /** Whether the last cut lowers the master at its present multipliers, by more than rounding. */
  private cutsOffMaster(): boolean {
    const { master, excess } = this;
    let value = 0;
    for (let row = 0; row < excess.length; row++) value += excess[row]! * master.multipliers[row]!;
    return value < (1 - cutOff) * master.value;
  }

  private isEnough(): boolean {
    return this.refuted === Infinity || this.refuted >= (this.context.target ?? Infinity);
  }

  /** Every multiplier's root lies below the current threshold: from here on each is found to the last digits. */
  private closeBracket(low: number): void {
    this.jumpWidth = jumpWidth;
    this.trust = 0;
    this.trial.set(this.best);
    this.ascend((low + this.current) / 2, low, this.current);
  }

  private finished(): Termination | undefined {
    if (this.isEnough()) return 'optimal';
    if (this.master.cutCount > 0) {
      this.region.widen(this.best);
      this.solveMaster();
      while (this.master.value <= this.options.relativeTolerance * this.current * this.steepness) {
        if (this.region.widen(this.master.multipliers)) {
          this.solveMaster();
        } else {
          this.trust++;
          if (this.trust >= fallAssumed.length) return 'optimal';
          this.solveMaster();
        }
      }
    }
    if (this.evaluations >= this.options.maxEvaluations) return 'evaluation-limit';
    return this.budget.exhausted(0, 0);
  }

  /**
   * A cut taken at t_i < t is loose by what D has fallen since, at least some part of today's slope times t − t_i.
   */
  private solveMaster(): void {
    const fall = fallAssumed[this.trust]! * this.steepness;
    this.thresholds.forEach((threshold, cut) => this.master.setCost(cut, fall * (threshold - this.current)));
    this.master.solve();
  }

  /** Makes the trial multipliers the best ones and moves the current threshold to their root, searched from `start`. */
  private ascend(start: number, knownLow = this.oracle.leastThreshold, knownHigh = Infinity): void {
    this.best.set(this.trial);
    this.openBelow = undefined;
    let low = knownLow;
    let high = knownHigh;
    let at = start;
    for (let step = 0; step < 120; step++) {
      const sample = this.evaluate(at);
      if (sample.value > 0) low = Math.max(low, at);
      else high = Math.min(high, at);
      const root = sample.slope < 0 && sample.value < Infinity ? at - sample.value / sample.slope : NaN;
      const isRoot = Math.abs(root - at) <= rootTolerance * at;
      if (isRoot && sample.value <= 0 && at - low > stepsWidth * at) {
        // A step function may lie just below 0 on a whole step, with nothing of a root.
        const below = at * (1 - 10 * rootTolerance);
        if (this.evaluate(below).value <= 0) {
          high = below;
          at = nextThreshold(NaN, low, high, at);
          continue;
        }
      }
      if (isRoot || this.evaluations >= this.options.maxEvaluations) {
        this.unsmoothed = false;
        this.settle(at, sample);
        return;
      }
      if (high < Infinity && high - low <= this.jumpWidth * high) {
        this.unsmoothed = true;
        if (high - low > jumpWidth * high) this.openBelow = low;
        this.settle(high, this.evaluate(high));
        return;
      }
      if (low > 1e15 * (this.oracle.leastThreshold + start)) {
        this.refuteAll();
        return;
      }
      at = nextThreshold(root, low, high, at);
    }
    this.settle(low, this.evaluate(low));
  }

  private settle(threshold: number, { value, slope }: Sample): void {
    if (threshold < this.current) this.dropCutsAbove(threshold);
    this.current = threshold;
    if (slope < 0) this.steepness = -slope;
    if (value < Infinity) this.addCut();
  }

  /** Cuts hold at thresholds no smaller than their own. */
  private dropCutsAbove(threshold: number): void {
    const kept = [...this.thresholds.keys()].filter((cut) => this.thresholds[cut]! <= threshold);
    const before = this.master;
    this.master = new CutMaster(this.oracle.rowCount, this.region.upper, this.oracle.thresholdRows);
    for (const cut of kept) this.master.add(0, before.excessOf(cut));
    this.thresholds = kept.map((cut) => this.thresholds[cut]!);
    this.answers = kept.map((cut) => this.answers[cut]!);
  }

  /** No threshold that matters is reachable with these multipliers; certain if D > 0 for an infinite one. */
  private refuteAll(): void {
    if (!(this.evaluate(Infinity).value > 0)) return;
    this.refuted = Infinity;
    this.refuting.set(this.trial);
  }

  private evaluate(threshold: number): Sample {
    const { oracle, response, trial } = this;
    oracle.setThreshold(threshold);
    oracle.evaluate(trial, response);
    this.lastThreshold = threshold;
    this.evaluations++;
    const value = dualValue(oracle, trial, response);
    if (value > 0 && threshold > this.refuted) {
      this.refuted = threshold;
      this.refuting.set(trial);
    }
    this.context.onEvaluation?.(this.evaluations, this.refuted);
    return { value, slope: response.slope };
  }

  /** Linearisation of the last evaluation. */
  private addCut(): void {
    const { oracle, response, excess } = this;
    for (let row = 0; row < excess.length; row++) excess[row] = response.usage[row]! - oracle.available[row]!;
    this.master.add(0, excess);
    this.thresholds.push(this.lastThreshold);
    this.answers.push(response.choices.slice());
  }

  /** Where a limit ended the search in an open bracket, a few halvings of it. */
  private halveBracket(): void {
    let low = this.openBelow ?? this.current;
    for (let step = 0; step < 12 && this.current - low > jumpWidth * this.current; step++) {
      const middle = (low + this.current) / 2;
      if (this.evaluate(middle).value > 0) low = middle;
      else this.current = middle;
    }
  }

  /** Refutes a threshold as close below the current one as a few evaluations allow. */
  private result(termination: Termination): ThresholdResult {
    const recovery = recover(this.master, this.answers);
    const slack = Math.max(0, this.master.cutCount > 0 ? this.master.value : 0) / this.steepness;
    const ceiling = Math.max(this.refuted, this.current + slack);
    this.trial.set(this.best);
    this.halveBracket();
    let margin = 1e-10;
    for (let step = 0; step < 12 && this.refuted < this.current * (1 - 2 * margin); step++) {
      const { value, slope } = this.evaluate(this.current * (1 - margin));
      if (value > 0) break;
      const missing = slope < 0 ? value / slope / this.current : 0;
      margin = Math.max(4 * margin, 2 * margin + missing);
    }
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

/** A Newton step kept strictly inside what is known; far steps are cut, since D bends. */
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
