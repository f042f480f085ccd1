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
  const conditions = new Int32Array(variables.length + rows.length);
  conditions.set(variables);
  for (let i = 0; i < rows.length; i++) conditions[variables.length + i] = n + rows[i]!;
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
      for (let k = 0; k < conditions.length; k++) sides[conditions[k]!] = point.sides[k]!;
      for (let k = 0; k < variables.length; k++) {
        x[variables[k]!] = point.x[k]!;
        boundMultipliers[variables[k]!] = point.boundMultipliers[k]!;
      }
      for (let k = 0; k < rows.length; k++) multipliers[rows[k]!] = point.multipliers[k]!;
      return { x, multipliers, boundMultipliers, sides };
    },
  };
}

function pick(values: Float64Array, indices: Int32Array): Float64Array {
  const picked = new Float64Array(indices.length);
  for (let k = 0; k < picked.length; k++) picked[k] = values[indices[k]!]!;
  return picked;
}
