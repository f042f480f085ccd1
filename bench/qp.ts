/**
 * Dense strictly convex quadratic programs, n = 50 / m = 100 and n = 200 / m = 400: ours against daqp (Python, if
 * installed) and npm quadprog, in one run. Answers are compared before times are. Times are CPU time of the process, the
 * mean of many solves after warm-up, so that other work on the machine disturbs them little.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { DenseMatrix } from '../lib/linalg/index.js';
import { DualActiveSetSolver } from '../lib/qp/index.js';
import { randomStream } from '../lib/random/index.js';

interface DenseProgram {
  readonly hessian: DenseMatrix;
  readonly linear: Float64Array;
  readonly constraintMatrix: DenseMatrix;
  readonly constraintLower: Float64Array;
  readonly constraintUpper: Float64Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

interface Measured {
  readonly objective: number;
  readonly seconds: number;
  readonly iterations: number;
}

type QuadprogSolve = (
  D: number[][],
  d: number[],
  A: number[][],
  b: number[],
) => { solution: number[]; value: number[]; iterations: number[]; message: string };

/** P = GGᵀ/n + 0.01·n·I, Gaussian rows, sides at a distance from the origin: about half to nearly all n rows hold. */
function randomProgram(n: number, m: number, seed: number): DenseProgram {
  const random = randomStream(seed, `dense-qp-${n}-${m}`);
  const factor = Float64Array.from({ length: n * n }, () => random.normal());
  const hessian = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = i === j ? 0.01 * n : 0;
      for (let k = 0; k < n; k++) sum += (factor[i * n + k]! * factor[j * n + k]!) / n;
      hessian[i * n + j] = sum;
      hessian[j * n + i] = sum;
    }
  }
  return {
    hessian: { kind: 'dense', rows: n, columns: n, values: hessian },
    linear: Float64Array.from({ length: n }, () => random.normal() * Math.sqrt(n)),
    constraintMatrix: {
      kind: 'dense',
      rows: m,
      columns: n,
      values: Float64Array.from({ length: m * n }, () => random.normal()),
    },
    constraintLower: new Float64Array(m).fill(-Infinity),
    constraintUpper: Float64Array.from({ length: m }, () => (random.uniform() * Math.sqrt(n)) / 3),
    lower: new Float64Array(n).fill(-Infinity),
    upper: new Float64Array(n).fill(Infinity),
  };
}

function cpuSeconds(repeats: number, solve: () => void): number {
  const before = process.cpuUsage().user;
  for (let k = 0; k < repeats; k++) solve();
  return (process.cpuUsage().user - before) / 1e6 / repeats;
}

function ours(programs: readonly DenseProgram[], n: number, m: number, repeats: number): Measured[] {
  const solver = new DualActiveSetSolver(n, m);
  const warmUp = n <= 50 ? 500 : 30;
  for (let k = 0; k < warmUp; k++) solver.solve(programs[k % programs.length]!);
  return programs.map((program) => {
    const result = solver.solve(program);
    if (result.termination !== 'optimal') throw new Error(`ended as ${result.termination}`);
    const seconds = cpuSeconds(repeats, () => solver.solve(program));
    return { objective: result.objective, seconds, iterations: result.iterations };
  });
}

function quadprog(programs: readonly DenseProgram[], n: number, m: number, repeats: number): Measured[] {
  const { solveQP } = createRequire(import.meta.url)('quadprog') as { solveQP: QuadprogSolve };
  return programs.map((program) => {
    const row = (values: Float64Array, i: number, length: number): number[] => [
      0,
      ...values.subarray(i * length, (i + 1) * length),
    ];
    // One-based; minimises ½xᵀDx − dᵀx subject to Aᵀx ≥ b, and overwrites D.
    const matrix = [[], ...Array.from({ length: n }, (_, i) => row(program.hessian.values, i, n))];
    const d = [0, ...program.linear.map((value) => -value)];
    const columns = Array.from({ length: n }, (_, j) =>
      Array.from({ length: m }, (__, i) => -program.constraintMatrix.values[i * n + j]!),
    );
    const A = [[], ...columns.map((column) => [0, ...column])];
    const b = [0, ...program.constraintUpper.map((value) => -value)];
    const copy = (): number[][] => matrix.map((entries) => entries.slice());
    const answer = solveQP(copy(), d.slice(), A, b);
    const copies = Array.from({ length: repeats }, copy);
    let used = 0;
    const seconds = cpuSeconds(repeats, () => solveQP(copies[used++]!, d.slice(), A, b));
    return { objective: answer.value[1]!, seconds, iterations: answer.iterations[1]! };
  });
}

function daqp(programs: readonly DenseProgram[], repeats: number): Measured[] | undefined {
  const script = fileURLToPath(new URL('peers/qp_dense.py', import.meta.url));
  const problems = programs.map((program) => ({
    hessian: Array.from(program.hessian.values),
    linear: Array.from(program.linear),
    matrix: Array.from(program.constraintMatrix.values),
    upper: Array.from(program.constraintUpper),
  }));
  const run = spawnSync('python3', [script], { input: JSON.stringify({ problems, repeats }), maxBuffer: 1e8 });
  if (run.status !== 0) {
    console.warn('daqp is not measured: python3 with daqp and numpy is not installed');
    return undefined;
  }
  return JSON.parse(run.stdout.toString()) as Measured[];
}

const mean = (list: readonly Measured[], of: (one: Measured) => number): number =>
  list.reduce((sum, one) => sum + of(one), 0) / list.length;

function compare(name: string, list: readonly Measured[], reference: readonly Measured[]): void {
  list.forEach(({ objective }, k) => {
    const wanted = reference[k]!.objective;
    if (!(Math.abs(objective - wanted) <= 1e-6 * (1 + Math.abs(wanted)))) {
      throw new Error(`${name} found ${objective} on problem ${k}, we found ${wanted}`);
    }
  });
}

const lines = [
  '# Dense quadratic programs',
  '',
  `Command: npx tsx bench/qp.ts · ${new Date().toISOString().slice(0, 10)} · ${cpus()[0]?.model.trim() ?? 'unknown'}, Node ${process.version}`,
  '',
  'Mean CPU milliseconds a solve; all solvers agree on every objective to 1e-6.',
  '',
  '| n | m | ours | steps | daqp | steps | ours / daqp | npm quadprog | npm quadprog / ours |',
  '|---|---|---|---|---|---|---|---|---|',
];
const figures: unknown[] = [];
for (const [n, m, count, repeats, slowRepeats] of [
  [50, 100, 10, 100, 10],
  [200, 400, 5, 8, 1],
] as const) {
  const programs = Array.from({ length: count }, (_, seed) => randomProgram(n, m, seed));
  const own = ours(programs, n, m, repeats);
  const peer = daqp(programs, repeats);
  const npm = quadprog(programs, n, m, slowRepeats);
  if (peer !== undefined) compare('daqp', peer, own);
  compare('npm quadprog', npm, own);
  const milliseconds = (list: readonly Measured[]): number => 1000 * mean(list, ({ seconds }) => seconds);
  const steps = (list: readonly Measured[]): string => mean(list, ({ iterations }) => iterations).toFixed(0);
  const own1 = milliseconds(own);
  const peer1 = peer === undefined ? undefined : milliseconds(peer);
  const npm1 = milliseconds(npm);
  lines.push(
    `| ${n} | ${m} | ${own1.toFixed(3)} | ${steps(own)} | ${peer1?.toFixed(3) ?? '–'} | ${peer === undefined ? '–' : steps(peer)} | ` +
      `${peer1 === undefined ? '–' : (own1 / peer1).toFixed(2)} | ${npm1.toFixed(2)} | ${(npm1 / own1).toFixed(1)} |`,
  );
  figures.push({ n, m, oursMilliseconds: own1, daqpMilliseconds: peer1, npmQuadprogMilliseconds: npm1 });
}
const text = `${lines.join('\n')}\n`;
console.log(text);
mkdirSync(new URL('results/', import.meta.url), { recursive: true });
writeFileSync(new URL('results/qp.md', import.meta.url), text);
writeFileSync(new URL('results/qp.json', import.meta.url), `${JSON.stringify(figures, undefined, 2)}\n`);
