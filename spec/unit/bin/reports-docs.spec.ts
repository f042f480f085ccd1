import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { compileCli, runCli } from '../../support/compiled-cli.js';
import { someTraining } from '../../support/report-pages.js';

vi.setConfig({ testTimeout: 240_000 });
const directory = mkdtempSync(join(tmpdir(), 'sft-opt-reports-docs-'));
symlinkSync(fileURLToPath(new URL('../../../examples', import.meta.url)), join(directory, 'examples'));
const record = someTraining()
  .map((each) => `${JSON.stringify(each)}\n`)
  .join('');
writeFileSync(join(directory, 'run.jsonl'), record);
writeFileSync(join(directory, 'twice.jsonl'), record + record);
beforeAll(compileCli);
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});
const read = (name: string) => readFileSync(join(directory, name), 'utf8');
const docs = readFileSync(new URL('../../../docs/reports.md', import.meta.url), 'utf8');
const lines = [...docs.matchAll(/^sft-opt .*$/gmu)].map(([line]) => line);

/** Words of a command line, quotes taken off. */
const wordsOf = (line: string) =>
  [...line.matchAll(/"(?<quoted>[^"]*)"|\S+/gu)].map((word) => word.groups!['quoted'] ?? word[0]);

describe('the commands of docs/reports.md, one after the other', () => {
  it.each(lines)('%s', async (line) => {
    const [, command, ...rest] = wordsOf(line);
    const fewer =
      command === 'simulate'
        ? ['--rounds', '1']
        : command === 'sweep'
          ? ['--seeds', '1', '--set', 'simulation.rounds=1']
          : [];
    const { code, stderr } = await runCli([command!, ...rest, ...fewer], { directory });
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const written = rest
      .filter((_, k) => /^--(?:out|report|figure|log)$/u.test(rest[k - 1] ?? ''))
      .map((name) => name.replace(/^saved=/u, ''));
    expect(written.length).toBeGreaterThan(0);
    for (const name of written) expect(existsSync(join(directory, name)), name).toBe(true);
  });

  it('write what they say', () => {
    expect(read('table.tex')).toMatch(
      /^% .*\n% .*\n\\begin\{tabular\}\{llrrrrrr\}\n\\toprule\nradio\.bandwidth & scheme/u,
    );
    expect(read('delay.svg')).toMatch(/^<svg /u);
    expect(read('again.html')).toContain('<h1>Five rounds</h1>');
    expect(read('plan.html')).toContain('Residuals');
  });
});

describe('reports on the command line', () => {
  it('of solve are the same again from the plan and its log', async () => {
    const args = ['report', 'plan.json', 'solve.jsonl', '--problem', 'examples/minimal.yaml'];
    const { code } = await runCli([...args, '--out', 'twice.html'], { directory });
    expect(code).toBe(0);
    expect(read('twice.html') === read('plan.html')).toBe(true);
  });

  it.each([
    [
      ['report', 'plan.json', 'rounds.jsonl', '--out', 'x.html'],
      'these do not go on one page: plan.json (plan), rounds.jsonl (simulation)',
    ],
    [
      ['report', 'examples/minimal.yaml', '--out', 'x.html'],
      'examples/minimal.yaml: it is none of what a report is made of',
    ],
    [['report', 'absent.json', '--out', 'x.html'], 'cannot read absent.json'],
    [['report', 'rounds.jsonl', 'rounds.jsonl', '--out', 'x.html'], 'is there twice'],
    [
      ['report', 'plan.json', '--problem', 'examples/campus.yaml', '--out', 'x.html'],
      'examples/campus.yaml: the plan is not of this problem',
    ],
    [['report', 'twice.jsonl', '--out', 'x.html'], 'twice.jsonl: round 0 is there twice: a page is of one training'],
    [['report', 'run.jsonl', 'run.jsonl', '--out', 'x.html'], 'do not go on one page: run.jsonl (training), run.jsonl'],
    [['report', 'rounds.jsonl', '--problem', 'examples/minimal.yaml', '--out', 'x.html'], '--problem goes with a plan'],
    [['compare', 'examples/simulation/plaza.yaml', '--figure', 'delay.png'], 'must be file.svg or file.pdf'],
  ])('%j: exit code 2 and no page', async (args, message) => {
    const { code, stderr } = await runCli(args, { directory });
    expect(stderr).toContain(message);
    expect(code).toBe(2);
    expect(existsSync(join(directory, 'x.html'))).toBe(false);
  });
});
