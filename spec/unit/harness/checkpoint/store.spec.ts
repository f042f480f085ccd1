import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  CheckpointError,
  CheckpointStore,
  readCheckpoint,
  writeCheckpoint,
  type Checkpoint,
} from '../../../../harness/checkpoint/index.js';
import { bundled, started } from '../../../support/harness-processes.js';
import { randomStream } from '../../../../lib/random/index.js';
import { samples } from '../../../support/samples.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'checkpoints-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const tensor = (seed: number) => ({ shape: [2, 3], values: Float32Array.from({ length: 6 }, (_, k) => seed + k / 7) });
const checkpoint = (round: number): Checkpoint => ({
  run: 'run-1',
  settings: { devices: [{ name: 'phone 1', speedFactor: 2 }] },
  round,
  adapters: new Map([
    ['0.query.down', tensor(round)],
    ['head.bias', tensor(-round)],
  ]),
  clock: [1.25 * round, 3],
  devices: [
    {
      name: 'phone 1',
      serverOptimizer: { steps: 4, moments: [tensor(1), tensor(2)] },
      own: { round: round - 1, optimizer: { steps: 9, moments: [tensor(5)] } },
    },
    { name: 'phone 2', serverOptimizer: { steps: 0, moments: [] }, own: undefined },
    {
      name: 'phone 3',
      serverOptimizer: { steps: 0, moments: [] },
      own: { round, optimizer: { steps: 1, moments: [] }, residual: Float32Array.of(1e-9, -2) },
      held: Float32Array.of(3, 4),
    },
  ],
  recordBytes: 17,
});

describe('checkpoint files', () => {
  it('hold everything, to the bit', () => {
    expect(readCheckpoint(writeCheckpoint(checkpoint(3)))).toEqual(checkpoint(3));
  });

  it('are refused when any byte differs or any is missing', () => {
    const bytes = writeCheckpoint(checkpoint(3));
    const random = randomStream(1, 'bytes');
    for (let k = 0; k < 200; k++) {
      const damaged = Buffer.from(bytes);
      damaged[random.integer(bytes.length)]! ^= 1 + random.integer(255);
      expect(() => readCheckpoint(damaged)).toThrow(CheckpointError);
      expect(() => readCheckpoint(bytes.subarray(0, random.integer(bytes.length)))).toThrow(CheckpointError);
    }
  });
});

describe('checkpoint files that somebody has made up, with the right checksum', () => {
  /** The description changed, everything else as it was. */
  function forged(change: (facts: Record<string, unknown>) => unknown): Buffer {
    const bytes = writeCheckpoint(checkpoint(3));
    const end = 12 + bytes.readUInt32LE(8);
    const facts = JSON.parse(bytes.subarray(12, end).toString()) as Record<string, unknown>;
    const changed = change(facts);
    const text = Buffer.from(typeof changed === 'string' ? changed : JSON.stringify(facts));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(text.length);
    const content = Buffer.concat([bytes.subarray(0, 8), length, text, bytes.subarray(end, -32)]);
    return Buffer.concat([content, createHash('sha256').update(content).digest()]);
  }
  const device = (change: (first: { server: object; own: object }) => unknown) =>
    forged((facts) => change((facts['devices'] as [{ server: object; own: object }])[0]));

  it('are read where nothing else has changed', () => {
    expect(readCheckpoint(forged(() => undefined))).toEqual(checkpoint(3));
  });

  it.each([
    ['more moments than memory', () => device((one) => Object.assign(one.server, { moments: 2 ** 53 - 1 }))],
    ['moments that are not there', () => device((one) => Object.assign(one.server, { moments: 3 }))],
    ['a negative number of steps', () => device((one) => Object.assign(one.server, { steps: -1 }))],
    [
      'a clock beyond all numbers',
      () => forged((facts) => JSON.stringify(facts).replace('"clock":[', '"clock":[1e999,')),
    ],
    ['a clock that runs backwards', () => forged((facts) => Object.assign(facts, { clock: [-1] }))],
    ['a round that is none', () => forged((facts) => Object.assign(facts, { round: 0.5 }))],
    ['adapters that are not there', () => forged((facts) => Object.assign(facts, { adapters: ['__proto__'] }))],
    ['a record that ends before it begins', () => forged((facts) => Object.assign(facts, { recordBytes: -5 }))],
    ['no description', () => forged(() => 'null')],
    ['a description nested without end', () => forged(() => '['.repeat(1e5))],
    [
      'adapters of NaN',
      () =>
        writeCheckpoint({
          ...checkpoint(3),
          adapters: new Map([['0.query.down', { shape: [1], values: Float32Array.of(NaN) }]]),
        }),
    ],
  ])('are refused with %s', (_, make) => {
    expect(() => readCheckpoint(make())).toThrow(CheckpointError);
  });
});

describe('CheckpointStore', () => {
  it('keeps the newest, as many as asked, and finds the newest', async () => {
    const store = new CheckpointStore(folder, 2);
    await store.open();
    expect(await store.latest()).toBeUndefined();
    for (const round of [1, 2, 11]) await store.write(checkpoint(round));
    expect((await readdir(folder)).sort()).toEqual(['round-00000002.checkpoint', 'round-00000011.checkpoint']);
    expect((await store.latest())?.checkpoint).toEqual(checkpoint(11));
  });

  it('goes back to an earlier one with a message when the newest is damaged', async () => {
    const store = new CheckpointStore(folder, 3);
    for (const round of [1, 2, 3]) await store.write(checkpoint(round));
    await truncate(join(folder, 'round-00000003.checkpoint'), 100);
    const path = join(folder, 'round-00000002.checkpoint');
    const bytes = await readFile(path);
    bytes[200]! ^= 1;
    await writeFile(path, bytes);
    const found = await store.latest();
    expect(found?.checkpoint.round).toBe(1);
    expect(found?.damaged.length).toBe(2);
    expect(found?.damaged[0]).toContain('round-00000003.checkpoint cannot be used: its checksum');
    await truncate(join(folder, 'round-00000001.checkpoint'), 0);
    await expect(store.latest()).rejects.toThrow(CheckpointError);
  });

  it('has nothing half-written after being killed at random moments', async () => {
    const program = await bundled('spec/support/programs/checkpoint-writer.ts');
    const random = randomStream(7, 'kills');
    const store = new CheckpointStore(folder, 3);
    let next = 1;
    let leftovers = 0;
    // On a busy machine few kills hit a write: they go on until some have.
    for (let k = 0; k < samples(15, 50) || leftovers < samples(1, 6); k++) {
      const writer = started(program, [folder, String(next)]);
      await writer.said('writing');
      await new Promise((resolve) => setTimeout(resolve, 25 * random.uniform()));
      writer.child.kill('SIGKILL');
      expect(await writer.ended).toBe('SIGKILL');
      const names = await readdir(folder);
      leftovers += names.filter((name) => name.endsWith('.tmp')).length;
      const whole = names.filter((name) => name.endsWith('.checkpoint'));
      for (const name of whole) expect(readCheckpoint(await readFile(join(folder, name))).run).toBe('test');
      const found = await store.latest();
      expect(found?.damaged).toEqual([]);
      expect(found!.checkpoint.round).toBeGreaterThanOrEqual(next);
      next = found!.checkpoint.round + 1;
    }
    // What they left is cleared away when the folder is opened.
    await store.open();
    expect((await readdir(folder)).filter((name) => !name.endsWith('.checkpoint'))).toEqual([]);
  }, 300_000);
});
