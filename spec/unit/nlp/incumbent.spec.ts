import { expect, test } from 'vitest';
import { Incumbent } from '../../../lib/nlp/incumbent.js';

const point = Float64Array.of(1);
const weights = (y: number) => Float64Array.of(y);

test('what a violation within the tolerance has bought does not count, whatever the multipliers were when it was offered', () => {
  const best = new Incumbent(1, 1, 1e-6);
  expect(best.offer(point, 10, 1e-7, weights(0), Float64Array.of(1e-3))).toBe(true);
  // 2 units lower at a violation that multipliers of 3,000 make worth 3.
  expect(best.offer(point, 12, 0, weights(3000), weights(0))).toBe(true);
  expect(best.offer(point, 10, 1e-7, weights(3000), Float64Array.of(1e-3))).toBe(false);
  expect(best.offer(point, 11, 0, weights(3000), weights(0))).toBe(true);
});

test('without excess the lower of two feasible points is the better', () => {
  const best = new Incumbent(1, 1, 1e-6);
  best.offer(point, 12, 0, weights(3000));
  expect(best.offer(point, 10, 1e-7, weights(3000))).toBe(true);
  expect(best.offer(point, 9, 1, weights(3000))).toBe(false);
});
