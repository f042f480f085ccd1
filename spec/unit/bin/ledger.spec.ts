import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Ledger } from '../../../bin/campaign/ledger.js';
import { canonicalJson, sha256 } from '../../../lib/verify/index.js';

const directory = mkdtempSync(join(tmpdir(), 'sft-opt-ledger-'));
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});
const folder = (name: string) => {
  mkdirSync(join(directory, name), { recursive: true });
  return join(directory, name);
};
const name = (letter: string) => letter.repeat(64);

describe('a ledger', () => {
  it.each([
    ['no number of JSON’s', '{"task":{"a":1e999},"result":{"b":1},"resultSha256":""}'],
    ['half a letter', '{"task":{"a":"\\ud800"},"result":{"b":1},"resultSha256":""}'],
    ['a number for a task', '{"task":5,"result":5}'],
    ['nesting without end', `${'['.repeat(200_000)}${']'.repeat(200_000)}`],
    ['nesting in a task', `{"task":${'['.repeat(50_000)}${']'.repeat(50_000)},"result":{"b":1}}`],
    ['nothing', ''],
    ['null', 'null'],
    ['bytes', '\u0000\ufffd'],
  ])('counts as missing what holds %s', async (_what, text) => {
    const own = folder('odd');
    writeFileSync(join(own, `${name('a')}.json`), text);
    const ledger = await Ledger.open(own);
    expect(ledger.get(name('a'))).toBeUndefined();
    expect(ledger.others([])).toBe(0);
  });

  it('names the folder that cannot be read', async () => {
    const own = folder('own');
    await expect(Ledger.open(own, [join(directory, 'absent')])).rejects.toMatchObject({
      exitCode: 2,
      message: `cannot use ${join(directory, 'absent')}: no such file or directory`,
    });
    const file = join(directory, 'file');
    writeFileSync(file, '');
    await expect(Ledger.open(file)).rejects.toMatchObject({
      message: expect.stringContaining(`cannot use ${file}`) as string,
    });
  });

  it('knows a result that is whole, and the file that is a folder by its name', async () => {
    const own = folder('whole');
    const [task, result] = [{ a: 1 }, { b: 2 }];
    const id = await sha256(canonicalJson(task));
    const entry = { task, result, resultSha256: await sha256(canonicalJson(result)) };
    writeFileSync(join(own, `${id}.json`), JSON.stringify(entry));
    expect((await Ledger.open(own)).get(id)).toEqual(result);
    mkdirSync(join(own, `${name('b')}.json`));
    await expect(Ledger.open(own)).rejects.toMatchObject({
      message: `cannot use ${join(own, `${name('b')}.json`)}: it is a directory`,
    });
  });
});
