import { submatrix } from '../../linalg/index.js';
import type { InteriorPoint } from './interior-iterate.js';
import type { SparseProgram } from './scaling.js';

/** A smaller program and the way back to the one it came from. */
export interface ReducedProgram {
  readonly reduced: SparseProgram;
  /** Point, multipliers and sides of the original program from those of the reduced one. */
  recover(point: InteriorPoint): InteriorPoint;
}

/** Some variables and rows of a program, in increasing order; the others have the values in `fixed`, and no multipliers. */
export function selected(
  program: SparseProgram,
  variables: Int32Array,
  rows: Int32Array,
  fixed: Float64Array,
): ReducedProgram {
  const { variableCount: n, constraintCount: m } = program;
  const conditions = [...variables, ...rows.map((i) => n + i)];
  const pick = (values: Float64Array, indices: ArrayLike<number>): Float64Array =>
    Float64Array.from(indices, (c) => values[c]!);
  return {
    reduced: {
      variableCount: variables.length,
      constraintCount: rows.length,
      hessian: submatrix(program.hessian, variables, variables),
      constraintMatrix: submatrix(program.constraintMatrix, rows, variables),
      linear: pick(program.linear, variables),
      lower: pick(program.lower, conditions),
      upper: pick(program.upper, conditions),
    },
    recover: (point) => {
      const x = fixed.slice();
      const multipliers = new Float64Array(m);
      const boundMultipliers = new Float64Array(n);
      const sides = new Int8Array(n + m);
      conditions.forEach((c, k) => (sides[c] = point.sides[k]!));
      variables.forEach((j, k) => {
        x[j] = point.x[k]!;
        boundMultipliers[j] = point.boundMultipliers[k]!;
      });
      rows.forEach((i, k) => (multipliers[i] = point.multipliers[k]!));
      return { x, multipliers, boundMultipliers, sides };
    },
  };
}
