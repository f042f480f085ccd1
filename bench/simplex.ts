/**
 * The simplex search of the accuracy fit beside that of fmin, at 60 evaluations a parameter (what the fit's polish gets), on
 * 200 generated fits of 3 to 8 exponentials: which one ends lower. `npx tsx bench/simplex.ts`
 */
import { nelderMead as inlined } from '../lib/direct/simplex.js';
import { nelderMead as own } from '../lib/models/accuracy/fit/nelder-mead.js';
import { randomStream } from '../lib/random/index.js';

const problems = 200;
const edge = 0.05;
let ownLower = 0;
let inlinedLower = 0;
for (let seed = 0; seed < problems; seed++) {
  const random = randomStream(seed, 'simplex');
  const n = 3 + (seed % 6);
  const rows = Array.from({ length: 30 }, (_, i) =>
    Array.from({ length: n }, (__, k) => Math.exp(-0.07 * i * (k + 1))),
  );
  const truth = Array.from({ length: n }, () => random.normal());
  const model = (row: readonly number[], x: ArrayLike<number>): number => row.reduce((sum, v, k) => sum + v * x[k]!, 0);
  const data = rows.map((row) => model(row, truth) + 0.01 * random.normal());
  const f = (x: ArrayLike<number>): number =>
    rows.reduce((sum, row, i) => sum + (data[i]! - model(row, x)) ** 2, 0) +
    0.01 * Array.from(x).reduce((sum, value) => sum + value ** 4, 0);
  const start = truth.map((value) => value + 0.1 * random.normal());
  const evaluations = 60 * n;
  const ownValue = own(f, Float64Array.from(start), { size: edge, evaluations }).value;
  let inlinedValue = Infinity;
  let calls = 0;
  try {
    inlined(
      (point) => {
        if (++calls > evaluations) throw new RangeError('the evaluations are used up');
        const value = f(point.map((z, k) => start[k]! + edge * z));
        inlinedValue = Math.min(inlinedValue, value);
        return value;
      },
      start.map(() => 0),
      { maxIterations: 1e6, zeroDelta: 1, nonZeroDelta: 1.05, minErrorDelta: 1e-14 },
    );
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  if (ownValue < inlinedValue * (1 - 1e-9)) ownLower++;
  else if (inlinedValue < ownValue * (1 - 1e-9)) inlinedLower++;
}
console.log(`own lower in ${ownLower}, fmin lower in ${inlinedLower}, equal in ${problems - ownLower - inlinedLower}`);
