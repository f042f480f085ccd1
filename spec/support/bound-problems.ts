import type { NonlinearProgram } from '../../lib/problem/index.js';
import { analyticProblem, type AnalyticProblem } from './analytic-problem.js';

/** Bound-constrained problems with known minimisers. */
export const boundProblems: readonly (AnalyticProblem & { readonly minimum: number })[] = [
  { name: 'rosenbrock', start: [-1.2, 1], objective: '100*(x2 - x1^2)^2 + (1 - x1)^2', minimum: 0 },
  {
    name: 'rosenbrock against a bound',
    start: [-1.2, 1],
    bounds: [
      [-2, 0.5],
      [-2, 2],
    ],
    objective: '100*(x2 - x1^2)^2 + (1 - x1)^2',
    minimum: 0.25,
  },
  {
    name: 'beale',
    start: [1, 1],
    objective: '(1.5 - x1*(1 - x2))^2 + (2.25 - x1*(1 - x2^2))^2 + (2.625 - x1*(1 - x2^3))^2',
    minimum: 0,
  },
  {
    name: 'powell singular',
    start: [3, -1, 0, 1],
    objective: '(x1 + 10*x2)^2 + 5*(x3 - x4)^2 + (x2 - 2*x3)^4 + 10*(x1 - x4)^4',
    minimum: 0,
  },
  {
    name: 'saddle at the start',
    start: [0, 0],
    bounds: [
      [-3, 3],
      [-3, 3],
    ],
    objective: 'x1^2 - x2^2 + 0.25*x2^4',
    minimum: -1,
  },
  {
    name: 'saddle without a diagonal, met from a line of symmetry',
    start: [0.6, -0.6],
    bounds: [
      [-3, 3],
      [-3, 3],
    ],
    objective: '(x1*x2-2)^2',
    minimum: 0,
  },
  {
    name: 'concave on a box',
    start: [0.1, -0.2, 0.3],
    bounds: [
      [-1, 2],
      [-2, 1],
      [-1, 3],
    ],
    objective: '-x1^2 - x2^2 - x3^2',
    minimum: -17,
  },
  {
    name: 'linear',
    start: [0.5, 0.5],
    bounds: [
      [0, 1],
      [0, 1],
    ],
    objective: '3*x1 - 2*x2',
    minimum: -2,
  },
  {
    name: 'fixed variable',
    start: [5, 5],
    bounds: { 1: [2, 2] },
    objective: '(x1 - 1)^2 + (x1*x2 - 6)^2',
    minimum: 1,
  },
  {
    name: 'badly scaled',
    start: [1, 1],
    objective: '(1e5*x1 - 1)^2 + (1e-3*x2 - 1)^2',
    minimum: 0,
  },
  {
    name: 'logarithm singular at the start',
    start: [0],
    bounds: [[0, 10]],
    objective: 'x1 - log(x1)',
    minimum: 1,
  },
];

/** f = ½Σ dⱼ(xⱼ − aⱼ)² with neighbours coupled, n variables, Hessian as a sparse pattern. */
export function tridiagonalQuadratic(
  size: number,
  lower: number,
  upper: number,
): Required<Omit<NonlinearProgram, 'constraints' | 'jacobian'>> {
  const rows: number[] = [];
  const columns: number[] = [];
  for (let i = 0; i < size; i++) {
    rows.push(i);
    columns.push(i);
    if (i === 0) continue;
    rows.push(i);
    columns.push(i - 1);
  }
  const goal = (j: number): number => Math.sin(j);
  const product = (x: Float64Array, values: Float64Array): void => {
    for (let i = 0; i < size; i++) {
      values[i] = 2.5 * x[i]! - (i > 0 ? x[i - 1]! : 0) - (i + 1 < size ? x[i + 1]! : 0);
    }
  };
  const work = new Float64Array(size);
  return {
    meta: {
      variableCount: size,
      constraintCount: 0,
      lower: new Float64Array(size).fill(lower),
      upper: new Float64Array(size).fill(upper),
      constraintLower: new Float64Array(0),
      constraintUpper: new Float64Array(0),
      start: new Float64Array(size),
      hessianPattern: { rows: Int32Array.from(rows), columns: Int32Array.from(columns) },
    },
    objective: (x) => {
      product(x, work);
      return x.reduce((sum, entry, j) => sum + entry * (0.5 * work[j]! - goal(j)), 0);
    },
    gradient: (x, values) => {
      product(x, values);
      for (let j = 0; j < size; j++) values[j]! -= goal(j);
    },
    hessian: (_x, weight, _multipliers, values) => {
      for (let k = 0; k < rows.length; k++) values[k] = weight * (rows[k] === columns[k] ? 2.5 : -1);
    },
    hessianProduct: (_x, weight, _multipliers, direction, values) => {
      product(direction, values);
      for (let j = 0; j < size; j++) values[j]! *= weight;
    },
  };
}

export function boundProblem(definition: AnalyticProblem): Required<NonlinearProgram> {
  return analyticProblem(definition);
}
