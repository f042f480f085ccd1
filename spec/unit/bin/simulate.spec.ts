import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RoundRecord } from '../../../lib/simulate/index.js';
import { smallScenario } from '../../support/scenarios.js';
import { compileCli, runCli } from '../../support/compiled-cli.js';

vi.setConfig({ testTimeout: 240_000 });
beforeAll(compileCli);
const directory = mkdtempSync(join(tmpdir(), 'sft-opt-simulate-'));
const inDirectory = (name: string) => join(directory, name);
const read = (name: string) => readFileSync(inDirectory(name), 'utf8');
writeFileSync(inDirectory('cell.yaml'), smallScenario);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const docs = readFileSync(new URL('../../../docs/simulation.md', import.meta.url), 'utf8');

describe('sft-opt simulate', () => {
  it('writes the same rounds as JSON Lines and as CSV, and the scheme of the documentation runs beside ours', async () => {
    const scheme = /```js\n(?<code>[\s\S]*?)```/u.exec(docs)!.groups!['code']!;
    writeFileSync(inDirectory('mine.mjs'), scheme);
    const schemes = ['--scheme', 'joint', '--scheme', './mine.mjs'];
    const common = ['simulate', 'cell.yaml', ...schemes, '--rounds', '4'];
    const [lines, csv, checked] = await Promise.all([
      runCli([...common, '--out', 'rounds.jsonl', '--details', '--json'], { directory }),
      runCli([...common, '--out', 'rounds.csv'], { directory }),
      runCli(['simulate', 'cell.yaml', '--scheme', './mine.mjs', '--check'], { directory }),
    ]);
    expect([lines.stderr, csv.stderr, checked.stderr]).toEqual(['', '', '']);
    expect([lines.code, csv.code, checked.code]).toEqual([0, 0, 0]);
    const records = read('rounds.jsonl')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as RoundRecord);
    expect(records).toHaveLength(8);
    const rows = read('rounds.csv')
      .trimEnd()
      .split('\n')
      .map((row) => row.split(','));
    const delay = rows[0]!.indexOf('delay_s');
    expect(rows.slice(1).map((row) => Number(row[delay]))).toEqual(records.map(({ delaySeconds }) => delaySeconds));
    const summary = JSON.parse(lines.stdout) as { scheme: string; meanDelaySeconds: number }[];
    expect(summary.map(({ scheme: name }) => name)).toEqual(['joint', 'all-equal']);
    expect(csv.stdout).toContain('all-equal');
  });

  it('refuses wrong input with code 2, and writes nothing', async () => {
    writeFileSync(
      inDirectory('wrong.yaml'),
      smallScenario.replace('rounds: 12', 'rounds: none').replace('every: 5', 'evry: 5'),
    );
    writeFileSync(inDirectory('bad.mjs'), 'export default { name: "", share: 3 };\n');
    const [wrong, unknown, bad, absent, set] = await Promise.all([
      runCli(['simulate', 'wrong.yaml', '--out', 'never.csv'], { directory }),
      runCli(['simulate', 'cell.yaml', '--scheme', 'joined', '--scheme', 'jiont', '--set', 'simulation.rounds=0'], {
        directory,
      }),
      runCli(['simulate', 'cell.yaml', '--scheme', './bad.mjs', '--out', 'never.csv'], { directory }),
      runCli(['simulate', 'cell.yaml', '--scheme', './none.mjs'], { directory }),
      runCli(['simulate', 'cell.yaml', '--set', 'simulation.misfit=weep'], { directory }),
    ]);
    expect([wrong.code, unknown.code, bad.code, absent.code, set.code]).toEqual([2, 2, 2, 2, 2]);
    expect(wrong.stderr).toMatch(/2 problems in wrong\.yaml:\n {2}wrong\.yaml:21:\d+ simulation\.rounds/u);
    expect(wrong.stderr).toContain('did you mean `every`');
    expect(unknown.stderr).toContain('there is no scheme `joined` (there are: joint, ');
    expect(unknown.stderr).toContain('there is no scheme `jiont`');
    expect(unknown.stderr).toContain('--set simulation.rounds: found `0`');
    expect(bad.stderr).toMatch(/`name` must be a text; `decide` must be a function; `share` must be a function/u);
    expect(absent.stderr).toContain('none.mjs cannot be loaded');
    expect(set.stderr).toMatch(/--set simulation\.misfit: found `weep`; must be one of replan, drop, keep/u);
    expect(existsSync(inDirectory('never.csv'))).toBe(false);
  });

  it('says with code 2 which answer of a scheme of one’s own is wrong, without its control characters', async () => {
    const module = (name: string, decide: string) => {
      writeFileSync(
        inDirectory(`${name}.mjs`),
        `export default { name: ${JSON.stringify(name)}, decide: ${decide} };\n`,
      );
      return `./${name}.mjs`;
    };
    const thrower = module('thrower', "() => { throw new Error('no\\u001b[31m idea') }");
    const late = module('late', "async () => { throw new Error('no idea') }");
    const few = module('few', '() => ({ devices: [] })');
    writeFileSync(inDirectory('odd.mjs'), "export default { name: '\\u001b[31mred', decide: () => undefined };\n");
    const run = (command: string, scheme: string, ...more: string[]) =>
      runCli([command, 'cell.yaml', '--scheme', scheme, ...more], { directory });
    const one = ['--seeds', '1', '--ledger', 'ledger'];
    const [thrown, promised, short, named, swept] = await Promise.all([
      run('simulate', thrower, '--out', 'never.jsonl'),
      run('simulate', late),
      run('simulate', few),
      run('simulate', './odd.mjs', '--check'),
      run('compare', few, ...one),
    ]);
    expect([thrown, promised, short, named, swept].map(({ code }) => code)).toEqual([2, 2, 2, 2, 2]);
    expect(thrown.stderr).toBe('sft-opt: scheme `thrower`, decide in round 0: throws: no\\u001b[31m idea\n');
    expect(promised.stderr).toContain('scheme `late`, decide in round 0: found a promise');
    expect(short.stderr).toContain('scheme `few`, decide in round 0: devices: found 0 decisions for 5 devices');
    expect(named.stderr).toContain('`name` must have no control characters: "\\u001b[31mred"');
    expect(swept.stderr).toContain('seed 1: scheme `few`, decide in round 0: devices: found 0 decisions');
    for (const { stderr, stdout } of [thrown, promised, short, named, swept]) {
      expect(`${stderr}${stdout}`).not.toContain('\u001b');
      expect(stderr).not.toContain('internal error');
    }
    expect(existsSync(inDirectory('never.jsonl'))).toBe(false);
  });

  it('plays a scheme that is a class, and says what cannot be read of a module', async () => {
    writeFileSync(
      inDirectory('class.mjs'),
      `class Halves {
        get name() { return 'halves'; }
        asked = 0;
        decide({ problem: { devices, upPoints, bandwidthHz } }) {
          this.asked++;
          const [share, point] = [1 / devices.length, upPoints.length - 1];
          return { devices: devices.map(() => ({ participates: true, blocks: 2, upPoint: point, downPoint: point, bandwidthHz: share * bandwidthHz, serverShare: share })) };
        }
        share({ plan }) { return this.asked > 0 ? { plan } : undefined; }
      }
      export default new Halves();\n`,
    );
    writeFileSync(inDirectory('closed.mjs'), "export default { get name() { throw Symbol('no'); } };\n");
    writeFileSync(inDirectory('odd-throw.mjs'), 'throw Object.create(null);\n');
    const args = ['cell.yaml', '--rounds', '2'];
    const run = (...more: string[]) => runCli(['simulate', ...args, ...more], { directory });
    const [played, checked, closed, thrown] = await Promise.all([
      run('--scheme', './class.mjs', '--json'),
      run('--scheme', './class.mjs', '--check'),
      run('--scheme', './closed.mjs'),
      run('--scheme', './odd-throw.mjs'),
    ]);
    expect([played, checked, closed, thrown].map(({ code }) => code)).toEqual([0, 0, 2, 2]);
    expect(JSON.parse(played.stdout)).toMatchObject([{ scheme: 'halves', rounds: 2, run: 2 }]);
    expect(checked.stdout).toBe('halves: as the simulator expects\n');
    expect(closed.stderr).toBe('sft-opt: ./closed.mjs cannot be read: Symbol(no)\n');
    expect(thrown.stderr).toBe('sft-opt: ./odd-throw.mjs cannot be loaded: what it throws cannot be shown\n');
  });
});
