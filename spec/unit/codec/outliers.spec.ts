import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CodecError, decode, encode, ErrorFeedback, inspectMessage, quantize } from '../../../lib/codec/index.js';
import { quickRandom } from '../../support/codec-cases.js';

/** Tokens of channels that are normal but for those of `loud`, which are so many times as large. */
function tensor(tokens: number, width: number, loud: Readonly<Record<number, number>>, seed = 1): Float32Array {
  const random = quickRandom(seed);
  const bell = () => random() + random() + random() + random() - 2;
  return Float32Array.from({ length: tokens * width }, (_, k) => bell() * (loud[k % width] ?? 1));
}
const apartOf = (values: Float32Array, shape: number[], outlierThreshold: number) => {
  const coded = quantize(values, shape, { outlierThreshold });
  if (coded.kind !== 'levels' || !coded.outliers) throw new Error('no channels were looked for');
  return [...coded.outliers.channels];
};

describe('outlier channels', () => {
  it('are those above so many times the median, the largest where they are more than one of 16', () => {
    const loud = { 3: 10, 17: 20, 40: -6 };
    expect(apartOf(tensor(50, 64, loud), [50, 64], 4)).toEqual([3, 17, 40]);
    expect(apartOf(tensor(50, 64, loud), [50, 64], 8)).toEqual([3, 17]);
    expect(apartOf(tensor(50, 64, loud), [50, 64], 100)).toEqual([]);
    expect(apartOf(tensor(50, 64, loud), [50, 64], 1e-3).length).toBe(4);
    expect(apartOf(tensor(50, 64, loud), [50, 64], 1e-3)).toEqual(expect.arrayContaining([3, 17, 40]));
    expect(apartOf(tensor(50, 20, { 1: 30, 2: 40 }), [50, 20], 4)).toEqual([2]);
  });

  it('are not those of one huge token, nor of a tensor of one token or of few channels', () => {
    const values = tensor(50, 64, { 3: 10 });
    values.fill(0.1, 0, 64);
    values[60] = 30_000;
    expect(apartOf(values, [50, 64], 4)).toEqual([3]);
    expect(apartOf(values, [50 * 64], 4)).toEqual([]);
    expect(apartOf(tensor(50, 15, { 1: 30 }), [50, 15], 4)).toEqual([]);
  });

  it('arrive to eight bits, and the others as they would without them', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.constantFrom('fast' as const, 'small' as const),
        fc.integer({ min: 2, max: 6 }),
        (seed, lossless, bits) => {
          const [tokens, width] = [24, 48];
          const values = tensor(tokens, width, { [seed % width]: 1000, [(seed + 7) % width]: 50 }, seed);
          const settings = { lossless, bits, keptFraction: 0.3, seed };
          const message = encode(values, [2, 12, width], { ...settings, outlierThreshold: 4 });
          const received = decode(message).values;
          const isApart = (k: number) => k % width === seed % width || k % width === (seed + 7) % width;
          const rest = values.map((value, k) => (isApart(k) ? 0 : value));
          const others = decode(encode(rest, [2, 12, width], settings)).values;
          received.forEach((value, k) => {
            if (isApart(k)) expect(Math.abs(value / values[k]! - 1)).toBeLessThanOrEqual(2 ** -8);
            else expect(value).toBe(others[k]);
          });
          const plain = decode(encode(values, [2, 12, width], settings)).values;
          const error = (found: Float32Array) =>
            values.reduce((sum, value, k) => sum + (isApart(k) ? 0 : (value - found[k]!) ** 2), 0);
          expect(error(received)).toBeLessThan(0.7 * error(plain));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('take sixteen bits a value', () => {
    const values = tensor(100, 64, { 3: 10, 17: 20 });
    const rest = values.map((value, k) => (k % 64 === 3 || k % 64 === 17 ? 0 : value));
    const bytes = encode(values, [100, 64], { outlierThreshold: 4 }).length;
    expect(bytes - encode(rest, [100, 64]).length).toBe(4 + 3 + 2 * 200);
    expect(inspectMessage(encode(values, [100, 64], { outlierThreshold: 4 })).tensors[0]!.nonzeros).toBeGreaterThan(
      200,
    );
  });

  it('of the largest numbers stay finite', () => {
    const values = tensor(20, 32, {});
    for (let token = 0; token < 20; token++) values[32 * token + 5] = (token % 2 ? -1 : 1) * 3.4028234e38;
    const received = decode(encode(values, [20, 32], { outlierThreshold: 4 })).values;
    expect(received.every(Number.isFinite)).toBe(true);
    expect(received[5]! / 3.4028234e38).toBeCloseTo(1, 2);
  });

  it.each([NaN, Infinity, -Infinity])('with %d among them are refused with its position', (bad) => {
    const values = tensor(20, 32, { 5: 100 });
    values[32 * 7 + 5] = bad;
    expect(() => encode(values, [20, 32], { outlierThreshold: 4 })).toThrow(
      expect.objectContaining({ code: 'not-finite', position: 32 * 7 + 5 }) as CodecError,
    );
  });

  it('do not bear on values that are not levels, and are nothing to a message without them', () => {
    const values = tensor(20, 32, { 5: 100 });
    for (const kind of ['float16', 'float32'] as const) {
      const coded = encode(values, [20, 32], { values: kind, outlierThreshold: 4 });
      expect(coded).toEqual(encode(values, [20, 32], { values: kind }));
    }
    expect(decode(encode(values, [20, 32])).settings.outlierThreshold).toBe(0);
    expect(decode(encode(values, [20, 32], { outlierThreshold: 2.5 })).settings.outlierThreshold).toBe(2.5);
  });

  it('owe nothing much to the next tensor', () => {
    const feedback = new ErrorFeedback();
    const values = tensor(20, 32, { 5: 100 });
    feedback.quantize('a', values, [20, 32], { outlierThreshold: 4 });
    const owed = feedback.memory('a')!;
    for (let k = 5; k < values.length; k += 32) expect(Math.abs(owed[k]! / values[k]!)).toBeLessThanOrEqual(2 ** -8);
  });
});
