import {
  forEachEntry,
  multiplyLowerTriangle,
  multiplyTransposed,
  SparseSymmetricFactor,
  Triplets,
} from '../../linalg/index.js';
import type { InteriorPoint } from './interior-iterate.js';
import type { SparseProgram } from './scaling.js';

const shift = 1e-9;
const refinements = 12;

/**
 * Takes the sides that an interior point leans on as the working set and solves the equality-constrained program they
 * define, which gives the digits and exact zeros that an interior point has not. Undefined when the system cannot be
 * solved, or when stopped. Whether the outcome is any better is the caller's to check; `sides` of the result are those of the guess.
 */
export function polishWorkingSet(
  program: SparseProgram,
  guess: InteriorPoint,
  stop: () => boolean,
): InteriorPoint | undefined {
  const { variableCount: n, constraintCount: m, hessian, constraintMatrix, linear, lower, upper } = program;
  const { sides } = guess;
  const sideOf = (c: number): number => (sides[c]! > 0 ? upper[c]! : lower[c]!);
  const x = new Float64Array(n);
  const position = new Int32Array(n + m).fill(-1);
  let order = 0;
  for (let j = 0; j < n; j++) {
    if (sides[j] === 0) position[j] = order++;
    else x[j] = sideOf(j);
  }
  const freeCount = order;
  for (let i = 0; i < m; i++) if (sides[n + i] !== 0) position[n + i] = order++;
  if (order === 0) return finish(program, x, new Float64Array(m), sides);
  const triplets = new Triplets();
  const rightHandSide = new Float64Array(order);
  // Entries in the columns of held variables go to the right-hand side; rows that are not held fall away.
  const put = (first: number, second: number, value: number): void => {
    const row = position[first]!;
    const column = position[second]!;
    if (row >= 0 && column >= 0) triplets.add(Math.max(row, column), Math.min(row, column), value);
    else if (row >= 0) rightHandSide[row]! -= value * x[second]!;
    else if (column >= 0 && first < n) rightHandSide[column]! -= value * x[first]!;
  };
  forEachEntry(hessian, put);
  forEachEntry(constraintMatrix, (row, column, value) => put(n + row, column, value));
  for (let j = 0; j < n; j++) if (position[j]! >= 0) rightHandSide[position[j]!]! -= linear[j]!;
  for (let i = 0; i < m; i++) if (position[n + i]! >= 0) rightHandSide[position[n + i]!]! += sideOf(n + i);
  // The proximal terms pull towards the guess, so that directions the system leaves open stay where they are.
  triplets.addDiagonal(order);
  const { matrix, slots } = triplets.assemble(order, order);
  const shifted = matrix.values.slice();
  const diagonal = slots.subarray(triplets.count - order);
  for (let k = 0; k < order; k++) shifted[diagonal[k]!]! += k < freeCount ? shift : -shift;
  const factor = new SparseSymmetricFactor(matrix, undefined, undefined, stop);
  const signs = Int8Array.from({ length: order }, (_, k) => (k < freeCount ? 1 : -1));
  if (!factor.factor(shifted, { signs, smallest: 0, replacement: shift, stop })) return undefined;
  const start = new Float64Array(order);
  for (let j = 0; j < n; j++) if (position[j]! >= 0) start[position[j]!] = guess.x[j]!;
  for (let i = 0; i < m; i++) if (position[n + i]! >= 0) start[position[n + i]!] = guess.multipliers[i]!;
  const product = new Float64Array(order);
  multiplyLowerTriangle(matrix, start, product);
  for (let k = 0; k < order; k++) rightHandSide[k]! -= product[k]!;
  const solution = new Float64Array(order);
  factor.solveRefined(matrix, rightHandSide, solution, refinements, 1e-16);
  const y = new Float64Array(m);
  for (let j = 0; j < n; j++) if (position[j]! >= 0) x[j] = start[position[j]!]! + solution[position[j]!]!;
  for (let i = 0; i < m; i++) {
    const k = position[n + i]!;
    if (k >= 0) y[i] = start[k]! + solution[k]!;
  }
  return finish(program, x, y, sides);
}

/** Bound multipliers from stationarity at held bounds; multipliers of the wrong sign become zero. */
function finish(program: SparseProgram, x: Float64Array, y: Float64Array, sides: Int8Array): InteriorPoint {
  const { variableCount: n, constraintCount: m, hessian, constraintMatrix, linear, lower, upper } = program;
  for (let i = 0; i < m; i++) {
    if (lower[n + i] !== upper[n + i] && y[i]! * sides[n + i]! < 0) y[i] = 0;
  }
  const gradient = new Float64Array(n);
  const transposed = new Float64Array(n);
  multiplyLowerTriangle(hessian, x, gradient);
  multiplyTransposed(constraintMatrix, y, transposed);
  const z = new Float64Array(n);
  for (let j = 0; j < n; j++) {
    if (sides[j] === 0) continue;
    const value = -(gradient[j]! + linear[j]! + transposed[j]!);
    z[j] = lower[j] === upper[j] || value * sides[j]! > 0 ? value : 0;
  }
  return { x, multipliers: y, boundMultipliers: z, sides };
}
