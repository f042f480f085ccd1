import { describe, expect, it } from 'vitest';
import { dequantize, encode, quantize } from '../../../lib/codec/index.js';
import {
  operatingPoints,
  predictDistortion,
  predictRate,
  qsgdVarianceBound,
  summarizeLayer,
  summarySize,
  topKContraction,
} from '../../../lib/models/codec-rate/index.js';
import { quickRandom } from '../../support/quick-random.js';

const shape = [4, 40, 96];

function layer(seed: number): { values: Float32Array; shape: number[] } {
  const random = quickRandom(seed);
  const values = Float32Array.from({ length: 4 * 40 * 96 }, () => {
    const bell = random() + random() + random() - 1.5;
    return bell * (random() < 0.1 ? 4 : 1);
  });
  return { values, shape };
}

describe('rate and distortion of the codec', () => {
  const summary = summarizeLayer([layer(1), layer(2)], 'token');
  const other = layer(3);

  it('needs at most 64 numbers', () => {
    expect(summarySize(summary)).toBeLessThanOrEqual(64);
  });

  it('predicts the size of another batch within 2 % on the mean and 5 % on each setting', () => {
    const errors: number[] = [];
    for (const keptFraction of [0.02, 0.1, 0.35, 1]) {
      for (const bits of [2, 4, 6, 8]) {
        const settings = { keptFraction, bits };
        const measured = 8 * encode(other.values, shape, settings).length;
        errors.push(Math.abs(predictRate(summary, settings, shape).bits / measured - 1));
      }
    }
    expect(errors.reduce((sum, error) => sum + error, 0) / errors.length).toBeLessThan(0.02);
    expect(Math.max(...errors)).toBeLessThan(0.05);
  });

  it('predicts the size with one scale a tensor from a summary for that', () => {
    const ofTensor = summarizeLayer([layer(1), layer(2)], 'token', 'tensor');
    expect(summarySize(ofTensor)).toBeLessThanOrEqual(64);
    for (const settings of [
      { keptFraction: 0.1, bits: 4 },
      { keptFraction: 0.5, bits: 6 },
    ]) {
      const measured = 8 * encode(other.values, shape, { ...settings, scaleScope: 'tensor' }).length;
      expect(Math.abs(predictRate(ofTensor, settings, shape).bits / measured - 1)).toBeLessThan(0.1);
    }
  });

  it('predicts the distortion, which stays within the bounds', () => {
    const ratios: number[] = [];
    for (const keptFraction of [0.1, 0.3, 1]) {
      const settings = { keptFraction, bits: 4 };
      const received = dequantize(quantize(other.values, shape, settings));
      let [error, energy] = [0, 0];
      other.values.forEach((value, i) => {
        error += (value - received[i]!) ** 2;
        energy += value * value;
      });
      const predicted = predictDistortion(summary, settings, shape);
      // Scales and relative magnitudes are taken as independent; factors mend that near κ = 0.2 and q = 4.
      ratios.push(predicted.relativeError / (error / energy));
      expect(predicted.dropped).toBeLessThanOrEqual(topKContraction(keptFraction, 1) + 1e-9);
      expect(predicted.rounding).toBeLessThan(qsgdVarianceBound(96, 4));
    }
    // Where everything is kept all of the error is rounding, which depends most on how magnitudes go with scales.
    const [few, some, all] = ratios;
    expect(Math.abs(few! - 1)).toBeLessThan(0.06);
    expect(Math.abs(some! - 1)).toBeLessThan(0.06);
    expect(Math.abs(all! - 1)).toBeLessThan(0.15);
  });

  it('offers operating points of which none beats another', () => {
    const points = operatingPoints(summary, shape);
    expect(points.length).toBeGreaterThan(8);
    for (let k = 1; k < points.length; k++) {
      expect(points[k]!.ratio).toBeGreaterThan(points[k - 1]!.ratio);
      expect(points[k]!.relativeError).toBeLessThan(points[k - 1]!.relativeError);
    }
  });

  describe('with outlier channels kept apart', () => {
    const outliers = [3, 40, 77];
    const withOutliers = (seed: number) => {
      const { values } = layer(seed);
      return { values: values.map((value, k) => value * (outliers.includes(k % 96) ? 40 : 1)), shape };
    };
    const [first, second, tested] = [1, 2, 3].map(withOutliers);
    const apart = summarizeLayer([first!, second!], 'token', 'token', 4);

    it('needs two numbers more and counts the channels', () => {
      expect(summarySize(apart)).toBe(summarySize(summary) + 2);
      const [energy, own] = [first!, second!].reduce<[number, number]>(
        ([all, those], { values }) => {
          const squares = values.map((value) => value * value);
          const add = (sum: number, square: number) => sum + square;
          return [squares.reduce(add, all), squares.filter((_, k) => outliers.includes(k % 96)).reduce(add, those)];
        },
        [0, 0],
      );
      expect(apart.outliers!.channels).toBe(outliers.length);
      expect(apart.outliers!.energyShare).toBeCloseTo(own / energy, 6);
      // What is left is as it was before the channels grew.
      apart.rankMean.forEach((mean, k) => expect(Math.abs(mean - summary.rankMean[k]!)).toBeLessThan(0.1));
    });

    it('predicts the size of another batch within 2 % on the mean and 5 % on each setting', () => {
      for (const lossless of ['fast', 'small'] as const) {
        const errors = [0.02, 0.1, 0.35, 0.98, 1].flatMap((keptFraction) =>
          [2, 4, 6, 8].map((bits) => {
            const settings = { keptFraction, bits, lossless };
            const measured = 8 * encode(tested!.values, shape, { ...settings, outlierThreshold: 4 }).length;
            return Math.abs(predictRate(apart, settings, shape).bits / measured - 1);
          }),
        );
        expect(errors.reduce((sum, error) => sum + error, 0) / errors.length).toBeLessThan(0.02);
        expect(Math.max(...errors)).toBeLessThan(0.05);
      }
    });

    it('predicts the error, which is that of the other channels and of bfloat16', () => {
      for (const [keptFraction, bits, tolerance] of [
        [0.2, 4, 0.06],
        [1, 8, 0.15],
      ] as const) {
        const settings = { keptFraction, bits };
        const received = dequantize(quantize(tested!.values, shape, { ...settings, outlierThreshold: 4 }));
        let [error, energy] = [0, 0];
        tested!.values.forEach((value, i) => {
          error += (value - received[i]!) ** 2;
          energy += value * value;
        });
        const { relativeError } = predictDistortion(apart, settings, shape);
        expect(Math.abs(relativeError / (error / energy) - 1)).toBeLessThan(tolerance);
      }
    });

    it('is the model without them where no channel stands out', () => {
      const none = summarizeLayer([layer(1), layer(2)], 'token', 'token', 4);
      expect(none.outliers).toEqual({ threshold: 4, channels: 0, energyShare: 0 });
      const settings = { keptFraction: 0.1, bits: 4 };
      const { bits } = predictRate(summary, settings, shape);
      // The message names the threshold and tells that there are none.
      expect(predictRate(none, settings, shape).bits).toBeCloseTo(bits + 40, 6);
      expect(8 * encode(other.values, shape, { ...settings, outlierThreshold: 4 }).length).toBe(
        8 * encode(other.values, shape, settings).length + 40,
      );
    });
  });
});
