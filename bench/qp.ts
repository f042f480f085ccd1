/**
 * Dense strictly convex quadratic programs, n = 50 / m = 100 and n = 200 / m = 400: ours against daqp (Python, if
 * installed) and npm quadprog, in one run. Answers are compared before times are. A time is CPU time of the process: the
 * least mean of a block of solves, the solvers taking turns, so that other work on the machine disturbs it little.
 * `once` is one call with nothing prepared (ours `solveQp`, daqp's `solve`, quadprog's `solveQP`); `again` keeps the
 * solver's memory but gives it the whole problem anew (ours `DualActiveSetSolver.solve`, daqp's `Model.setup` + `solve`).
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { DenseMatrix } from '../lib/linalg/index.js';
import { DualActiveSetSolver, solveQp } from '../lib/qp/sparse/index.js';
import { randomStream } from '../lib/random/index.js';
import { requirePeer } from './profile/peers.js';

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
  readonly onceSeconds: number;
  /** Absent where the solver cannot keep anything. */
  readonly againSeconds?: number;
  readonly iterations: number;
}

interface Blocks {
  readonly solvesABlock: number;
  readonly blocks: number;
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

function cpuSeconds({ solvesABlock, blocks }: Blocks, solve: () => void): number {
  let least = Infinity;
  for (let block = 0; block < blocks; block++) {
    const before = process.cpuUsage().user;
    for (let k = 0; k < solvesABlock; k++) solve();
    least = Math.min(least, (process.cpuUsage().user - before) / 1e6 / solvesABlock);
  }
  return least;
}

function ours(programs: readonly DenseProgram[], n: number, m: number, size: Blocks): Measured[] {
  const solver = new DualActiveSetSolver(n, m);
  const warmUp = n <= 50 ? 300 : 20;
  for (let k = 0; k < warmUp; k++) {
    solver.solve(programs[k % programs.length]!);
    solveQp(programs[k % programs.length]!);
  }
  return programs.map((program) => {
    const result = solveQp(program);
    if (result.termination !== 'optimal') throw new Error(`ended as ${result.termination}`);
    const onceSeconds = cpuSeconds(size, () => solveQp(program));
    const againSeconds = cpuSeconds(size, () => solver.solve(program));
    return { objective: result.objective, onceSeconds, againSeconds, iterations: result.iterations };
  });
}

function quadprog(programs: readonly DenseProgram[], n: number, m: number, blocks: number): Measured[] | undefined {
  const package_ = requirePeer('quadprog') as { solveQP: QuadprogSolve } | undefined;
  if (package_ === undefined) return undefined;
  const { solveQP } = package_;
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
    const copies = Array.from({ length: blocks }, copy);
    let used = 0;
    const onceSeconds = cpuSeconds({ solvesABlock: 1, blocks }, () => solveQP(copies[used++]!, d.slice(), A, b));
    return { objective: answer.value[1]!, onceSeconds, iterations: answer.iterations[1]! };
  });
}

function daqp(programs: readonly DenseProgram[], size: Blocks): Measured[] | undefined {
  const problems = programs.map((program) => ({
    hessian: Array.from(program.hessian.values),
    linear: Array.from(program.linear),
    matrix: Array.from(program.constraintMatrix.values),
    upper: Array.from(program.constraintUpper),
  }));
  const script = fileURLToPath(new URL('peers/qp_dense.py', import.meta.url));
  const python = fileURLToPath(new URL('../.cache/peers/bin/python3', import.meta.url));
  for (const command of [python, 'python3']) {
    const run = spawnSync(command, [script], { input: JSON.stringify({ problems, ...size }), maxBuffer: 1e8 });
    if (run.status === 0) return JSON.parse(run.stdout.toString()) as Measured[];
  }
  console.warn('daqp is not measured: scripts/setup-peers.sh installs it');
  return undefined;
}

/** The least times of several rounds. */
function merge(rounds: readonly (readonly Measured[])[]): Measured[] {
  return rounds[0]!.map((first, k) => {
    const all = rounds.map((round) => round[k]!);
    return {
      ...first,
      onceSeconds: Math.min(...all.map((one) => one.onceSeconds)),
      ...(first.againSeconds !== undefined && {
        againSeconds: Math.min(...all.map((one) => one.againSeconds ?? Infinity)),
      }),
    };
  });
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
  `Command: npx tsx bench/qp.ts · ${new Date().toISOString().slice(0, 10)} · ${cpus()[0]?.model.trim() ?? 'unknown'}, Node ${process.version}, load ${loadavg()[0]!.toFixed(1)}`,
  '',
  'Mean CPU milliseconds a solve (least of many blocks); all solvers agree on every objective to 1e-6. "once": one call',
  'with nothing prepared; "again": memory kept, the whole problem given anew.',
  '',
  '| n | m | call | ours | steps | daqp | steps | ours / daqp | npm quadprog | npm quadprog / ours |',
  '|---|---|---|---|---|---|---|---|---|---|',
];
const figures: unknown[] = [];
const rounds = 4;
for (const [n, m, count, size, slowBlocks] of [
  [50, 100, 10, { solvesABlock: 5, blocks: 20 }, 5],
  [200, 400, 5, { solvesABlock: 1, blocks: 6 }, 1],
] as const) {
  const programs = Array.from({ length: count }, (_, seed) => randomProgram(n, m, seed));
  const own: Measured[][] = [];
  const peer: Measured[][] = [];
  const npm: Measured[][] = [];
  for (let round = 0; round < rounds; round++) {
    own.push(ours(programs, n, m, size));
    const theirs = daqp(programs, size);
    if (theirs !== undefined) peer.push(theirs);
    const old = quadprog(programs, n, m, slowBlocks);
    if (old !== undefined) npm.push(old);
  }
  const best = merge(own);
  const bestPeer = peer.length === 0 ? undefined : merge(peer);
  const bestNpm = npm.length === 0 ? undefined : merge(npm);
  if (bestPeer !== undefined) compare('daqp', bestPeer, best);
  if (bestNpm !== undefined) compare('npm quadprog', bestNpm, best);
  const steps = (list: readonly Measured[] | undefined): string =>
    list === undefined ? '–' : mean(list, ({ iterations }) => iterations).toFixed(0);
  const text = (value: number | undefined, digits: number): string => value?.toFixed(digits) ?? '–';
  for (const call of ['once', 'again'] as const) {
    const milliseconds = (list: readonly Measured[] | undefined): number | undefined =>
      list === undefined
        ? undefined
        : 1000 * mean(list, (one) => (call === 'once' ? one.onceSeconds : (one.againSeconds ?? one.onceSeconds)));
    const own1 = milliseconds(best)!;
    const peer1 = milliseconds(bestPeer);
    const npm1 = milliseconds(bestNpm);
    lines.push(
      `| ${n} | ${m} | ${call} | ${own1.toFixed(3)} | ${steps(best)} | ${text(peer1, 3)} | ${steps(bestPeer)} | ` +
        `${text(peer1 && own1 / peer1, 2)} | ${text(npm1, 2)} | ${text(npm1 && npm1 / own1, 1)} |`,
    );
    figures.push({ n, m, call, oursMilliseconds: own1, daqpMilliseconds: peer1, npmQuadprogMilliseconds: npm1 });
  }
}
const text = `${lines.join('\n')}\n`;
console.log(text);
mkdirSync(new URL('results/', import.meta.url), { recursive: true });
writeFileSync(new URL('results/qp.md', import.meta.url), text);
writeFileSync(new URL('results/qp.json', import.meta.url), `${JSON.stringify(figures, undefined, 2)}\n`);
