/**
 * Kills a training with SIGKILL at random points, between and during checkpoint writes, goes on from its checkpoints each
 * time, and compares every loss with the uninterrupted training. Also kills devices' processes with their server.
 * Run: npx tsx bench/harness/kill-server.ts [kills, default 50]
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readCheckpoint } from '../../harness/checkpoint/index.js';
import type { RunRecord } from '../../harness/server/index.js';
import { randomStream } from '../../lib/random/index.js';
import { bundled } from '../../spec/support/harness-processes.js';

const kills = Number(process.argv[2] ?? 50);
const rounds = 4000;
const scenario = `
version: 1
seed: 3
data: { images: 60, evaluationImages: 0 }
model: { seed: 1, imageSize: 32, shape: { patchSize: 16, width: 12, blocks: 3, heads: 2, mlpWidth: 24 } }
lora: { rank: 2, alpha: 4, targets: [query, value] }
training: { rounds: ${rounds}, stepsPerRound: 1, batchSize: 2, learningRate: 0.003 }
codec: { keptFraction: 30 %, bits: 4 }
devices: [{ name: a, cut: 1 }, { name: b, cut: 2 }]
`;

const root = new URL('../../', import.meta.url);
const program = await bundled('bin/sft-opt.ts');
const folder = mkdtempSync(join(tmpdir(), 'kill-server-'));
const path = join(folder, 'scenario.yaml');
writeFileSync(path, scenario);
const random = randomStream(99, 'kills');
const state = join(folder, 'state');
const record = join(folder, 'run.jsonl');

function train(...more: string[]) {
  const args = [program, 'train', path, '--quiet', ...more];
  const env = { ...process.env, TF_NUM_INTRAOP_THREADS: '1', TF_NUM_INTEROP_THREADS: '1' };
  return spawn(process.execPath, args, { env, cwd: fileURLToPath(root), stdio: ['ignore', 'ignore', 'inherit'] });
}

const exited = (child: ReturnType<typeof train>) =>
  new Promise<string | number>((resolve) => child.on('exit', (code, signal) => resolve(signal ?? code ?? -1)));

const read = (file: string) =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as RunRecord);

const trajectory = (records: readonly RunRecord[]) =>
  records.flatMap((r) => (r.kind === 'step' ? [`${r.round}/${r.step}/${r.device}: ${r.loss}`] : [])).sort();

let [temporary, whole] = [0, 0];
for (let k = 0; k < kills; k++) {
  const before = k === 0 ? 0 : readdirSync(state).length;
  const isSeparate = k % 10 === 9;
  const child = train(
    ...['--record', record, '--checkpoint', state, ...(k > 0 ? ['--resume'] : [])],
    isSeparate ? '--processes' : '--no-processes',
  );
  const gone = exited(child);
  // From the first new checkpoint on, at a random moment.
  const newest = () => (k === 0 && before === 0 ? safeList(state) : readdirSync(state)).sort().join();
  const at = newest();
  while (newest() === at) await new Promise((resolve) => setTimeout(resolve, 5));
  await new Promise((resolve) => setTimeout(resolve, 40 * random.uniform()));
  child.kill('SIGKILL');
  await gone;
  for (const name of readdirSync(state)) {
    if (name.endsWith('.tmp')) temporary++;
    else {
      readCheckpoint(readFileSync(join(state, name)));
      whole++;
    }
  }
}

function safeList(path_: string): string[] {
  try {
    return readdirSync(path_);
  } catch {
    return [];
  }
}

const reached = Number(
  readdirSync(state)
    .filter((name) => name.endsWith('.checkpoint'))
    .sort()
    .at(-1)!
    .slice(6, 14),
);
const until = ['--rounds', String(reached + 5)];
await exited(train('--record', record, '--checkpoint', state, '--resume', '--no-processes', ...until));
const reference = join(folder, 'reference.jsonl');
await exited(train('--record', reference, '--no-processes', ...until));
const [found, wanted] = [trajectory(read(record)), trajectory(read(reference))];
const isSame = found.length === wanted.length && found.every((line, k) => line === wanted[k]);
await new Promise((resolve) => setTimeout(resolve, 1000));
const left = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
  .split('\n')
  .filter((line) => line.includes(path));
console.log(
  `${new Date().toISOString().slice(0, 10)}, ${cpus()[0]!.model} × ${cpus().length}, Node ${process.version}, load ${loadavg()[0]!.toFixed(1)}`,
);
console.log(
  `${kills} × SIGKILL over ${reached + 5} rounds, every tenth with devices in processes of their own: ${whole} checkpoints looked at, all whole; ` +
    `${temporary} interrupted writes; ${left.length} processes left; ` +
    `${found.length} losses ${isSame ? 'equal those of the uninterrupted training bit for bit' : 'DIFFER from the uninterrupted training'}`,
);
rmSync(folder, { recursive: true });
process.exitCode = isSame && left.length === 0 ? 0 : 1;
