import { linkSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, describe, expect, it } from 'vitest';
import { fileOptions, refuseSharedFiles } from '../../../bin/file-options.js';
import { buildProgram } from '../../../bin/program.js';

const directory = mkdtempSync(join(tmpdir(), 'sft-opt-files-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const at = (name: string) => join(directory, name);
writeFileSync(at('cell.yaml'), 'version: 1\n');
writeFileSync(at('old.csv'), '');
symlinkSync(at('cell.yaml'), at('link.yaml'));
linkSync(at('cell.yaml'), at('hard.yaml'));
symlinkSync('later.csv', at('ahead.csv'));
symlinkSync(directory, at('folder'));

const every = (command: Command): Command[] => [command, ...command.commands.flatMap(every)];

/** What a command line of the program is refused for, before its command is run. */
async function refusalOf(...words: string[]): Promise<string | undefined> {
  const program = await buildProgram(words[0]);
  let ran = false;
  for (const command of every(program)) {
    command.exitOverride();
    if (command !== program) command.action(() => void (ran = true));
  }
  try {
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    expect(ran, words.join(' ')).toBe(false);
    expect((error as { exitCode?: number }).exitCode).toBe(2);
    return (error as Error).message;
  }
  expect(ran, words.join(' ')).toBe(true);
  return undefined;
}

describe('files of a command line', () => {
  it('are known, whatever the command', async () => {
    const program = await buildProgram();
    const options = every(program).flatMap((command) =>
      command.options.filter(({ flags }) => /<[^>]*file>/u.test(flags)).map(({ long }) => long!),
    );
    expect(options.length).toBeGreaterThan(15);
    expect(options.filter((long) => !fileOptions.includes(long))).toEqual([]);
  });

  it.each([
    ['simulate', at('cell.yaml'), '--out', at('cell.yaml')],
    ['simulate', at('cell.yaml'), '--out', join(directory, '.', 'cell.yaml')],
    ['simulate', at('cell.yaml'), '--report', at('link.yaml')],
    ['simulate', at('cell.yaml'), '--out', at('hard.yaml')],
    ['simulate', at('cell.yaml'), '--out', at('folder/cell.yaml')],
    ['simulate', at('cell.yaml'), '--out', at('new'), '--report', at('new')],
    ['simulate', at('cell.yaml'), '--out', at('later.csv'), '--report', at('ahead.csv')],
    ['simulate', at('cell.yaml'), '--out', at('new'), '--report', at('folder/new')],
    ['simulate', at('cell.yaml'), '--scheme', at('mine.mjs'), '--out', at('mine.mjs')],
    ['compare', at('cell.yaml'), '--out', at('old.csv'), '--runs', at('old.csv')],
    ['sweep', at('cell.yaml'), '--runs', at('a.csv'), '--figure', `saved=${at('a.svg')}`, '--report', at('a.svg')],
    ['sweep', at('cell.yaml'), '--figure', at('a.svg'), '--figure', `saved=${at('a.svg')}`],
    ['collect', at('cell.yaml'), '--out', at('cell.yaml')],
    ['solve', at('cell.yaml'), '--out', at('plan.json'), '--certificate', at('plan.json')],
    ['solve', at('cell.yaml'), '--log', at('cell.yaml')],
    ['report', at('old.csv'), at('cell.yaml'), '--out', at('cell.yaml')],
    ['report', at('old.csv'), '--problem', at('cell.yaml'), '--out', at('link.yaml')],
    ['fit', at('old.csv'), '--figure', at('old.csv')],
    ['fit', at('old.csv'), '--into', at('cell.yaml'), '--figure', at('cell.yaml')],
    ['study', at('cell.yaml'), '--out', at('cell.yaml')],
    ['train', at('cell.yaml'), '--record', at('cell.yaml')],
    ['train', at('cell.yaml'), '--record', at('run'), '--report', at('run')],
    ['server', at('cell.yaml'), '--record', at('run'), '--report', at('run')],
    ['validate', '--profile', at('old.csv'), '--out', at('old.csv')],
    ['calibrate', '--scenario', at('cell.yaml'), '--out', at('cell.yaml')],
    ['codec', 'encode', at('old.csv'), at('old.csv')],
    ['codec', 'decode', at('old.csv'), at('old.csv')],
  ])('%s … is refused before anything runs', async (...words) => {
    expect(await refusalOf(...words)).toMatch(/^\S+ \S+ would replace \S+ \S+: name another file$/u);
    expect(readFileSync(at('cell.yaml'), 'utf8')).toBe('version: 1\n');
  });

  it.each([
    ['simulate', at('cell.yaml'), '--out', at('new.csv'), '--report', at('new.html')],
    ['simulate', '-', '--out', '-'],
    ['simulate', at('cell.yaml'), '--out', '/dev/null', '--report', '/dev/null'],
    ['solve', at('cell.yaml'), '--warm', at('plan.json'), '--out', at('plan.json')],
    ['solve', at('cell.yaml'), '--out', at('none/x'), '--report', at('other/x')],
    ['sweep', at('cell.yaml'), '--out', at('old.csv'), '--runs', at('runs.csv'), '--figure', at('a.svg')],
  ])('%s … is run', async (...words) => {
    expect(await refusalOf(...words)).toBeUndefined();
  });

  it('name every clash at once', async () => {
    const command = new Command('x').argument('<file>').option('--out <file>').option('--report <file>');
    command.exitOverride().action(() => undefined);
    await command.parseAsync([at('cell.yaml'), '--out', at('cell.yaml'), '--report', at('cell.yaml')], {
      from: 'user',
    });
    await expect(refuseSharedFiles(command)).rejects.toThrow(/--out .*\n--report /u);
  });
});
