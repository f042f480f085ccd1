/**
 * Processor time of short processes against an empty one, paired in one run: `npm run build && npx tsx bench/start-up.ts`.
 * Writes bench/results/start-up.json; exit code 1 when a bar is missed.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hs071 } from './support/hs071.js';

const rounds = Number(process.argv[2] ?? 25);
const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'start-up-'));
writeFileSync(join(folder, 'hs071.nl'), hs071);

const imported = (path: string) => ['--input-type=module', '-e', `await import('file://${dist}lib/${path}')`];
const works = [
  { name: 'sft-opt-ampl hs071', most: 2.5, args: [`${dist}bin/sft-opt-ampl.js`, join(folder, 'hs071'), '-AMPL'] },
  { name: 'sft-opt --version', most: 2, args: [`${dist}bin/sft-opt.js`, '--version'] },
  { name: "import 'sft-opt'", most: 2.5, args: imported('index.js') },
  { name: "import 'sft-opt/qp'", most: 1.5, args: imported('qp/index.js') },
  { name: "import 'sft-opt/plan'", most: undefined, args: imported('plan/index.js') },
  { name: "import 'sft-opt/io'", most: undefined, args: imported('io/index.js') },
  { name: "import 'sft-opt/models'", most: undefined, args: imported('models/index.js') },
  { name: "import 'sft-opt/codec'", most: undefined, args: imported('codec/index.js') },
] as const;

/** Seconds of user and system time of one process. */
function processorSeconds(args: readonly string[]): number {
  // bash's `time` asks the system what the ended process took, to the millisecond.
  const script = 'TIMEFORMAT="%3U %3S"; { time "$0" "$@" >/dev/null 2>"$ERRORS"; } 2>&1';
  const { status, stdout } = spawnSync('bash', ['-c', script, process.execPath, ...args], {
    encoding: 'utf8',
    env: { ...process.env, ERRORS: join(folder, 'errors'), LC_ALL: 'C' },
  });
  if (status !== 0) {
    throw new Error(`${args.join(' ')} ended with ${status}: ${readFileSync(join(folder, 'errors'), 'utf8')}`);
  }
  const [user, system] = stdout.trim().split(' ').map(Number);
  return user! + system!;
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

const empty: number[] = [];
const taken = works.map((): number[] => []);
for (let round = 0; round <= rounds; round++) {
  const own = processorSeconds(['-e', '0']);
  const others = works.map(({ args }) => processorSeconds(args));
  if (round === 0) continue; // Files come from the disk in the first round.
  empty.push(own);
  others.forEach((seconds, k) => taken[k]!.push(seconds));
}
rmSync(folder, { recursive: true });

let missed = 0;
const results = works.map(({ name, most }, k) => {
  const ratio = median(taken[k]!.map((seconds, round) => seconds / empty[round]!));
  const holds = most === undefined || ratio <= most;
  if (!holds) missed++;
  console.log(
    `${most === undefined ? '      ' : holds ? 'holds ' : 'MISSED'} ${name}: ${ratio.toFixed(2)}${most === undefined ? '' : ` (≤ ${most})`}`,
  );
  return { name, ratio: Number(ratio.toFixed(3)), medianSeconds: Number(median(taken[k]!).toFixed(4)), most };
});
const report = {
  command: 'npm run build && npx tsx bench/start-up.ts',
  date: new Date().toISOString().slice(0, 10),
  machine: { cpu: cpus()[0]?.model ?? '', cores: cpus().length, node: process.version, load: loadavg() },
  rounds,
  emptyNodeSeconds: Number(median(empty).toFixed(4)),
  results,
};
writeFileSync(new URL('results/start-up.json', import.meta.url), `${JSON.stringify(report, undefined, 1)}\n`);
process.exit(missed > 0 ? 1 : 0);
