/**
 * The first solve: each file of the CUTE sample read and solved once in a fresh process, by `minimize` and by IPOPT (through
 * CasADi); processor seconds from before reading to after the solve, start-up of the process and its imports excluded.
 * Usage: npx tsx bench/nonlinear-cold.ts [name…] (directory from CUTE_DIR, default ../shared/data/cute)
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileNl, readNl } from '../lib/io/nl/index.js';
import { minimize } from '../lib/minimize/index.js';

const self = fileURLToPath(import.meta.url);
const single = process.env['COLD_FILE'];
if (single !== undefined) {
  const before = process.cpuUsage();
  const problem = compileNl(readNl(readFileSync(single)));
  const result = minimize(problem);
  const { user, system } = process.cpuUsage(before);
  const { variableCount } = problem.meta;
  console.log(
    JSON.stringify({ seconds: (user + system) / 1e6, solved: result.termination.includes('optimal'), variableCount }),
  );
  process.exit(0);
}

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

function run(command: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): Run | undefined {
  const { stdout } = spawnSync(command, args, { encoding: 'utf8', env: { ...process.env, ...environment } });
  const line = stdout.trim().split('\n').at(-1);
  return line?.startsWith('{') === true ? (JSON.parse(line) as Run) : undefined;
}

const peer = fileURLToPath(new URL('peers/ipopt_cold.py', import.meta.url));
const wanted = process.argv.slice(2);
const names = readdirSync(directory)
  .filter((file) => file.endsWith('.nl'))
  .map((file) => file.slice(0, -'.nl'.length))
  .filter((name) => wanted.length === 0 || wanted.includes(name));
const lines = [
  'Command: npx tsx bench/nonlinear-cold.ts',
  `Machine: ${cpus().length} × ${cpus()[0]!.model}, load ${loadavg()[0]!.toFixed(1)}, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}`,
  'Processor milliseconds of reading and the first solve, the process started and its modules loaded; ratio to IPOPT.',
];
const ratios: number[] = [];
for (const name of names) {
  const file = join(directory, `${name}.nl`);
  const ours = run(process.execPath, ['--import', 'tsx', self], { COLD_FILE: file });
  const theirs = run(python, [peer, file]);
  if (!ours || !theirs) {
    lines.push(`${name.padEnd(12)} ${ours ? 'no answer of IPOPT' : 'no answer'}`);
    continue;
  }
  const ratio = ours.seconds / theirs.seconds;
  if (ours.solved && theirs.solved) ratios.push(ratio);
  const figure = ({ seconds, solved }: Run) =>
    `${(1000 * seconds).toFixed(1).padStart(9)}${solved ? '' : ' (not solved)'}`;
  lines.push(
    `${name.padEnd(12)} n=${String(ours.variableCount).padEnd(5)} ${figure(ours)} ${figure(theirs)} ${ratio.toFixed(2).padStart(8)}`,
  );
}
ratios.sort((a, b) => a - b);
const quantile = (share: number): string =>
  (ratios[Math.min(ratios.length - 1, Math.floor(share * ratios.length))] ?? NaN).toFixed(2);
lines.push(
  `${ratios.length} solved by both; ratio median ${quantile(0.5)}, 90th percentile ${quantile(0.9)}, largest ${quantile(1)}`,
);
const text = `${lines.join('\n')}\n`;
console.log(text);
if (wanted.length === 0) writeFileSync(new URL('results/nonlinear-cold.txt', import.meta.url), text);
