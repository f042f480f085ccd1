import { Ajv2020 } from 'ajv/dist/2020.js';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { planFileJsonSchema, problemFileJsonSchema, type PlanFile } from '../../../lib/io/index.js';
import { compileCli, runCli } from '../../support/compiled-cli.js';

const directory = mkdtempSync(join(tmpdir(), 'sft-opt-cli-'));
const inDirectory = (name: string) => join(directory, name);
const write = (name: string, text: string) => {
  writeFileSync(inDirectory(name), text);
  return inDirectory(name);
};
const validator = (schema: Record<string, unknown>) => new Ajv2020({ strict: false }).compile(schema);

const tiny = `version: 1
name: tiny
model: deit-tiny
devices:
  - { name: one, throughput: 40 GFLOP/s, memory: 400 MiB, distance: 90 m }
  - { name: two, throughput: 90 GFLOP/s, memory: 400 MiB, distance: 150 m }
`;
const impossible = tiny.replaceAll('400 MiB', '2 MiB');

// Each test starts several processes.
vi.setConfig({ testTimeout: 240_000 });
beforeAll(compileCli);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('sft-opt', () => {
  it('shows help with examples, and its version', async () => {
    const [help, version, solveHelp] = await Promise.all([
      runCli(['--help']),
      runCli(['--version']),
      runCli(['solve', '--help']),
    ]);
    expect(help.code).toBe(0);
    for (const command of ['solve', 'check', 'init', 'schema', 'baselines']) expect(help.stdout).toContain(command);
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/u);
    expect(solveHelp.stdout).toContain('Examples:');
    expect(solveHelp.stdout).toContain('Exit codes: 0 solved, 2');
  });

  it.each([
    [['sole', 'x.yaml'], "unknown command 'sole'"],
    [['solve'], "missing required argument 'file'"],
    [['solve', 'x.yaml', '--method', 'guess'], 'Allowed choices are two-timescale, exact, bandwidth'],
    [['solve', 'x.yaml', '--time-limit', '5 MHz'], 'unit of a frequency'],
    [['solve', 'x.yaml', '--method', 'bandwidth'], 'needs an earlier plan'],
    [['solve', 'nowhere.yaml'], 'cannot read nowhere.yaml: no such file'],
    [['solve', '.'], 'it is a directory'],
  ])('refuses %j with exit code 2', async (args, message) => {
    const run = await runCli(args);
    expect(run.code).toBe(2);
    expect(run.stdout).toBe('');
    expect(run.stderr).toContain(message);
    expect(run.stderr).not.toMatch(/^\s+at /mu);
  });

  it.each([
    [['solve', '--certificate', 'x.json'], '--certificate needs a given radio.uplinkFraction'],
    [['baselines'], '`optimal` is for `solve`'],
  ])('refuses %j of a frame whose division is open', async ([command, ...rest], message) => {
    const path = write('open-frame.yaml', `${tiny}radio: { uplinkFraction: optimal }\n`);
    const run = await runCli([command!, path, ...rest]);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain(message);
    expect((await runCli(['check', path])).code).toBe(0);
  });

  it('lists every problem of a bad file with its place', async () => {
    const path = write('bad.yaml', 'version: 1\nmodel: vit-b17\nradio:\n  bandwidth: 20 dBm\ndevices: []\n');
    const run = await runCli(['solve', path]);
    expect(run.code).toBe(2);
    expect(run.stdout).toBe('');
    expect(run.stderr).toContain(`3 problems in ${path}:`);
    expect(run.stderr).toContain(`${path}:2:8 model: found \`vit-b17\`; must be one of`);
    expect(run.stderr).toContain(`${path}:4:14 radio.bandwidth: found \`20 dBm\`; \`dBm\` is the unit of a power`);
    expect(run.stderr).toContain(`${path}:5:10 devices: found an empty list`);
  });

  it('refuses a file of 100 MB before reading it, and one that is not text', async () => {
    const large = write('large.yaml', '');
    truncateSync(large, 100 * 1024 ** 2);
    const run = await runCli(['check', large]);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain('too large: 100 MiB, at most 64 MiB are read');
    writeFileSync(large, Uint8Array.from([0xff, 0xfe, 0x00, 0xc3, 0x28]));
    expect((await runCli(['check', large])).stderr).toContain('is not UTF-8 text');
  });
});

describe('sft-opt check, init and schema', () => {
  it('shows what a file stands for, from a file or from standard input', async () => {
    const fromFile = await runCli(['check', write('tiny.yaml', tiny)]);
    const fromInput = await runCli(['check', '-'], { input: tiny });
    expect(fromFile.code).toBe(0);
    expect(fromInput.stdout).toBe(fromFile.stdout);
    expect(fromFile.stdout).toContain('model     deit-tiny: 12 blocks, width 192, 197 tokens');
    expect(fromFile.stdout).toMatch(/one\s+40 GFLOP\/s\s+400 MiB\s+90 m\s+-?[\d.]+ dB\s+1–11/u);
    expect(fromFile.stdout).not.toContain('\u001b');
    const other = await runCli(['check', '-', '--seed', '5'], { input: tiny });
    expect(other.stdout).not.toBe(fromFile.stdout);
  });

  it('warns of odd sizes on standard error', async () => {
    const run = await runCli(['check', '-'], { input: `${tiny}radio: { bandwidth: 20 }\n` });
    expect(run.code).toBe(0);
    expect(run.stderr).toContain('-:7:21 radio.bandwidth: found `20`; 20 Hz is an unusual size');
  });

  it('writes a starter file that is valid, and never over another', async () => {
    const path = inDirectory('starter.yaml');
    expect((await runCli(['init', path])).code).toBe(0);
    const text = readFileSync(path, 'utf8');
    const check = await runCli(['check', path]);
    expect([check.code, check.stderr]).toEqual([0, '']);
    writeFileSync(path, 'mine');
    const again = await runCli(['init', path]);
    expect(again.code).toBe(2);
    expect(again.stderr).toContain('exists already');
    expect(readFileSync(path, 'utf8')).toBe('mine');
    expect((await runCli(['init', '-'])).stdout).toBe(text);
    expect(readdirSync(directory).filter((name) => name.includes('.tmp'))).toEqual([]);
  });

  it('prints the published schemas', async () => {
    const [problem, plan] = await Promise.all([runCli(['schema']), runCli(['schema', 'plan'])]);
    expect(JSON.parse(problem.stdout)).toEqual(JSON.parse(JSON.stringify(problemFileJsonSchema())));
    expect(JSON.parse(plan.stdout)).toEqual(JSON.parse(JSON.stringify(planFileJsonSchema())));
    expect(() => validator(problemFileJsonSchema())).not.toThrow();
  });
});

describe('sft-opt solve', () => {
  it('prints a table of plan, stages, tight limits, bound and baselines', async () => {
    const run = await runCli(['solve', write('tiny.yaml', tiny)]);
    expect(run.code).toBe(0);
    expect(run.stderr).toBe('');
    expect(run.stdout).toMatch(
      /^tiny: 2 devices, 20 MHz, 12 blocks\nsolved: round delay [\d.]+ m?s, no plan is below/u,
    );
    for (const part of [
      'device  blocks',
      'where the time',
      'F forward',
      'what is tight',
      'dT/dB',
      'federated-lora',
      '80.2 %',
    ]) {
      expect(run.stdout).toContain(part);
    }
    expect(run.stdout).not.toContain('\u001b');
    const longest = Math.max(...run.stdout.split('\n').map((line) => line.length));
    expect(longest).toBeLessThanOrEqual(140);
  });

  it('colours only when asked or on a terminal, and NO_COLOR wins', async () => {
    const args = ['solve', write('tiny.yaml', tiny), '--no-baselines', '--no-what-if'];
    const forced = await runCli(args, { environment: { FORCE_COLOR: '1' } });
    expect(forced.stdout).toContain('\u001b[');
    const none = await runCli(args, { environment: { FORCE_COLOR: '1', NO_COLOR: '1' } });
    expect(none.stdout).not.toContain('\u001b');
  });

  it('writes one JSON document valid against the published schema, the same for the same seed', async () => {
    const path = write('tiny.yaml', tiny);
    const out = inDirectory('plan.json');
    const log = inDirectory('log.jsonl');
    const run = await runCli(['solve', path, '--json', '--out', out, '--log', log]);
    expect(run.code).toBe(0);
    expect(run.stderr).toBe('');
    const plan = JSON.parse(run.stdout) as PlanFile;
    const valid = validator(planFileJsonSchema());
    expect(valid(plan), JSON.stringify(valid.errors)).toBe(true);
    expect(JSON.parse(readFileSync(out, 'utf8'))).toEqual(plan);
    expect(plan.status).toBe('solved');
    expect(plan.answer?.devices).toHaveLength(2);
    expect(plan.bound.boundSeconds).toBeLessThanOrEqual(plan.answer?.roundDelaySeconds ?? 0);
    expect(plan.bound.verified).toBe(true);
    for (const line of readFileSync(log, 'utf8').trimEnd().split('\n')) {
      expect(JSON.parse(line)).toHaveProperty('phase');
    }
    const again = JSON.parse((await runCli(['solve', path, '--json'])).stdout) as PlanFile;
    const untimed = (file: PlanFile) => ({ ...file, timeSeconds: 0, statistics: {} });
    expect(untimed(again)).toEqual(untimed(plan));
  });

  it('replans bandwidths from an earlier plan after the channel changed', async () => {
    const out = inDirectory('warm.json');
    await runCli(['solve', write('tiny.yaml', tiny), '--quiet', '--no-what-if', '--no-baselines', '--out', out]);
    const before = JSON.parse(readFileSync(out, 'utf8')) as PlanFile;
    const path = write('later.yaml', tiny.replace('150 m', '140 m'));
    const common = ['solve', path, '--json', '--method', 'bandwidth', '--warm', out, '--no-baselines', '--no-what-if'];
    const plans = await Promise.all(
      ['sqp', 'scalar'].map(async (method) => {
        const run = await runCli([...common, '--bandwidth-method', method]);
        expect(run.code, run.stderr).toBe(0);
        return JSON.parse(run.stdout) as PlanFile;
      }),
    );
    for (const plan of plans) {
      const choices = (file: PlanFile) => file.answer?.devices.map(({ blocks, upPoint }) => [blocks, upPoint]);
      expect(choices(plan)).toEqual(choices(before));
    }
    const [sqp, scalar] = plans.map((plan) => plan.answer?.roundDelaySeconds ?? NaN);
    expect(sqp! / scalar!).toBeCloseTo(1, 8);
    const other = write('other.yaml', tiny.replace('name: two', 'name: three'));
    const misfit = await runCli(['solve', other, '--method', 'bandwidth', '--warm', out]);
    expect([misfit.code, misfit.stderr]).toEqual([2, expect.stringContaining('has no device `three`')]);
    const noPlan = await runCli(['solve', path, '--warm', write('no-plan.json', '{}')]);
    expect([noPlan.code, noPlan.stderr]).toEqual([2, expect.stringContaining('is no plan')]);
  });

  it('explains an infeasible problem, with exit code 3 and no plan', async () => {
    const path = write('impossible.yaml', impossible);
    const [table, json] = await Promise.all([runCli(['solve', path]), runCli(['solve', path, '--json'])]);
    expect([table.code, json.code]).toEqual([3, 3]);
    expect(table.stdout).toContain('infeasible');
    expect(table.stdout).toContain('why no plan exists');
    const plan = JSON.parse(json.stdout) as PlanFile;
    const valid = validator(planFileJsonSchema());
    expect(valid(plan), JSON.stringify(valid.errors)).toBe(true);
    expect(plan.answer).toBeUndefined();
    expect(plan.infeasibility?.conflicts.length).toBeGreaterThan(0);
  });

  it('says nothing when quiet', async () => {
    const run = await runCli(['solve', write('tiny.yaml', tiny), '--quiet', '--no-baselines', '--no-what-if']);
    expect([run.code, run.stdout, run.stderr]).toEqual([0, '', '']);
  });

  it('reports a file that cannot be written, and leaves no part of one', async () => {
    const path = write('tiny.yaml', tiny);
    const run = await runCli([
      'solve',
      path,
      '--quiet',
      '--no-baselines',
      '--no-what-if',
      '--out',
      inDirectory('no/where.json'),
    ]);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain('cannot write');
    expect(run.stderr).not.toMatch(/^\s+at /mu);
    const log = await runCli(['solve', path, '--log', inDirectory('no/where.jsonl')]);
    expect(log.code).toBe(2);
    if (process.getuid?.() !== 0) {
      chmodSync(directory, 0o500);
      const refused = await runCli(['init', inDirectory('refused.yaml')]);
      chmodSync(directory, 0o700);
      expect(refused.code).toBe(2);
      expect(existsSync(inDirectory('refused.yaml'))).toBe(false);
    }
  });

  it('ends on Ctrl-C and at a time limit with the best plan so far and exit code 4', async () => {
    const example = readFileSync(new URL('../../../examples/factory.yaml', import.meta.url), 'utf8');
    // Seconds away from an end on any machine: the waiting for the batch couples all devices.
    const path = write('hard.yaml', example.replace('sharing: allocated', 'sharing: batched'));
    const started = inDirectory('started.jsonl');
    const exact = ['solve', path, '--method', 'exact', '--json', '--no-baselines', '--no-what-if'];
    const [interrupted, limited] = await Promise.all([
      runCli([...exact, '--log', started], { interruptOnceWritten: started }),
      runCli([...exact, '--time-limit', '200ms']),
    ]);
    const valid = validator(planFileJsonSchema());
    for (const run of [interrupted, limited]) {
      expect(run.code, run.stderr).toBe(4);
      const plan = JSON.parse(run.stdout) as PlanFile;
      expect(valid(plan), JSON.stringify(valid.errors)).toBe(true);
      expect(['feasible', 'unknown']).toContain(plan.status);
    }
    expect(interrupted.stderr).toContain('stopping with the best plan');
    expect((JSON.parse(limited.stdout) as PlanFile).termination).toBe('time-limit');
    expect((JSON.parse(interrupted.stdout) as PlanFile).termination).toBe('interrupted');
  });
});

describe('sft-opt baselines', () => {
  it('compares conventional schemes with a plan', async () => {
    const run = await runCli(['baselines', '-'], { input: tiny });
    expect(run.code).toBe(0);
    for (const name of ['federated-lora', 'vanilla-split', 'split-federated', 'random'])
      expect(run.stdout).toContain(name);
    const json = await runCli(['baselines', '-', '--json'], { input: tiny });
    expect((JSON.parse(json.stdout) as { name: string }[]).length).toBeGreaterThan(5);
  });
});
