import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { verifyCertificate } from '../../../lib/verify/index.js';
import {
  hostilePlans,
  hostilePrograms,
  type HostileCase,
  type HostileText,
} from '../../support/hostile-certificates.js';
import { quickRandom } from '../../support/quick-random.js';
import { samples } from '../../support/samples.js';

const python = '.cache/peers/bin/python3';
const usable = existsSync(python) && spawnSync(python, ['-c', 'import mpmath']).status === 0;
if (!usable) console.warn('skipped: Python with mpmath is not here (scripts/setup-peers.sh)');

/** Answers of the second checker with so many bits. */
function secondAnswers(texts: readonly string[], bits: number): string[] {
  const { stdout, stderr } = spawnSync(python, ['bench/certificates/judge.py', String(bits)], {
    input: texts.map((text) => `${text}\n`).join(''),
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  const answers = stdout.trimEnd().split('\n');
  if (answers.length !== texts.length) throw new Error(`the second checker did not answer: ${stderr}`);
  return answers;
}

async function firstAnswers(cases: readonly HostileCase[]) {
  const texts: (HostileText & { readonly isProven: boolean })[] = [];
  for (const text of cases.flat()) {
    const { verified, boundSeconds, program } = await verifyCertificate(text.text);
    const bound = boundSeconds ?? program?.bound;
    // No bound at or above what a plan has, none above what a point has.
    if (verified && bound !== undefined && text.best < Infinity) {
      expect(program ? bound <= text.best : bound < text.best, text.text).toBe(true);
    }
    texts.push({ ...text, isProven: verified });
  }
  return texts;
}

describe('hostile certificates of plans', () => {
  const random = quickRandom(41);
  const cases = Array.from({ length: samples(60, 150) }, () => hostilePlans(random));

  it.skipIf(!usable)('what the first checker proves the second does; else only rounding divides them', async () => {
    const texts = await firstAnswers(cases);
    const answers = secondAnswers(
      texts.map(({ text }) => text),
      340,
    );
    texts.forEach(({ text, isProven }, k) => {
      if (isProven) expect(answers[k], text).toBe('proven');
      expect(answers[k], text).not.toMatch(/^failed/u);
    });
    const beyond = texts.filter(({ isProven }, k) => !isProven && answers[k] === 'proven').map(({ text }) => text);
    // With fewer digits than doubles have the second refuses these, too.
    if (beyond.length > 0) for (const answer of secondAnswers(beyond, 45)) expect(answer).not.toBe('proven');
    expect(beyond.length).toBeLessThan(texts.length / 200);
    expect(texts.filter(({ isProven }) => isProven).length).toBeGreaterThan(texts.length / 4);
    expect(texts.filter(({ isProven }) => !isProven).length).toBeGreaterThan(texts.length / 10);
  });
});

describe('hostile certificates of programs', () => {
  const random = quickRandom(42);
  const cases = Array.from({ length: samples(60, 150) }, () => hostilePrograms(random));

  it('never contradict a point', async () => {
    const texts = await firstAnswers(cases);
    expect(texts.filter(({ isProven, best }) => isProven && best < Infinity).length).toBeGreaterThan(samples(20, 50));
  });

  it.skipIf(!usable)('have the same verdict from both checkers', async () => {
    const texts = await firstAnswers(cases);
    const answers = secondAnswers(
      texts.map(({ text }) => text),
      340,
    );
    texts.forEach(({ text, isProven }, k) => expect(answers[k] === 'proven', `${answers[k]}: ${text}`).toBe(isProven));
    expect(answers.filter((answer) => answer === 'proven').length).toBeGreaterThan(samples(120, 300));
  });
});
