import { describe, expect, test } from 'vitest';
import { families, runCase } from '../support/known-answers/index.js';

/** Full counts: bench/known-answers.ts. */
const each = 25;

describe('problems with known answers in random units, through a solver drawn at random', () => {
  test.each(families.map((family, k) => [family, k] as const))('%s: no false claim', (family, k) => {
    let right = 0;
    let scaled = 0;
    for (let round = 0; round < each; round++) {
      const { verdict, plainUnits, ...facts } = runCase(50_000 * families.length + round * families.length + k);
      expect(facts.family).toBe(family);
      if (typeof verdict === 'object') expect({ ...facts, ...verdict }).toBe('right');
      if (verdict === 'right') right++;
      if (!plainUnits) scaled++;
    }
    // Where no constraint qualification holds, or a method sees no ray, the answer is honest but undecided.
    expect(right).toBeGreaterThan(0.25 * each);
    expect(scaled).toBeGreaterThan(0.4 * each);
  });
});
