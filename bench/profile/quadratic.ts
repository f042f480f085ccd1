import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SparseMatrix } from '../../lib/linalg/index.js';
import type { QuadraticProgram } from '../../lib/problem/index.js';
import { solveQp } from '../../lib/qp/sparse/index.js';
import { isSolved } from '../../lib/solver/index.js';
import { largestViolation } from './nonlinear.js';
import { medianSeconds, type Outcome, type RawAnswer } from './outcome.js';
import { askPython, requirePeer } from './peers.js';

const violationLimit = 1e-6;
const objectiveTolerance = 1e-6;
const repetitions = 3;
const options = { timeLimitSeconds: 20 };
/** npm's quadprog takes minutes beyond this many variables plus rows, and has no time limit. */
const largestForQuadprog = 400;

interface ColumnsJson {
  readonly rows: number;
  readonly cols: number;
  readonly colPtr: number[];
  readonly rowIdx: number[];
  readonly values: number[];
}

interface QuadraticJson {
  readonly name: string;
  readonly P: ColumnsJson;
  readonly q: number[];
  readonly r: number;
  readonly A: ColumnsJson;
  readonly l: (number | null)[];
  readonly u: (number | null)[];
  readonly lb: (number | null)[];
  readonly ub: (number | null)[];
  readonly objective: number;
}

/** All outcomes on the Maros–Mészáros sample in `folder`; empty where it is not there. */
export function quadraticOutcomes(folder: string): Outcome[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder)
    .filter((file) => file.endsWith('.json') && file !== 'reference.json')
    .map((file) => join(folder, file))
    .sort();
  const fromPython = askPython('quadratic.py', repetitions, files);
  const npmQuadprog = loadNpmQuadprog();
  const outcomes: Outcome[] = [];
  for (const file of files) {
    const data = JSON.parse(readFileSync(file, 'utf8')) as QuadraticJson;
    const problem = toProblem(data);
    outcomes.push(judge(data, problem, 'sft-opt QP', solveOurs(problem)));
    if (npmQuadprog) outcomes.push(judge(data, problem, 'npm quadprog', npmQuadprog(problem)));
    for (const [solver, answer] of Object.entries(fromPython?.[file] ?? {})) {
      outcomes.push(judge(data, problem, solver, answer));
    }
  }
  return outcomes;
}

function toMatrix(columns: ColumnsJson): SparseMatrix {
  return {
    kind: 'sparse',
    rows: columns.rows,
    columns: columns.cols,
    columnStarts: Int32Array.from(columns.colPtr),
    rowIndices: Int32Array.from(columns.rowIdx),
    values: Float64Array.from(columns.values),
  };
}

function toProblem(data: QuadraticJson): QuadraticProgram {
  const side = (values: (number | null)[], absent: number): Float64Array =>
    Float64Array.from(values, (value) => value ?? absent);
  return {
    hessian: toMatrix(data.P),
    linear: Float64Array.from(data.q),
    constant: data.r,
    constraintMatrix: toMatrix(data.A),
    constraintLower: side(data.l, -Infinity),
    constraintUpper: side(data.u, Infinity),
    lower: side(data.lb, -Infinity),
    upper: side(data.ub, Infinity),
  };
}

function solveOurs(problem: QuadraticProgram): RawAnswer {
  let result = solveQp(problem, options);
  const seconds = medianSeconds(() => (result = solveQp(problem, options)), repetitions);
  return { x: [...result.x], claimed: isSolved(result.termination), seconds, evaluations: result.iterations };
}

function times(matrix: SparseMatrix, x: ArrayLike<number>): Float64Array {
  const product = new Float64Array(matrix.rows);
  for (let j = 0; j < matrix.columns; j++) {
    for (let k = matrix.columnStarts[j]!; k < matrix.columnStarts[j + 1]!; k++) {
      product[matrix.rowIndices[k]!]! += matrix.values[k]! * x[j]!;
    }
  }
  return product;
}

/** Feasible to 1e-6 relative and an objective within 1e-6 of the set's published one. */
function judge(
  data: QuadraticJson,
  problem: QuadraticProgram,
  solver: string,
  answer: RawAnswer | { error: string } | undefined,
): Outcome {
  if (!answer || 'error' in answer) {
    const nothing = { objective: NaN, violation: Infinity, seconds: Infinity, evaluations: Infinity };
    return { problem: data.name, solver, solved: false, claimed: false, ...nothing };
  }
  const x = Float64Array.from(answer.x);
  const curvature = times(problem.hessian as SparseMatrix, x);
  let objective = data.r;
  x.forEach((value, j) => (objective += value * (0.5 * curvature[j]! + data.q[j]!)));
  const rows = times(problem.constraintMatrix as SparseMatrix, x);
  const violation = Math.max(
    largestViolation(rows, problem.constraintLower, problem.constraintUpper),
    largestViolation(x, problem.lower, problem.upper),
  );
  const close = objective - data.objective <= objectiveTolerance * (1 + Math.abs(data.objective));
  const { claimed, seconds, evaluations } = answer;
  return {
    problem: data.name,
    solver,
    solved: violation <= violationLimit && close,
    claimed,
    objective,
    violation,
    seconds,
    evaluations,
  };
}

interface QuadprogModule {
  solveQP(
    P: number[][],
    d: number[],
    A: number[][],
    b: number[],
    equalities: number,
  ): { solution: number[]; message: string; iterations: number[] };
}

/** npm's quadprog (arrays from 1, strictly convex problems only); its errors count as not solved. */
function loadNpmQuadprog(): ((problem: QuadraticProgram) => RawAnswer | undefined) | undefined {
  const module = requirePeer('quadprog') as QuadprogModule | undefined;
  if (!module) return undefined;
  return (problem) => {
    if (problem.linear.length + problem.constraintLower.length > largestForQuadprog) return undefined;
    const call = () => module.solveQP(...quadprogArguments(problem));
    try {
      const answer = call();
      if (answer.message !== '') return undefined;
      const seconds = medianSeconds(call, 1);
      return { x: answer.solution.slice(1), claimed: true, seconds, evaluations: answer.iterations[1] ?? NaN };
    } catch {
      return undefined;
    }
  };
}

function quadprogArguments(problem: QuadraticProgram): [number[][], number[], number[][], number[], number] {
  const n = problem.linear.length;
  const dense = (matrix: SparseMatrix): number[][] => {
    const rows = Array.from({ length: matrix.rows }, () => new Array<number>(matrix.columns).fill(0));
    for (let j = 0; j < matrix.columns; j++) {
      for (let k = matrix.columnStarts[j]!; k < matrix.columnStarts[j + 1]!; k++) {
        rows[matrix.rowIndices[k]!]![j] = matrix.values[k]!;
      }
    }
    return rows;
  };
  const equalities: [number[], number][] = [];
  const inequalities: [number[], number][] = [];
  const take = (row: number[], low: number, high: number): void => {
    if (low === high) equalities.push([row, low]);
    else {
      if (Number.isFinite(low)) inequalities.push([row, low]);
      if (Number.isFinite(high)) inequalities.push([row.map((value) => -value), -high]);
    }
  };
  dense(problem.constraintMatrix as SparseMatrix).forEach((row, i) =>
    take(row, problem.constraintLower[i]!, problem.constraintUpper[i]!),
  );
  for (let j = 0; j < n; j++) {
    const unit = Array.from({ length: n }, (_, k) => (k === j ? 1 : 0));
    take(unit, problem.lower[j]!, problem.upper[j]!);
  }
  const all = [...equalities, ...inequalities];
  const fromOne = <Item>(items: Item[]): Item[] => [undefined as unknown as Item, ...items];
  const P = fromOne(dense(problem.hessian as SparseMatrix).map(fromOne));
  const A = fromOne(Array.from({ length: n }, (_, j) => fromOne(all.map(([row]) => row[j]!))));
  return [
    P,
    fromOne(Array.from(problem.linear, (value) => -value)),
    A,
    fromOne(all.map(([, side]) => side)),
    equalities.length,
  ];
}
