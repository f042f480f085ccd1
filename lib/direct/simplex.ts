import { nelderMead as downhillSimplex } from './fmin.js';

interface SimplexParameters {
  readonly maxIterations: number;
  /** First edge along a coordinate that is 0. */
  readonly zeroDelta: number;
  /** First edge along any other coordinate, as a factor of it. */
  readonly nonZeroDelta: number;
  /** Difference of values, and distance of points, at which the search ends. */
  readonly minErrorDelta: number;
}

/** fmin's search: calls f until its simplex is small. The caller keeps the best point, for f may end the search by throwing. */
export const nelderMead = downhillSimplex as (
  f: (point: readonly number[]) => number,
  start: readonly number[],
  parameters: SimplexParameters,
) => { readonly x: readonly number[]; readonly fx: number };
