import { expect, it } from 'vitest';
import { constantRate, rateFactor } from '../../../harness/protocol/index.js';

it('a cosine rises to 1 in its warm-up, then falls to the final factor; a constant rate stays', () => {
  const schedule = { kind: 'cosine', warmUpSteps: 10, final: 0.1 } as const;
  const factors = Array.from({ length: 100 }, (_, step) => rateFactor(schedule, step, 100));
  expect(factors[0]).toBeCloseTo(0.1, 12);
  expect(factors[9]).toBe(1);
  expect(factors[99]).toBeCloseTo(0.1, 12);
  expect(factors[54]).toBeCloseTo(0.55, 2);
  for (let k = 1; k < 100; k++) expect(factors[k]! > factors[k - 1]!).toBe(k < 10);
  expect(rateFactor(constantRate, 7, 100)).toBe(1);
});
