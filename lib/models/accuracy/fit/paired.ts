import { inverseOfNormalMatrix } from '../../../least-squares/index.js';
import type { AccuracyModel, LossFamily } from '../model.js';
import { AccuracyFitError, fewestRatios, observationProblems } from './checks.js';
import type { CurveForm } from './curve.js';
import { usefulLoss } from './held-out.js';
import { nelderMead } from './nelder-mead.js';
import { groupMeans, sampleOf, type AccuracyObservation } from './observations.js';
import { fitOptions, type FitOptions } from './options.js';
import { studentQuantile } from '../../../statistics/index.js';
import { correctedAkaike } from './statistics.js';

/** A run of one task with the seed that pairs it with an uncompressed run. */
export interface PairedObservation extends AccuracyObservation {
  /** Model, data and classes: what may differ from where a plan is used. */
  readonly task: string;
  /** Runs of one task and seed differ in compression and cut alone. */
  readonly seed: string;
}

/** What one task says. */
export interface PairedTask {
  /** As `task` of its observations. */
  readonly name: string;
  /** Mean accuracy of its uncompressed runs. */
  readonly uncompressed: number;
  /** Compressed runs with an uncompressed one of their seed, points beyond use left out. */
  readonly runs: number;
  /** Seeds with compressed and uncompressed runs. */
  readonly seeds: number;
  /** Its losses over those of the curve. */
  readonly factor: number;
}

/** How far losses may be from the curve: ln loss is Student's t around it. */
export interface LossSpread {
  /** Largest deviation of ln loss at the operating points measured, the uncertainty of the curve included. */
  readonly deviation: number;
  /** One less than there are tasks; with one task, than there are seeds. */
  readonly degreesOfFreedom: number;
}

/** A loss of accuracy with its interval, 0 … 1. */
export interface LossBand {
  /** Loss that the fit foresees. */
  readonly loss: number;
  /** Lower end of the interval. */
  readonly lower: number;
  /** Upper end of the interval. */
  readonly upper: number;
}

/** Losses against uncompressed runs of the same seed, over one task or several. */
export interface PairedFit {
  /** Its limit is the uncompressed accuracy of the first task: nothing is lost there. */
  readonly model: AccuracyModel;
  /** Form of the curve that was chosen. */
  readonly form: CurveForm;
  /** What each task says by itself. */
  readonly tasks: readonly PairedTask[];
  /** For a new task; with one task for that task again: it says nothing of another. */
  readonly spread: LossSpread;
  /** Deviation of ln loss between tasks alone; absent with one task. */
  readonly betweenTasks?: number;
  /** Of two sides, for whom `spread` is. */
  readonly band: (upRatio: number, downRatio: number, cut: number) => LossBand;
  /** Probability that `band` covers, 0 … 1. */
  readonly confidence: number;
  /** Compressed runs that were fitted. */
  readonly runs: number;
  /** Runs at operating points that lose more than a plan can use. */
  readonly beyondUse: number;
  /** Runs without an uncompressed one of their task and seed. */
  readonly unpaired: number;
}

/**
 * Fits the accuracy lost against the uncompressed run of the same task and seed: L = factor_task · f(ρ↑, ρ↓, c) with one shape for all
 * tasks, ln factor_task drawn from a normal distribution (a random effect). Paired, nothing is lost at ρ = 1 by construction, so no
 * free limit can swallow small losses; operating points that lose more than 15 points on average are left out, as no plan uses them
 * and they would decide the shape. Runs of a task and seed share their uncompressed run: covariances are those of clusters (Liang &
 * Zeger 1986). Throws `AccuracyFitError`.
 *
 * @param observations - Ratios, cuts, accuracies, tasks and seeds of the runs.
 * @param given - Forms to try and confidence; what is absent takes its default.
 * @throws AccuracyFitError with everything that forbids a fit.
 * @example
 * ```ts
 * import { accuracy, fitPairedLoss } from 'sft-opt/models';
 *
 * const runs = [1, 2, 3].flatMap((seed) =>
 *   [1, 0.5, 0.3, 0.2, 0.1, 0.05, 0.02].map((ratio) => ({
 *     task: 'pictures',
 *     seed: String(seed),
 *     upRatio: ratio,
 *     accuracy: 0.9 - 0.001 * seed * (ratio < 1 ? 1 : 0) - 0.005 * (ratio ** -0.5 - 1),
 *   })),
 * );
 * console.log(fitPairedLoss(runs).tasks[0]!.seeds); // 3
 * ```
 */
export function fitPairedLoss(observations: readonly PairedObservation[], given: Partial<FitOptions> = {}): PairedFit {
  const { confidence, family, cut, directions } = fitOptions.resolve(given);
  const data = pairedData(observations);
  const forms = pairedForms(data, { family, cut, directions });
  const fits = forms.map((form) => fitForm(form, data));
  fits.sort((a, b) => a.aicc - b.aicc);
  return describe(fits[0]!, data, confidence);
}

interface PairedData {
  readonly tasks: readonly string[];
  readonly uncompressed: readonly number[];
  /** By run: its task and its cluster of task and seed. */
  readonly task: Int32Array;
  readonly cluster: Int32Array;
  readonly clusters: number;
  readonly upRatio: Float64Array;
  readonly downRatio: Float64Array;
  readonly cut: Float64Array;
  readonly loss: Float64Array;
  readonly weight: Float64Array;
  readonly seedsOf: readonly number[];
  readonly beyondUse: number;
  readonly unpaired: number;
}

function pairedData(observations: readonly PairedObservation[]): PairedData {
  const problems = observationProblems(observations);
  if (problems.length > 0) throw new AccuracyFitError(problems);
  const key = ({ task, seed }: PairedObservation) => JSON.stringify([task, seed]);
  const plain = new Map<string, number[]>();
  for (const run of observations) {
    if (isUncompressed(run)) plain.set(key(run), [...(plain.get(key(run)) ?? []), run.accuracy]);
  }
  const compressed = observations.filter((run) => !isUncompressed(run));
  const paired = compressed.filter((run) => plain.has(key(run)));
  if (paired.length === 0) {
    throw new AccuracyFitError([
      'no run has an uncompressed one (ratio 1) of its task and seed: nothing can be paired',
    ]);
  }
  const lossOf = (run: PairedObservation) => meanOf(plain.get(key(run))!) - run.accuracy;
  const grouped = sampleOf(
    paired.map((run) => ({
      ...run,
      point: `${run.task} ${run.point ?? `${run.upRatio.toFixed(3)}/${(run.downRatio ?? run.upRatio).toFixed(3)}`}`,
    })),
    true,
  );
  const means = groupMeans(Float64Array.from(paired, lossOf), grouped.group, grouped.groups);
  const kept = paired.flatMap((run, i) => (means[grouped.group[i]!]! <= usefulLoss ? [i] : []));
  const runs = kept.map((i) => paired[i]!);
  const distinct = new Set(runs.map(({ upRatio }) => Math.round(Math.log(upRatio) / Math.log(1.05))));
  if (distinct.size < fewestRatios) {
    throw new AccuracyFitError([
      `${distinct.size} different ratios lose at most 15 points and can be paired: at least ${fewestRatios} are needed`,
    ]);
  }
  const tasks = [...new Set(runs.map(({ task }) => task))];
  const clusterKeys = [...new Set(runs.map(key))];
  return {
    tasks,
    uncompressed: tasks.map((task) =>
      meanOf(observations.filter((run) => run.task === task && isUncompressed(run)).map(({ accuracy }) => accuracy)),
    ),
    task: Int32Array.from(runs, ({ task }) => tasks.indexOf(task)),
    cluster: Int32Array.from(runs, (run) => clusterKeys.indexOf(key(run))),
    clusters: clusterKeys.length,
    upRatio: Float64Array.from(runs, ({ upRatio }) => upRatio),
    downRatio: Float64Array.from(runs, ({ upRatio, downRatio = upRatio }) => downRatio),
    cut: Float64Array.from(runs, ({ cut = 0 }) => cut),
    loss: Float64Array.from(runs, lossOf),
    weight: Float64Array.from(kept, (i) => grouped.weight[i]!),
    seedsOf: tasks.map((task) => new Set(runs.filter((run) => run.task === task).map(({ seed }) => seed)).size),
    beyondUse: paired.length - runs.length,
    unpaired: compressed.length - paired.length,
  };
}

function isUncompressed({ upRatio, downRatio = upRatio }: AccuracyObservation): boolean {
  return upRatio >= 1 && downRatio >= 1;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Forms of the shape; a free influence of each cut has no meaning over tasks whose models differ. */
function pairedForms(data: PairedData, wanted: Pick<FitOptions, 'family' | 'cut' | 'directions'>): CurveForm[] {
  const keep = <T extends string>(all: readonly T[], name: string) =>
    name === 'auto' ? all : all.filter((each) => each === name);
  const tied = data.upRatio.every((ratio, i) => Math.abs(Math.log(ratio / data.downRatio[i]!)) < 0.2);
  const forms = keep(['power', 'exponential', 'logistic'] as const, wanted.family).flatMap((family) =>
    keep(
      new Set(data.cut).size > 1 ? (['constant', 'decaying'] as const) : (['constant'] as const),
      wanted.cut,
    ).flatMap((cut) =>
      keep(tied ? (['one'] as const) : (['one', 'additive'] as const), wanted.directions).map((directions) => ({
        family,
        cut,
        directions,
      })),
    ),
  );
  if (forms.length === 0) {
    throw new AccuracyFitError(['paired losses have the forms: cut constant or decaying, ratios one or additive']);
  }
  return forms;
}

/**
 * The shape f(ρ↑, ρ↓, c), 1 at the reference ratio in each direction's first term. Parameters, all without bounds: the logarithms of the
 * family's shape, for two ratios those of the gradients and the logarithm of their part, and the decay by the cut.
 */
class Shape {
  readonly size: number;
  private readonly perDirection: number;

  constructor(
    readonly form: CurveForm,
    /** Where the curve is anchored, so that scales stay of the size of losses. */
    readonly reference: number,
  ) {
    this.perDirection = form.family === 'logistic' ? 2 : 1;
    this.size = this.perDirection + (this.hasDown ? this.perDirection + 1 : 0) + (form.cut === 'decaying' ? 1 : 0);
  }

  private get hasDown(): boolean {
    return this.form.directions === 'additive';
  }

  value(shape: Float64Array, up: number, down: number, cut: number): number {
    let value = Math.exp(this.logarithm(shape, 0, up));
    if (this.hasDown) value += Math.exp(this.logarithm(shape, this.perDirection, down) + shape[2 * this.perDirection]!);
    return this.form.cut === 'decaying' ? value * Math.exp(-shape[this.size - 1]! * cut) : value;
  }

  starts(): Float64Array[] {
    const first = { power: [0.7, 1.2, 2, 3], exponential: [5, 20, 60, 150], logistic: [0.7, 1.2, 2, 3] }[
      this.form.family
    ];
    return first.map((value) => {
      const own = this.form.family === 'logistic' ? [Math.log(0.02), Math.log(value)] : [Math.log(value)];
      return Float64Array.from([
        ...own,
        ...(this.hasDown ? [...own, -2] : []),
        ...(this.form.cut === 'decaying' ? [0] : []),
      ]);
    });
  }

  model(shape: Float64Array, scale: number, limit: number, fittedRatio: AccuracyModel['fittedRatio']): AccuracyModel {
    const cut =
      this.form.cut === 'decaying'
        ? ({ kind: 'decaying', rate: shape[this.size - 1]! } as const)
        : ({ kind: 'constant' } as const);
    return {
      limit,
      combination: 'additive',
      up: { family: this.family(shape, 0, scale), cut },
      ...(this.hasDown && {
        down: { family: this.family(shape, this.perDirection, scale * Math.exp(shape[2 * this.perDirection]!)), cut },
      }),
      fittedRatio,
    };
  }

  private logarithm(shape: Float64Array, at: number, ratio: number): number {
    const first = Math.exp(Math.min(shape[at]!, 10));
    switch (this.form.family) {
      case 'power':
        return -first * Math.log(ratio / this.reference);
      case 'exponential':
        return -first * (ratio - this.reference);
      case 'logistic': {
        const steepness = Math.exp(Math.min(shape[at + 1]!, 4));
        return Math.log1p((this.reference / first) ** steepness) - Math.log1p((ratio / first) ** steepness);
      }
    }
  }

  private family(shape: Float64Array, at: number, scale: number): LossFamily {
    const first = Math.exp(Math.min(shape[at]!, 10));
    switch (this.form.family) {
      case 'power':
        return { kind: 'power', scale: scale * this.reference ** first, exponent: first };
      case 'exponential':
        return { kind: 'exponential', scale: scale * Math.exp(first * this.reference), rate: first };
      case 'logistic': {
        const steepness = Math.exp(Math.min(shape[at + 1]!, 4));
        return {
          kind: 'logistic',
          scale: scale * (1 + (this.reference / first) ** steepness),
          midpoint: first,
          steepness,
        };
      }
    }
  }
}

interface FittedForm {
  readonly shape: Shape;
  readonly parameters: Float64Array;
  /** ln factor of each task. */
  readonly logScale: Float64Array;
  readonly aicc: number;
}

/** Scales of tasks are linear given the shape: the search moves the shape alone (variable projection). */
function fitForm(form: CurveForm, data: PairedData): FittedForm {
  const reference = Math.exp(meanOf([...data.upRatio].map(Math.log)));
  const shape = new Shape(form, reference);
  const count = data.loss.length;
  const profile = (parameters: Float64Array) => {
    const along = new Float64Array(data.tasks.length);
    const squares = new Float64Array(data.tasks.length);
    const values = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      const value = shape.value(parameters, data.upRatio[i]!, data.downRatio[i]!, data.cut[i]!);
      values[i] = value;
      along[data.task[i]!]! += data.weight[i]! * value * data.loss[i]!;
      squares[data.task[i]!]! += data.weight[i]! * value * value;
    }
    // A task that gains by compression loses next to nothing: losses are above 0.
    const scale = along.map((sum, t) => Math.max(sum / squares[t]!, 1e-6));
    let loss = 0;
    for (let i = 0; i < count; i++)
      loss += 0.5 * data.weight[i]! * (data.loss[i]! - scale[data.task[i]!]! * values[i]!) ** 2;
    return { loss, scale };
  };
  let best: { point: Float64Array; value: number } | undefined;
  for (const start of shape.starts()) {
    const found = nelderMead((point) => profile(point).loss, start, {
      size: 0.3,
      tolerance: 1e-9,
      evaluations: 150 * shape.size,
    });
    if (!best || found.value < best.value) best = found;
  }
  const { loss, scale } = profile(best!.point);
  return {
    shape,
    parameters: best!.point,
    logScale: scale.map(Math.log),
    aicc: correctedAkaike(loss, count, shape.size + data.tasks.length + 1),
  };
}

function describe(fit: FittedForm, data: PairedData, confidence: number): PairedFit {
  const { shape, parameters, logScale } = fit;
  const tasks = data.tasks.length;
  const centre = meanOf([...logScale]);
  const covariance = clusterCovariance(fit, data);
  const order = shape.size + tasks;
  const between = tasks > 1 ? betweenTasks(logScale, covariance, shape.size) : undefined;
  const reach = tasks > 1 ? tasks - 1 : Math.max(1, data.clusters - 1);
  const deviationAt = (up: number, down: number, cut: number): number => {
    const gradient = logGradient(shape, parameters, up, down, cut);
    const all = Float64Array.from({ length: order }, (_, k) => (k < shape.size ? gradient[k]! : 1 / tasks));
    let variance = 0;
    for (let a = 0; a < order; a++)
      for (let b = 0; b < order; b++) variance += all[a]! * covariance[a * order + b]! * all[b]!;
    return Math.sqrt(Math.max(0, variance) + (between === undefined ? 0 : between ** 2 * (1 + 1 / tasks)));
  };
  const ratios = [...data.upRatio, ...(shape.form.directions === 'one' ? [] : data.downRatio)];
  const fittedRatio = { minimum: Math.min(...ratios), maximum: 1 };
  const most = Array.from(data.loss, (_, i) => deviationAt(data.upRatio[i]!, data.downRatio[i]!, data.cut[i]!));
  return {
    model: shape.model(parameters, Math.exp(centre), data.uncompressed[0]!, fittedRatio),
    form: shape.form,
    tasks: data.tasks.map((name, t) => ({
      name,
      uncompressed: data.uncompressed[t]!,
      runs: data.task.reduce((count, task) => count + (task === t ? 1 : 0), 0),
      seeds: data.seedsOf[t]!,
      factor: Math.exp(logScale[t]! - centre),
    })),
    spread: { deviation: Math.max(...most), degreesOfFreedom: reach },
    ...(between !== undefined && { betweenTasks: between }),
    band: (up, down, cut) => {
      const loss = Math.exp(centre) * shape.value(parameters, up, down, cut);
      const factor = Math.exp(studentQuantile((1 + confidence) / 2, reach) * deviationAt(up, down, cut));
      return { loss, lower: loss / factor, upper: loss * factor };
    },
    confidence,
    runs: data.loss.length,
    beyondUse: data.beyondUse,
    unpaired: data.unpaired,
  };
}

/** Deviation of ln factor between tasks: that of the estimates, less what their own errors explain. */
function betweenTasks(logScale: Float64Array, covariance: Float64Array, first: number): number {
  const tasks = logScale.length;
  const order = first + tasks;
  const centre = meanOf([...logScale]);
  const seen = logScale.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (tasks - 1);
  let own = 0;
  for (let t = 0; t < tasks; t++) {
    const at = first + t;
    own += covariance[at * order + at]! / tasks;
    // What the estimates have in common does not spread them.
    for (let u = 0; u < tasks; u++) if (u !== t) own -= covariance[at * order + first + u]! / (tasks * (tasks - 1));
  }
  return Math.sqrt(Math.max(0, seen - own));
}

/** Gradient of ln f by the shape's parameters, by central differences. */
function logGradient(shape: Shape, parameters: Float64Array, up: number, down: number, cut: number): Float64Array {
  const step = 1e-5;
  return parameters.map((value, k) => {
    const moved = parameters.slice();
    const at = (there: number) => {
      moved[k] = there;
      return Math.log(shape.value(moved, up, down, cut));
    };
    return (at(value + step) - at(value - step)) / (2 * step);
  });
}

/** Sandwich covariance of (shape, ln factors) over clusters of task and seed. */
function clusterCovariance({ shape, parameters, logScale }: FittedForm, data: PairedData): Float64Array {
  const order = shape.size + data.tasks.length;
  const normal = new Float64Array(order * order);
  const scores = Array.from({ length: data.clusters }, () => new Float64Array(order));
  for (let i = 0; i < data.loss.length; i++) {
    const [up, down, cut, task] = [data.upRatio[i]!, data.downRatio[i]!, data.cut[i]!, data.task[i]!];
    const value = Math.exp(logScale[task]!) * shape.value(parameters, up, down, cut);
    const own = logGradient(shape, parameters, up, down, cut);
    const row = Float64Array.from(
      { length: order },
      (_, k) => value * (k < shape.size ? own[k]! : k - shape.size === task ? 1 : 0),
    );
    const residual = data.loss[i]! - value;
    const score = scores[data.cluster[i]!]!;
    for (let a = 0; a < order; a++) {
      score[a]! += data.weight[i]! * residual * row[a]!;
      for (let b = 0; b < order; b++) normal[a * order + b]! += data.weight[i]! * row[a]! * row[b]!;
    }
  }
  for (let k = 0; k < order; k++) normal[k * order + k]! *= 1 + 1e-10;
  const inverse = inverseOfNormalMatrix(
    normal,
    Array.from({ length: order }, (_, k) => k),
    order,
  );
  const count = data.loss.length;
  const few = (data.clusters / Math.max(1, data.clusters - 1)) * ((count - 1) / Math.max(1, count - order));
  const half = scores.map((score) =>
    score.map((_, a) => score.reduce((sum, value, b) => sum + inverse[a * order + b]! * value, 0)),
  );
  const covariance = new Float64Array(order * order);
  for (const each of half) {
    for (let a = 0; a < order; a++)
      for (let b = 0; b < order; b++) covariance[a * order + b]! += few * each[a]! * each[b]!;
  }
  return covariance;
}
