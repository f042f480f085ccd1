import { Simplex } from '../integer/linear/simplex.js';
import { solveQp, type QpWarmStart } from '../qp/sparse/index.js';
import type { Stated } from './numeric.js';

/** Answer to a continuous relaxation; y is positive for upper sides. */
export interface Relaxed {
  readonly end: 'optimal' | 'infeasible' | 'unbounded' | 'failed';
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly objective: number;
  readonly warm?: QpWarmStart;
}

export type RelaxationOf = (lower: Float64Array, upper: Float64Array, warm?: QpWarmStart) => Relaxed;

const largestTableau = 400_000;

/** The solver of relaxations that fits: a tableau that is kept between calls for small linear programs. */
export function relaxationOf(stated: Stated): RelaxationOf {
  const { exact, variableCount: n, rowCount: m } = stated;
  const general = quadratic(stated);
  return exact.isLinear && n * m <= largestTableau ? linear(stated, general) : general;
}

function quadratic(stated: Stated): RelaxationOf {
  return (lower, upper, warm) => {
    const program = stated.within(lower, upper);
    const result = solveQp(program, sharp, warm, { convex: true });
    const { termination: end, x, objective, multipliers, boundMultipliers, workingSet } = result;
    return {
      end: end === 'optimal' || end === 'infeasible' || end === 'unbounded' ? end : 'failed',
      x,
      y: end === 'infeasible' ? (result.certificate?.multipliers ?? multipliers) : multipliers,
      objective,
      warm: { x, multipliers, boundMultipliers, workingSet },
    };
  };
}

export const sharp = { optimalityTolerance: 1e-9, feasibilityTolerance: 1e-9, gapTolerance: 1e-9 } as const;

function linear(stated: Stated, general: RelaxationOf): RelaxationOf {
  const { variableCount: n, rowCount: m } = stated;
  const simplex = new Simplex(n, Float64Array.from(stated.statement.linear));
  stated.rows.forEach(({ columns, values }, i) => {
    simplex.addRow({ indices: columns, values, lower: stated.rowLower[i]!, upper: stated.rowUpper[i]! });
  });
  return (lower, upper) => {
    simplex.lower.set(lower);
    simplex.upper.set(upper);
    for (let i = 0; i < m; i++) {
      simplex.lower[n + i] = stated.rowLower[i]!;
      simplex.upper[n + i] = stated.rowUpper[i]!;
    }
    const end = simplex.solve();
    if (end === 'failed' || end === 'unbounded') return general(lower, upper);
    const y = end === 'infeasible' ? simplex.infeasibilityMultipliers() : simplex.multipliers().map((value) => -value);
    return { end, x: Float64Array.from(simplex.x), y, objective: simplex.objective + stated.statement.constant };
  };
}
