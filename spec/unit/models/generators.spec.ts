import { describe, expect, it } from 'vitest';
import {
  exponentialField,
  jakesProcess,
  lineOfSightProbability,
  normalQuantile,
  onOffProcess,
  pathOf,
  pointInDisc,
  Site,
  type Motion,
} from '../../../lib/models/index.js';
import { randomStream } from '../../../lib/random/index.js';
import { kolmogorovSmirnov, meanAndError, normalDistribution, smirnovLimit } from '../../support/statistics.js';
import { urbanMacroSite } from '../../support/site-model.js';

/** As in the tests of each generator: one in a thousand for a law, four standard errors for a mean; seeds are fixed. */
const significance = 1e-3;
const seeds = Array.from({ length: 2000 }, (_, k) => k);

function expectMean(values: readonly number[], expected: number): void {
  const { mean, error } = meanAndError(values);
  expect(Math.abs(mean - expected)).toBeLessThan(4 * error);
}

function expectLaw(values: readonly number[], cdf: (x: number) => number): void {
  expect(kolmogorovSmirnov(values, cdf)).toBeLessThan(smirnovLimit(values.length, significance));
}

const uniform = (least: number, most: number) => (x: number) => Math.min(1, Math.max(0, (x - least) / (most - least)));

describe('laws of the generators (Kolmogorov–Smirnov)', () => {
  it('places are even over the disc, in distance and in direction', () => {
    const places = seeds.map((seed) => pointInDisc(80, randomStream(seed, 'place')));
    expectLaw(
      places.map(({ xMetre, yMetre }) => Math.hypot(xMetre, yMetre)),
      (r) => (r / 80) ** 2,
    );
    expectLaw(
      places.map(({ xMetre, yMetre }) => Math.atan2(yMetre, xMetre)),
      uniform(-Math.PI, Math.PI),
    );
  });

  it('speeds of legs and pauses are even over their ranges', () => {
    const motion: Motion = {
      kind: 'waypoint',
      start: { xMetre: 0, yMetre: 0 },
      radiusMetre: 1e6,
      speedMetrePerSecond: [0.5, 1.5],
      pauseSeconds: [0, 0],
    };
    const speeds = seeds.map((seed) => {
      const { xMetre, yMetre } = pathOf(motion, randomStream(seed, 'leg')).at(1);
      return Math.hypot(xMetre, yMetre);
    });
    expectLaw(speeds, uniform(0.5, 1.5));
    const pauses = seeds.map((seed) => {
      const still: Motion = { ...motion, radiusMetre: 1e-3, speedMetrePerSecond: [1, 1], pauseSeconds: [10, 30] };
      const path = pathOf(still, randomStream(seed, 'pause'));
      const there = path.at(1);
      let [low, high] = [1, 31];
      while (high - low > 1e-4) {
        const middle = (low + high) / 2;
        const { xMetre, yMetre } = path.at(middle);
        if (xMetre === there.xMetre && yMetre === there.yMetre) low = middle;
        else high = middle;
      }
      return low;
    });
    expectLaw(pauses, uniform(10, 30));
  });

  it('times of coming and going are exponential', () => {
    const times = { meanOnSeconds: 30, meanOffSeconds: 10 };
    const stays = seeds.flatMap((seed) => {
      const process = onOffProcess(times, randomStream(seed, 'stay'));
      // The rest of a stay at any time is as long as a whole one: the law has no memory.
      if (!process.isOnAt(500)) return [];
      let [low, high] = [500, 501];
      while (process.isOnAt(high)) [low, high] = [high, high + 0.25];
      return [(low + high) / 2 - 500];
    });
    expect(stays.length).toBeGreaterThan(1300);
    expectLaw(stays, (x) => 1 - Math.exp(-Math.max(0, x) / 30));
  });

  it('the state of sight has the correlation of its field along a path', () => {
    const model = urbanMacroSite;
    const distance = 85;
    const probability = lineOfSightProbability('uma', distance);
    const turned = (metres: number) => {
      const angle = 2 * Math.asin(metres / (2 * distance));
      return { xMetre: distance * Math.cos(angle), yMetre: distance * Math.sin(angle) };
    };
    for (const metres of [10, 50]) {
      const both = seeds.map((seed) => {
        const site = new Site(model, seed);
        return site.at(turned(0)).lineOfSight && site.at(turned(metres)).lineOfSight ? 1 : 0;
      });
      expectMean(both, bothBelow(normalQuantile(probability), Math.exp(-metres / 50)));
    }
  });
});

/** P(X < a, Y < a) of standard normals with correlation r, by integrating over X. */
function bothBelow(a: number, r: number): number {
  const step = 1e-3;
  let sum = 0;
  for (let x = -8 + step / 2; x < a; x += step) {
    const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
    sum += step * density * normalDistribution((a - r * x) / Math.sqrt(1 - r * r));
  }
  return sum;
}

describe('generators know nothing of one another (cross-correlation)', () => {
  const place = { xMetre: 30, yMetre: -12 };
  const products = (one: (seed: number) => number, other: (seed: number) => number) =>
    seeds.map((seed) => one(seed) * other(seed));
  const field = (stream: string, shift = 0) => {
    return (seed: number) => exponentialField(50, randomStream(seed + shift, stream)).at(place);
  };

  it('fields of the states of sight, and of seeds beside each other', () => {
    expectMean(products(field('site/shadowing/los'), field('site/shadowing/nlos')), 0);
    expectMean(products(field('site/shadowing/los'), field('site/sight')), 0);
    expectMean(products(field('site/shadowing/los'), field('site/shadowing/los', 1)), 0);
  });

  it('ways of two devices, and the fades of two', () => {
    const motion: Motion = {
      kind: 'waypoint',
      start: { xMetre: 0, yMetre: 0 },
      radiusMetre: 50,
      speedMetrePerSecond: [1, 1],
      pauseSeconds: [0, 0],
    };
    const way = (name: string) => (seed: number) =>
      pathOf(motion, randomStream(seed, `device/${name}/motion`)).at(400).xMetre;
    expectMean(products(way('phone-1'), way('phone-2')), 0);
    const fade = (name: string) => (seed: number) =>
      jakesProcess({ kind: 'rayleigh' }, 10, randomStream(seed, `${name}/fades`)).complexGainAt(3)[0];
    expectMean(products(fade('phone-1'), fade('phone-2')), 0);
  });
});
