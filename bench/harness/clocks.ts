/**
 * One device and a server, one thread each: the same training on the event clock and on a wall clock, in processes of
 * their own over WebSockets behind an emulated radio link. Then what framing and transport cost of a step over
 * WebSockets. Run: npx tsx bench/harness/clocks.ts
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { EventClock, type RoundRecord, type RunRecord, type StepRecord } from '../../harness/server/index.js';
import { RadioLink } from '../../harness/transport/index.js';

const repeats = Number(process.argv[2] ?? 5);
const scenario = `
version: 1
seed: 3
data: { images: 160, evaluationImages: 0 }
model: { seed: 1, imageSize: 32, shape: { patchSize: 4, width: 96, blocks: 4, heads: 3, mlpWidth: 384 } }
training: { rounds: 8, stepsPerRound: 3, batchSize: 16 }
codec: CODEC
devices: [{ name: only, cut: 2LINK }]
`;
const coded = scenario
  .replace('CODEC', '{ keptFraction: 20 %, bits: 4 }')
  .replace('LINK', ', link: { uplink: 8 Mbit/s, downlink: 16 Mbit/s, latency: 5 ms }');
/** The same link in the terms of the transport. */
const linkOptions = {
  uplink: { kind: 'linear', bitsPerSecondPerHz: 0.4 },
  downlink: { kind: 'linear', bitsPerSecondPerHz: 0.8 },
  bandwidthHz: 20e6,
  latencySeconds: 0.005,
} as const;
const bare = scenario.replace('CODEC', 'identity').replace('LINK', '');

const root = new URL('../../', import.meta.url);
const program = fileURLToPath(new URL('.cache/programs/clocks-cli.js', root));
await build({
  entryPoints: [fileURLToPath(new URL('bin/sft-opt.ts', root))],
  outfile: program,
  bundle: true,
  packages: 'external',
  format: 'esm',
  platform: 'node',
  target: 'node20',
  logLevel: 'error',
});
const folder = mkdtempSync(join(tmpdir(), 'clocks-'));
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;

async function run(text: string, clock: 'emulated' | 'wall'): Promise<RunRecord[]> {
  const path = join(folder, 'scenario.yaml');
  const record = join(folder, 'run.jsonl');
  writeFileSync(path, text);
  const args = [program, 'train', path, '--clock', clock, '--processes', '--record', record, '--quiet'];
  const env = { ...process.env, TF_NUM_INTRAOP_THREADS: '1', TF_NUM_INTEROP_THREADS: '1' };
  const child = spawn(process.execPath, args, { env, cwd: fileURLToPath(root), stdio: 'inherit' });
  const code = await new Promise((resolve) => child.on('exit', resolve));
  if (code !== 0) throw new Error(`ended with ${String(code)}`);
  return readFileSync(record, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as RunRecord);
}

/** The first round warms up. */
const rounds = (records: readonly RunRecord[]) =>
  records.filter((r): r is RoundRecord => r.kind === 'round' && r.round > 0).map((r) => r.roundSeconds);
const steps = (records: readonly RunRecord[]) =>
  records.filter((r): r is StepRecord => r.kind === 'step' && r.round > 0);

const stages = ['deviceForward', 'deviceEncode', 'uplink', 'server', 'downlink', 'deviceBackward'] as const;
const found: Record<'emulated' | 'wall', RunRecord[][]> = { emulated: [], wall: [] };
const ratios: number[] = [];
for (let k = 0; k < repeats; k++) {
  found.emulated.push(await run(coded, 'emulated'));
  found.wall.push(await run(coded, 'wall'));
  const least = (clock: 'emulated' | 'wall') => Math.min(...rounds(found[clock].at(-1)!));
  ratios.push(least('wall') / least('emulated'));
}
console.log(
  `${new Date().toISOString().slice(0, 10)}, ${cpus()[0]!.model} × ${cpus().length}, Node ${process.version}, load ${loadavg()[0]!.toFixed(1)}`,
);
for (const clock of ['emulated', 'wall'] as const) {
  const all = found[clock].flat();
  const parts = stages.map(
    (stage) => `${stage} ${(1000 * Math.min(...steps(all).map(({ seconds }) => seconds[stage]))).toFixed(1)}`,
  );
  const values = rounds(all);
  console.log(
    `${clock} clock: least round ${(1000 * Math.min(...values)).toFixed(1)} ms, median ${(1000 * median(values)).toFixed(1)} ms; least stages, ms: ${parts.join(', ')}`,
  );
}
const least = (clock: 'emulated' | 'wall') => Math.min(...rounds(found[clock].flat()));
console.log(
  `least wall / least emulated ${(least('wall') / least('emulated')).toFixed(3)}; by repeat ${ratios.map((r) => r.toFixed(3)).join(', ')}`,
);

/** What the event clock says of a round that ran on a wall clock, from the same measured work and the same bytes. */
function replayed(records: readonly RunRecord[], round: RoundRecord): number {
  const link = new RadioLink(linkOptions);
  const clock = new EventClock([{ speedFactor: 1, link, serverShare: 1 }], { sharing: 'equal', speedFactor: 1 });
  const own = steps(records).filter((step) => step.round === round.round);
  const rest = (direction: 'uplinkBytes' | 'downlinkBytes') =>
    round[direction] - own.reduce((sum, step) => sum + step[direction], 0);
  clock.transfer(0, 'downlink', rest('downlinkBytes'), round.round);
  for (const { seconds, measuredServerSeconds, uplinkBytes, downlinkBytes } of own) {
    clock.deviceWork(0, seconds.deviceForward + seconds.deviceEncode);
    clock.transfer(0, 'uplink', uplinkBytes, round.round);
    const { decode, compute, update, encode } = measuredServerSeconds;
    clock.deviceWork(0, decode + compute + update + encode);
    clock.transfer(0, 'downlink', downlinkBytes, round.round);
    clock.deviceWork(0, seconds.deviceDecode + seconds.deviceBackward + seconds.deviceUpdate);
  }
  clock.transfer(0, 'uplink', rest('uplinkBytes'), round.round);
  return clock.aggregation([0], round.aggregationSeconds).at;
}

const agreement = found.wall.flatMap((records) =>
  records
    .filter((r): r is RoundRecord => r.kind === 'round' && r.round > 0)
    .map((round) => round.roundSeconds / replayed(records, round)),
);
console.log(
  `the same rounds on both clocks (wall time over the event clock's, from the same work and bytes): median ${median(agreement).toFixed(3)}, least ${Math.min(...agreement).toFixed(3)}, largest ${Math.max(...agreement).toFixed(3)}`,
);
// Without a link what passes between sending and arriving is framing and transport alone.
const free: number[] = [];
const shares: number[] = [];
for (let k = 0; k < repeats; k++) {
  for (const { seconds } of steps(await run(bare, 'wall'))) {
    const total = Object.values<number>({ ...seconds }).reduce((sum, value) => sum + value, 0);
    free.push(seconds.uplink + seconds.downlink);
    shares.push((seconds.uplink + seconds.downlink) / total);
  }
}
console.log(
  `framing and transport over WebSockets, identity codec (0.4 MB each way): least ${(1000 * Math.min(...free)).toFixed(2)} ms, median ${(1000 * median(free)).toFixed(2)} ms a step; ` +
    `${(100 * Math.min(...shares)).toFixed(2)} % least, ${(100 * median(shares)).toFixed(2)} % median of the step`,
);
rmSync(folder, { recursive: true });
