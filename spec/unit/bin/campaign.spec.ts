import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { collectCommand } from '../../../bin/campaign/command.js';
import { campaignOf, type CampaignArguments } from '../../../bin/campaign/options.js';
import { gridOf, parseVariation } from '../../../bin/campaign/vary.js';
import { canonicalJson, sha256 } from '../../../lib/verify/index.js';
import { smallScenario } from '../../support/scenarios.js';
import { compileCli, runCli, type CommandOptions } from '../../support/compiled-cli.js';

vi.setConfig({ testTimeout: 240_000 });
const directory = mkdtempSync(join(tmpdir(), 'sft-opt-campaign-'));
const inDirectory = (name: string) => join(directory, name);
const read = (name: string) => readFileSync(inDirectory(name), 'utf8');
writeFileSync(inDirectory('cell.yaml'), smallScenario.replace('rounds: 12', 'rounds: 3'));
beforeAll(compileCli);
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

const asked = { scheme: ['joint', 'random'], seeds: { first: 1, count: 2 }, mostSeeds: 100, confidence: 0.95 };
const what = [
  'cell.yaml',
  '--vary',
  'radio.bandwidth=3..9 MHz:2',
  '--scheme',
  'joint',
  '--scheme',
  'random',
  '--seeds',
  '2',
];
const sweepWith = (options: CommandOptions, ...more: string[]) =>
  runCli(['sweep', ...what, ...more], { directory, ...options });
const sweep = (...more: string[]) => sweepWith({}, ...more);
/** The whole results of a ledger. */
const results = (name: string) => readdirSync(inDirectory(name)).filter((file) => file.endsWith('.json'));
const files = (name: string) => ['--out', `${name}.csv`, '--runs', `${name}.jsonl`];

function expectSame(name: string): void {
  expect(read(`${name}.csv`)).toBe(read('one.csv'));
  expect(read(`${name}.jsonl`)).toBe(read('one.jsonl'));
}

describe('values to vary', () => {
  it.each([
    ['a=5..40MHz:3', ['5 MHz', '22.5 MHz', '40 MHz']],
    ['a=1..100:3:log', ['1', '10', '100']],
    ['a = -10..10 dBm:2', ['-10 dBm', '10 dBm']],
    ['a=1e3..2e3:2', ['1000', '2000']],
    ['a=0.5..30 m/s:2', ['0.5 m/s', '30 m/s']],
    ['a=5, 10,20', ['5', '10', '20']],
    ['a=10,20MHz', ['10 MHz', '20MHz']],
    ['a=-5,0, 5 dB', ['-5 dB', '0 dB', '5 dB']],
    ['a=.5,1e1, 20 %', ['.5 %', '1e1 %', '20 %']],
    ['a=1 MHz,2kHz', ['1 MHz', '2kHz']],
    ['a=auto,5,10', ['auto', '5', '10']],
    ['a="x,y",z', ['"x,y"', 'z']],
    ["a=[0, 'a]'],b's", ["[0, 'a]']", "b's"]],
    ['a={ loss: 5 %, least: 2 },{ every: 3 }', ['{ loss: 5 %, least: 2 }', '{ every: 3 }']],
    ['a=uma', ['uma']],
  ])('%s', (written, values) => {
    expect(parseVariation(written)).toEqual({ key: 'a', values });
  });

  it.each([
    'a',
    '=3',
    'a=',
    'a=1..2:1',
    'a=0..9:3:log',
    'a=1,,2',
    'a=1,1',
    'a=1..2:5000',
    'a=10 MHz,20',
    'a=1,2 Hz,3',
    'a=1,2 Hz,3 Hz',
  ])('%s is refused', (written) => {
    expect(() => parseVariation(written)).toThrow(/^--vary /u);
  });

  it.each([
    ['seed=1,2', '--seeds'],
    [' seed =1..5:5', '--seeds'],
    ['simulation.schemes=[joint],[random]', '--scheme'],
    ['simulation . schemes[0]=joint,random', '--scheme'],
    ['simulation[schemes]=[joint],[random]', '--scheme'],
  ])('%s is refused by name: %s', (written, option) => {
    expect(() => parseVariation(written)).toThrow(option);
  });

  it('make a grid, the last key changing fastest', () => {
    const grid = gridOf([parseVariation('a=1,2'), parseVariation('b=3,4')]);
    expect(grid).toEqual([
      ['1', '3'],
      ['1', '4'],
      ['2', '3'],
      ['2', '4'],
    ]);
    expect(gridOf([])).toEqual([[]]);
  });
});

describe('campaigns', () => {
  it('come to the same bytes by one worker or two, resumed, after a kill, with torn results, and in parts', async () => {
    const one = await sweep('--workers', '1', '--ledger', 'one', ...files('one'));
    expect(one.stderr).toBe('');
    expect(one.code).toBe(0);
    expect(read('one.csv').trimEnd().split('\n')).toHaveLength(5);
    expect(readdirSync(inDirectory('one'))).toHaveLength(8);

    await sweep('--workers', '2', '--ledger', 'two', ...files('two'));
    expectSame('two');
    for (const name of readdirSync(inDirectory('two'))) expect(read(`two/${name}`)).toBe(read(`one/${name}`));

    const finished = () => (existsSync(inDirectory('killed')) ? results('killed') : []);
    const killed = await sweepWith({ killOnce: () => finished().length > 0 }, '--workers', '1', '--ledger', 'killed');
    expect(killed.code).toBeNull();
    expect(finished().length).toBeGreaterThan(0);
    expect(finished().length).toBeLessThan(8);
    const [first, second, third] = readdirSync(inDirectory('one'));
    writeFileSync(inDirectory(`killed/${first!}`), read(`one/${first!}`).slice(0, 100));
    writeFileSync(inDirectory(`killed/${second!}`), read(`one/${first!}`));
    // Whole, of its task, but not what was written for it.
    const changed = read(`one/${third!}`).replace(/"meanDelaySeconds":[\d.e-]+/u, '"meanDelaySeconds":99');
    expect(changed).not.toBe(read(`one/${third!}`));
    writeFileSync(inDirectory(`killed/${third!}`), changed);
    await sweep('--workers', '2', '--ledger', 'killed', ...files('killed'));
    expectSame('killed');

    const part = (shard: string, ledger: string) => sweep('--shard', shard, '--ledger', ledger, '--workers', '1');
    await Promise.all([part('1/2', 'part1'), part('2/2', 'part2')]);
    const counts = ['part1', 'part2'].map((part) => readdirSync(inDirectory(part)).length);
    expect(counts).toEqual([4, 4]);
    const options = { ...asked, vary: ['radio.bandwidth=3..9 MHz:2'] };
    const half = collectCommand(inDirectory('cell.yaml'), { ...options, ledger: [inDirectory('part1')] });
    await expect(half).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringContaining('4 results are missing') as string,
    });
    const collect = (...more: string[]) => runCli(['collect', ...what, ...more], { directory });
    await collect('--ledger', 'part1', '--ledger', 'part2', ...files('collected'));
    expectSame('collected');
  });

  it('may share a ledger while they run', async () => {
    const one = (name: string) => sweep('--workers', '1', '--ledger', 'both', ...files(name));
    await Promise.all([one('left'), one('right')]);
    expectSame('left');
    expectSame('right');
    expect(readdirSync(inDirectory('both'))).toEqual(readdirSync(inDirectory('one')));
  });

  it('name each result by the SHA-256 of its task, which a changed file changes', async () => {
    const name = readdirSync(inDirectory('one'))[0]!;
    const { task } = JSON.parse(read(`one/${name}`)) as { task: unknown };
    expect(`${await sha256(canonicalJson(task))}.json`).toBe(name);
    const other = await runCli(['sweep', ...what, '--set', 'simulation.interval=5 s', '--ledger', 'one'], {
      directory,
    });
    expect(other.stderr).toContain('the ledger has 8 results of other files, versions, seeds or schemes');
    expect(readdirSync(inDirectory('one'))).toHaveLength(16);
  });

  it('stop at the wanted half-width, or at the most seeds, and say how', async () => {
    const compare = (...more: string[]) =>
      runCli(
        ['compare', 'cell.yaml', '--scheme', 'joint', '--scheme', 'random', '--seeds', '2', '--workers', '1', ...more],
        {
          directory,
        },
      );
    const wide = await compare('--half-width', '99%', '--ledger', 'wide', '--out', 'wide.jsonl');
    const narrow = await compare(
      '--half-width',
      '0.01%',
      '--most-seeds',
      '4',
      '--ledger',
      'wide',
      '--out',
      'narrow.jsonl',
    );
    const rows = (name: string) =>
      read(name)
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as { seeds: number; saved_half_width: number | null });
    expect(rows('narrow.jsonl').map(({ seeds }) => seeds)).toEqual([4, 4]);
    expect(rows('wide.jsonl')[1]!.saved_half_width).toBeLessThanOrEqual(0.99);
    expect(rows('wide.jsonl')[1]!.seeds).toBeLessThan(100);
    expect(narrow.stdout).toContain('by the deviation of the first 2 seeds (Stein)');
    expect([wide.code, narrow.code]).toEqual([0, 0]);
  });

  it('refuse wrong input before anything runs', async () => {
    const refused = async (options: Partial<CampaignArguments>, message: RegExp) => {
      const campaign = campaignOf(inDirectory('cell.yaml'), { ...asked, ...options });
      await expect(campaign).rejects.toMatchObject({ exitCode: 2, message: expect.stringMatching(message) as string });
    };
    await refused({ vary: ['radio.bandwidth=3 s,0 Hz,5 MHz'] }, /found `3 s`[\s\S]*found `0 Hz`/u);
    await refused({ scheme: ['joint'], halfWidth: 0.03 }, /needs two schemes/u);
    await refused({ scheme: ['joint', 'joint'] }, /two schemes are called `joint`/u);
    await refused({ vary: ['radio.bandwidth=3,4', 'radio.bandwidth=5'] }, /`radio\.bandwidth` twice/u);
    for (const alike of ['radio.bandwidth=5MHz,5000kHz', 'radio.bandwidth=5e6,5000000', 'name=one,two']) {
      const [key] = alike.split('=');
      await refused({ vary: [alike] }, new RegExp(`--vary ${key}: .+ and .+ give the same simulations`, 'u'));
    }
    await refused(
      { vary: ['simulation.interval=4 s,5 s,4000 ms'] },
      /--vary simulation\.interval: `4 s` and `4000 ms` give the same simulations/u,
    );
    for (const comma of ['radio.bandwidth=5,5MHz', 'radio.bandwidth=5,5 MHz', 'radio.bandwidth=2,5,5MHz']) {
      await refused(
        { vary: [comma] },
        /--vary .*(?:same simulations|twice) \(a comma separates values; decimals have a/u,
      );
    }
    await refused({ vary: ['radio.bandwidth=2,5..5,5 MHz:3'] }, /--vary|radio\.bandwidth/u);
    await refused({ vary: ['radio.bandwidth=3,4'], set: ['accuracy.minimum=89,5 %'] }, /accuracy\.minimum/u);
    await refused({ vary: ['radio.bandwith=3,4'] }, /did you mean `bandwidth`/u);
    await refused({ set: ['seed=4'] }, /--set seed: seeds of a campaign are those of --seeds/u);
    await refused(
      { vary: ['radio.bandwidth=3 MHz,4 MHz'], set: ['radio.bandwidth=5 MHz'] },
      /`radio\.bandwidth`[^\n]*--set/u,
    );
    const whole = { vary: ['simulation={ rounds: 3 },{ rounds: 4 }'], set: ['simulation.interval=5 s'] };
    await refused(whole, /`simulation` replaces what --set simulation\.interval says/u);
    // However it is written, what leaves the simulations as they are is not compared as if it did not.
    await refused({ vary: ['simulation={ rounds: 3, schemes: [joint] },{ rounds: 3, schemes: [random] }'] }, /same/u);
    await refused({ vary: ['devices[0].count=2,3', 'devices[walker].count=2,3'] }, /same/u);
    await refused(
      { vary: ['radio.bandwith=3,4'], set: ['seed=4'], scheme: ['joint', 'rondom'] },
      /seed[\s\S]*bandwith[\s\S]*rondom/u,
    );
  });

  it('refuse a name that a further chart would take from another file', async () => {
    const two = { ...asked, vary: ['radio.bandwidth=3,4 MHz', 'server.throughput=1,2 TFLOP/s'] };
    const figure = (name: string, column = 'delay_s') => ({ column, path: inDirectory(name) });
    const collected = (options: Partial<CampaignArguments>) =>
      collectCommand(inDirectory('cell.yaml'), { ...two, ledger: [inDirectory('charts')], ...options });
    await expect(collected({ figure: [figure('a.svg'), figure('a-2.svg', 'saved')] })).rejects.toThrow(
      /--figure \S+a-2\.svg would replace --figure \S+a-2\.svg/u,
    );
    await expect(collected({ figure: [figure('a.svg')], report: inDirectory('a-2.svg') })).rejects.toThrow(
      /--figure \S+a-2\.svg would replace --report/u,
    );
    const one = { vary: ['radio.bandwidth=3,4 MHz'], figure: [figure('a.svg'), figure('a-2.svg', 'saved')] };
    await expect(collected(one)).rejects.toThrow(/results are missing/u);
  });

  it('refuse to stop by themselves in parts', async () => {
    const { code, stderr } = await sweep('--shard', '1/2', '--half-width', '3%', '--ledger', 'never');
    expect(code).toBe(2);
    expect(stderr).toContain('needs a fixed number of seeds');
    expect(readdirSync(directory)).not.toContain('never');
  });
});
