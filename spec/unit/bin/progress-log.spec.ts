import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { progressLog } from '../../../bin/solver/progress.js';

const folder = mkdtempSync(join(tmpdir(), 'progress-log-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a log of progress', () => {
  it('has one JSON object a line', () => {
    const path = join(folder, 'log');
    const log = progressLog(path);
    log.note({ phase: 'search' });
    log.note({ phase: 'bound', totalSeconds: 2 });
    log.close();
    const lines = readFileSync(path, 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
      { phase: 'search', elapsedSeconds: expect.any(Number) as number },
      { phase: 'bound', totalSeconds: 2, elapsedSeconds: expect.any(Number) as number },
    ]);
  });

  it.skipIf(!existsSync('/dev/full'))('ends with one warning where the disk is full, and stops no solve', () => {
    const warnings: string[] = [];
    const log = progressLog('/dev/full', (text) => void warnings.push(text));
    log.note({ phase: 'search' });
    log.note({ phase: 'bound' });
    log.close();
    expect(warnings).toEqual(['warning: /dev/full is written no further: no space left']);
  });

  it('names a place where no log can be', () => {
    expect(() => progressLog(join(folder, 'nowhere', 'log'))).toThrow(/cannot write .*nowhere/);
  });
});
