import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  accuracy,
  AccuracyFitError,
  fitAccuracy,
  lossSlope,
  lossValue,
  nelderMead,
  ratioForLoss,
  studentQuantile,
  type AccuracyObservation,
  type FitOptions,
} from '../../../lib/models/index.js';
import { randomStream } from '../../../lib/random/index.js';
import { comparisonRatios, syntheticCase } from '../../support/accuracy/curves.js';

interface Reference {
  readonly scipy: string;
  readonly cases: readonly {
    readonly family: FitOptions['family'];
    readonly directions: FitOptions['directions'];
    readonly cut: FitOptions['cut'];
    readonly rows: readonly [number, number, number, number][];
    readonly parameters: readonly number[];
    readonly deviations: readonly number[];
  }[];
}
const reference = JSON.parse(
  readFileSync(new URL('../../support/accuracy/curve-fit.json', import.meta.url), 'utf8'),
) as Reference;

const plain = { loss: 'squares', weights: 'equal' } as const;
const ratios = [0.005, 0.01, 0.02, 0.04, 0.08, 0.15, 0.3, 0.6];

function problemsOf(observations: readonly AccuracyObservation[]): readonly string[] {
  try {
    fitAccuracy(observations);
  } catch (error) {
    if (error instanceof AccuracyFitError) return error.problems;
    throw error;
  }
  return [];
}

describe('agreement with scipy.optimize.curve_fit', () => {
  it.each(reference.cases)('$family, $directions, cut $cut', ({ rows, parameters, deviations, ...form }) => {
    const observations = rows.map(([upRatio, downRatio, cut, value]) => ({ upRatio, downRatio, cut, accuracy: value }));
    const { family, directions, cut } = form;
    const fit = fitAccuracy(observations, { family, directions, cut, ...plain });
    expect(fit.parameters.length).toBe(parameters.length);
    fit.parameters.forEach(({ value, standardError }, k) => {
      expect(Math.abs(value / parameters[k]! - 1)).toBeLessThan(1e-6);
      expect(Math.abs(standardError / deviations[k]! - 1)).toBeLessThan(1e-4);
    });
  });
});

describe('recovery of known curves', () => {
  it('finds the parameters within 1 % without noise', () => {
    for (let k = 0; k < 12; k++) {
      const { limit, family, observations } = syntheticCase(5, k, { noise: 0, repeats: 1 });
      const fit = fitAccuracy(observations, { family: family.kind });
      const found = fit.model.up.family as unknown as Record<string, number>;
      expect(fit.model.limit / limit).toBeCloseTo(1, 2);
      for (const [name, value] of Object.entries(family)) {
        if (typeof value === 'number') expect(Math.abs(found[name]! / value - 1)).toBeLessThan(0.01);
      }
    }
  });

  it('covers the truth with its 95 % band, outliers among the runs', () => {
    let inside = 0;
    let all = 0;
    for (let k = 0; k < 45; k++) {
      const given = syntheticCase(11, k, { outliers: 0.05 });
      const { band } = fitAccuracy(given.observations, { family: given.family.kind });
      for (const ratio of comparisonRatios(given)) {
        const { lower, upper } = band(ratio, ratio, 0);
        if (lower <= given.truth(ratio) && given.truth(ratio) <= upper) inside++;
        all++;
      }
    }
    expect(inside / all).toBeGreaterThan(0.9);
    expect(inside / all).toBeLessThan(0.99);
  }, 30_000);

  it('is moved less by outliers than least squares', () => {
    let [robust, squares] = [0, 0];
    for (let k = 0; k < 9; k++) {
      const given = syntheticCase(13, k, { outliers: 0.1 });
      const error = (options: Partial<FitOptions>) => {
        const { band } = fitAccuracy(given.observations, { family: given.family.kind, ...options });
        return comparisonRatios(given).reduce((sum, r) => sum + (band(r, r, 0).accuracy - given.truth(r)) ** 2, 0);
      };
      robust += error({});
      squares += error(plain);
    }
    expect(robust).toBeLessThan(0.5 * squares);
  });

  it('tells a free influence of the cut from a decaying one and from none', () => {
    const random = randomStream(3, 'cuts');
    const factor: Record<string, (cut: number) => number> = {
      constant: () => 1,
      decaying: (cut) => Math.exp(-0.25 * cut),
      measured: (cut) => [1, 0.2, 0.9][cut / 3]!,
    };
    for (const [form, influence] of Object.entries(factor)) {
      const observations = [0, 3, 6].flatMap((cut) =>
        ratios.flatMap((upRatio) =>
          [1, 2, 3].map(() => ({
            upRatio,
            cut,
            accuracy: 0.92 - 0.004 * upRatio ** -0.7 * influence(cut) + 0.003 * random.normal(),
          })),
        ),
      );
      const fit = fitAccuracy(observations);
      expect([fit.form.family, fit.form.cut]).toEqual(['power', form]);
      const largest = Math.max(
        ...ratios.flatMap((r) =>
          [0, 3, 6].map((cut) =>
            Math.abs(accuracy(fit.model, r, r, cut) - (0.92 - 0.004 * r ** -0.7 * influence(cut))),
          ),
        ),
      );
      expect(largest).toBeLessThan(0.006);
    }
  });

  it('takes both ratios into account where they vary apart', () => {
    const random = randomStream(4, 'two');
    const truth = (up: number, down: number) => 0.9 - 0.003 * up ** -0.8 - 0.001 * down ** -0.7;
    const observations = ratios.flatMap((upRatio) =>
      [0.005, 0.02, 0.1].flatMap((downRatio) =>
        [1, 2].map(() => ({ upRatio, downRatio, accuracy: truth(upRatio, downRatio) + 0.002 * random.normal() })),
      ),
    );
    const fit = fitAccuracy(observations);
    expect(fit.form.directions).not.toBe('one');
    expect(fit.heldOut.rmse).toBeLessThan(0.003);
    expect(accuracy(fit.model, 0.01, 0.05, 0)).toBeCloseTo(truth(0.01, 0.05), 2);
    expect(fit.model.fittedRatio).toEqual({ minimum: 0.005, maximum: 0.6 });
    // Where the activations' ratio speaks for both, what the gradients' ratio covered does not count.
    const milder = observations.map((run) => ({ ...run, downRatio: run.downRatio / 5 }));
    expect(fitAccuracy(milder, { directions: 'one' }).model.fittedRatio.minimum).toBe(0.005);
    expect(fitAccuracy(milder, { directions: 'additive' }).model.fittedRatio.minimum).toBe(0.001);
  });
});

describe('what comes with a fit', () => {
  const { observations } = syntheticCase(21, 0, { outliers: 0.05 });
  const fit = fitAccuracy(observations);

  it('is the same for the same runs and seed', () => {
    expect(JSON.stringify(fitAccuracy(observations))).toBe(JSON.stringify(fit));
  });

  it('has a lower model that is nowhere above the lower edge of the band, yet close to it', () => {
    for (const { upRatio } of observations) {
      const { lower } = fit.band(upRatio, upRatio, 0);
      const lowered = accuracy(fit.lower, upRatio, upRatio, 0);
      expect(lowered).toBeLessThanOrEqual(lower + 1e-9);
      expect(lower - lowered).toBeLessThan(0.02);
    }
  });

  it('has intervals around its parameters that agree with the profile computed from scratch', () => {
    const exponent = fit.parameters.find(({ name }) => name === 'loss exponent');
    expect(exponent!.lower).toBeLessThan(exponent!.value);
    expect(exponent!.upper).toBeGreaterThan(exponent!.value);
    // A profile interval is near the symmetric one where the data are good.
    const reach = studentQuantile(0.975, observations.length - 3) * exponent!.standardError;
    expect((exponent!.upper - exponent!.lower) / (2 * reach)).toBeGreaterThan(0.7);
    expect((exponent!.upper - exponent!.lower) / (2 * reach)).toBeLessThan(1.4);
  });

  it('follows parameters that make up for one another to the ends of their intervals', () => {
    // Far above its midpoint a logistic loss is a power law: scale and midpoint are free together.
    const noise = randomStream(3, 'valley');
    const runs = ratios.flatMap((upRatio) =>
      [1, 2, 3].map(() => ({
        upRatio,
        accuracy: 0.9 - 0.5 / (1 + (upRatio / 0.0015) ** 1.2) + 0.003 * noise.normal(),
      })),
    );
    const fit = fitAccuracy(runs, { family: 'logistic', ...plain });
    const { value, lower, upper } = fit.parameters.find(({ name }) => name === 'loss scale')!;
    // Oracle: midpoint and steepness are scanned, the limit is linear.
    const leastSquares = (scale: number) => {
      let least = Infinity;
      for (let midpoint = 1e-6; midpoint < 0.1; midpoint *= 1.02) {
        for (let steepness = 0.5; steepness < 1.5; steepness += 0.002) {
          const losses = runs.map(({ upRatio }) => scale / (1 + (upRatio / midpoint) ** steepness));
          const limit = runs.reduce((sum, run, i) => sum + run.accuracy + losses[i]!, 0) / runs.length;
          const squares = runs.reduce((sum, run, i) => sum + (run.accuracy - limit + losses[i]!) ** 2, 0);
          least = Math.min(least, squares);
        }
      }
      return least;
    };
    const allowed = (fit.deviation * studentQuantile(0.975, runs.length - 3)) ** 2;
    const least = leastSquares(value);
    for (const end of [lower, upper]) {
      expect(Math.abs((leastSquares(end) - least) / allowed - 1)).toBeLessThan(0.05);
    }
  });

  it('inverts and differentiates every family analytically', () => {
    for (let k = 0; k < 6; k++) {
      const { family } = syntheticCase(22, k);
      const ratio = 0.07;
      const step = 1e-5;
      const slope =
        (lossValue(family, ratio * Math.exp(step)) - lossValue(family, ratio * Math.exp(-step))) / (2 * step);
      expect(lossSlope(family, ratio)).toBeCloseTo(slope, 7);
      expect(ratioForLoss(family, lossValue(family, ratio))).toBeCloseTo(ratio, 10);
    }
  });

  it('compares with a monotone table that never falls with the ratio', () => {
    const table = fit.assessments.find(({ form }) => form.family === 'table')!.model;
    const values = comparisonRatios({ observations } as never).map((ratio) => accuracy(table, ratio, ratio, 0));
    values.slice(1).forEach((value, k) => expect(value).toBeGreaterThanOrEqual(values[k]! - 1e-12));
  });

  it('gives repeats with little spread more weight', () => {
    const base = ratios.map((upRatio) => ({ upRatio, accuracy: 0.9 - 0.002 * upRatio ** -0.8 }));
    const spread = (value: number) => [-1, 0, 1].map((sign) => sign * value);
    const runs = base.flatMap(({ upRatio, accuracy: value }, k) =>
      // One point lies off, and its runs scatter widely.
      spread(k === 3 ? 0.04 : 0.002).map((deviation) => ({
        upRatio,
        accuracy: value + deviation + (k === 3 ? 0.03 : 0),
      })),
    );
    const at = (weights: FitOptions['weights']) =>
      fitAccuracy(runs, { family: 'power', weights, loss: 'squares' }).band(ratios[3]!, ratios[3]!, 0).accuracy;
    const truth = base[3]!.accuracy;
    expect(Math.abs(at('repeats') - truth)).toBeLessThan(0.6 * Math.abs(at('equal') - truth));
  });
});

describe('refusals and warnings', () => {
  const good = ratios.map((upRatio) => ({ upRatio, accuracy: 0.9 - 0.002 * upRatio ** -0.8 }));

  it('refuses data that no curve can be fitted to, with every reason', () => {
    expect(problemsOf([])).toEqual(['there are no runs']);
    expect(problemsOf(good.map((run) => ({ ...run, accuracy: 100 * run.accuracy })))[0]).toContain('per cent');
    expect(problemsOf(good.map((run) => ({ ...run, accuracy: run.accuracy + 0.5 })))[0]).toContain('0 … 1');
    expect(problemsOf(good.map((run) => ({ ...run, upRatio: 0.1 })))[0]).toContain('same ratio');
    expect(problemsOf(good.map((run) => ({ ...run, upRatio: 1 / run.upRatio })))[0]).toContain('compression factors');
    expect(problemsOf(good.slice(0, 4))[0]).toContain('too few');
    const narrow = good.map((run, k) => ({ ...run, upRatio: 0.1 + 0.02 * k }));
    expect(problemsOf(narrow)[0]).toContain('decade');
    expect(problemsOf([...good, { upRatio: NaN, accuracy: 2 }])).toHaveLength(2);
  });

  it('refuses accuracies that fall as the ratio grows', () => {
    const falling = good.map((run, k) => ({ ...run, accuracy: good[good.length - 1 - k]!.accuracy }));
    expect(problemsOf(falling)[0]).toContain('falls');
  });

  it('warns of a flat cloud and of one that is not monotone', () => {
    const random = randomStream(5, 'cloud');
    const flat = good.map((run) => ({ ...run, accuracy: 0.9 + 0.0005 * random.normal() }));
    expect(fitAccuracy(flat).warnings.join()).toContain('flat');
    const scattered = good.map((run, k) => ({ ...run, accuracy: 0.8 + (k % 2 === 0 ? 0.05 : -0.05) + 0.002 * k }));
    expect(fitAccuracy(scattered).warnings.join()).toContain('not monotone');
  });

  it('warns of a limit that the runs do not determine', () => {
    const random = randomStream(6, 'limit');
    // A slow rise with no sign of levelling off.
    const rising = [0.01, 0.02, 0.03, 0.05, 0.08].map((upRatio) => ({
      upRatio,
      accuracy: 0.2 + 0.06 * Math.log(upRatio / 0.005) + 0.002 * random.normal(),
    }));
    expect(fitAccuracy(rising, { family: 'power' }).warnings.join()).toContain('limit');
  });
});

describe('tools of the fit', () => {
  it('has quantiles of Student’s t as tables list them', () => {
    const listed: [number, number, number][] = [
      [0.975, 1, 12.7062047364],
      [0.975, 5, 2.5705818366],
      [0.995, 10, 3.1692726726],
      [0.95, 30, 1.6972608866],
      [0.975, 1000, 1.9623390808],
    ];
    for (const [p, degrees, t] of listed) expect(studentQuantile(p, degrees)).toBeCloseTo(t, 8);
    expect(studentQuantile(0.025, 5)).toBeCloseTo(-2.5705818366, 8);
  });

  it('finds the minimum of Rosenbrock’s function without derivatives', () => {
    const rosenbrock = ([x, y]: Float64Array) => 100 * (y! - x! * x!) ** 2 + (1 - x!) ** 2;
    const { point, value } = nelderMead(rosenbrock, Float64Array.of(-1.2, 1), { size: 0.5, evaluations: 2000 });
    expect(value).toBeLessThan(1e-12);
    expect(point[0]).toBeCloseTo(1, 5);
    expect(point[1]).toBeCloseTo(1, 5);
  });
});
