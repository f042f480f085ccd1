import { describe, expect, test } from 'vitest';
import { BarrierBlock } from '../../../lib/interior/barrier.js';
import { quickRandom } from '../../support/quick-random.js';

const random = quickRandom(4);
const sides = [
  [-1, 2],
  [-1, Infinity],
  [-Infinity, 2],
  [-Infinity, Infinity],
  [0.5, 0.5],
] as const;

function block(): BarrierBlock {
  const made = new BarrierBlock(sides.length);
  made.setSides(
    Float64Array.from(sides, ([low]) => low),
    Float64Array.from(sides, ([, high]) => high),
  );
  made.value.set(sides.map(([low, high]) => (low === high ? low : -1 + 3 * (0.05 + 0.9 * random()))));
  made.step.set(sides.map(([low, high]) => (low === high ? 0 : 6 * random() - 3)));
  made.lowerMultiplier.forEach((z, k) => (made.lowerMultiplier[k] = z * (0.1 + random())));
  made.upperMultiplier.forEach((z, k) => (made.upperMultiplier[k] = z * (0.1 + random())));
  return made;
}

describe('a barrier block', () => {
  test('has the slope of its own logarithms', () => {
    for (let round = 0; round < 50; round++) {
      const one = block();
      for (let k = 0; k < one.size; k++) {
        const at = (shift: number) => one.logarithms(one.value.map((v, j) => (j === k ? v + shift : v)));
        expect(one.gradient(k, 0.7)).toBeCloseTo((0.7 * (at(1e-6) - at(-1e-6))) / 2e-6, 4);
      }
    }
  });

  test('steps as far as leaves 1 − τ of every slack, and no further', () => {
    const slacks = (one: BarrierBlock, values: Float64Array) =>
      sides.flatMap(([low, high], k) => (low === high ? [] : [values[k]! - one.lower[k]!, one.upper[k]! - values[k]!]));
    let cut = 0;
    for (let round = 0; round < 200; round++) {
      const one = block();
      const length = one.longestStep(0.9);
      const reaches = (share: number) => {
        const moved = slacks(one, one.value.map((v, k) => v + share * one.step[k]!)); // prettier-ignore
        return moved.every((slack, k) => slack >= 0.1 * slacks(one, one.value)[k]! * (1 - 1e-9));
      };
      expect(reaches(length)).toBe(true);
      if (length === 1) continue;
      cut++;
      expect(reaches(length * (1 + 1e-6))).toBe(false);
    }
    expect(cut).toBeGreaterThan(100);
  });

  test('moves its multipliers by the Newton step of multiplier·slack = μ', () => {
    for (let round = 0; round < 50; round++) {
      const one = block();
      const mu = 0.1;
      const [z, low, value] = [one.lowerMultiplier[0]!, one.lower[0]!, one.value[0]!];
      const small = 1e-3 / Math.max(1, Math.abs(one.step[0]!));
      // z·s + s·Δz + z·Δs = μ, to first order in the length of the step.
      one.setTrial(small);
      one.accept(mu, small);
      const change = (one.lowerMultiplier[0]! - z) / small;
      expect(z * (value - low) + (value - low) * change + z * one.step[0]!).toBeCloseTo(mu, 8);
      expect(one.value[0]).toBeCloseTo(value + small * one.step[0]!, 12);
    }
  });

  test('pushes values inside and centres multipliers', () => {
    const one = block();
    one.value.fill(100);
    one.pushInside(1e-2);
    expect(one.value[0]).toBeLessThan(2 - 1e-3);
    expect(one.value[1]).toBe(100);
    one.centreMultipliers(0.3, Infinity);
    expect(one.lowerMultiplier[0]! * (one.value[0]! - one.lower[0]!)).toBeCloseTo(0.3, 10);
    expect(one.complementarity(0.3)).toBeCloseTo(0, 10);
    expect(one.lowerMultiplier[4]! + one.upperMultiplier[4]! + one.lowerMultiplier[3]!).toBe(0);
  });
});
