import { DenseCholesky } from '../../../linalg/index.js';
import type { Curve } from './curve.js';
import type { Sample } from './observations.js';
import { PlacedCurve } from './placed-curve.js';

/** Starts kept of all that were tried. */
const kept = 4;
const scatteredTries = 24;

/**
 * Points to search from. In the additive form limit and scales are linear once shapes and decays are given: over a grid
 * of those, and some scattered by the seed, the linear ones are solved for (variable projection, Golub & Pereyra 1973)
 * and the best few kept.
 */
export function startingPoints(curve: Curve, sample: Sample, seed: number): Float64Array[] {
  const tried: { theta: Float64Array; squares: number }[] = [];
  const additive = curve.form.directions === 'product' ? curve.asAdditive() : curve;
  for (const shapes of nonlinearTries(curve, sample, seed)) {
    const solved = solveLinear(curve, additive, sample, shapes);
    if (solved) tried.push(solved);
  }
  tried.sort((a, b) => a.squares - b.squares);
  const starts: Float64Array[] = [];
  for (const { theta } of tried) {
    // Neighbours on the grid lead to the same place.
    const isNew = starts.every((other) => nonlinearDistance(curve, theta, other) > 1);
    if (isNew) starts.push(theta);
    if (starts.length === kept) break;
  }
  return starts;
}

function nonlinearDistance(curve: Curve, a: Float64Array, b: Float64Array): number {
  let distance = 0;
  for (let term = 0; term < curve.terms; term++) {
    const { shape, scale } = curve.place(term as 0 | 1);
    for (let k = shape; k < scale; k++) distance = Math.max(distance, Math.abs(a[k]! - b[k]!));
  }
  return distance;
}

/** Parameter vectors of which shapes and decays count. */
function* nonlinearTries(curve: Curve, sample: Sample, seed: number): Generator<Float64Array> {
  const up = shapeGrid(curve, sample.upRatio);
  const down = curve.terms === 2 ? shapeGrid(curve, sample.downRatio) : [[]];
  const decays = curve.form.cut === 'decaying' ? [0.1, 0.6] : [0];
  const vector = (shapes: readonly (readonly number[])[], decay: number) => {
    const theta = new Float64Array(curve.size);
    shapes.forEach((values, term) => {
      if (term >= curve.terms) return;
      const place = curve.place(term as 0 | 1);
      theta.set(values, place.shape);
      if (curve.form.cut === 'decaying') theta[place.decay] = decay;
    });
    return theta;
  };
  // Two directions of two shapes each: a part of the grid will do.
  const stride = curve.terms === 2 && curve.form.family === 'logistic' ? 7 : 1;
  let index = 0;
  for (const a of up)
    for (const b of down) for (const decay of decays) if (index++ % stride === 0) yield vector([a, b], decay);
  const scattered = scatteredPoints(seed, 2 * up[0]!.length + 1);
  for (let k = 0; k < scatteredTries; k++) {
    const point = scattered(k);
    const between = (grid: number[][], first: number) => {
      const low = grid[0]!;
      const high = grid.at(-1)!;
      return low.map((value, j) => value + point[first + j]! * (high[j]! - value));
    };
    yield vector([between(up, 1), curve.terms === 2 ? between(down, 1 + up[0]!.length) : []], 2 * point[0]! ** 2);
  }
}

/**
 * Points of [0, 1)^d that fill it evenly: the additive recurrence by powers of 1/g, g^(d+1) = g + 1 (the generalised
 * golden ratio), shifted by the seed.
 */
function scatteredPoints(seed: number, dimensions: number): (index: number) => number[] {
  let golden = 1.5;
  for (let k = 0; k < 40; k++) golden = (1 + golden) ** (1 / (dimensions + 1));
  const steps = Array.from({ length: dimensions }, (_, d) => golden ** -(d + 1));
  return (index) => steps.map((step) => (0.5 + (seed * scatteredTries + index) * step) % 1);
}

/** Logarithms of shapes that bend within the measured ratios. */
function shapeGrid(curve: Curve, ratios: Float64Array): number[][] {
  const [least, largest] = [Math.min(...ratios), Math.max(...ratios)];
  const spread = (from: number, to: number, count: number) =>
    Array.from({ length: count }, (_, k) => Math.log(from) + (k / (count - 1)) * (Math.log(to) - Math.log(from)));
  const count = curve.terms === 2 ? 6 : 9;
  switch (curve.form.family) {
    case 'power':
      return spread(0.1, 5, count).map((value) => [value]);
    case 'exponential':
      return spread(0.3 / largest, 6 / least, count).map((value) => [value]);
    case 'logistic':
      return spread(least / 10, largest * 2, 6).flatMap((middle) => spread(0.5, 6, 5).map((steep) => [middle, steep]));
  }
}

/** Limit and scales for given shapes by weighted least squares with scales ≥ 0 and limit ≤ 1. */
function solveLinear(
  curve: Curve,
  additive: Curve,
  sample: Sample,
  given: Float64Array,
): { theta: Float64Array; squares: number } | undefined {
  const theta = given.slice();
  const scales = scalePlaces(curve);
  const columns = [0, ...scales];
  // With scale 1 and the others left out, the derivative by a scale's logarithm is minus its column.
  for (const k of scales) theta[k] = 0;
  const order = curve.size;
  const jacobian = new Float64Array(sample.size * order);
  new PlacedCurve(additive, theta).values(sample, new Float64Array(sample.size), jacobian);
  const width = columns.length;
  const design = new Float64Array(sample.size * width);
  for (let i = 0; i < sample.size; i++) {
    for (let k = 0; k < width; k++) design[i * width + k] = jacobian[i * order + columns[k]!]!;
  }
  let active = columns.map((_, k) => k);
  for (let attempt = 0; attempt <= columns.length; attempt++) {
    const solution = weightedLeastSquares(design, width, sample, active);
    if (!solution) return undefined;
    const wrong = active.filter((k, j) => k > 0 && !(solution.values[j]! > 0));
    if (wrong.length === 0) {
      active.forEach((k, j) => (theta[columns[k]!] = k === 0 ? solution.values[j]! : Math.log(solution.values[j]!)));
      for (const k of scales) if (!active.includes(columns.indexOf(k))) theta[k] = Math.log(1e-4);
      // Scales of the product form are relative to the limit.
      if (curve.form.directions === 'product') for (const k of scales) theta[k]! -= Math.log(Math.max(0.01, theta[0]!));
      theta[0] = Math.min(1, Math.max(0.01, theta[0]!));
      return { theta, squares: solution.squares };
    }
    active = active.filter((k) => !wrong.includes(k));
  }
  return undefined;
}

function scalePlaces(curve: Curve): number[] {
  const places: number[] = [];
  for (let term = 0; term < curve.terms; term++) {
    const { scale, decay } = curve.place(term as 0 | 1);
    for (let k = scale; k < decay; k++) places.push(k);
  }
  return places;
}

/** `design`: rows of `width` columns, of which the active ones count. */
function weightedLeastSquares(design: Float64Array, width: number, sample: Sample, active: readonly number[]) {
  const size = active.length;
  const matrix = new Float64Array(size * size);
  const right = new Float64Array(size);
  let total = 0;
  for (let i = 0; i < sample.size; i++) {
    const w = sample.weight[i]!;
    const y = sample.accuracy[i]!;
    const row = i * width;
    total += w * y * y;
    for (let a = 0; a < size; a++) {
      const left = w * design[row + active[a]!]!;
      right[a]! += left * y;
      for (let b = 0; b < size; b++) matrix[a * size + b]! += left * design[row + active[b]!]!;
    }
  }
  const cholesky = new DenseCholesky(size);
  if (cholesky.factor(matrix, size, 0, 1e-13) >= 0) return undefined;
  const values = right.slice();
  cholesky.solve(values);
  return { values, squares: values.reduce((rest, value, k) => rest - value * right[k]!, total) };
}
