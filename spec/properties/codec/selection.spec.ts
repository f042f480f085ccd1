import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CodecSettingsInput, dequantize, keptCount, quantize } from '../../../lib/codec/index.js';
import { wordsOf } from '../../../lib/codec/float-bits.js';
import { appendTopBySample } from '../../../lib/codec/selection/sampled-cut.js';
import { codecCases, quickRandom } from '../../support/codec-cases.js';

/** Top-K by sorting: descending magnitude, then ascending position. */
function sortedTop(values: readonly { magnitude: number; position: number }[], k: number): number[] {
  return [...values]
    .sort((a, b) => b.magnitude - a.magnitude || a.position - b.position)
    .slice(0, k)
    .map(({ position }) => position);
}

/** Groups of positions of a scope, straight from its definition. */
function groups(shape: readonly number[], scope: string): number[][] {
  const size = shape.reduce((product, extent) => product * extent, 1);
  const width = shape.at(-1) ?? 1;
  const perSample = shape.length > 1 ? size / shape[0]! : size;
  const keyOf = (position: number): number =>
    scope === 'tensor'
      ? 0
      : scope === 'sample'
        ? Math.floor(position / perSample)
        : scope === 'token'
          ? Math.floor(position / width)
          : position % width;
  const out = new Map<number, number[]>();
  for (let position = 0; position < size; position++) {
    const key = keyOf(position);
    out.set(key, [...(out.get(key) ?? []), position]);
  }
  return [...out.values()];
}

function keptOf(values: Float32Array, shape: number[], settings: CodecSettingsInput): number[] {
  const tensor = quantize(values, shape, { ...settings, values: 'float32' });
  if (tensor.kind !== 'float32') throw new Error('float32 was asked for');
  return [...tensor.words.keys()].filter((position) => tensor.words[position] !== 0);
}

describe('selection', () => {
  it.each([
    ['alike', () => 1],
    ['of growing scale', (row: number) => 1.02 ** row],
    ['of scales that jump', (row: number) => (row % 7 === 3 ? 1e6 : 1)],
    ['with rows of zeros and of equal values', (row: number) => (row % 5 === 2 ? 0 : 1)],
  ])('keeps exactly the Top-K of many neighbouring tokens that are %s', (_what, scaleOf) => {
    for (const width of [5, 64, 200, 203, 1000]) {
      const random = quickRandom(width);
      const rows = 60;
      const values = Float32Array.from({ length: rows * width }, (_, i) => {
        const row = Math.floor(i / width);
        // Every ninth row has but few distinct magnitudes, so that ties straddle the cut.
        const value = row % 9 === 8 ? Math.round(6 * random() - 3) : (random() + random() - 1) ** 3;
        return row % 5 === 3 && scaleOf(2) === 0 ? 0.5 : value * scaleOf(row);
      });
      for (const keptFraction of [0.01, 0.2, 0.9]) {
        const k = keptCount(width, Math.fround(keptFraction));
        const expected = Array.from({ length: rows }, (_, row) =>
          sortedTop(
            Array.from({ length: width }, (__, c) => ({
              magnitude: Math.abs(values[row * width + c]!),
              position: row * width + c,
            })),
            k,
          ),
        ).flat();
        const nonzero = expected.filter((position) => !Object.is(values[position], 0)).sort((a, b) => a - b);
        expect(keptOf(values, [rows, width], { keptFraction })).toEqual(nonzero);
      }
    }
  });

  it.each([
    ['independent values', true, (random: () => number) => (random() + random() - 1) ** 3],
    ['values of 30 orders of magnitude', true, (random: () => number) => 10 ** (30 * random() - 15)],
    ['a slow wave', true, (_random: () => number, i: number) => Math.sin(i / 500)],
    ['a period of 16 elements', true, (random: () => number, i: number) => (i % 16) + random() / 1e3],
    ['few distinct values', false, (random: () => number) => Math.round(2 * random() - 1)],
    ['equal values', false, () => -2],
    ['zeros with a few spikes', false, (_random: () => number, i: number) => (i % 977 === 3 ? i : 0)],
  ])('keeps exactly the Top-K of large groups of %s, ties by position', (_what, sampled, valueAt) => {
    for (const size of [4095, 4096, 9999, 70_001]) {
      const random = quickRandom(size);
      const values = Float32Array.from({ length: 2 * size }, (_, i) => valueAt(random, i));
      for (const keptFraction of [0.001, 0.2, 0.97]) {
        const k = keptCount(size, Math.fround(keptFraction));
        const expected = [0, size].flatMap((start) =>
          sortedTop(
            Array.from({ length: size }, (_, i) => ({ magnitude: Math.abs(values[start + i]!), position: start + i })),
            k,
          ).sort((a, b) => a - b),
        );
        const nonzero = expected.filter((position) => !Object.is(values[position], 0));
        expect(keptOf(values, [2, size], { keptFraction, selectionScope: 'sample' })).toEqual(nonzero);
        if (size !== 70_001 || keptFraction !== 0.2) continue;
        // The sample is used where it can be, and gives way where many elements are equal.
        const kept = new Int32Array(k + 1);
        const count = appendTopBySample(wordsOf(values), 0, size, k, kept, 0);
        expect(count).toBe(sampled ? k : undefined);
        if (sampled) expect([...kept.subarray(0, k)]).toEqual(expected.slice(0, k));
      }
    }
  });

  it('names the first value that is not finite, in whatever group', () => {
    for (const bad of [NaN, Infinity, -Infinity]) {
      const values = Float32Array.from({ length: 200 * 64 }, (_, i) => Math.sin(i));
      values[31 * 64 + 5] = bad;
      values[40 * 64] = bad;
      for (const selectionScope of ['token', 'sample', 'tensor', 'channel'] as const) {
        expect(() => quantize(values, [2, 100, 64], { keptFraction: 0.2, selectionScope })).toThrow(
          expect.objectContaining({ code: 'not-finite', position: 31 * 64 + 5 }),
        );
      }
    }
  });

  it('keeps exactly the Top-K of each group, ties by position, as sorting does', () => {
    let checked = 0;
    fc.assert(
      fc.property(codecCases, ({ values, shape, settings }) => {
        const scope = settings.selectionScope ?? 'token';
        const keptFraction = Math.fround(settings.keptFraction ?? 0.2);
        const expected = groups(shape, scope).flatMap((positions) =>
          sortedTop(
            positions.map((position) => ({ magnitude: Math.abs(values[position]!), position })),
            keptCount(positions.length, keptFraction),
          ),
        );
        // Kept zeros cannot be told from dropped ones, and need not.
        const nonzero = expected.filter((position) => !Object.is(values[position], 0)).sort((a, b) => a - b);
        expect(keptOf(values, shape, { ...settings, selection: 'top-k' })).toEqual(nonzero);
        checked++;
      }),
      { numRuns: 1500, seed: 7 },
    );
    expect(checked).toBe(1500);
  });

  it('selects exactly in large tensors, where the histogram is refined', () => {
    const random = quickRandom(3);
    for (const kind of ['normal', 'equal', 'narrow'] as const) {
      const values = Float32Array.from({ length: 30_000 }, () =>
        kind === 'equal' ? 0.5 : kind === 'narrow' ? 1 + random() * 1e-5 : random() ** 4 - 0.1,
      );
      const kept = keptOf(values, [values.length], { selectionScope: 'tensor', keptFraction: 0.1 });
      const all = [...values].map((value, position) => ({ magnitude: Math.abs(value), position }));
      expect(kept).toEqual(sortedTop(all, 3000).sort((a, b) => a - b));
    }
  });

  it('random Top-K keeps k elements, none from outside for α = 0, only those outside for α = 1', () => {
    const random = quickRandom(11);
    const values = Float32Array.from({ length: 4000 }, () => random() - 0.5);
    const shape = [20, 200];
    const settings = { keptFraction: 0.25, selection: 'random-top-k' as const };
    const top = new Set(keptOf(values, shape, { keptFraction: 0.25 }));
    expect(new Set(keptOf(values, shape, { ...settings, randomFraction: 0 }))).toEqual(top);
    const outside = keptOf(values, shape, { ...settings, randomFraction: 1 });
    expect(outside).toHaveLength(1000);
    expect(outside.some((position) => top.has(position))).toBe(false);
    const mixed = keptOf(values, shape, { ...settings, randomFraction: 0.3, seed: 5 });
    expect(mixed).toHaveLength(1000);
    const share = mixed.filter((position) => !top.has(position)).length / 1000;
    // Binomial with p = 0.3 and n = 1000: five standard deviations.
    expect(Math.abs(share - 0.3)).toBeLessThan(5 * Math.sqrt((0.3 * 0.7) / 1000));
  });

  it('keeps by threshold and names the position of what is not finite', () => {
    const values = Float32Array.of(0.5, -2, 1, -1, 0.99);
    expect(keptOf(values, [5], { selection: 'threshold', threshold: 1 })).toEqual([1, 2, 3]);
    for (const bad of [NaN, Infinity, -Infinity]) {
      for (const selection of ['all', 'top-k', 'random-top-k', 'threshold'] as const) {
        for (const size of [6, 2000]) {
          const broken = new Float32Array(size).fill(1);
          broken[size - 2] = bad;
          for (const shape of [[size], [2, size / 2]]) {
            expect(() => quantize(broken, shape, { selection })).toThrow(
              expect.objectContaining({ code: 'not-finite', position: size - 2 }) as Error,
            );
          }
        }
      }
    }
  });

  it('leaves nearest rounding within half a step', () => {
    const random = quickRandom(5);
    const values = Float32Array.from({ length: 1000 }, () => random() * 2 - 1);
    const settings = {
      selection: 'all' as const,
      rounding: 'nearest' as const,
      bits: 5,
      scaleScope: 'tensor' as const,
    };
    const tensor = quantize(values, [1000], settings);
    if (tensor.kind !== 'levels') throw new Error('levels were asked for');
    const received = dequantize(tensor);
    values.forEach((value, i) =>
      expect(Math.abs(value - received[i]!)).toBeLessThanOrEqual((0.5 * tensor.scales[0]!) / 15 + 1e-7),
    );
  });
});
