/**
 * One device and a server, one thread each: the same training on the event clock and on a wall clock, in processes of
 * their own over WebSockets behind an emulated radio link. Then what framing and transport cost of a step over
 * WebSockets, and four devices at one server on a wall clock, which is busy for one of them while the others wait.
 * Run: npx tsx bench/harness/clocks.ts
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  EventClock,
  type RoundRecord,
  type RunRecord,
  type ServerSharing,
  type StepRecord,
} from '../../harness/server/index.js';
import { RadioLink } from '../../harness/transport/index.js';
import { bundled } from '../../spec/support/harness-processes.js';

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
const program = await bundled('bin/sft-opt.ts');
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
async function replayed(
  records: readonly RunRecord[],
  round: RoundRecord,
  devices: number,
  sharing: ServerSharing,
  speedFactor: number,
): Promise<number> {
  const link = () => new RadioLink(linkOptions);
  const all = Array.from({ length: devices }, (_, device) => device);
  // Work on devices is recorded with their speed.
  const parties = all.map(() => ({ speedFactor: 1, link: link(), serverShare: 1 / devices }));
  const clock = new EventClock(parties, { sharing, speedFactor });
  const own = steps(records).filter((step) => step.round === round.round);
  const transfer = (direction: 'uplink' | 'downlink') => {
    const bytes = own.reduce((rest, step) => rest - step[`${direction}Bytes`], round[`${direction}Bytes`]);
    for (const device of all) clock.transfer(device, direction, bytes / devices, round.round);
  };
  transfer('downlink');
  for (const step of new Set(own.map((one) => one.step))) {
    const together = own.filter((one) => one.step === step);
    const measured = ({ measuredServerSeconds: { decode, compute, update, encode } }: StepRecord) =>
      decode + compute + update + encode;
    for (const { device, seconds, uplinkBytes } of together) {
      clock.deviceWork(device, seconds.deviceForward + seconds.deviceEncode);
      clock.transfer(device, 'uplink', uplinkBytes, round.round);
    }
    if (sharing === 'batched') {
      const total = together.reduce((sum, one) => sum + measured(one), 0);
      await clock.serverBatch(all, total);
    } else for (const one of together) await clock.serverWork(one.device, measured(one));
    for (const { device, seconds, downlinkBytes } of together) {
      clock.transfer(device, 'downlink', downlinkBytes, round.round);
      clock.deviceWork(device, seconds.deviceDecode + seconds.deviceBackward + seconds.deviceUpdate);
    }
  }
  transfer('uplink');
  return clock.aggregation(all, round.aggregationSeconds).at;
}

/** Wall time of rounds over the event clock's, from the same work and bytes. */
async function agreement(runs: readonly RunRecord[][], devices: number, sharing: ServerSharing, speedFactor: number) {
  const found: number[] = [];
  for (const records of runs) {
    for (const round of records) {
      if (round.kind !== 'round' || round.round === 0) continue;
      found.push(round.roundSeconds / (await replayed(records, round, devices, sharing, speedFactor)));
    }
  }
  return `median ${median(found).toFixed(3)}, least ${Math.min(...found).toFixed(3)}, largest ${Math.max(...found).toFixed(3)}`;
}

console.log(
  `the same rounds on both clocks (wall time over the event clock's, from the same work and bytes): ${await agreement(found.wall, 1, 'equal', 1)}`,
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
const crowd = { devices: 4, deviceFactor: 8, serverFactor: 1.5 };
for (const sharing of ['allocated', 'equal', 'batched'] as const) {
  const device = `name: one, count: ${crowd.devices}, cut: 2, speedFactor: ${crowd.deviceFactor}`;
  const text = coded
    .replace(
      'devices: [{ name: only, cut: 2',
      `server: { sharing: ${sharing}, speedFactor: ${crowd.serverFactor} }\ndevices: [{ ${device}`,
    )
    .replace('images: 160', 'images: 320');
  const runs = [await run(text, 'wall')];
  const waits = steps(runs.flat()).map(({ seconds }) => seconds.uplink);
  console.log(
    `${crowd.devices} devices (× ${crowd.deviceFactor}) at one server (× ${crowd.serverFactor}, ${sharing}) on a wall clock over the event clock: ${await agreement(runs, crowd.devices, sharing, crowd.serverFactor)}; ` +
      `uplink with the wait for others least ${(1000 * Math.min(...waits)).toFixed(0)} ms, median ${(1000 * median(waits)).toFixed(0)} ms, most ${(1000 * Math.max(...waits)).toFixed(0)} ms`,
  );
}
rmSync(folder, { recursive: true });
