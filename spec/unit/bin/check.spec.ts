import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { fileKind } from '../../../bin/check/kind.js';
import { checkSimulation } from '../../../bin/check/simulation.js';
import { scenario, smallScenario } from '../../support/scenarios.js';
import { compileCli, runCli } from '../../support/compiled-cli.js';

vi.setConfig({ testTimeout: 240_000 });
beforeAll(compileCli);
const directory = mkdtempSync(join(tmpdir(), 'sft-opt-check-'));
const write = (name: string, text: string) => writeFileSync(join(directory, name), text);
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const root = new URL('../../../', import.meta.url);
const check = (...args: string[]) => runCli(['check', ...args], { directory });

const training = `version: 1
training: { rounds: 3, batchSize: 4 }
codec: { keptFraction: 0.1, bits: 4 }
devices:
  - { name: phone, count: 2, cut: 1 }
  - { name: laptop, cut: 4 }
`;
const study = `workload: { kind: embedded }
training: { steps: 50 }
groups: [{ points: [uncompressed, { up: { keptFraction: 0.1, bits: 4 } }], cuts: [2, 4], seeds: [1, 2, 3] }]
`;

describe('what a file is', () => {
  const shipped = (folder: string, kind: string) =>
    readdirSync(new URL(folder, root))
      .filter((name) => name.endsWith('.yaml'))
      .map((name) => [`${folder}${name}`, kind] as const);

  it.each([
    ...shipped('examples/', 'problem'),
    ...shipped('examples/simulation/', 'simulation'),
    ...shipped('examples/training/', 'training'),
    ...shipped('study/', 'study'),
  ])('%s is of kind %s', (name, kind) => {
    expect(fileKind(readFileSync(new URL(name, root), 'utf8'))).toBe(kind);
  });

  it('is told by settings too, and a problem file where nothing tells', () => {
    expect(fileKind('version: 1', ['simulation.rounds=3'])).toBe('simulation');
    expect(fileKind('version: 1\nsimulaton: {}\n')).toBe('simulation');
    expect(fileKind(training)).toBe('training');
    expect(fileKind('{ version: 1, plan: { problem: cell.yaml } }')).toBe('training');
    // A key of a study alone makes no study of a cell.
    expect(fileKind('radio: {}\ndevices: [{ name: a }]\ngroups: [a]\n')).toBe('problem');
    expect(fileKind(`${training}groups: [a]\n`)).toBe('training');
    expect(fileKind('workload: {}\ngroup: []\ntraining: { learningRate: 0.1 }\n')).toBe('study');
    expect(fileKind('---\nsimulation: {}\n---\nworkload: {}\n')).toBe('problem');
    for (const text of ['', '[]', '5', '{', 'devices: [{ name: a }]', 'radio: {}\ndata: {}\n']) {
      expect(fileKind(text), text).toBe('problem');
    }
  });
});

describe('sft-opt check of scenarios and studies', () => {
  it('shows what a simulation stands for, and names what single limits say of its first round', async () => {
    write('cell.yaml', smallScenario);
    const [right, poor] = await Promise.all([
      check('cell.yaml', '--seed', '4'),
      check('cell.yaml', '--set', 'simulation.devices={ walker: { memory: [[0 s, 1 %]] } }'),
    ]);
    expect([right.code, right.stderr]).toEqual([0, '']);
    expect(right.stdout).toMatch(/rounds +12, one every 4 s/u);
    expect(right.stdout).toMatch(/motion +4 of 5 devices move/u);
    expect(right.stdout).toMatch(/decisions +at the start and by every 5 rounds/u);
    expect(right.stdout).toMatch(/round 0 +5 of 5 devices are there/u);
    expect(poor.code).toBe(3);
    expect(poor.stdout).toContain('round 0 has no plan with all devices that are there:');
    expect(poor.stdout.match(/^ {2}- walker-\d/gmu)).toHaveLength(4);
  });

  it('judges the round as it is, not as the file begins', () => {
    const conflicts = (...settings: string[]) => checkSimulation(scenario(...settings)).conflicts;
    expect(conflicts()).toEqual([]);
    const late = 'simulation.devices={ walker: { memory: [[0 s, 1 %]], from: 8 s } }';
    expect(conflicts(late)).toEqual([]);
    const away = checkSimulation(scenario('simulation.devices={ walker: { from: 8 s }, desk: { from: 8 s } }'));
    expect(away.conflicts).toEqual([]);
    expect(away.summary).toMatch(/round 0 +0 of 5/u);
    expect(conflicts('deadline=1 ms').length).toBeGreaterThan(0);
  });

  it('reports every problem at once, of both parts of a simulation, with its line', async () => {
    write(
      'wrong.yaml',
      smallScenario.replace('rounds: 12', 'rounds: none').replace('every: 5', 'evry: 5').replace('5 MHz', '5 kg'),
    );
    const run = await check('wrong.yaml');
    write('slip.yaml', smallScenario.replace('simulation:', 'simulaton:'));
    const slip = await check('slip.yaml');
    expect(slip.stderr).toMatch(/slip\.yaml:\d+:1 simulaton: unknown key; did you mean `simulation`\?/u);
    expect([run.code, slip.code]).toEqual([2, 2]);
    expect(run.stdout).toBe('');
    expect(run.stderr).toContain('3 problems in wrong.yaml');
    expect(run.stderr).toMatch(/wrong\.yaml:\d+:\d+ radio\.bandwidth: /u);
    expect(run.stderr).toMatch(/wrong\.yaml:\d+:\d+ simulation\.rounds: /u);
    expect(run.stderr).toMatch(/wrong\.yaml:\d+:\d+ simulation\.replan\.evry: .*did you mean `every`/u);
  });

  it('of a training: devices, files that are missing, and the problem of a plan', async () => {
    write('training.yaml', training);
    write('broken.yaml', training.replace('rounds: 3', 'rounds: 0').replace('cut: 4', 'cut: 400'));
    write('missing.yaml', `${training}data: { set: text, path: nowhere.jsonl }\nmodel: embedded-decoder\n`);
    const shape =
      'width: 96, blocks: 6, heads: 3, mlpWidth: 384, tokens: 17, embedding: { kind: patches, patchSize: 8 }';
    const embedded = `{ ${shape}, head: { kind: classifier, classes: 24 } }`;
    const tiny = `version: 1\nmodel: ${embedded}\ndevices: [{ name: one, memory: 1 MiB, distance: 90 m }]\n`;
    write('tiny.yaml', tiny);
    write('deit.yaml', tiny.replace(embedded, 'deit-tiny'));
    write('planned.yaml', 'version: 1\nplan: { problem: tiny.yaml }\n');
    write('other.yaml', 'version: 1\nplan: { problem: deit.yaml }\n');
    write('unplanned.yaml', 'version: 1\nplan: { problem: none.yaml }\n');
    const runs = await Promise.all(
      ['training', 'broken', 'missing', 'planned', 'unplanned', 'other'].map((name) => check(`${name}.yaml`)),
    );
    expect(runs.map(({ code }) => code)).toEqual([0, 2, 2, 3, 2, 2]);
    const [right, broken, missing, planned, unplanned, other] = runs;
    expect(right!.stdout).toMatch(/training +3 rounds of/u);
    expect(right!.stdout).toMatch(/phone-2 +1 +4 +10 %, 4 bits/u);
    expect(right!.stdout).toMatch(/devices +3$/mu);
    expect(broken!.stderr).toMatch(/broken\.yaml:2:\d+ training\.rounds: /u);
    expect(missing!.stderr).toMatch(/missing\.yaml:\d+:\d+ /u);
    expect(planned!.stdout).toContain('tiny.yaml has no plan:');
    expect(unplanned!.stderr).toMatch(/none\.yaml/u);
    expect(other!.stderr).toContain('deit.yaml plans another model');
    for (const { stdout, code } of runs) if (code === 2) expect(stdout).toBe('');
  });

  it('of a study: its runs, each once', async () => {
    write('study.yaml', study);
    write('odd.yaml', study.replace('kind: embedded', 'kind: embeded').replace('steps: 50', 'steps: -1'));
    const [right, odd, seeded] = await Promise.all([
      check('study.yaml', '--set', 'training.steps=20'),
      check('odd.yaml'),
      check('study.yaml', '--seed', '2'),
    ]);
    expect([right.code, right.stderr]).toEqual([0, '']);
    expect(right.stdout).toMatch(/runs +12$/mu);
    expect(right.stdout).toContain('20 steps of 8 samples');
    expect(odd.code).toBe(2);
    expect(odd.stderr).toMatch(/2 problems in odd\.yaml/u);
    expect(odd.stderr).toMatch(/odd\.yaml:2:\d+ training\.steps/u);
    expect(seeded.stderr).toContain('--seed: a study lists its seeds');
  });
});
