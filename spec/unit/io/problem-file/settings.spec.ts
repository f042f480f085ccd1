import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  exactQuantity,
  formatIssue,
  parseProblemFile,
  parseQuantity,
  readProblemFile,
} from '../../../../lib/io/index.js';

const cell = `version: 1
model: deit-tiny
radio: { bandwidth: 20 MHz, rateLaw: linear, serverPower: 20 dBm }
accuracy: { maximumLoss: 1 % }
server: { memory: 24 GiB }
pinned: { bandwidth: equal }
devices:
  - { name: phone, count: 3, memory: { choice: [300 MiB, 400 MiB, 500 MiB, 700 MiB] } }
  - { name: laptop, throughput: 400 GFLOP/s, memory: 2 GiB, distance: 60 m }
`;

const problemOf = (text: string, ...settings: string[]) => parseProblemFile(text, { settings }).problem;

function complaints(...settings: string[]): string[] {
  const outcome = readProblemFile(cell, { settings });
  return outcome.ok ? [] : outcome.issues.map((issue) => formatIssue(issue, 'cell.yaml'));
}

describe('settings in place of a file’s keys', () => {
  it.each([
    ['radio.bandwidth=25MHz', (text: string) => text.replace('20 MHz', '25 MHz')],
    ['radio.serverPower=30 dBm', (text: string) => text.replace('20 dBm', '30 dBm')],
    ['devices[1].memory=600MiB', (text: string) => text.replace('2 GiB', '600 MiB')],
    ['devices[laptop].memory=600MiB', (text: string) => text.replace('2 GiB', '600 MiB')],
    ['devices[laptop].distance=null', (text: string) => text.replace(', distance: 60 m', '')],
    ['devices[laptop]=null', (text: string) => text.replace(/ {2}- \{ name: laptop.*\n/u, '')],
    ['pinned=null', (text: string) => text.replace(/pinned.*\n/u, '')],
    ['deadline=40 s', (text: string) => `${text}deadline: 40 s\n`],
    ['exchange.ratio=0.5', (text: string) => `${text}exchange: { ratio: 0.5 }\n`],
    ['traffic.maximumTotal=40 MB', (text: string) => `${text}traffic: { maximumTotal: 40 MB }\n`],
    ['training.batchSize=8', (text: string) => `${text}training: { batchSize: 8 }\n`],
    [
      'model={ preset: deit-tiny, tokens: 65 }',
      (text: string) => text.replace('deit-tiny', '{ preset: deit-tiny, tokens: 65 }'),
    ],
    ['devices[phone].count=4', (text: string) => text.replace('count: 3', 'count: 4')],
  ])('%s is what the file says with that value', (setting, change) => {
    const changed = change(cell);
    expect(changed).not.toBe(cell);
    expect(problemOf(cell, setting)).toEqual(problemOf(changed));
  });

  it('changes one member of a group and nothing of the others', () => {
    const [before, after] = [problemOf(cell), problemOf(cell, 'devices[phone-2].memory=600 MiB')];
    after.devices.forEach((device, n) => {
      if (n === 1) expect(device).toEqual({ ...before.devices[1]!, memoryBytes: 600 * 2 ** 20 });
      else expect(device).toEqual(before.devices[n]);
    });
    const near = problemOf(cell, 'devices[phone-2].distance=60 m');
    expect(near.devices[1]!.uplink).not.toEqual(before.devices[1]!.uplink);
    expect(near.devices.filter((_, n) => n !== 1)).toEqual(before.devices.filter((_, n) => n !== 1));
    const fewer = problemOf(cell, 'devices[phone-2].absent=true');
    expect(fewer.devices.map(({ name }) => name)).toEqual(['phone-1', 'phone-3', 'laptop']);
    expect(fewer.devices[1]!.costs).toEqual(before.devices[2]!.costs);
    expect(fewer.devices[0]!.pinned.bandwidthHz).toBeCloseTo(20e6 / 3, 3);
  });

  it('keeps what a group says in a section of which a member changes one key', () => {
    const pinned = cell.replace('count: 3,', 'count: 3, pinned: { blocks: 2 },');
    const { devices } = problemOf(pinned, 'devices[phone-1].pinned.bandwidth=2 MHz');
    expect(devices[0]!.pinned).toEqual({ blocks: 2, bandwidthHz: 2e6 });
    expect(devices[1]!.pinned.blocks).toBe(2);
  });

  it('says where a setting is wrong', () => {
    expect(complaints('radio.bandwdth=25 MHz')).toEqual([
      '--set radio.bandwdth: unknown key; did you mean `bandwidth`?',
    ]);
    expect(complaints('radio.bandwidth=25 MiB')[0]).toMatch(
      /^--set radio\.bandwidth: found `25 MiB`; `MiB` is the unit of a memory/u,
    );
    expect(complaints('devices[phon].memory=1 GiB')[0]).toContain(
      'there is no device `phon` (there are: phone, laptop)',
    );
    expect(complaints('devices[7].memory=1 GiB')[0]).toContain('the list has 2 entries');
    expect(complaints('devices[phone-4].memory=1 GiB')[0]).toContain('no device `phone-4`');
    expect(complaints('bandwidth')[0]).toContain('must be a key and a value');
    expect(complaints('model.tokens=65')[0]).toContain('set it whole, as in `model={ … }`');
    expect(complaints('radio.bandwidth=[1')[0]).toContain('cannot be read');
    expect(complaints('__proto__.x=1')[0]).toContain('no key');
    expect(complaints('devices[phone-1].count=1')[0]).toMatch(/^--set devices\[phone-1\]\.count: .*unknown key/u);
    expect(complaints('radio.bandwdth=1', 'deadline=-1 s').length).toBe(2);
  });
});

describe('a change of the source', () => {
  const source = parseProblemFile(cell);
  const rebuilt = (change: Parameters<typeof source.rebuild>[0]) => {
    const outcome = source.rebuild(change);
    if (!outcome.ok) throw new Error(outcome.reason);
    return outcome.source.problem;
  };

  it('is the file with the change written into it', () => {
    expect(rebuilt({ bandwidthHz: 21e6 })).toEqual(problemOf(cell.replace('20 MHz', '21 MHz')));
    expect(rebuilt({ serverMemoryBytes: 2 ** 35 })).toEqual(problemOf(cell.replace('24 GiB', '32 GiB')));
    expect(rebuilt({ without: ['laptop'] })).toEqual(problemOf(cell, 'devices[laptop]=null'));
    expect(rebuilt({ without: ['phone-1', 'laptop'] }).devices.map(({ name }) => name)).toEqual(['phone-2', 'phone-3']);
    expect(rebuilt({ devices: { 'phone-3': { memoryBytes: Infinity } } }).devices[2]!.memoryBytes).toBeGreaterThan(
      1e17,
    );
    expect(rebuilt({ minimumAccuracy: 0.9 }).accuracy.minimum).toBe(0.9);
    expect(rebuilt({ deadlineSeconds: 12 }).deadlineSeconds).toBe(12);
    expect(rebuilt({ trafficLimitBits: 8e6 })).toEqual(problemOf(cell, 'traffic.maximumTotal=1 MB'));
    expect(rebuilt({ trafficLimitBits: Infinity })).toEqual(problemOf(cell));
    expect(rebuilt({ settings: ['training.activations=recompute'] })).toEqual(
      problemOf(cell, 'training.activations=recompute'),
    );
    expect(source.rebuild({ settings: ['radio.x=1'] })).toMatchObject({ ok: false });
    expect(source.rebuild({ without: ['nobody'] })).toMatchObject({ ok: false });
  });

  it('gives back the settings that it stands for', () => {
    const written = source.written({
      bandwidthHz: 25.005e6,
      deadlineSeconds: 31,
      minimumAccuracy: 0.9,
      devices: { 'phone-1': { memoryBytes: 396 * 2 ** 20 } },
      without: ['phone-2'],
    });
    expect(written).toEqual([
      'radio.bandwidth=25.005 MHz',
      'deadline=31 s',
      'accuracy.maximumLoss=null',
      'accuracy.minimum=90 %',
      'devices[phone-1].memory=396 MiB',
      'devices[phone-2].absent=true',
    ]);
  });

  it('writes quantities that are read back to the very same number', () => {
    let named = 0;
    fc.assert(
      fc.property(
        fc.constantFrom('frequency' as const, 'memory' as const, 'time' as const, 'fraction' as const),
        fc.double({ min: 1e-6, max: 1e15, noNaN: true }),
        fc.integer({ min: 2, max: 17 }),
        (dimension, value, digits) => {
          const wanted = Number(value.toPrecision(digits));
          const text = exactQuantity(wanted, dimension);
          if (/[a-z%]/iu.test(text)) named++;
          expect(parseQuantity(text, dimension)).toEqual({ ok: true, value: wanted });
        },
      ),
      { seed: 5, numRuns: 2000 },
    );
    expect(named).toBeGreaterThan(500);
  });
});
