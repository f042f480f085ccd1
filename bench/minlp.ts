/**
 * Classical mixed-integer nonlinear programs (`spec/problems/minlp`): branch and bound and outer approximation against
 * Bonmin and SCIP, both fed by our `.nl` writer, and against the published optima. Peers that are not installed are left
 * out (scripts/setup-peers.sh installs them). Exits with 1 if ours is wrong. Usage: npx tsx bench/minlp.ts
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { outerApproximation, solveMinlp } from '../lib/integer/index.js';
import { compileNl, writeNl } from '../lib/io/nl/index.js';
import type { MixedIntegerNonlinearProgram } from '../lib/problem/index.js';
import { solveQp } from '../lib/qp/sparse/index.js';
import { solveSqp } from '../lib/sqp/index.js';
import { convexMinlps, nonconvexMinlps, type ClassicalMinlp } from '../spec/problems/minlp/classical.js';
import { makeModel } from '../spec/support/modeller.js';
import { askPython } from './profile/peers.js';

interface PeerAnswer {
  readonly objective?: number | null;
  readonly status?: string;
  readonly seconds?: number;
  readonly nodes?: number;
  readonly error?: string;
}

const problems = [...convexMinlps, ...nonconvexMinlps];
const tolerance = 1e-5;
const agrees = (value: number | null | undefined, optimum: number): boolean =>
  typeof value === 'number' && Math.abs(value - optimum) <= tolerance * Math.max(1, Math.abs(optimum));

function askPeers(): Map<string, Readonly<Record<string, PeerAnswer>>> {
  const folder = mkdtempSync(join(tmpdir(), 'minlp-'));
  const path = (problem: ClassicalMinlp): string => join(folder, `${problem.name}.nl`);
  for (const problem of problems) writeFileSync(path(problem), writeNl(makeModel(problem)).text);
  const answers = askPython('minlp.py', 60, problems.map(path)) as
    Record<string, Record<string, PeerAnswer>> | undefined;
  rmSync(folder, { recursive: true });
  return new Map(answers && problems.map((problem) => [problem.name, answers[path(problem)] ?? {}]));
}

function timed<T>(work: () => T): { value: T; seconds: number } {
  const startedAt = performance.now();
  const value = work();
  return { value, seconds: (performance.now() - startedAt) / 1000 };
}

const lines = [
  'Classical MINLPs: objective (seconds; nodes or rounds). * differs from the published optimum by more than 1e-5.',
  `command: npx tsx bench/minlp.ts`,
  `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}, Node.js ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}, load ${loadavg()[0]!.toFixed(1)}`,
  '',
];
const peers = askPeers();
const peerNames = Object.keys(peers.get(problems[0]!.name) ?? {});
if (peerNames.length === 0) lines.push('skipped: neither Bonmin nor SCIP is installed; only ours is shown', '');
const columns = ['sft-opt branch and bound', 'sft-opt outer approx.', ...peerNames];
lines.push(['problem'.padEnd(10), 'published'.padStart(14), ...columns.map((name) => name.padStart(32))].join(''));

let wrong = 0;
for (const entry of problems) {
  const compiled = compileNl(makeModel(entry)) as MixedIntegerNonlinearProgram;
  const problem = { ...compiled, meta: { ...compiled.meta, convex: entry.convex } };
  const tree = timed(() =>
    solveMinlp(problem, (relaxed) => solveSqp(relaxed), { timeLimitSeconds: 60 }, {}, { quadratic: solveQp }),
  );
  const { objective, termination, nodeCount, bound } = tree.value;
  const rightBound = bound <= entry.optimum + tolerance * Math.max(1, Math.abs(entry.optimum));
  const claims = termination === 'optimal' || termination === 'infeasible';
  if (!rightBound || (claims && !agrees(objective, entry.optimum)) || (entry.convex && termination !== 'optimal'))
    wrong++;
  const text = (value: number | null | undefined, seconds: number | undefined, count: number | undefined): string => {
    const shown = typeof value === 'number' ? value.toPrecision(9) : 'none';
    const mark = agrees(value, entry.optimum) ? '' : '*';
    return `${shown}${mark} (${seconds?.toFixed(2) ?? '–'} s${count === undefined ? '' : `; ${count}`})`.padStart(32);
  };
  const cells = [text(objective, tree.seconds, nodeCount)];
  if (entry.convex) {
    const { value, seconds } = timed(() =>
      outerApproximation(problem, { nonlinear: (relaxed) => solveSqp(relaxed), linear: (program) => solveQp(program) }),
    );
    if (value.termination !== 'optimal' || !agrees(value.objective, entry.optimum)) wrong++;
    cells.push(text(value.objective, seconds, value.rounds));
  } else cells.push('not convex'.padStart(32));
  for (const name of peerNames) {
    const answer = peers.get(entry.name)?.[name];
    cells.push(
      answer?.error === undefined ? text(answer?.objective, answer?.seconds, answer?.nodes) : 'failed'.padStart(32),
    );
  }
  lines.push([entry.name.padEnd(10), entry.optimum.toPrecision(9).padStart(14), ...cells].join(''));
}
lines.push(
  '',
  `${convexMinlps.length} convex: proven optimal; ${nonconvexMinlps.length} not convex: ours claims a local optimum only.`,
  wrong === 0 ? 'ours: no wrong claim' : `ours: ${wrong} wrong`,
);
const output = `${lines.join('\n')}\n`;
console.log(output);
mkdirSync(new URL('results/', import.meta.url), { recursive: true });
writeFileSync(new URL('results/minlp.txt', import.meta.url), output);
if (wrong > 0) process.exitCode = 1;
