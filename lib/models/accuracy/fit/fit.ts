import { accuracy, type AccuracyModel } from '../model.js';
import {
  SearchGround,
  huberThreshold,
  polished,
  refined,
  settledDeviation,
  type FittedCurve,
  type RoughFit,
} from './candidate.js';
import { AccuracyFitError, cloudWarnings, observationProblems, ratiosAreTied } from './checks.js';
import { Curve, type CurveForm } from './curve.js';
import { crossValidate, type HeldOutError } from './held-out.js';
import { groupMeans, sampleOf, type AccuracyObservation, type Sample } from './observations.js';
import { fitOptions, type FitOptions } from './options.js';
import { correctedAkaike } from './statistics.js';
import { fitTable } from './table.js';
import {
  bandAt,
  lowerModel,
  profileInterval,
  uncertaintyOf,
  type AccuracyBand,
  type CurvePoint,
  type ParameterInterval,
} from './uncertainty.js';
import { PlacedCurve } from './placed-curve.js';

/** A form that was tried, the monotone table included. */
export interface TriedForm {
  /** Family of the loss over the ratio. */
  readonly family: CurveForm['family'] | 'table';
  /** How the loss depends on the cut. */
  readonly cut: CurveForm['cut'];
  /** Whether the directions have terms of their own. */
  readonly directions: CurveForm['directions'];
}

/** How well a form fits. */
export interface FormAssessment {
  /** The form assessed. */
  readonly form: TriedForm;
  /** The model fitted in that form. */
  readonly model: AccuracyModel;
  /** Fitted parameters, the deviation not counted. */
  readonly parameters: number;
  /** Huber's loss at the common δ, of weighted residuals. */
  readonly loss: number;
  /** Akaike's criterion, corrected for small samples; the less the better. */
  readonly aicc: number;
  /** AICc above the least one. */
  readonly aiccDifference: number;
  /** Absent for forms that AICc rules out. */
  readonly heldOut?: HeldOutError;
}

/** A fitted parameter in plain units. */
export interface FittedParameter extends ParameterInterval {
  /** As in the model's term. */
  readonly name: string;
  /** Estimate, in plain units. */
  readonly value: number;
  /** By the delta method; NaN where the parameter is not determined. */
  readonly standardError: number;
  /** False where the data leave it open: at a bound of the search, or with an open interval. */
  readonly isDetermined: boolean;
}

/** The outcome of a fit. */
export interface AccuracyFit {
  /** Chosen by AICc among the parametric forms, unless one was asked for. */
  readonly model: AccuracyModel;
  /** Form of the curve chosen. */
  readonly form: TriedForm;
  /** All forms, least AICc first. */
  readonly assessments: readonly FormAssessment[];
  /** The fitted parameters with their intervals. */
  readonly parameters: readonly FittedParameter[];
  /** Error on points that were left out of the fit. */
  readonly heldOut: HeldOutError;
  /** Deviation of one run around the curve, 0 … 1. */
  readonly deviation: number;
  /** Runs that the fit is of. */
  readonly observations: number;
  /** Different settings among them. */
  readonly operatingPoints: number;
  /** Probability of the intervals, 0…1. */
  readonly confidence: number;
  /** The curve with its pointwise interval. */
  readonly band: (upRatio: number, downRatio: number, cut: number) => AccuracyBand;
  /** A model nowhere above the band's lower edge within the fitted ratios, for plans that must hold in spite of it. */
  readonly lower: AccuracyModel;
  /** What a reader should know of the data. */
  readonly warnings: readonly string[];
}

/**
 * Fits A(ρ↑, ρ↓, c) to measured runs: every family with every form of the cut and of the two directions, chosen by
 * AICc. Throws `AccuracyFitError` with everything that forbids a fit.
 *
 * @param observations - Ratios, cuts and accuracies of the runs.
 * @param given - Forms to try and confidence; what is absent takes its default.
 * @throws AccuracyFitError with everything that forbids a fit.
 * @example
 * ```ts
 * import { accuracy, fitAccuracy } from 'sft-opt/models';
 *
 * const ratios = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1];
 * const runs = ratios.map((upRatio) => ({ upRatio, accuracy: 0.9 - 0.02 * upRatio ** -0.5 }));
 * const { model } = fitAccuracy(runs);
 * console.log(accuracy(model, 0.1, 1, 1)); // 0.836754
 * ```
 */
export function fitAccuracy(
  observations: readonly AccuracyObservation[],
  given: Partial<FitOptions> = {},
): AccuracyFit {
  const options = fitOptions.resolve(given);
  const problems = observationProblems(observations);
  if (problems.length > 0) throw new AccuracyFitError(problems);
  const warnings = cloudWarnings(observations);
  const sample = sampleOf(observations, options.weights === 'repeats');
  const curves = candidateForms(sample, ratiosAreTied(observations), options).map(
    (form) => new Curve(form, sample.cuts),
  );
  const usable = curves.filter((curve) => curve.size < sample.groups);
  if (usable.length === 0) {
    throw new AccuracyFitError([
      `${sample.groups} operating points are too few for ${Math.min(...curves.map((curve) => curve.size))} parameters`,
    ]);
  }
  const forms = [
    ...refineLikely(fitAll(usable, sample, options), sample).map((fit) => new ParametricForm(fit, sample)),
    ...tableForms(sample, options).map((cut) => new TableForm(cut, sample, ratioRange(sample, 'one'))),
  ];
  const delta = forms.reduce((found, form) => (form instanceof ParametricForm ? form.fit.delta : found), Infinity);
  const assessments = assess(forms, sample, delta);
  const { form, assessment } = assessments.find((entry) => entry.form instanceof ParametricForm)!;
  const chosen = form as ParametricForm;
  return describe(
    polished(chosen.fit, sample),
    assessment.heldOut ?? chosen.heldOut(),
    assessments.map((entry) => entry.assessment),
    sample,
    options,
    warnings,
  );
}

/** Forms this much worse by AICc have no support (Burnham & Anderson 2002, §2.6): they are neither fitted to the last digit nor tried on held-out points. */
const ruledOut = 10;

function refineLikely(fits: readonly RoughFit[], sample: Sample): FittedCurve[] {
  const aicc = fits.map(({ loss, curve }) => correctedAkaike(loss, sample.size, curve.size + 1));
  const least = Math.min(...aicc);
  return fits.map((fit, k) => (aicc[k]! - least <= ruledOut ? refined(fit, sample) : fit));
}

/** Assessments of all forms, least AICc first. */
function assess(forms: readonly (ParametricForm | TableForm)[], sample: Sample, delta: number) {
  const ranked = forms
    .map((form) => {
      const loss = form.loss(delta);
      return { form, loss, aicc: correctedAkaike(loss, sample.size, form.parameters + 1) };
    })
    .sort((a, b) => a.aicc - b.aicc);
  return ranked.map(({ form, loss, aicc }) => {
    const aiccDifference = aicc - ranked[0]!.aicc;
    const { tried, model, parameters } = form;
    const heldOut = aiccDifference <= ruledOut ? { heldOut: form.heldOut() } : {};
    const assessment: FormAssessment = { form: tried, model, parameters, loss, aicc, aiccDifference, ...heldOut };
    return { form, assessment };
  });
}

/** A fitted parametric form. */
class ParametricForm {
  readonly tried: TriedForm;
  readonly model: AccuracyModel;
  readonly parameters: number;

  constructor(
    readonly fit: FittedCurve,
    private readonly sample: Sample,
  ) {
    this.tried = fit.curve.form;
    this.model = fit.curve.model(fit.theta, ratioRange(sample, fit.curve.form.directions));
    this.parameters = fit.curve.size;
  }

  loss(): number {
    return this.fit.loss;
  }

  heldOut(): HeldOutError {
    return crossValidate(this.fit, this.sample);
  }
}

/** A fitted monotone table. */
class TableForm {
  readonly tried: TriedForm;
  readonly model: AccuracyModel;
  readonly parameters: number;

  constructor(
    private readonly cut: 'constant' | 'measured',
    private readonly sample: Sample,
    private readonly fittedRatio: AccuracyModel['fittedRatio'],
  ) {
    this.tried = { family: 'table', cut, directions: 'one' };
    ({ model: this.model, parameters: this.parameters } = fitTable(sample, cut, fittedRatio));
  }

  /** Huber's loss with the δ of the other forms. */
  loss(delta: number): number {
    const { sample, model } = this;
    let loss = 0;
    for (let i = 0; i < sample.size; i++) {
      const value = accuracy(model, sample.upRatio[i]!, sample.downRatio[i]!, sample.cut[i]!);
      const z = Math.abs(Math.sqrt(sample.weight[i]!) * (sample.accuracy[i]! - value));
      loss += z <= delta ? 0.5 * z * z : delta * (z - 0.5 * delta);
    }
    return loss;
  }

  heldOut(): HeldOutError {
    return crossValidate({ cut: this.cut, fittedRatio: this.fittedRatio }, this.sample);
  }
}

/** Forms to be tried. */
function candidateForms(sample: Sample, tied: boolean, options: FitOptions): CurveForm[] {
  const cuts = sample.cuts.length > 1 ? (['constant', 'decaying', 'measured'] as const) : (['constant'] as const);
  const directions = tied ? (['one'] as const) : (['one', 'additive', 'product'] as const);
  const chosen = <T extends string>(all: readonly T[], wanted: string) =>
    wanted === 'auto' ? all : all.filter((name) => name === wanted);
  return chosen(['power', 'exponential', 'logistic'] as const, options.family).flatMap((family) =>
    chosen(cuts, options.cut).flatMap((cut) =>
      chosen(directions, options.directions).map((direction) => ({ family, cut, directions: direction })),
    ),
  );
}

function tableForms(sample: Sample, options: FitOptions): ('constant' | 'measured')[] {
  if (options.family !== 'auto') return [];
  return sample.cuts.length > 1 ? ['constant', 'measured'] : ['constant'];
}

/** All forms with one δ, or their losses could not be compared: that of the form whose residuals are least. */
function fitAll(curves: readonly Curve[], sample: Sample, { loss, seed }: FitOptions): RoughFit[] {
  const ground = new SearchGround(sample, seed);
  const fitWith = (delta: number) => curves.map((curve) => ground.fitRoughly(curve, delta));
  if (loss === 'huber' && sample.repeatDeviation !== undefined) return fitWith(huberThreshold * sample.repeatDeviation);
  const squares = fitWith(Infinity);
  if (loss === 'squares') return squares;
  const deviations = squares.map((fit) => settledDeviation(fit, sample));
  const delta = huberThreshold * Math.max(1e-9, Math.min(...deviations));
  return fitWith(delta);
}

function describe(
  fit: FittedCurve,
  heldOut: HeldOutError,
  assessments: readonly FormAssessment[],
  sample: Sample,
  { confidence }: FitOptions,
  cloud: readonly string[],
): AccuracyFit {
  const uncertainty = uncertaintyOf(fit, sample);
  const parameters = fit.curve.parameters.map(({ name, logarithmic, lower, upper }, k): FittedParameter => {
    const value = logarithmic ? Math.exp(fit.theta[k]!) : fit.theta[k]!;
    const plain = (bound: number) => (logarithmic ? Math.exp(bound) : bound);
    if (uncertainty.undetermined.has(k)) {
      return { name, value, standardError: NaN, lower: plain(lower), upper: plain(upper), isDetermined: false };
    }
    const deviation = Math.sqrt(uncertainty.covariance[k * fit.curve.size + k]!);
    const standardError = logarithmic ? value * deviation : deviation;
    const interval = profileInterval(fit, sample, uncertainty, confidence, k);
    const isOpen = interval.upper === Infinity || (logarithmic && interval.lower === 0);
    return { name, value, standardError, ...interval, isDetermined: !isOpen };
  });
  const fittedRatio = ratioRange(sample, fit.curve.form.directions);
  return {
    model: fit.curve.model(fit.theta, fittedRatio),
    form: fit.curve.form,
    assessments,
    parameters,
    heldOut,
    deviation: uncertainty.deviation,
    observations: sample.size,
    operatingPoints: sample.groups,
    confidence,
    band: (upRatio, downRatio, cut) => bandAt(fit, uncertainty, confidence, [upRatio, downRatio, cut]),
    lower: lowerModel(fit, uncertainty, confidence, bandPoints(sample), fittedRatio),
    warnings: [...cloud, ...fitWarnings(fit, parameters, sample)],
  };
}

/** A limit with an interval wider than this, and beyond the best accuracy seen, is not known. */
const widestLimit = 0.1;

function fitWarnings(fit: FittedCurve, parameters: readonly FittedParameter[], sample: Sample): string[] {
  const warnings: string[] = [];
  const [limit, ...others] = parameters;
  const best = Math.max(...sample.accuracy);
  const left = unexplainedShare(fit, sample);
  if (left > mostUnexplained) {
    warnings.push(
      `the cloud is not monotone: the best curve leaves ${Math.round(100 * left)} % of the variance between operating points; look for a covariate that is missing, or measure more seeds`,
    );
  }
  if (!limit!.isDetermined || (limit!.upper - limit!.lower > widestLimit && limit!.value > best + 0.02)) {
    warnings.push(
      `the limit (accuracy without compression) is not determined: ${short(limit!.value)}, between ${short(limit!.lower)} and ${short(limit!.upper)}; add uncompressed or mild runs`,
    );
  }
  for (const { name, isDetermined, value } of others) {
    if (!isDetermined) warnings.push(`${name} is not determined by these runs (${short(value)} is one of many)`);
  }
  return warnings;
}

/** Share of the variance between operating points that a monotone curve may leave before that is said. */
const mostUnexplained = 0.35;

function unexplainedShare({ curve, theta }: FittedCurve, sample: Sample): number {
  const values = new Float64Array(sample.size);
  new PlacedCurve(curve, theta).values(sample, values);
  const [measured, fitted] = [sample.accuracy, values].map((all) => groupMeans(all, sample.group, sample.groups));
  const mean = measured!.reduce((sum, value) => sum + value, 0) / sample.groups;
  const total = measured!.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return total === 0 ? 0 : measured!.reduce((sum, value, g) => sum + (value - fitted![g]!) ** 2, 0) / total;
}

/** Ratios that a form was fitted to: where one speaks for both, those of the activations alone. */
function ratioRange(sample: Sample, directions: CurveForm['directions']): AccuracyModel['fittedRatio'] {
  const all = directions === 'one' ? sample.upRatio : [...sample.upRatio, ...sample.downRatio];
  return { minimum: Math.min(...all), maximum: Math.min(1, Math.max(...all)) };
}

/** Where the band is bounded from below: along the measured ratios at each cut, and at the observations. */
function bandPoints(sample: Sample): CurvePoint[] {
  const along = (ratios: Float64Array) => {
    const [low, high] = [Math.log(Math.min(...ratios)), Math.log(Math.max(...ratios))];
    return Array.from({ length: 25 }, (_, k) => Math.exp(low + (k / 24) * (high - low)));
  };
  const [up, down] = [along(sample.upRatio), along(sample.downRatio)];
  const grid = sample.cuts.flatMap((cut) => up.map((ratio, k): CurvePoint => [ratio, down[k]!, cut]));
  const seen = Array.from(sample.upRatio, (ratio, i): CurvePoint => [ratio, sample.downRatio[i]!, sample.cut[i]!]);
  return [...grid, ...seen];
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
