import type { NonlinearProgram } from '../../../lib/problem/index.js';
import type { RandomStream } from '../../../lib/random/index.js';
import type { KnownProblem } from './families.js';

/** Factors between the units of size 1 and those that a solver sees: f = objective·f̂, c = rows·ĉ, x = variables·x̂. */
export interface RandomUnits {
  readonly objective: number;
  readonly rows: readonly number[];
  readonly variables: readonly number[];
}

export type Derivatives = 'second' | 'first' | 'none';

/** Units over up to so many decades to both sides; 1 for a third of the problems. */
export function randomUnits(problem: KnownProblem, stream: RandomStream): RandomUnits {
  const plain = stream.uniform() < 1 / 3;
  const decades = (most: number): number => (plain ? 1 : 10 ** (most * (2 * stream.uniform() - 1)));
  return {
    objective: decades(9),
    rows: problem.rows.map(() => decades(6)),
    variables: problem.start.map(() => decades(4)),
  };
}

/** The problem as a solver sees it; sizes of variables are stated where their unit is not 1. */
export function inRandomUnits(problem: KnownProblem, units: RandomUnits, derivatives: Derivatives): NonlinearProgram {
  const n = problem.start.length;
  const m = problem.rows.length;
  const { objective, rows, variables } = units;
  const base = (x: Float64Array): number[] => Array.from(x, (v, j) => v / variables[j]!);
  const times = (values: readonly number[], factors: readonly number[]): Float64Array =>
    Float64Array.from(values, (v, k) => v * factors[k]!);
  const isPlain = variables.every((v) => v === 1);
  return {
    meta: {
      variableCount: n,
      constraintCount: m,
      lower: times(
        problem.bounds.map(([low]) => low),
        variables,
      ),
      upper: times(
        problem.bounds.map(([, high]) => high),
        variables,
      ),
      constraintLower: times(
        problem.sides.map(([low]) => low),
        rows,
      ),
      constraintUpper: times(
        problem.sides.map(([, high]) => high),
        rows,
      ),
      start: times(problem.start, variables),
      ...(!isPlain && { typical: Float64Array.from(variables) }),
      ...(problem.convex && derivatives !== 'none' && { convex: true }),
      ...(derivatives === 'second' && {
        objectiveShape: problem.shape,
        linearConstraints: new Uint8Array(m).fill(problem.linearRows ? 1 : 0),
      }),
    },
    objective: (x) => objective * problem.objective.value(base(x)),
    ...(m > 0 && {
      constraints: (x: Float64Array, values: Float64Array) =>
        problem.rows.forEach((row, i) => (values[i] = rows[i]! * row.value(base(x)))),
    }),
    ...(derivatives !== 'none' && {
      gradient: (x: Float64Array, values: Float64Array) =>
        problem.objective.gradient(base(x)).forEach((v, j) => (values[j] = (objective * v) / variables[j]!)),
      ...(m > 0 && {
        jacobian: (x: Float64Array, values: Float64Array) =>
          problem.rows.forEach((row, i) =>
            row.gradient(base(x)).forEach((v, j) => (values[i * n + j] = (rows[i]! * v) / variables[j]!)),
          ),
      }),
    }),
    ...(derivatives === 'second' && {
      hessian: (x: Float64Array, weight: number, multipliers: Float64Array, values: Float64Array) => {
        const at = base(x);
        values.fill(0);
        const add = (factor: number, entries: number[][]): void => {
          if (factor === 0) return;
          for (let i = 0, k = 0; i < n; i++) {
            for (let j = 0; j <= i; j++, k++)
              values[k]! += (factor * entries[i]![j]!) / (variables[i]! * variables[j]!);
          }
        };
        add(weight * objective, problem.objective.hessian(at));
        problem.rows.forEach((row, i) => add(multipliers[i]! * rows[i]!, row.hessian(at)));
      },
    }),
  };
}
