/**
 * Problems whose answers are known by construction (optima, rays, infeasibility), in random units, each through a solver, with
 * derivatives and from a start drawn at random. Counts right answers, answers that claim nothing, and false claims; `judge`
 * in spec/support/known-answers says what those are. The convex quadratic ones go through `solveQp` once more, in other units.
 * Usage: npx tsx bench/known-answers.ts [--count=N] [--from=SEED]
 */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { families, runCase, runQuadraticCase, type Case, type Verdict } from '../spec/support/known-answers/index.js';

function argument(name: string, otherwise: number): number {
  const prefix = `--${name}=`;
  return Number(process.argv.find((word) => word.startsWith(prefix))?.slice(prefix.length) ?? otherwise);
}

const count = argument('count', 12_000);
const from = argument('from', 0);
const started = process.cpuUsage();
const cases: Case[] = [];
for (let seed = from; seed < from + count; seed++) cases.push(runCase(seed));
const quadratic = new Map<number, Verdict>();
for (let seed = from; seed < from + count; seed++) {
  const verdict = runQuadraticCase(seed)?.verdict;
  if (verdict !== undefined) quadratic.set(seed, verdict);
}
const { user } = process.cpuUsage(started);

const lines = [
  `Command: npx tsx bench/known-answers.ts --count=${count} --from=${from}`,
  `Machine: ${cpus().length} × ${cpus()[0]!.model}, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}`,
  '',
];

function table(title: string, keyOf: (one: Case) => string, keys: readonly string[]): void {
  lines.push(
    `${title.padEnd(32)}${['problems', 'right', 'undecided', 'false'].map((word) => word.padStart(11)).join('')}`,
  );
  for (const key of keys) {
    const group = cases.filter((one) => keyOf(one) === key);
    const right = group.filter(({ verdict }) => verdict === 'right').length;
    const undecided = group.filter(({ verdict }) => verdict === 'undecided').length;
    const figures = [group.length, right, undecided, group.length - right - undecided];
    lines.push(`${key.padEnd(32)}${figures.map((figure) => String(figure).padStart(11)).join('')}`);
  }
  lines.push('');
}

table('Family', ({ family }) => family, families);
table('Solver', ({ door }) => door, [...new Set(cases.map(({ door }) => door))].sort());
table('Derivatives given', ({ derivatives }) => derivatives, ['second', 'first', 'none']);
table('Units', ({ plainUnits }) => (plainUnits ? 'all 1' : 'random'), ['all 1', 'random']);
table('All', () => 'all', ['all']);
const verdicts = [...quadratic.values()];
const right = verdicts.filter((verdict) => verdict === 'right').length;
const undecided = verdicts.filter((verdict) => verdict === 'undecided').length;
const wrong = verdicts.length - right - undecided;
lines.push(
  `All convex quadratic ones through solveQp, in other units: ${verdicts.length}, right ${right}, undecided ${undecided}, false ${wrong}`,
  '',
);
for (const [seed, verdict] of quadratic) {
  if (typeof verdict === 'object')
    lines.push(`FALSE ${JSON.stringify({ seed, door: 'solveQp, other units', ...verdict })}`);
}
for (const { verdict, ...facts } of cases) {
  if (typeof verdict === 'object') lines.push(`FALSE ${JSON.stringify({ ...facts, ...verdict })}`);
}
lines.push(`Processor time ${(user / 1e6).toFixed(0)} s.`);
const text = `${lines.join('\n')}\n`;
console.log(text);
if (count >= 10_000) writeFileSync(new URL('results/known-answers.txt', import.meta.url), text);
if (wrong > 0 || cases.some(({ verdict }) => typeof verdict === 'object')) process.exitCode = 1;
