import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { columns } from '../../../bin/render/columns.js';
import { escapeControls } from '../../../bin/escape.js';
import { CommandError, exitCodes } from '../../../bin/exit-codes.js';
import { writeText } from '../../../bin/files.js';

const root = mkdtempSync(join(tmpdir(), 'files-'));
let folder: string;
beforeEach(() => (folder = mkdtempSync(join(root, 'case-'))));
afterAll(() => rmSync(root, { recursive: true }));

const replace = { replace: true };

async function failure(work: Promise<unknown>): Promise<CommandError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(CommandError);
  return error as CommandError;
}

describe('written files', () => {
  it('keep the mode of the file they replace', async () => {
    const path = join(folder, 'plan.json');
    writeFileSync(path, 'old', { mode: 0o600 });
    await writeText(path, 'new', replace);
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['plan.json']);
  });

  it('go where a link leads, which stays a link, also where nothing is there yet', async () => {
    for (const target of ['there.json', 'not-yet.json']) {
      const link = join(folder, `link-to-${target}`);
      const chain = join(folder, `chain-to-${target}`);
      if (target === 'there.json') writeFileSync(join(folder, target), 'old');
      symlinkSync(target, link);
      symlinkSync(link, chain);
      await writeText(chain, 'new', replace);
      expect(lstatSync(link).isSymbolicLink() && lstatSync(chain).isSymbolicLink()).toBe(true);
      expect(readFileSync(join(folder, target), 'utf8')).toBe('new');
    }
  });

  it('go through a device', async () => {
    await writeText('/dev/null', 'text', replace);
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  });

  it('go through a pipe', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const [text] = await Promise.all([readFile(pipe, 'utf8'), writeText(pipe, 'through', replace)]);
    expect(text).toBe('through');
    expect(lstatSync(pipe).isFIFO()).toBe(true);
  });

  it.skipIf(!existsSync('/dev/full'))(
    'say that a disk is full, with the exit code of the user’s own errors',
    async () => {
      const error = await failure(writeText('/dev/full', 'text', replace));
      expect(error.message).toBe('cannot write /dev/full: no space left');
      expect(error.exitCode).toBe(exitCodes.badInput);
    },
  );

  it('leave nothing behind and name the file that was asked for where they cannot be written', async () => {
    const cases = [
      [join(folder, 'nowhere', 'plan.json'), 'no such file or directory'],
      [folder, 'it is a directory'],
    ] as const;
    for (const [path, reason] of cases) {
      const error = await failure(writeText(path, 'text', replace));
      expect(error.message).toBe(`cannot write ${path}: ${reason}`);
    }
    const existing = join(folder, 'there.yaml');
    writeFileSync(existing, 'old');
    const error = await failure(writeText(existing, 'new', { replace: false }));
    expect(error.message).toContain('it exists already');
    expect(readFileSync(existing, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['there.yaml']);
  });
});

describe('texts for a terminal', () => {
  it('have no control characters of others, and keep lines, tabs and own colours', () => {
    expect(escapeControls('a\u001b]0;title\u0007b')).toBe('a\\u001b]0;title\\u0007b');
    expect(escapeControls('x\u001b[2Jy\rz\u009b8m\u202eq\u007f')).toBe('x\\u001b[2Jy\\u000dz\\u009b8m\\u202eq\\u007f');
    expect(escapeControls('\u001b[8mhidden\u001b[0m')).toBe('\\u001b[8mhidden\u001b[0m');
    expect(escapeControls('\u001b[31mred\u001b[39m\n\tκ ≤ 1')).toBe('\u001b[31mred\u001b[39m\n\tκ ≤ 1');
    const json = JSON.stringify({ name: 'a\u0085\u202eb' });
    expect(JSON.parse(escapeControls(json))).toEqual({ name: 'a\u0085\u202eb' });
  });

  it('of tables are written out, colours too: cells are of files and command lines', () => {
    const shown = columns([
      ['a\u001b[31mred\u001b[39m', 'two\nlines'],
      ['x', 'y\u202e'],
    ]);
    expect(shown).toContain('a\\u001b[31mred\\u001b[39m');
    expect(shown).toContain('two\\nlines');
    expect(shown.split('\n')).toHaveLength(2);
    // eslint-disable-next-line no-control-regex -- they must not be there
    expect(shown).not.toMatch(/[\u001b\u202e]/u);
  });
});
