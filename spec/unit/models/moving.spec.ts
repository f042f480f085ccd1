import besselj0 from '@stdlib/math-base-special-besselj0';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  coherenceBlocks,
  coherenceSeconds,
  correlatedNormals,
  distanceBetween,
  dopplerHz,
  exponentialField,
  fadingQuantile,
  jakesCorrelation,
  jakesProcess,
  lineOfSightProbability,
  noiseRiseSteps,
  normalCdf,
  normalQuantile,
  onOffProcess,
  pathOf,
  Site,
  traceAt,
  type Fading,
  type Motion,
  type Position,
  type SiteModel,
} from '../../../lib/models/index.js';
import { randomStream } from '../../../lib/random/index.js';
import { kolmogorovSmirnov, meanAndError, normalDistribution, smirnovLimit } from '../../support/statistics.js';
import { urbanMacroSite } from '../../support/site-model.js';

/** One in a thousand for a law, and 4 standard errors (6 in 100,000) for a mean: seeds are fixed, so a pass stays one. */
const significance = 1e-3;
const standardErrors = 4;
const seeds = Array.from({ length: 2000 }, (_, k) => k);

function expectMean(values: readonly number[], expected: number): void {
  const { mean, error } = meanAndError(values);
  expect(Math.abs(mean - expected)).toBeLessThan(standardErrors * error);
}

describe('motion', () => {
  const waypoint: Motion = {
    kind: 'waypoint',
    start: { xMetre: 3, yMetre: 4 },
    radiusMetre: 100,
    speedMetrePerSecond: [0.5, 1.5],
    pauseSeconds: [0, 20],
  };

  it('of random waypoints stays in the disc and within the speeds, and is the same in any order of asking', () => {
    fc.assert(
      fc.property(
        fc.nat(1000),
        fc.array(fc.double({ min: 0, max: 5000, noNaN: true }), { minLength: 2 }),
        (seed, times) => {
          const path = pathOf(waypoint, randomStream(seed, 'path'));
          const again = pathOf(waypoint, randomStream(seed, 'path'));
          const forward = [...times].sort((a, b) => a - b);
          const places = new Map(forward.map((time) => [time, path.at(time)]));
          for (const time of times) expect(again.at(time)).toEqual(places.get(time));
          forward.forEach((time, k) => {
            const place = places.get(time)!;
            expect(Math.hypot(place.xMetre, place.yMetre)).toBeLessThanOrEqual(100 + 1e-9);
            if (k === 0) return;
            const before = forward[k - 1]!;
            expect(distanceBetween(place, places.get(before)!)).toBeLessThanOrEqual(1.5 * (time - before) + 1e-6);
          });
        },
      ),
      { numRuns: 50, seed: 1 },
    );
    expect(pathOf(waypoint, randomStream(1, 'path')).at(0)).toEqual({ xMetre: 3, yMetre: 4 });
  });

  it('on a road turns back at its ends; on a trace it goes straight and rests outside', () => {
    const random = randomStream(1, 'none');
    const road = pathOf(
      {
        kind: 'road',
        start: { xMetre: 10, yMetre: 0 },
        headingRadian: Math.PI / 2,
        lengthMetre: 100,
        speedMetrePerSecond: 20,
      },
      random,
    );
    const heights = [0, 2, 5, 7, 10, 13].map((seconds) => Math.round(1e6 * road.at(seconds).yMetre) / 1e6);
    expect(heights).toEqual([0, 40, 100, 60, 0, 60]);
    const points = [
      { seconds: 10, xMetre: 0, yMetre: 0 },
      { seconds: 20, xMetre: 10, yMetre: 20 },
    ];
    const trace = pathOf({ kind: 'trace', points }, random);
    expect(trace.at(0)).toMatchObject({ xMetre: 0, yMetre: 0 });
    expect(trace.at(15)).toEqual({ xMetre: 5, yMetre: 10 });
    expect(trace.at(99)).toMatchObject({ xMetre: 10, yMetre: 20 });
  });
});

describe('shadowing', () => {
  const decorrelation = 37;
  const places: Position[] = [
    { xMetre: 0, yMetre: 0 },
    { xMetre: 5, yMetre: 0 },
    { xMetre: 0, yMetre: 37 },
    { xMetre: -60, yMetre: 45 },
  ];
  const fields = seeds.map((seed) => {
    const field = exponentialField(decorrelation, randomStream(seed, 'field'));
    return places.map((place) => field.at(place));
  });
  const snapshots = seeds.map((seed) => [...correlatedNormals(places, decorrelation, randomStream(seed, 'snapshot'))]);

  it.each([
    ['a field', fields],
    ['Cholesky’s factor', snapshots],
  ])('by %s is normal at every place (Kolmogorov–Smirnov, 0.1 %)', (_, samples) => {
    for (let k = 0; k < places.length; k++) {
      const distance = kolmogorovSmirnov(
        samples.map((values) => values[k]!),
        normalDistribution,
      );
      expect(distance).toBeLessThan(smirnovLimit(seeds.length, significance));
    }
  });

  it.each([
    ['a field', fields],
    ['Cholesky’s factor', snapshots],
  ])('by %s has correlation exp(−d / d_cor) between all places', (_, samples) => {
    for (let j = 0; j < places.length; j++) {
      for (let k = 0; k <= j; k++) {
        const expected = Math.exp(-distanceBetween(places[j]!, places[k]!) / decorrelation);
        expectMean(
          samples.map((values) => values[j]! * values[k]!),
          expected,
        );
      }
    }
  });

  it('along a path has the autocorrelation of the law', () => {
    const lags = [1, 10, 37, 100];
    for (const lag of lags) {
      const products = seeds.slice(0, 400).map((seed) => {
        const field = exponentialField(decorrelation, randomStream(seed, 'path'));
        const along = (metres: number) => field.at({ xMetre: 0.6 * metres, yMetre: 0.8 * metres });
        let sum = 0;
        for (let k = 0; k < 10; k++) sum += along(400 * k) * along(400 * k + lag);
        return sum / 10;
      });
      expectMean(products, Math.exp(-lag / decorrelation));
    }
  });

  it('of a place added at the end changes nothing for the others, even where it is another’s', () => {
    const more = [...places, places[1]!];
    const values = correlatedNormals(more, decorrelation, randomStream(3, 'snapshot'));
    expect([...values.subarray(0, 4)]).toEqual(snapshots[3]);
    expect(values[4]).toBeCloseTo(values[1]!, 6);
  });
});

describe('fading in time', () => {
  const doppler = 10;
  const processes = seeds.map((seed) => jakesProcess({ kind: 'rayleigh' }, doppler, randomStream(seed, 'jakes')));

  it('has an exponential power gain (Kolmogorov–Smirnov, 0.1 %)', () => {
    const gains = processes.map((process) => process.powerGainAt(0.37));
    expect(kolmogorovSmirnov(gains, (gain) => -Math.expm1(-gain))).toBeLessThan(
      smirnovLimit(seeds.length, significance),
    );
    expectMean(gains, 1);
  });

  it('has Jakes’ autocorrelation at all lags, and none between its parts', () => {
    for (const lag of [0.005, 0.02, 0.0383, 0.06, 0.12, 0.3]) {
      const pairs = processes.map((process) => [process.complexGainAt(0.2), process.complexGainAt(0.2 + lag)] as const);
      const expected = besselj0(2 * Math.PI * doppler * lag) / 2;
      expectMean(
        pairs.map(([now, later]) => now[0] * later[0]),
        expected,
      );
      expectMean(
        pairs.map(([now, later]) => now[1] * later[1]),
        expected,
      );
      expectMean(
        pairs.map(([now, later]) => now[0] * later[1]),
        0,
      );
    }
  });

  it('with a direct path has the deciles of Rice’s law', () => {
    const fading: Fading = { kind: 'rician', factor: 4 };
    const gains = seeds.map((seed) => jakesProcess(fading, doppler, randomStream(seed, 'rice')).powerGainAt(1.1));
    for (let decile = 1; decile < 10; decile++) {
      const limit = fadingQuantile(fading, decile / 10);
      expectMean(
        gains.map((gain) => (gain < limit ? 1 : 0)),
        decile / 10,
      );
    }
  });

  it('by a first-order recursion would match one lag alone, and flip its sign beyond f_D·τ of 0.38', () => {
    const [one, two] = [jakesCorrelation(doppler, 0.02), jakesCorrelation(doppler, 0.04)];
    expect(Math.abs(one * one - two)).toBeGreaterThan(0.3);
    expect(jakesCorrelation(1, 0.37)).toBeGreaterThan(0);
    expect(jakesCorrelation(1, 0.39)).toBeLessThan(0);
  });

  it('counts blocks: 1.5 m/s at 3.5 GHz is 17.5 Hz, 24 ms, 206 blocks of 5 s', () => {
    const walker = dopplerHz(1.5, 3.5e9);
    expect(walker).toBeCloseTo(17.512, 3);
    expect(coherenceSeconds(walker)).toBeCloseTo(0.02415, 4);
    expect(coherenceBlocks(5, walker, 1000)).toBe(206);
    expect(coherenceBlocks(5, walker, 64)).toBe(64);
    expect(coherenceBlocks(5, 0, 64)).toBe(1);
  });
});

describe('site', () => {
  const model = urbanMacroSite;

  it('has line of sight as often as TR 38.901 says at each distance', () => {
    for (const distance of [30, 80, 200]) {
      const seen = seeds.map((seed) => (new Site(model, seed).at({ xMetre: distance, yMetre: 0 }).lineOfSight ? 1 : 0));
      expectMean(seen, lineOfSightProbability('uma', distance));
    }
  });

  it('has the shadowing of the state of sight', () => {
    const found = seeds.map((seed) => new Site(model, seed).at({ xMetre: 0, yMetre: 80 }));
    for (const [state, deviation] of [
      [true, 4],
      [false, 6],
    ] as const) {
      const values = found
        .filter(({ lineOfSight }) => lineOfSight === state)
        .map(({ shadowingDecibel }) => shadowingDecibel);
      expect(values.length).toBeGreaterThan(300);
      const distance = kolmogorovSmirnov(values, (x) => normalDistribution(x / deviation));
      expect(distance).toBeLessThan(smirnovLimit(values.length, significance));
    }
  });

  it('forecasts what the field then has: mean and spread after a way, given the place now', () => {
    const open: SiteModel = { ...model, pathLoss: { kind: 'macro' } };
    const standardised = seeds.map((seed) => {
      const site = new Site(open, seed);
      const now = site.at({ xMetre: 200, yMetre: 0 });
      const { meanDecibel, deviationDecibel } = site.forecast(now, 20);
      // Along the circle: the distance to the base station stays, the straight way is 20 m.
      const turn = 2 * Math.asin(20 / 400);
      const later = site.at({ xMetre: 200 * Math.cos(turn), yMetre: 200 * Math.sin(turn) });
      return (10 * Math.log10(later.gain) - meanDecibel) / deviationDecibel;
    });
    expect(kolmogorovSmirnov(standardised, normalDistribution)).toBeLessThan(smirnovLimit(seeds.length, significance));
  });
});

describe('what else changes', () => {
  it('knows Φ and its inverse', () => {
    for (const x of [-6, -2, -0.5, 0, 0.3, 1.96, 5]) {
      expect(normalCdf(x)).toBeCloseTo(normalDistribution(x), 12);
      expect(normalQuantile(normalCdf(x))).toBeCloseTo(x, 8);
    }
  });

  it('steps hold from their time on', () => {
    const trace = { seconds: [10, 20], values: [1, 0.5] };
    expect([0, 10, 19.9, 20, 99].map((at) => traceAt(trace, at))).toEqual([1, 1, 1, 0.5, 0.5]);
  });

  it('comes and goes in the shares of its mean times, whenever it is asked', () => {
    const times = { meanOnSeconds: 30, meanOffSeconds: 10 };
    for (const at of [0, 25, 1000]) {
      expectMean(
        seeds.map((seed) => (onOffProcess(times, randomStream(seed, 'presence')).isOnAt(at) ? 1 : 0)),
        0.75,
      );
    }
  });

  it('loads of neighbours are even over their range and correlated in time', () => {
    const rise = { fullLoadDecibel: 10, load: [0.2, 0.8], correlationSeconds: 20 } as const;
    const series = seeds.map((seed) => {
      const next = noiseRiseSteps(rise, 10, randomStream(seed, 'load'));
      return Array.from({ length: 3 }, () => (next() - 1) / 9);
    });
    const last = series.map((values) => values[2]!);
    expect(kolmogorovSmirnov(last, (load) => (load - 0.2) / 0.6)).toBeLessThan(
      smirnovLimit(seeds.length, significance),
    );
    const normals = series.map((values) => values.map((load) => normalQuantile((load - 0.2) / 0.6)));
    expectMean(
      normals.map((values) => values[1]! * values[2]!),
      Math.exp(-0.5),
    );
  });
});
