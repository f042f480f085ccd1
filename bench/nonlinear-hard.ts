/**
 * `minimize` on the hard cases and classical families of `spec/problems/hard`, beside IPOPT (through CasADi, fed by our
 * `.nl` writer) where it is installed: status, objective, evaluations, seconds of one solve without reading.
 * Usage: npx tsx bench/nonlinear-hard.ts [--size=N for the families; without it the small cases] [--limit=S seconds]
 * [--method=auto|sqp|auglag|bound] [--no-peer] [name…]
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeNl } from '../lib/io/nl/index.js';
import { minimize, type MinimizeOptions } from '../lib/minimize/index.js';
import { makeProblem } from '../spec/support/modeller.js';
import type { CatalogueEntry } from '../spec/problems/hard/catalogue.js';
import { scalable } from '../spec/problems/hard/scalable.js';
import { smallConstrained } from '../spec/problems/hard/small-constrained.js';
import { askIpopt, type IpoptAnswer } from './profile/peers.js';

function argument(name: string): string | undefined {
  const prefix = `--${name}=`;
  return process.argv.find((word) => word.startsWith(prefix))?.slice(prefix.length);
}

const size = Number(argument('size') ?? 0);
const limit = Number(argument('limit') ?? 60);
const method = (argument('method') ?? 'auto') as NonNullable<MinimizeOptions['method']>;
const wanted = process.argv.slice(2).filter((word) => !word.startsWith('-'));
const entries = (size > 0 ? scalable(size) : [...smallConstrained]).filter(
  (entry) => wanted.length === 0 || wanted.includes(entry.name),
);

const folder = mkdtempSync(join(tmpdir(), 'sft-opt-hard-'));
const peers: Record<string, IpoptAnswer> = {};
if (!process.argv.includes('--no-peer')) {
  const files = entries.map((entry) => {
    const path = join(folder, `${entry.name}.nl`);
    writeFileSync(path, writeNl(makeProblem(entry).nl.model).text);
    return path;
  });
  const answers = askIpopt(limit, files);
  entries.forEach((entry, k) => {
    const answer = answers?.[files[k]!];
    if (answer) peers[entry.name] = answer;
  });
}
rmSync(folder, { recursive: true });

/** An answer judged against what is known of the problem. */
function verdict(entry: CatalogueEntry, solved: boolean, matches: boolean, objective: number): string {
  if (entry.expected !== undefined && entry.expected !== 'solved') return matches ? 'ok' : 'FAIL';
  if (!solved) return 'FAIL';
  const best = entry.best ?? objective;
  return objective - best <= 1e-4 * Math.max(1, Math.abs(best)) ? 'ok' : entry.manyMinima ? 'ok ~' : 'FAIL';
}

const ipoptWords: Record<string, string> = {
  infeasible: 'Infeasible_Problem_Detected',
  unbounded: 'Diverging_Iterates',
};

console.log(
  `Command: npx tsx bench/nonlinear-hard.ts ${process.argv.slice(2).join(' ')}\n` +
    `Machine: ${cpus().length} × ${cpus()[0]!.model}, load ${loadavg()[0]!.toFixed(1)}, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}`,
);
let ours = 0;
let theirs = 0;
for (const entry of entries) {
  const problem = makeProblem(entry);
  const { variableCount, constraintCount } = problem.meta;
  const result = minimize(problem, { timeLimitSeconds: limit, method });
  const solved = result.termination.includes('optimal');
  const own = verdict(entry, solved, result.termination.includes(entry.expected ?? 'optimal'), result.objective);
  if (own !== 'FAIL') ours++;
  const peer = peers[entry.name];
  let beside = '';
  if (peer && 'error' in peer) beside = `| IPOPT: ${peer.error.slice(0, 40)}`;
  else if (peer) {
    const theirSolved = peer.status === 'Solve_Succeeded';
    const expected = entry.expected === undefined ? '' : ipoptWords[entry.expected];
    const judged = verdict(entry, theirSolved, peer.status === expected, peer.objective ?? Infinity);
    if (judged !== 'FAIL') theirs++;
    beside = `| IPOPT ${judged.padEnd(4)} ${peer.objective?.toPrecision(8)} it=${peer.iterations} f#=${peer.evaluations} ${peer.seconds.toFixed(3)} s${theirSolved ? '' : ` ${peer.status}`}`;
  }
  console.log(
    `${own.padEnd(4)} ${entry.name.padEnd(20)} n=${variableCount} m=${constraintCount}`.padEnd(42),
    `${result.termination.padEnd(17)} f=${result.objective.toPrecision(8)} it=${result.iterations} f#=${result.counts.objective} ${result.timeSeconds.toFixed(3)} s by ${result.method}`.padEnd(
      84,
    ),
    result.attempts.length > 1
      ? result.attempts.map((attempt) => `${attempt.method}:${attempt.termination}`).join('>')
      : '',
    beside,
  );
}
console.log(
  `${ours} of ${entries.length} as they should be${Object.keys(peers).length > 0 ? `; IPOPT ${theirs} of ${Object.keys(peers).length}` : ''}`,
);
