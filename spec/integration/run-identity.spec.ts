import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lock } from '../../bin/training/lock.js';
import { CheckpointStore } from '../../harness/checkpoint/index.js';
import type { RunRecord } from '../../harness/server/index.js';
import { cliFile, compileCli } from '../support/compiled-cli.js';
import { started, type Started } from '../support/harness-processes.js';

const scenario = (change: (text: string) => string = (text) => text) =>
  change(`
version: 1
seed: 3
data: { images: 40, evaluationImages: 0 }
model: { seed: 1, imageSize: 32, shape: { patchSize: 16, width: 12, blocks: 3, heads: 2, mlpWidth: 24 } }
lora: { rank: 2, alpha: 4, targets: [query, value] }
training: { rounds: 3, stepsPerRound: 1, batchSize: 4, learningRate: 0.01 }
clock: emulated
checkpoint: { folder: state }
record: run.jsonl
devices:
  - { name: near, cut: 1, link: { uplink: 8 Mbit/s, downlink: 8 Mbit/s } }
  - { name: far, cut: 2 }
`);

let cli: string;
let folder: string;
let path: string;
const running: Started[] = [];
beforeAll(async () => {
  await compileCli();
  cli = fileURLToPath(cliFile());
  folder = await mkdtemp(join(tmpdir(), 'identity-'));
  path = join(folder, 'scenario.yaml');
  await writeFile(path, scenario());
});
afterAll(async () => {
  for (const { child } of running) child.kill('SIGKILL');
  await rm(folder, { recursive: true });
});

function start(...args: string[]): Started {
  const one = started(cli, args, { SFT_OPT_TOKEN: 'secret' });
  running.push(one);
  return one;
}

/** Exit code and what was said, within a minute. */
async function run(...args: string[]): Promise<{ code: number | string; text: string }> {
  const one = start(...args);
  const late = setTimeout(() => one.child.kill('SIGKILL'), 60_000);
  const code = await one.ended;
  clearTimeout(late);
  return { code, text: one.output.text };
}
const train = (...args: string[]) => run('train', path, '--no-processes', '--quiet', ...args);
const records = async (file: string) =>
  (await readFile(file, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as RunRecord);
const header = async (file: string) => {
  const [first] = await records(file);
  if (first?.kind !== 'run') throw new Error('the record begins otherwise');
  return first;
};

describe('a run', () => {
  it('says which it is and all that is set, and keeps its name when it is gone on with', async () => {
    expect(await train()).toMatchObject({ code: 0 });
    const first = await header(join(folder, 'run.jsonl'));
    expect(first.settings).toMatchObject({
      seed: 3,
      clock: 'emulated',
      devices: [{ name: 'near', speedFactor: 1 }, {}],
    });
    expect(first.settings['devices']).toMatchObject([{ link: { uplink: { kind: 'linear' } } }, { cut: 2 }]);
    expect(await train('--resume', '--rounds', '5')).toMatchObject({ code: 0 });
    const all = await records(join(folder, 'run.jsonl'));
    expect(all.filter(({ kind }) => kind === 'run').length).toBe(1);
    expect(await header(join(folder, 'run.jsonl'))).toEqual(first);
    expect(all.filter(({ kind }) => kind === 'round').length).toBe(5);
    const found = await new CheckpointStore(join(folder, 'state')).latest();
    expect(found?.checkpoint).toMatchObject({ run: first.run, settings: first.settings, round: 5 });
    expect((await readdir(folder)).filter((name) => name.includes('.lock'))).toEqual([]);
  }, 60_000);

  it('does not begin in a folder that holds another', async () => {
    const { code, text } = await train();
    expect(code).toBe(2);
    expect(text).toContain('it holds checkpoints: --resume goes on from them');
  }, 60_000);

  it.each([
    ['devices.0.speedFactor is 3, the checkpoint has 1', 'cut: 1,', 'cut: 1, speedFactor: 3,'],
    ['devices.0.link.uplink.bitsPerSecondPerHz is', 'uplink: 8 Mbit/s', 'uplink: 9 Mbit/s'],
    ['optimizer.learningRate is 0.02, the checkpoint has 0.01', 'Rate: 0.01', 'Rate: 0.02'],
    ['data.content is', 'images: 40', 'images: 40, set: procedural }\nx: {'],
    ['server.sharing is "batched"', 'clock:', 'server: { sharing: batched }\nclock:'],
  ])(
    'does not go on where %s',
    async (reason, from, to) => {
      const other = join(folder, 'other.yaml');
      await writeFile(
        other,
        scenario((text) => (reason.startsWith('data') ? text : text.replace(from, to))),
      );
      const seed = reason.startsWith('data') ? ['--seed', '4'] : [];
      const { code, text } = await run('train', other, '--no-processes', '--quiet', '--resume', ...seed);
      expect(code).toBe(2);
      expect(text).toContain('the checkpoint is of another training');
      expect(text).toContain(reason);
    },
    60_000,
  );

  it('does not write into the record of another', async () => {
    const record = join(folder, 'foreign.jsonl');
    await writeFile(record, `${JSON.stringify({ kind: 'run', run: 'someone else', settings: {} })}\n`);
    const { code, text } = await train('--resume', '--record', record);
    expect([code, text]).toEqual([2, expect.stringContaining('is of run someone else, the checkpoint of') as string]);
    await writeFile(record, 'a shopping list\n');
    expect(await train('--resume', '--record', record)).toMatchObject({ code: 2 });
    expect(await readFile(record, 'utf8')).toBe('a shopping list\n');
  }, 60_000);

  it('has its folder for itself, also after others were killed or interrupted twice', async () => {
    const state = join(folder, 'busy');
    const args = [
      '--rounds',
      '100000',
      '--checkpoint',
      state,
      '--record',
      join(folder, 'busy.jsonl'),
      '--no-processes',
    ];
    const first = start('train', path, ...args);
    const names = async () =>
      (await readdir(state).catch(() => [])).filter((name) => name.endsWith('.checkpoint')).sort();
    const trains = async (before: readonly string[]) => {
      while ((await names()).at(-1) === before.at(-1)) await new Promise((resolve) => setTimeout(resolve, 50));
    };
    await trains([]);
    const second = await train(...args, '--resume');
    expect(second.code).toBe(2);
    expect(second.text).toContain(`process ${first.child.pid} on ${hostname()} trains here already`);
    const beside = await train('--checkpoint', join(folder, 'beside'), '--record', join(folder, 'busy.jsonl'));
    expect([beside.code, beside.text]).toEqual([2, expect.stringContaining('trains here already') as string]);
    first.child.kill('SIGKILL');
    await first.ended;
    const before = await names();
    const third = start('train', path, ...args, '--resume');
    await third.said('going on from');
    await trains(before);
    third.child.kill('SIGINT');
    await third.said('stopping after this round');
    // Sooner it would count as the same signal, passed on.
    await Promise.race([new Promise((resolve) => setTimeout(resolve, 1200)), third.ended]);
    third.child.kill('SIGINT');
    expect(await third.ended).toBe(4);
    const after = await names();
    const last = start('train', path, ...args, '--resume');
    await last.said('going on from');
    await trains(after);
    last.child.kill('SIGINT');
    expect(await last.ended).toBe(4);
  }, 120_000);
});

describe('a lock', () => {
  it('is held by one, and taken over from a process that is gone', async () => {
    const file = join(folder, 'some.lock');
    const release = await lock(file);
    await expect(lock(file)).rejects.toThrow(`process ${process.pid} on ${hostname()}`);
    await release();
    const own = JSON.parse(
      JSON.stringify({ pid: process.pid, host: hostname(), machine: 'before the restart' }),
    ) as object;
    await writeFile(file, JSON.stringify(own));
    await (
      await lock(file)
    )();
    await writeFile(file, JSON.stringify({ ...own, host: 'another' }));
    await expect(lock(file)).rejects.toThrow('on another trains here; if it is gone, remove');
    await writeFile(file, '');
    await expect(lock(file)).rejects.toThrow('is no lock of a training');
    await rm(file);
    const held = await Promise.allSettled(Array.from({ length: 20 }, () => lock(file)));
    expect(held.filter(({ status }) => status === 'fulfilled').length).toBe(1);
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});

describe('a server', () => {
  it('finds what is wrong before it listens, and ends', async () => {
    const damaged = join(folder, 'damaged');
    await new CheckpointStore(damaged).open();
    await writeFile(join(damaged, 'round-00000001.checkpoint'), 'nothing of the kind');
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as { readonly port: number };
    const plain = join(folder, 'plain.yaml');
    await writeFile(
      plain,
      scenario((text) => text.replace(/checkpoint:.*\n|record:.*\n/gu, '')),
    );
    const cases: [string[], string][] = [
      [['--resume'], '--resume needs checkpoints'],
      [['--record', join(folder, 'no', 'such', 'folder.jsonl')], 'no such file'],
      [['--resume', '--checkpoint', damaged], 'it is no checkpoint'],
      [['--resume', '--checkpoint', join(folder, 'state'), '--seed', '4'], 'seed is 4, the checkpoint has 3'],
      [['--out', join(plain, 'inside')], 'ENOTDIR'],
      [['--port', String(port)], 'cannot listen on'],
    ];
    for (const [args, reason] of cases) {
      const { code, text } = await run('server', plain, '--port', '0', ...args);
      expect([code, text]).toEqual([2, expect.stringContaining(reason) as string]);
      expect(text).not.toContain('listening on');
    }
    taken.close();
  }, 120_000);
});

describe('a device', () => {
  it('says what is wrong before it connects', async () => {
    const name = await run('device', path, '--join', 'localhost:9', '--name', 'nobody');
    expect([name.code, name.text]).toEqual([
      2,
      expect.stringContaining('no device `nobody`: it has near, far') as string,
    ]);
    const address = await run('device', path, '--join', 'http://localhost', '--name', 'near');
    expect([address.code, address.text]).toEqual([
      2,
      expect.stringContaining('not an address such as ws://') as string,
    ]);
  }, 60_000);

  it('joins host:port, and is turned away with other pictures', async () => {
    const plain = join(folder, 'joined.yaml');
    await writeFile(
      plain,
      scenario((text) => text.replace(/checkpoint:.*\n|record:.*\n/gu, '')),
    );
    const server = start('server', plain, '--port', '0');
    await server.said('listening on');
    const address = /ws:\/\/(\S+)/u.exec(server.output.text)![1]!;
    const other = await run('device', plain, '--join', address, '--name', 'near', '--seed', '4');
    expect(other.text).toMatch(/data\.content is "\w+", the server has/u);
    const devices = ['near', 'far'].map((name) => run('device', plain, '--join', address, '--name', name, '--quiet'));
    expect((await Promise.all(devices)).map(({ code }) => code)).toEqual([0, 0]);
    expect(await server.ended).toBe(0);
  }, 60_000);
});

it('a folder that cannot be written to is said at once', async () => {
  const sealed = join(folder, 'sealed');
  await new CheckpointStore(sealed).open();
  await chmod(sealed, 0o500);
  const { code, text } = await train('--checkpoint', sealed);
  // Whoever may write everywhere sees no error.
  if (process.getuid?.() !== 0) expect([code, text]).toEqual([2, expect.stringContaining('EACCES') as string]);
  await chmod(sealed, 0o700);
}, 60_000);
