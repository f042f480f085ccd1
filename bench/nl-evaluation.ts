/**
 * Tape against generated code for models of `.nl` files: microseconds for objective, constraints, gradient, Jacobian and
 * Hessian together at a new point, and after how many points the code has paid for its making (generation, first calls,
 * the time until the engine has optimised it). Problems: the CUTE sample, quadratic programs of the Maros–Mészáros sample
 * written as expressions, and chained Rosenbrock functions. Exits with 1 if both do not give the same numbers bit for bit.
 * Usage: npx tsx bench/nl-evaluation.ts
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { basename, join } from 'node:path';
import { compileNl, expressions as build, NlModelBuilder, readNl, writeNl, type NlModel } from '../lib/io/nl/index.js';
import type { NonlinearProgram } from '../lib/problem/index.js';
import { cuteFile, cuteNames } from '../spec/support/cute.js';
import { generateProblem } from './nl/generated-problem.js';
import { writeResults } from './support/results.js';

interface ColumnsJson {
  readonly cols: number;
  readonly colPtr: readonly number[];
  readonly rowIdx: readonly number[];
  readonly values: readonly number[];
}

interface QuadraticJson {
  readonly P: ColumnsJson;
  readonly q: readonly number[];
}

/** ½xᵀPx + qᵀx as an expression; the rows of these problems are linear and cost nothing here. */
function quadraticModel(data: QuadraticJson): NlModel {
  const builder = new NlModelBuilder();
  const variables = data.q.map(() => builder.variable({ start: 0.5 }));
  const terms: build.Expression[] = [];
  for (let column = 0; column < data.P.cols; column++) {
    for (let k = data.P.colPtr[column]!; k < data.P.colPtr[column + 1]!; k++) {
      const row = data.P.rowIdx[k]!;
      if (row > column) continue;
      const factor = (row === column ? 0.5 : 1) * data.P.values[k]!;
      terms.push(build.multiply(factor, build.multiply(variables[row]!, variables[column]!)));
    }
  }
  data.q.forEach((factor, j) => terms.push(build.multiply(factor, variables[j]!)));
  builder.minimise(build.add(...terms));
  return builder.build();
}

function chainedRosenbrock(n: number): NlModel {
  const builder = new NlModelBuilder();
  const x = Array.from({ length: n }, () => builder.variable({ start: -1.2 }));
  const terms = x.slice(1).map((next, k) => {
    const valley = build.square(build.subtract(next, build.square(x[k]!)));
    return build.add(build.multiply(100, valley), build.square(build.subtract(1, x[k]!)));
  });
  builder.minimise(build.add(...terms));
  return builder.build();
}

function models(): [string, NlModel][] {
  const list: [string, NlModel][] = cuteNames().map((name) => [name, readNl(cuteFile(name))]);
  const folder = join(import.meta.dirname, '../../shared/data/maros-meszaros');
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => /^[A-Z].*\.json$/.test(file)) : [];
  for (const file of files) {
    const data = JSON.parse(readFileSync(join(folder, file), 'utf8')) as QuadraticJson;
    // Through the text of a file, as any other model.
    list.push([basename(file, '.json'), readNl(new TextEncoder().encode(writeNl(quadraticModel(data)).text))]);
  }
  for (const n of [30, 100, 300]) list.push([`rosenbrock-${n}`, chainedRosenbrock(n)]);
  return list;
}

interface Buffers {
  readonly constraints: Float64Array;
  readonly gradient: Float64Array;
  readonly jacobian: Float64Array;
  readonly hessian: Float64Array;
  readonly multipliers: Float64Array;
}

function buffersOf({ meta }: NonlinearProgram): Buffers {
  return {
    constraints: new Float64Array(meta.constraintCount),
    gradient: new Float64Array(meta.variableCount),
    jacobian: new Float64Array(meta.jacobianPattern!.rows.length),
    hessian: new Float64Array(meta.hessianPattern?.rows.length ?? 0),
    multipliers: new Float64Array(meta.constraintCount).fill(0.7),
  };
}

function evaluateAll(problem: NonlinearProgram, x: Float64Array, buffers: Buffers): number {
  const objective = problem.objective(x);
  problem.constraints!(x, buffers.constraints);
  problem.gradient!(x, buffers.gradient);
  problem.jacobian!(x, buffers.jacobian);
  problem.hessian?.(x, 1, buffers.multipliers, buffers.hessian);
  return objective;
}

/** Seconds for `count` points, each new. */
function secondsFor(problem: NonlinearProgram, buffers: Buffers, count: number): number {
  const x = problem.meta.start.slice();
  const startedAt = performance.now();
  for (let k = 0; k < count; k++) {
    x[0] = problem.meta.start[0]! + 1e-9 * (k % 1000);
    evaluateAll(problem, x, buffers);
  }
  return (performance.now() - startedAt) / 1000;
}

function sameNumbers(a: NonlinearProgram, b: NonlinearProgram): boolean {
  const [own, other] = [buffersOf(a), buffersOf(b)];
  return [0, 0.01, -0.3].every((shift) => {
    const x = a.meta.start.map((value, j) => value + shift * (1 + (j % 3)));
    const equal = Object.is(evaluateAll(a, x, own), evaluateAll(b, x, other));
    const parts = ['constraints', 'gradient', 'jacobian', 'hessian'] as const;
    return equal && parts.every((part) => own[part].every((value, k) => Object.is(value, other[part][k])));
  });
}

/** Points after which generated code made at once has cost less than the tape. */
function breakEven(
  code: NonlinearProgram,
  firstSeconds: number,
  tapeSeconds: number,
  buffers: Buffers,
  most: number,
): number {
  const block = Math.max(1, Math.min(50, Math.round(1e-3 / tapeSeconds)));
  let spent = firstSeconds;
  for (let count = block; count <= most; count += block) {
    spent += secondsFor(code, buffers, block);
    if (spent <= count * tapeSeconds) return count;
  }
  return Infinity;
}

const least = (values: readonly number[]): number => Math.min(...values);
const quantile = (values: readonly number[], q: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(q * values.length))]!;

const all = models();
// The tape's loops serve all models: they are optimised after the first few.
for (const [, model] of all) secondsFor(compileNl(model), buffersOf(compileNl(model)), 30);

const figures = all.map(([name, model]) => {
  const tape = compileNl(model);
  const buffers = buffersOf(tape);
  const count = Math.max(5, Math.min(3000, Math.round(0.05 / secondsFor(tape, buffers, 3))));
  const tapeSeconds = least([1, 2, 3, 4].map(() => secondsFor(tape, buffers, count))) / count;
  const startedAt = performance.now();
  const { problem: code, statements } = generateProblem(model);
  secondsFor(code, buffers, 1);
  const madeAt = performance.now();
  compileNl(model);
  // Reading the expressions and planning the derivatives is done by both.
  const firstSeconds = Math.max(0, (2 * madeAt - startedAt - performance.now()) / 1000);
  const points = breakEven(code, firstSeconds, tapeSeconds, buffers, Math.max(20, Math.round(2 / tapeSeconds / 20)));
  secondsFor(code, buffers, count);
  const codeSeconds = least([1, 2, 3, 4].map(() => secondsFor(code, buffers, count))) / count;
  return {
    name,
    statements,
    tapeMicroseconds: 1e6 * tapeSeconds,
    codeMicroseconds: 1e6 * codeSeconds,
    speedup: tapeSeconds / codeSeconds,
    firstMilliseconds: 1e3 * firstSeconds,
    /** Null: not within the time of 2 s of the tape. */
    breakEvenPoints: Number.isFinite(points) ? points : null,
    same: sameNumbers(compileNl(model), generateProblem(model).problem),
  };
});

const lines = [
  `load ${loadavg()[0]!.toFixed(1)}; microseconds a point (f, c, ∇f, J, H), least of four runs`,
  '',
  'problem'.padEnd(14) +
    ['statements', 'tape', 'code', 'speed-up', 'first ms', 'pays after'].map((head) => head.padStart(12)).join(''),
];
for (const row of [...figures].sort((a, b) => a.statements - b.statements)) {
  const cells = [
    String(row.statements),
    row.tapeMicroseconds.toFixed(2),
    row.codeMicroseconds.toFixed(2),
    row.speedup.toFixed(2),
    row.firstMilliseconds.toFixed(2),
    String(row.breakEvenPoints ?? 'never'),
  ];
  lines.push(row.name.padEnd(14) + cells.map((cell) => cell.padStart(12)).join('') + (row.same ? '' : '  DIFFERS'));
}
const [sizeLimit, pointLimit] = [5000, 1000];
const small = figures.filter((row) => row.statements <= sizeLimit);
const large = figures.filter((row) => row.statements > sizeLimit);
const speedups = (rows: typeof figures): number[] => rows.map((row) => row.speedup);
const early = figures.filter((row) => (row.breakEvenPoints ?? Infinity) <= pointLimit);
const paid = small.map((row) => row.breakEvenPoints ?? Infinity);
lines.push(
  '',
  `up to ${sizeLimit} statements: ${small.length} problems, speed-up median ${quantile(speedups(small), 0.5).toFixed(2)}, least ${least(speedups(small)).toFixed(2)}`,
  `more: ${large.length} problems, speed-up median ${quantile(speedups(large), 0.5).toFixed(2)}`,
  `pays after ${quantile(paid, 0.25)} / ${quantile(paid, 0.5)} / ${quantile(paid, 0.75)} points (quartiles, small ones); within ${pointLimit} points: ${early.length} of ${figures.length}`,
);
const different = figures.filter((row) => !row.same).map((row) => row.name);
lines.push('', different.length === 0 ? 'same numbers bit for bit: all' : `DIFFERENT: ${different.join(', ')}`);
writeResults('nl-evaluation', 'npx tsx bench/nl-evaluation.ts', lines.join('\n'), figures);
if (different.length > 0) process.exitCode = 1;
