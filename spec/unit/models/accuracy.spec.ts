import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  accuracy,
  accuracyGradient,
  cutFactor,
  lossSlope,
  lossValue,
  ratioForLoss,
  type AccuracyModel,
  type CutCoefficient,
  type LossFamily,
} from '../../../lib/models/index.js';

const positive = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const families: fc.Arbitrary<LossFamily> = fc.oneof(
  fc.record({ kind: fc.constant('power' as const), scale: positive(0.001, 0.05), exponent: positive(0.2, 1.5) }),
  fc.record({ kind: fc.constant('exponential' as const), scale: positive(0.05, 0.6), rate: positive(1, 30) }),
  fc.record({
    kind: fc.constant('logistic' as const),
    scale: positive(0.1, 0.8),
    midpoint: positive(0.01, 0.2),
    steepness: positive(0.5, 4),
  }),
  fc.constant<LossFamily>({ kind: 'table', ratios: [0.01, 0.05, 0.2, 1], losses: [0.5, 0.2, 0.03, 0.001] }),
);
const cuts: fc.Arbitrary<CutCoefficient> = fc.oneof(
  fc.constant<CutCoefficient>({ kind: 'constant' }),
  positive(0, 0.3).map((rate): CutCoefficient => ({ kind: 'decaying', rate })),
  fc.constant<CutCoefficient>({ kind: 'measured', cuts: [0, 3, 9], factors: [2, 1, 0.3] }),
);
const term = fc.record({ family: families, cut: cuts });
const models = fc.record({
  limit: positive(0.5, 1),
  combination: fc.constantFrom('additive' as const, 'product' as const),
  up: term,
  down: term,
  fittedRatio: fc.constant({ minimum: 0.005, maximum: 1 }),
});
const ratios = positive(-4.45, -0.05).map(Math.exp);

describe('accuracy', () => {
  it('has a gradient that agrees with differences away from knots', () => {
    fc.assert(
      fc.property(models, ratios, ratios, positive(0.1, 11.9), (model: AccuracyModel, up, down, cut) => {
        const knots = [Math.log(0.01), Math.log(0.05), Math.log(0.2), 0];
        fc.pre(knots.every((knot) => Math.abs(Math.log(up) - knot) > 1e-3 && Math.abs(Math.log(down) - knot) > 1e-3));
        fc.pre([3, 9].every((knot) => Math.abs(cut - knot) > 1e-3));
        const losses = [model.up, model.down!].map(({ family, cut: coefficient }, k) => {
          return lossValue(family, k === 0 ? up : down) * cutFactor(coefficient, cut);
        });
        fc.pre(losses.every((loss) => Math.abs(loss - 1) > 1e-3));
        const step = 1e-6;
        const at = (du: number, dd: number, dc: number) =>
          accuracy(model, up * Math.exp(du), down * Math.exp(dd), cut + dc);
        const gradient = accuracyGradient(model, up, down, cut);
        const differences = [
          at(step, 0, 0) - at(-step, 0, 0),
          at(0, step, 0) - at(0, -step, 0),
          at(0, 0, step) - at(0, 0, -step),
        ].map((difference) => difference / (2 * step));
        gradient.forEach((derivative, k) =>
          expect(Math.abs(derivative - differences[k]!)).toBeLessThan(1e-6 * (1 + Math.abs(derivative))),
        );
      }),
      { numRuns: 400 },
    );
  });

  it('grows with either ratio', () => {
    fc.assert(
      fc.property(models, ratios, ratios, positive(0, 12), (model, up, down, cut) => {
        expect(accuracy(model, up * 1.1, down, cut)).toBeGreaterThanOrEqual(accuracy(model, up, down, cut) - 1e-15);
        expect(accuracy(model, up, down * 1.1, cut)).toBeGreaterThanOrEqual(accuracy(model, up, down, cut) - 1e-15);
      }),
    );
  });

  it('inverts every family', () => {
    fc.assert(
      fc.property(families, ratios, (family, ratio) => {
        const loss = lossValue(family, ratio);
        fc.pre(loss > 1e-12 && lossSlope(family, ratio) < -1e-9);
        const found = ratioForLoss(family, loss);
        expect(Math.abs(Math.log(found / ratio))).toBeLessThan(1e-6);
      }),
    );
    expect(ratioForLoss({ kind: 'power', scale: 0.01, exponent: 1 }, 0)).toBe(Infinity);
    expect(ratioForLoss({ kind: 'table', ratios: [0.1, 1], losses: [0.2, 0.05] }, 0.01)).toBe(Infinity);
  });

  it('without a downward term ignores the downward ratio', () => {
    const model: AccuracyModel = {
      limit: 0.9,
      combination: 'additive',
      up: { family: { kind: 'power', scale: 0.01, exponent: 0.5 }, cut: { kind: 'constant' } },
      fittedRatio: { minimum: 0.01, maximum: 1 },
    };
    expect(accuracy(model, 0.25, 0.01, 3)).toBe(accuracy(model, 0.25, 0.9, 3));
    expect(accuracy(model, 0.25, 1, 3)).toBeCloseTo(0.88, 14);
  });
});
