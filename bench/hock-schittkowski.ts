/**
 * The 116 Hock–Schittkowski problems of spec/problems/hock-schittkowski from their standard starts, and with restarts where
 * those lead elsewhere: how many claims withstand the independent checker, and how many end at the published optimum.
 * Usage: npx tsx bench/hock-schittkowski.ts
 */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { solveAugmentedLagrangian } from '../lib/auglag/index.js';
import { minimize } from '../lib/minimize/index.js';
import type { NonlinearProgram } from '../lib/problem/index.js';
import { isSolved, type SolverResult } from '../lib/solver/index.js';
import { solveSqp } from '../lib/sqp/index.js';
import { isAtOptimum, hockSchittkowski, toProgram } from '../spec/problems/hock-schittkowski/index.js';
import { objections } from '../spec/support/nlp-checker.js';

const solvers: readonly (readonly [string, (program: NonlinearProgram) => SolverResult])[] = [
  ['minimize', (program) => minimize(program)],
  ['minimize, 60 restarts', (program) => minimize(program, { restarts: 60 })],
  ['SQP alone', (program) => solveSqp(program)],
  ['augmented Lagrangian alone', (program) => solveAugmentedLagrangian(program)],
];

const lines = [
  `Command: npx tsx bench/hock-schittkowski.ts`,
  `Machine: ${cpus().length} × ${cpus()[0]!.model}, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}`,
  '',
  `${hockSchittkowski.length} problems`.padEnd(30) + '    solved  refuted  at the optimum  CPU s',
];
const away: string[] = [];
for (const [name, solve] of solvers) {
  const startedAt = process.cpuUsage().user;
  const runs = hockSchittkowski.map((problem) => {
    const program = toProgram(problem);
    return { problem, program, result: solve(program) };
  });
  const seconds = (process.cpuUsage().user - startedAt) / 1e6;
  const solved = runs.filter(({ result }) => isSolved(result.termination));
  const refuted = runs.filter(({ program, result }) => objections(program, result).length > 0);
  const elsewhere = runs.filter(({ problem, result }) => !isAtOptimum(problem, result));
  const counts = [solved.length, refuted.length, runs.length - elsewhere.length];
  const [first, second, third] = counts.map(String) as [string, string, string];
  lines.push(
    `${name.padEnd(30)}${first.padStart(10)}${second.padStart(9)}${third.padStart(16)}${seconds.toFixed(1).padStart(7)}`,
  );
  const numbers = (list: typeof runs): string => list.map(({ problem }) => problem.number).join(', ') || 'none';
  const unsolved = runs.filter(({ result }) => !isSolved(result.termination));
  away.push(`${name}: not solved ${numbers(unsolved)}; not at the optimum ${numbers(elsewhere)}`);
}
const text = [...lines, '', ...away, ''].join('\n');
console.log(text);
writeFileSync(new URL('results/hock-schittkowski.txt', import.meta.url), text);
