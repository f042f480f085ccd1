import type { NonlinearProgram, SparsityPattern } from '../../lib/problem/index.js';
import { Tape, TapeEvaluation } from './formula.js';

/** A problem written down in formulas. */
export interface AnalyticProblem {
  readonly name: string;
  readonly start: readonly number[];
  readonly objective: string;
  /** Each `formula = number`, `formula >= number`, `formula <= number` or `number <= formula <= number`. */
  readonly constraints?: readonly string[];
  /** [lower, upper] for every variable, or for those whose number (from 1) is named. */
  readonly bounds?: readonly (readonly [number, number])[] | Readonly<Record<number, readonly [number, number]>>;
  /** Names for common subexpressions, in order of definition. */
  readonly definitions?: readonly (readonly [string, string])[];
}

interface ParsedRow {
  readonly formula: string;
  readonly lower: number;
  readonly upper: number;
}

function parseRow(text: string): ParsedRow {
  const range = /^\s*([-\d.eE+]+)\s*<=(.*)<=\s*([-\d.eE+]+)\s*$/s.exec(text);
  if (range) return { formula: range[2]!, lower: Number(range[1]), upper: Number(range[3]) };
  const single = /^(.*?)(>=|<=|=)\s*([-\d.eE+]+)\s*$/s.exec(text);
  if (!single) throw new SyntaxError(`not a constraint: ${text}`);
  const side = Number(single[3]);
  return {
    formula: single[1]!,
    lower: single[2] === '<=' ? -Infinity : side,
    upper: single[2] === '>=' ? Infinity : side,
  };
}

/** All entries of the first `width(i)` columns of each row, row by row. */
function densePattern(rowCount: number, width: (row: number) => number): SparsityPattern {
  const rows: number[] = [];
  const columns: number[] = [];
  for (let i = 0; i < rowCount; i++) {
    for (let j = 0; j < width(i); j++) {
      rows.push(i);
      columns.push(j);
    }
  }
  return { rows: Int32Array.from(rows), columns: Int32Array.from(columns) };
}

/** The problem with exact first and second derivatives, all of them dense. */
export function analyticProblem(definition: AnalyticProblem): Required<NonlinearProgram> {
  const variableCount = definition.start.length;
  const tape = new Tape(variableCount);
  for (const [name, text] of definition.definitions ?? []) tape.define(name, text);
  const rows = (definition.constraints ?? []).map(parseRow);
  const objectiveRoot = tape.parse(definition.objective);
  const rowRoots = rows.map((row) => tape.parse(row.formula));
  const roots = [objectiveRoot, ...rowRoots];
  const evaluation = new TapeEvaluation(tape);
  const lower = new Float64Array(variableCount).fill(-Infinity);
  const upper = new Float64Array(variableCount).fill(Infinity);
  for (const [key, [low, high]] of Object.entries<readonly [number, number]>(definition.bounds ?? {})) {
    const index = Array.isArray(definition.bounds) ? Number(key) : Number(key) - 1;
    lower[index] = low;
    upper[index] = high;
  }
  const product = new Float64Array(variableCount);
  const hessianProduct: Required<NonlinearProgram>['hessianProduct'] = (x, weight, multipliers, direction, values) => {
    evaluation.forward(x);
    evaluation.hessianProduct(roots, [weight, ...multipliers], direction, values);
  };
  return {
    meta: {
      name: definition.name,
      variableCount,
      constraintCount: rows.length,
      lower,
      upper,
      constraintLower: Float64Array.from(rows, (row) => row.lower),
      constraintUpper: Float64Array.from(rows, (row) => row.upper),
      start: Float64Array.from(definition.start),
      jacobianPattern: densePattern(rows.length, () => variableCount),
      hessianPattern: densePattern(variableCount, (i) => i + 1),
    },
    objective: (x) => {
      evaluation.forward(x);
      return evaluation.values[objectiveRoot]!;
    },
    constraints: (x, values) => {
      evaluation.forward(x);
      rowRoots.forEach((root, i) => {
        values[i] = evaluation.values[root]!;
      });
    },
    gradient: (x, values) => {
      evaluation.forward(x);
      evaluation.gradient([objectiveRoot], [1], values);
    },
    jacobian: (x, values) => {
      evaluation.forward(x);
      rowRoots.forEach((root, i) => {
        evaluation.gradient([root], [1], values.subarray(i * variableCount, (i + 1) * variableCount));
      });
    },
    hessian: (x, weight, multipliers, values) => {
      const unit = new Float64Array(variableCount);
      for (let j = 0; j < variableCount; j++) {
        unit.fill(0);
        unit[j] = 1;
        hessianProduct(x, weight, multipliers, unit, product);
        for (let i = j; i < variableCount; i++) values[(i * (i + 1)) / 2 + j] = product[i]!;
      }
    },
    hessianProduct,
  };
}
