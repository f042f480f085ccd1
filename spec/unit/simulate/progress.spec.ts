import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readScenarioFile } from '../../../lib/io/index.js';
import { randomStream } from '../../../lib/random/index.js';
import {
  accuracyAfter,
  builtInScheme,
  fitProgress,
  simulate,
  simulationOptions,
  stepsToAccuracy,
  summarise,
} from '../../../lib/simulate/index.js';
import { scenario, smallScenario } from '../../support/scenarios.js';

const law = fc.record({
  shortfall: fc.double({ min: 0.01, max: 20, noNaN: true }),
  exponent: fc.double({ min: 0.2, max: 3, noNaN: true }),
  referenceSteps: fc.integer({ min: 10, max: 10_000 }),
});

describe('progress of a training', () => {
  it('gives the steps after which the target is reached', () => {
    let reached = 0;
    fc.assert(
      fc.property(
        law,
        fc.double({ min: 0.3, max: 0.99, noNaN: true }),
        fc.integer({ min: 1, max: 10_000 }),
        (of, a, steps) => {
          expect(accuracyAfter(of, a, of.referenceSteps)).toBeCloseTo(a, 12);
          const target = accuracyAfter(of, a, steps);
          // Where the curve is flat, steps are not told apart by the accuracy.
          if (of.exponent * of.shortfall * steps ** (-of.exponent - 1) < 1e-10) return;
          reached++;
          expect(stepsToAccuracy(of, a, target) / steps).toBeCloseTo(1, 3);
        },
      ),
      { seed: 1, numRuns: 300 },
    );
    expect(reached).toBeGreaterThan(150);
  });

  it('never reaches what the longest training does not', () => {
    const of = { shortfall: 2, exponent: 1, referenceSteps: 100 };
    // The limit is 0.9 + 2 / 100.
    expect(stepsToAccuracy(of, 0.9, 0.9199)).toBeCloseTo(2 / 1e-4, 0);
    expect(stepsToAccuracy(of, 0.9, 0.92)).toBe(Infinity);
    expect(stepsToAccuracy(of, 0.9, 0.95)).toBe(Infinity);
  });

  it('is found again in trainings that follow it, and as well in noisy ones as by trying all', () => {
    const random = randomStream(5, 'progress');
    const truth = { shortfall: 1.7, exponent: 0.8, referenceSteps: 500 };
    const levels = { a: 0.91, b: 0.84 };
    const trainings = (noise: number) =>
      (['a', 'b'] as const).flatMap((group) =>
        [25, 50, 100, 200, 500].flatMap((steps) =>
          [1, 2, 3].map(() => ({
            group,
            steps,
            accuracy: accuracyAfter(truth, levels[group], steps) + noise * (random.uniform() - 0.5),
          })),
        ),
      );
    const clean = fitProgress(trainings(0), 500);
    expect(clean.exponent).toBeCloseTo(0.8, 4);
    expect(clean.shortfall).toBeCloseTo(1.7, 3);
    expect(clean.levels.get('b')).toBeCloseTo(0.84, 6);
    const noisy = trainings(0.02);
    const found = fitProgress(noisy, 500);
    const residualOf = (exponent: number, shortfall: number) => {
      let sum = 0;
      for (const group of ['a', 'b']) {
        const own = noisy.filter((each) => each.group === group);
        const rest = own.map((each) => each.accuracy + shortfall * (each.steps ** -exponent - 500 ** -exponent));
        const middle = rest.reduce((a, b) => a + b) / rest.length;
        sum += rest.reduce((total, each) => total + (each - middle) ** 2, 0);
      }
      return Math.sqrt(sum / noisy.length);
    };
    expect(found.residual).toBeCloseTo(residualOf(found.exponent, found.shortfall), 10);
    for (let exponent = 0.1; exponent < 2; exponent += 0.05) {
      for (let shortfall = 0.2; shortfall < 10; shortfall *= 1.1) {
        expect(residualOf(exponent, shortfall)).toBeGreaterThanOrEqual(found.residual * (1 - 1e-9));
      }
    }
  });

  it('cannot be fitted to trainings of one length, nor where longer ones reach less', () => {
    const at = (steps: number, accuracy: number) => ({ group: 'a', steps, accuracy });
    expect(() => fitProgress([at(100, 0.8), at(100, 0.81)], 100)).toThrow(/three lengths/u);
    expect(() => fitProgress([at(50, 0.9), at(100, 0.8), at(200, 0.7)], 100)).toThrow(/do not reach more/u);
  });
});

describe('time to accuracy', () => {
  const settings = 'simulation.progress={ target: 88 %, shortfall: 2, exponent: 0.9, steps: 400 }';
  const schemes = (['joint', 'no-compression', 'vanilla-split'] as const).map(builtInScheme);
  const records = (...more: string[]) => {
    const of = scenario(settings, ...more);
    return [...simulate(of.cell, simulationOptions(of.settings), schemes, { seed: 3 })];
  };

  it('is the mean round over its part of the training, with the accuracy of each round', () => {
    const all = records();
    for (const summary of summarise(all)) {
      const own = all.filter(({ scheme }) => scheme === summary.scheme);
      const parts = own.map(({ accuracy, devices }) => {
        const steps = (400 ** -0.9 + (accuracy! - 0.88) / 2) ** (-1 / 0.9);
        return (2 * (summary.scheme === 'vanilla-split' ? devices : 1)) / steps;
      });
      const seconds = own.reduce((sum, { delaySeconds }) => sum + delaySeconds!, 0);
      expect(summary.run).toBe(12);
      expect(summary.secondsToAccuracy! / (seconds / parts.reduce((a, b) => a + b))).toBeCloseTo(1, 9);
    }
    const [joint, plain] = summarise(all);
    expect(plain!.meanProgress!).toBeGreaterThan(joint!.meanProgress!);
    expect(joint!.secondsToAccuracy!).toBeLessThan(plain!.secondsToAccuracy!);
  });

  it('is not there where the target is never reached, nor without a law', () => {
    const [joint] = summarise(records('simulation.progress.target=99 %'));
    expect(joint).toMatchObject({ meanProgress: 0, secondsToAccuracy: null });
    const of = scenario();
    const [plain] = summarise(simulate(of.cell, simulationOptions(of.settings), [builtInScheme('joint')], { seed: 3 }));
    expect(plain).toMatchObject({ meanProgress: null, secondsToAccuracy: null });
  });

  it('needs a whole law', () => {
    const outcome = readScenarioFile(smallScenario, {
      settings: ['simulation.progress={ target: 120 %, shortfall: 0, steps: many }'],
    });
    const paths = outcome.ok ? [] : outcome.issues.map(({ path }) => path).sort();
    expect(paths).toEqual(['exponent', 'shortfall', 'steps', 'target'].map((key) => `simulation.progress.${key}`));
  });
});
