import { dotRange } from '../../../linalg/index.js';
import type { Curve } from './curve.js';
import { LinearPart, type Columns } from './linear-part.js';
import type { Sample } from './observations.js';
import { PlacedCurve } from './placed-curve.js';

/** Starts kept of all that were tried. */
const kept = 4;
/** Tries of a direction that are scattered by the seed, beside those of the grid. */
const scatteredTries = 6;
const decayGrid = [0.1, 0.6];

/**
 * Points to search from, of an additive form or one of one ratio. There limit and scales are linear once shapes and decays
 * are given: for every pair of those over a grid, and some scattered by the seed, the linear ones are solved for (variable
 * projection, Golub & Pereyra 1973), and the best few kept that lie apart.
 */
export function startingPoints(curve: Curve, sample: Sample, seed: number): Float64Array[] {
  const up = columnsOf(curve, 0, sample, seed);
  const down = curve.terms === 2 ? columnsOf(curve, 1, sample, seed) : [noColumns];
  const solver = new LinearPart(sample, up[0]!.width + down[0]!.width);
  const tried: { readonly up: Columns; readonly down: Columns; readonly squares: number }[] = [];
  for (const a of up) {
    for (const b of down) tried.push({ up: a, down: b, squares: solver.squares(a, b) });
  }
  tried.sort((a, b) => a.squares - b.squares);
  const starts: Float64Array[] = [];
  for (const { up: a, down: b } of tried) {
    const theta = solver.parameters(curve, a, b);
    // Neighbours on the grid lead to the same place.
    const isNew = theta && starts.every((other) => nonlinearDistance(curve, theta, other) > 1);
    if (isNew) starts.push(theta);
    if (starts.length === kept) break;
  }
  return starts;
}

/** A start of an additive form as one of the product form, whose scales are relative to the limit. */
export function withRelativeScales(curve: Curve, additive: Float64Array): Float64Array {
  const theta = additive.slice();
  for (const term of [0, 1] as const) {
    const { scale, decay } = curve.place(term);
    for (let k = scale; k < decay; k++) theta[k]! -= Math.log(theta[0]!);
  }
  return theta;
}

function nonlinearDistance(curve: Curve, a: Float64Array, b: Float64Array): number {
  let distance = 0;
  for (let term = 0; term < curve.terms; term++) {
    const { shape, scale } = curve.place(term as 0 | 1);
    for (let k = shape; k < scale; k++) distance = Math.max(distance, Math.abs(a[k]! - b[k]!));
  }
  return distance;
}

const none = new Float64Array(0);
const noColumns: Columns = {
  width: 0,
  shapes: [],
  decay: 0,
  weighted: none,
  gram: none,
  withOnes: none,
  withAccuracy: none,
};

function columnsOf(curve: Curve, term: 0 | 1, sample: Sample, seed: number): Columns[] {
  const { shape, scale, decay } = curve.place(term);
  const isDecaying = curve.form.cut === 'decaying';
  const width = decay - scale;
  const ratios = term === 0 ? sample.upRatio : sample.downRatio;
  const order = curve.size;
  const { size, rootWeight } = sample;
  const jacobian = new Float64Array(size * order);
  const values = new Float64Array(size);
  return shapeTries(curve, ratios, isDecaying, seed + term).map(({ shapes, decay: rate }) => {
    const theta = new Float64Array(order);
    theta.set(shapes, shape);
    if (isDecaying) theta[decay] = rate;
    new PlacedCurve(curve, theta).values(sample, values, jacobian);
    // At scale 1 the derivative by a scale's logarithm is minus its column.
    const weighted = new Float64Array(width * size);
    for (let k = 0; k < width; k++) {
      for (let i = 0; i < size; i++) weighted[k * size + i] = -rootWeight[i]! * jacobian[i * order + scale + k]!;
    }
    const columns = { width, shapes, decay: rate, weighted };
    return { ...columns, ...productsOf(weighted, width, sample) };
  });
}

function productsOf(weighted: Float64Array, width: number, { size, rootWeight, accuracy }: Sample) {
  const gram = new Float64Array(width * width);
  const withOnes = new Float64Array(width);
  const withAccuracy = new Float64Array(width);
  for (let a = 0; a < width; a++) {
    for (let i = 0; i < size; i++) {
      const value = weighted[a * size + i]! * rootWeight[i]!;
      withOnes[a]! += value;
      withAccuracy[a]! += value * accuracy[i]!;
    }
    for (let b = 0; b < width; b++) gram[a * width + b] = dotRange(weighted, a * size, weighted, b * size, size);
  }
  return { gram, withOnes, withAccuracy };
}

interface ShapeTry {
  /** Logarithms. */
  readonly shapes: readonly number[];
  readonly decay: number;
}

/** Shapes that bend within the measured ratios, each with some decays. */
function shapeTries(curve: Curve, ratios: Float64Array, isDecaying: boolean, seed: number): ShapeTry[] {
  const grid = shapeGrid(curve, ratios);
  const decays = isDecaying ? decayGrid : [0];
  const tries = grid.flatMap((shapes) => decays.map((decay) => ({ shapes, decay })));
  const low = grid[0]!;
  const high = grid.at(-1)!;
  const scattered = scatteredPoints(seed, 1 + low.length);
  for (let k = 0; k < scatteredTries; k++) {
    const [first, ...others] = scattered(k);
    const shapes = low.map((value, j) => value + others[j]! * (high[j]! - value));
    tries.push({ shapes, decay: isDecaying ? 2 * first! ** 2 : 0 });
  }
  return tries;
}

function shapeGrid(curve: Curve, ratios: Float64Array): number[][] {
  const [least, largest] = [Math.min(...ratios), Math.max(...ratios)];
  const spread = (from: number, to: number, count: number) =>
    Array.from({ length: count }, (_, k) => Math.log(from) + (k / (count - 1)) * (Math.log(to) - Math.log(from)));
  switch (curve.form.family) {
    case 'power':
      return spread(0.1, 5, 9).map((value) => [value]);
    case 'exponential':
      return spread(0.3 / largest, 6 / least, 9).map((value) => [value]);
    case 'logistic':
      return spread(least / 10, largest * 2, 7).flatMap((middle) => spread(0.5, 18, 6).map((steep) => [middle, steep]));
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
