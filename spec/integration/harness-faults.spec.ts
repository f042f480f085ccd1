import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadBackend, type LoadedBackend } from '../../harness/backend/tensorflow.js';
import type { DeviceStage } from '../../harness/device/index.js';
import { trainInProcess } from '../../harness/run.js';
import {
  loadWorkload,
  readScenario,
  resolveScenario,
  runDeviceProcess,
  runServerProcess,
  trainingOptions,
  type Scenario,
  type Workload,
} from '../../harness/scenario/index.js';
import type { FaultRecord, RoundRecord, RunRecord } from '../../harness/server/index.js';
import { connectWebSocket, JoinError, listenWebSocket } from '../../harness/transport/index.js';
import { randomStream } from '../../lib/random/index.js';
import { cliFile, compileCli } from '../support/compiled-cli.js';
import { bundled, started, Wire, type Started } from '../support/harness-processes.js';
import { samples } from '../support/samples.js';

process.env['TF_NUM_INTRAOP_THREADS'] = '1';
process.env['TF_NUM_INTEROP_THREADS'] = '1';

const tiny = (rounds: number, more = '') => `
version: 1
seed: 3
data: { images: 60, evaluationImages: 0 }
model: { seed: 1, imageSize: 32, shape: { patchSize: 16, width: 12, blocks: 3, heads: 2, mlpWidth: 24 } }
lora: { rank: 2, alpha: 4, targets: [query, value] }
training: { rounds: ${rounds}, stepsPerRound: 2, batchSize: 4, learningRate: 0.01 }
codec: { keptFraction: 30 %, bits: 4 }
clock: emulated
${more}
devices:
  - { name: steady, cut: 1 }
  - { name: victim, cut: 2 }
`;
const token = 'secret';

let backend: LoadedBackend;
let folder: string;
let cli: string;
let faultyDevice: string;
const running: Started[] = [];
beforeAll(async () => {
  backend = await loadBackend();
  folder = await mkdtemp(join(tmpdir(), 'faults-'));
  await compileCli();
  cli = fileURLToPath(cliFile());
  faultyDevice = await bundled('spec/support/programs/faulty-device.ts');
});
afterAll(async () => {
  // Nothing may be left running, whatever has failed.
  const alive = running.filter(({ child }) => child.exitCode === null && child.signalCode === null);
  for (const { child } of alive) child.kill('SIGKILL');
  await rm(folder, { recursive: true });
  expect(alive.map(({ child }) => child.spawnargs)).toEqual([]);
});

function start(program: string, args: readonly string[], environment: Record<string, string> = {}): Started {
  const one = started(program, args, { SFT_OPT_TOKEN: token, ...environment });
  running.push(one);
  return one;
}

async function opened(text: string): Promise<{ path: string; scenario: Scenario; workload: Workload }> {
  const path = join(folder, `scenario-${running.length}-${Math.random()}.yaml`);
  await writeFile(path, text);
  const outcome = readScenario(text);
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.issues));
  const scenario = await resolveScenario(outcome.file, folder);
  return { path, scenario, workload: await loadWorkload(scenario, backend) };
}

const rounds = (records: readonly RunRecord[]) => records.filter((r): r is RoundRecord => r.kind === 'round');
const faults = (records: readonly RunRecord[]) => records.filter((r): r is FaultRecord => r.kind === 'fault');

async function readRecords(path: string): Promise<RunRecord[]> {
  const text = await readFile(path, 'utf8');
  expect(text.endsWith('\n')).toBe(true);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as RunRecord);
}

/** What must not depend on interruptions: every loss of every step, bit for bit. */
const trajectory = (records: readonly RunRecord[]) =>
  records
    .flatMap((r) => (r.kind === 'step' ? [{ round: r.round, step: r.step, device: r.device, loss: r.loss }] : []))
    .sort((a, b) => a.round - b.round || a.step - b.step || a.device - b.device);

describe('a device that dies', () => {
  const stages: DeviceStage[] = ['read', 'forward', 'encode', 'send', 'wait', 'decode', 'backward', 'update', 'upload'];

  it('in any stage of a step, or falls asleep, is left behind, and catches up when it comes back', async () => {
    // Computing, sending, waiting and the end of a round here; every stage in the bench.
    const tried = stages.filter(
      (stage) => samples(1, 0) === 0 || ['forward', 'send', 'wait', 'upload'].includes(stage),
    );
    const plans = [...tried.map((stage) => ['kill', stage]), ['sleep', 'backward'], ['none', 'read']];
    const { path, scenario, workload } = await opened(tiny(plans.length, 'faults: { messageTimeout: 4 s }'));
    const before = backend.tf.memory().numTensors;
    const listener = await listenWebSocket({ port: 0 });
    const records: RunRecord[] = [];
    const victims: Started[] = [];
    let came: () => void = () => undefined;
    const nextVictim = () => {
      const [fault, stage] = plans[victims.length]!;
      victims.push(start(faultyDevice, [path, listener.address, 'victim', fault!, stage!]));
    };
    nextVictim();
    const steady = runDeviceProcess(backend.tf, workload, {
      address: listener.address,
      name: 'steady',
      token,
      rejoinSeconds: 30,
    });
    const result = await runServerProcess(backend.tf, scenario, workload, {
      listener,
      token,
      clock: 'emulated',
      record: (record) => {
        records.push(record);
        if (record.kind === 'joined' && record.name === 'victim') came();
      },
      onRound: async () => {
        if (victims.length === plans.length) return;
        victims.at(-1)!.child.kill('SIGKILL');
        const arrival = new Promise<void>((resolve) => (came = resolve));
        nextVictim();
        await arrival;
      },
    });
    await steady;
    expect(result.roundsDone).toBe(plans.length);
    const present = rounds(records).map(({ devices }) => devices);
    expect(present).toEqual([...plans.slice(0, -1).map(() => [0]), [0, 1]]);
    expect(faults(records).map(({ name }) => name)).toEqual(plans.slice(0, -1).map(() => 'victim'));
    expect(faults(records).at(-1)!.reason).toContain('nothing came within');
    for (const { loss } of rounds(records)) expect(Number.isFinite(loss)).toBe(true);
    expect(await Promise.all(victims.map(({ ended }) => ended))).toEqual([
      ...plans.slice(0, -1).map(() => 'SIGKILL'),
      0,
    ]);
    expect(backend.tf.memory().numTensors).toBe(before);
  }, 400_000);
});

describe('a connection', () => {
  it('that is cut or damaged is made anew, and the round goes on without the device', async () => {
    const { scenario, workload } = await opened(tiny(samples(14, 24)));
    const before = backend.tf.memory().numTensors;
    const listener = await listenWebSocket({ port: 0 });
    const wire = await Wire.to(listener.address);
    const random = randomStream(5, 'cuts');
    const records: RunRecord[] = [];
    const device = (name: string, address: string) =>
      runDeviceProcess(backend.tf, workload, { address, name, token, rejoinSeconds: 30 });
    const devices = [device('steady', listener.address), device('victim', wire.address)];
    let came: () => void = () => undefined;
    let disturb = true;
    const result = await runServerProcess(backend.tf, scenario, workload, {
      listener,
      token,
      clock: 'emulated',
      record: (record) => {
        records.push(record);
        if (record.kind === 'joined') came();
        if (record.kind !== 'step' || record.device !== 0 || !disturb) return;
        disturb = false;
        if (random.uniform() < 0.5) wire.damageNext();
        else setTimeout(() => wire.cut(), 8 * random.uniform());
      },
      onRound: async ({ round, devices: present }) => {
        disturb = round < samples(11, 21);
        if (!present.includes(1)) await new Promise<void>((resolve) => (came = resolve));
      },
    });
    await Promise.all(devices);
    wire.close();
    expect(result.roundsDone).toBe(samples(14, 24));
    const found = faults(records);
    expect(found.length).toBeGreaterThan(samples(4, 8));
    expect(found.every(({ name }) => name === 'victim')).toBe(true);
    expect(found.some(({ reason }) => reason.includes('checksum'))).toBe(true);
    expect(rounds(records).at(-1)!.devices).toEqual([0, 1]);
    expect(backend.tf.memory().numTensors).toBe(before);
  }, 200_000);

  it('with the wrong token, another model or an unknown name is refused with the reason', async () => {
    const { scenario, workload } = await opened(tiny(1));
    const listener = await listenWebSocket({ port: 0 });
    const other = await opened(tiny(1).replace('width: 12', 'width: 16'));
    const stop = new AbortController();
    const serving = runServerProcess(backend.tf, scenario, workload, {
      listener,
      token,
      clock: 'emulated',
      record: () => undefined,
      signal: stop.signal,
    });
    const join = (name: string, own: Workload, shown: string) =>
      runDeviceProcess(backend.tf, own, { address: listener.address, name, token: shown, rejoinSeconds: 1 });
    const refused = async (work: Promise<void>, reason: string) => {
      const error: unknown = await work.then(
        () => undefined,
        (cause: unknown) => cause,
      );
      expect(error).toBeInstanceOf(JoinError);
      expect(String(error)).toContain(reason);
    };
    await refused(join('steady', workload, 'guess'), 'wrong token');
    await refused(join('steady', other.workload, token), 'model.width is 16, the server has 12');
    await refused(join('stranger', workload, token), 'no device stranger is expected');
    const raw = await connectWebSocket(listener.address);
    const header = { device: 'steady', token, facts: {}, protocolVersion: 99 };
    await raw.send({ kind: 'join', header, body: new Uint8Array(0) });
    expect((await raw.receive(5)).message.header['reason']).toContain('version 99');
    stop.abort();
    expect((await serving).roundsDone).toBe(0);
  });
});

describe('a server that is killed', () => {
  it('goes on from its last checkpoint with the devices that come back, bit for bit', async () => {
    const { path, scenario, workload } = await opened(
      tiny(30, 'checkpoint: { folder: served, every: 2 }\nexchange: { keptFraction: 30 %, bits: 4 }'),
    );
    const wanted: RunRecord[] = [];
    const undisturbed = await trainInProcess(backend.tf, {
      ...trainingOptions(scenario, workload),
      record: (r) => wanted.push(r),
    });
    const record = join(folder, 'served.jsonl');
    const port = String(20_000 + (process.pid % 20_000));
    const address = `ws://127.0.0.1:${port}`;
    const devices = scenario.devices.map(({ name }) =>
      runDeviceProcess(backend.tf, workload, { address, name, token, rejoinSeconds: 60 }),
    );
    const random = randomStream(11, 'server kills');
    const serve = () => start(cli, ['server', path, '--port', port, '--record', record, '--resume', '--json']);
    for (let kill = 0; kill < 2; kill++) {
      const server = serve();
      await server.said('victim has joined');
      await new Promise((resolve) => setTimeout(resolve, 30 + 250 * random.uniform()));
      server.child.kill('SIGKILL');
      await server.ended;
    }
    const last = serve();
    await Promise.all(devices);
    expect(await last.ended).toBe(0);
    const records = await readRecords(record);
    expect(trajectory(records)).toEqual(trajectory(wanted));
    expect(rounds(records).map(({ loss }) => loss)).toEqual(undisturbed.rounds.map(({ loss }) => loss));
    const left = await readdir(join(folder, 'served'));
    expect(left.every((name) => name.endsWith('.checkpoint'))).toBe(true);
  }, 300_000);

  it('or interrupted by Ctrl-C in one process goes on likewise', async () => {
    const { path, scenario, workload } = await opened(tiny(400, 'exchange: { keptFraction: 30 %, bits: 4 }'));
    const record = join(folder, 'alone.jsonl');
    const state = join(folder, 'alone');
    const train = (...more: string[]) =>
      start(cli, ['train', path, '--no-processes', '--record', record, '--checkpoint', state, '--json', ...more]);
    const random = randomStream(12, 'kills');
    const disturbances = ['SIGKILL', 'SIGINT', 'SIGKILL'] as const;
    let roundsBefore = 0;
    for (const [k, signal] of disturbances.entries()) {
      const run = train(...(k > 0 ? ['--resume'] : []));
      await run.said('backend');
      await new Promise((resolve) => setTimeout(resolve, 300 + 400 * random.uniform()));
      run.child.kill(signal);
      expect(await run.ended).toBe(signal === 'SIGKILL' ? 'SIGKILL' : 4);
      if (signal !== 'SIGINT') continue;
      const done = rounds(await readRecords(record)).length;
      expect(run.output.text).toContain(`ended after ${done} of 400 rounds`);
      expect(done).toBeGreaterThanOrEqual(roundsBefore);
      roundsBefore = done;
    }
    // Fewer rounds than planned are enough to compare: the rate is constant.
    const last = train('--resume', '--rounds', String(roundsBefore + 10));
    expect(await last.ended).toBe(0);
    const records = await readRecords(record);
    const done = rounds(records).length;
    const wanted: RunRecord[] = [];
    const options = trainingOptions(scenario, workload);
    await trainInProcess(backend.tf, { ...options, rounds: done, record: (r) => wanted.push(r) });
    expect(done).toBeGreaterThan(10);
    expect(trajectory(records)).toEqual(trajectory(wanted));
  }, 300_000);
});
