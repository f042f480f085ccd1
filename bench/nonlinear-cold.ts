/**
 * The first solve: each file of the CUTE sample, and each classical family with about 600 variables, read and solved once in a
 * fresh process, by `minimize` and by IPOPT (through CasADi); processor seconds from before reading to after the solve,
 * start-up of the process and its imports excluded. `minimize` runs as the package ships it: bundled, without a loader.
 * Usage: npx tsx bench/nonlinear-cold.ts [name…] (directory from CUTE_DIR, default ../shared/data/cute)
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { writeNl } from '../lib/io/nl/index.js';
import { scalable } from '../spec/problems/hard/scalable.js';
import { makeProblem } from '../spec/support/modeller.js';

interface Run {
  readonly seconds: number;
  readonly solved: boolean;
  readonly variableCount?: number;
}

const directory = process.env['CUTE_DIR'] ?? '../shared/data/cute';
const python = process.env['PEERS_PYTHON'] ?? '.cache/peers/bin/python3';
if (!existsSync(directory) || !existsSync(python)) {
  console.log(`skipped: ${existsSync(directory) ? python : directory} is not there`);
  process.exit(0);
}

const folder = mkdtempSync(join(tmpdir(), 'sft-opt-cold-'));
const solver = join(folder, 'first-solve.mjs');
await build({
  entryPoints: [fileURLToPath(new URL('support/first-solve.ts', import.meta.url))],
  outfile: solver,
  bundle: true,
  format: 'esm',
  platform: 'neutral',
  mainFields: ['module', 'main'],
  conditions: ['browser', 'import'],
  target: 'node20',
  external: ['node:*'],
  minifyIdentifiers: true,
  minifySyntax: true,
});

function run(command: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): Run | undefined {
  const { stdout } = spawnSync(command, args, { encoding: 'utf8', env: { ...process.env, ...environment } });
  const line = stdout.trim().split('\n').at(-1);
  return line?.startsWith('{') === true ? (JSON.parse(line) as Run) : undefined;
}

const peer = fileURLToPath(new URL('peers/ipopt_cold.py', import.meta.url));
const wanted = process.argv.slice(2);
const files = readdirSync(directory)
  .filter((file) => file.endsWith('.nl'))
  .map((file) => ({ name: file.slice(0, -'.nl'.length), path: join(directory, file) }));
for (const entry of scalable(600)) {
  const path = join(folder, `${entry.name}.nl`);
  writeFileSync(path, writeNl(makeProblem(entry).nl.model).text);
  files.push({ name: entry.name, path });
}

const lines = [
  'Command: npx tsx bench/nonlinear-cold.ts',
  `Machine: ${cpus().length} × ${cpus()[0]!.model}, load ${loadavg()[0]!.toFixed(1)}, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}`,
  'Processor milliseconds of reading and the first solve, the process started and its modules loaded; ratio to IPOPT.',
];
const ratios: { readonly ratio: number; readonly isLarge: boolean }[] = [];
for (const { name, path } of files.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  const ours = run(process.execPath, [solver], { FIRST_SOLVE: path });
  const theirs = run(python, [peer, path]);
  if (!ours || !theirs) {
    lines.push(`${name.padEnd(16)} ${ours ? 'no answer of IPOPT' : 'no answer'}`);
    continue;
  }
  const ratio = ours.seconds / theirs.seconds;
  if (ours.solved && theirs.solved) ratios.push({ ratio, isLarge: ours.variableCount! >= 500 });
  const figure = ({ seconds, solved }: Run) =>
    `${(1000 * seconds).toFixed(1).padStart(9)}${solved ? '' : ' (not solved)'}`;
  lines.push(
    `${name.padEnd(16)} n=${String(ours.variableCount).padEnd(5)} ${figure(ours)} ${figure(theirs)} ${ratio.toFixed(2).padStart(8)}`,
  );
}
rmSync(folder, { recursive: true });

for (const [title, isLarge] of [
  ['n < 500', false],
  ['n ≥ 500', true],
] as const) {
  const sorted = ratios.filter((one) => one.isLarge === isLarge).map(({ ratio }) => ratio);
  if (sorted.length === 0) continue;
  sorted.sort((a, b) => a - b);
  const quantile = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!.toFixed(2);
  const above = sorted.filter((ratio) => ratio > 20).length;
  lines.push(
    `${title}: ${sorted.length} solved by both; ratio median ${quantile(0.5)}, 90th percentile ${quantile(0.9)}, largest ${quantile(1)}; ${above} above 20`,
  );
}
const text = `${lines.join('\n')}\n`;
console.log(text);
if (wanted.length === 0) writeFileSync(new URL('results/nonlinear-cold.txt', import.meta.url), text);
