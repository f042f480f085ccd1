import { describe, expect, it } from 'vitest';
import { LinearPart, type Columns } from '../../../../lib/models/accuracy/fit/linear-part.js';
import { makeSample } from '../../../../lib/models/accuracy/fit/observations.js';

const scale = 1n << 400n;

/** A double exactly, times 2⁴⁰⁰. */
function fixed(value: number): bigint {
  const exponent = value === 0 ? 0 : Math.max(-1000, Math.floor(Math.log2(Math.abs(value))) - 60);
  return (BigInt(value * 2 ** -exponent) * scale) / (1n << BigInt(-exponent));
}

const product = (a: bigint, b: bigint) => (a * b) / scale;
const quotient = (a: bigint, b: bigint) => (a * scale) / b;

/** Σ (A − a + s·u + t·v)² at its least, in numbers of 400 binary digits after the point, by Gram–Schmidt. */
function leastSquares(columns: readonly (readonly number[])[], target: readonly number[]): number {
  const dot = (a: readonly bigint[], b: readonly bigint[]) =>
    a.reduce((sum, value, i) => sum + product(value, b[i]!), 0n);
  const less = (a: readonly bigint[], b: readonly bigint[]) => {
    const factor = quotient(dot(a, b), dot(b, b));
    return a.map((value, i) => value - product(factor, b[i]!));
  };
  const basis: bigint[][] = [];
  const reduced = (values: readonly number[]) => basis.reduce<bigint[]>(less, values.map(fixed));
  for (const column of columns) basis.push(reduced(column));
  const rest = reduced(target);
  return Number((dot(rest, rest) * (1n << 600n)) / scale) / 2 ** 300 / 2 ** 300;
}

/** Columns of one scale each. */
function columns(losses: readonly number[], accuracy: readonly number[]): Columns {
  const weighted = Float64Array.from(losses);
  const sum = (pick: (loss: number, k: number) => number) =>
    losses.reduce((total, loss, k) => total + pick(loss, k), 0);
  return {
    width: 1,
    shapes: [],
    decay: 0,
    weighted,
    gram: Float64Array.of(sum((loss) => loss * loss)),
    withOnes: Float64Array.of(sum((loss) => loss)),
    withAccuracy: Float64Array.of(sum((loss, k) => loss * accuracy[k]!)),
  };
}

describe('what a fit of the limit and two scales leaves', () => {
  it('equals that in 400 binary digits, however good the fit is', () => {
    let state = 7;
    const draw = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
    let perfect = 0;
    for (const noise of [1e-2, 1e-4, 1e-6, 1e-8, 1e-10]) {
      for (let trial = 0; trial < 20; trial++) {
        const size = 8 + Math.floor(20 * draw());
        const up = Array.from({ length: size }, () => 0.3 * draw() ** 2);
        const down = Array.from({ length: size }, () => 0.1 * draw());
        const accuracy = up.map((loss, k) => 0.8 - 0.7 * loss - 0.9 * down[k]! + noise * (draw() - 0.5));
        const ones = new Float64Array(size).fill(1);
        const flat = { size, up: ones, down: ones, cut: ones } as never;
        const sample = makeSample(flat, {
          accuracy: Float64Array.from(accuracy),
          weight: ones,
          group: new Int32Array(size),
          groups: 1,
          cuts: [1],
          repeatDeviation: undefined,
        });
        const found = new LinearPart(sample, 2).squares(columns(up, accuracy), columns(down, accuracy));
        const wanted = leastSquares([[...ones], up, down], accuracy);
        expect(found / wanted).toBeGreaterThan(1 - 1e-6);
        expect(found / wanted).toBeLessThan(1 + 1e-6);
        if (wanted < 1e-12) perfect++;
      }
    }
    expect(perfect).toBeGreaterThanOrEqual(40);
  });
});
