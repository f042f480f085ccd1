import { describe, expect, it } from 'vitest';
import { denseLevels, dequantize, quantize } from '../../../lib/codec/index.js';
import { qsgdVarianceBound } from '../../../lib/models/codec-rate/index.js';
import { quickRandom } from '../../support/codec-cases.js';

const COMPONENTS = 100_000;
const SEEDS = 64;

function sampleTensor(): Float32Array {
  const random = quickRandom(99);
  return Float32Array.from(
    { length: COMPONENTS },
    () => Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random()),
  );
}

describe('stochastic rounding', () => {
  for (const { bits, scaling } of [
    { bits: 4, scaling: 'max' },
    { bits: 2, scaling: 'max' },
    { bits: 1, scaling: 'max' },
    { bits: 4, scaling: 'norm' },
  ] as const) {
    it(`is unbiased over ${COMPONENTS} components: q = ${bits}, ${scaling} scaling`, () => {
      const values = sampleTensor();
      const shape = [COMPONENTS / 200, 200];
      const perSide = bits === 1 ? 1 : 2 ** (bits - 1) - 1;
      const sums = new Float64Array(COMPONENTS);
      let scales = new Float32Array(0);
      let squaredError = 0;
      for (let seed = 0; seed < SEEDS; seed++) {
        const tensor = quantize(values, shape, { selection: 'all', bits, scaling, seed });
        if (tensor.kind !== 'levels') throw new Error('levels were asked for');
        scales = tensor.scales as Float32Array<ArrayBuffer>;
        const received = dequantize(tensor);
        for (let i = 0; i < COMPONENTS; i++) {
          sums[i]! += received[i]!;
          squaredError += (received[i]! - values[i]!) ** 2;
        }
      }
      let largest = 0;
      let squares = 0;
      let counted = 0;
      let excess = 0;
      for (let i = 0; i < COMPONENTS; i++) {
        const scale = scales[Math.floor(i / 200)]!;
        const level = (Math.abs(values[i]!) / scale) * perSide;
        const above = level - Math.floor(level);
        const variance = bits === 1 ? scale ** 2 - values[i]! ** 2 : above * (1 - above) * (scale / perSide) ** 2;
        // The normal approximation of z needs both outcomes to be likely.
        if ((SEEDS * variance) / (scale / perSide) ** 2 < 3) continue;
        const z = (sums[i]! - SEEDS * values[i]!) / Math.sqrt(SEEDS * variance);
        largest = Math.max(largest, Math.abs(z));
        squares += z * z;
        counted++;
        excess += z;
      }
      expect(counted).toBeGreaterThan(bits === 4 && scaling === 'norm' ? 50_000 : 60_000);
      expect(largest).toBeLessThanOrEqual(5.5);
      expect(squares / counted).toBeGreaterThan(0.98);
      expect(squares / counted).toBeLessThan(1.02);
      expect(Math.abs(excess / Math.sqrt(counted))).toBeLessThan(4);
      if (scaling === 'norm') {
        let energy = 0;
        for (const value of values) energy += value * value;
        expect(squaredError / SEEDS).toBeLessThanOrEqual(qsgdVarianceBound(200, bits) * energy);
      }
    });
  }

  it('z scores of 10⁵ components with many draws each have mean square 1 ± 0.02', () => {
    // One value per scale group pins every component at the same place between two levels.
    const fraction = 0.37;
    const width = 50;
    const values = new Float32Array(COMPONENTS * width).fill((2 + fraction) / 7);
    const shape = [COMPONENTS, width];
    for (let row = 0; row < COMPONENTS; row++) values[row * width] = 1;
    const tensor = quantize(values, shape, { selection: 'all', bits: 4, seed: 4242 });
    if (tensor.kind !== 'levels') throw new Error('levels were asked for');
    const levels = denseLevels(tensor);
    const level = (values[1]! / tensor.scales[0]!) * 7;
    const above = level - Math.floor(level);
    let squares = 0;
    let largest = 0;
    let total = 0;
    for (let row = 0; row < COMPONENTS; row++) {
      let ups = 0;
      for (let c = 1; c < width; c++) ups += levels[row * width + c]! - Math.floor(level);
      const z = (ups - (width - 1) * above) / Math.sqrt((width - 1) * above * (1 - above));
      squares += z * z;
      largest = Math.max(largest, Math.abs(z));
      total += ups;
    }
    expect(largest).toBeLessThanOrEqual(5.5);
    expect(Math.abs(squares / COMPONENTS - 1)).toBeLessThan(0.02);
    // Level frequencies: chi-square with one degree of freedom.
    const draws = COMPONENTS * (width - 1);
    const chiSquare = (total - draws * above) ** 2 / (draws * above * (1 - above));
    expect(chiSquare).toBeLessThan(15);
  });

  it('gives uniform values the level frequencies that rounding implies (chi-square)', () => {
    const random = quickRandom(17);
    const count = 200_000;
    const values = Float32Array.from({ length: count }, () => random());
    values[0] = 1;
    const settings = { selection: 'all' as const, bits: 4, scaleScope: 'tensor' as const, seed: 31 };
    const tensor = quantize(values, [count], settings);
    if (tensor.kind !== 'levels') throw new Error('levels were asked for');
    const observed = new Float64Array(8);
    for (const level of denseLevels(tensor)) observed[level]! += 1;
    const expected = new Float64Array(8);
    for (const value of values) {
      const place = (value / tensor.scales[0]!) * 7;
      const lower = Math.min(6, Math.floor(place));
      expected[lower]! += 1 - (place - lower);
      expected[lower + 1]! += place - lower;
    }
    const chiSquare = observed.reduce((sum, n, level) => sum + (n - expected[level]!) ** 2 / expected[level]!, 0);
    // 7 degrees of freedom: the 0.999 quantile is 24.3. Drawing fractions makes it smaller, never larger.
    expect(chiSquare).toBeLessThan(24.3);
    expect(observed.reduce((sum, n) => sum + n, 0)).toBe(count);
  });
});
