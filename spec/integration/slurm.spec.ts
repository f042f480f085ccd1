import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileCli, runCli } from '../support/compiled-cli.js';
import { smallScenario } from '../support/scenarios.js';

const call = (command: string, ...args: string[]) => execFileSync(command, args, { encoding: 'utf8' }).trim();
const nodes = nodesInService();
const skipped = nodes.length < 2 ? ' (skipped: no SLURM of two nodes here; scripts/setup-slurm.sh makes one)' : '';

function nodesInService(): string[] {
  try {
    const states = call('sinfo', '-h', '-N', '-o', '%N %T').split('\n');
    return states.flatMap((line) => /^(?<node>\S+) (?:idle|mixed|allocated)$/u.exec(line)?.groups!['node'] ?? []);
  } catch {
    return [];
  }
}

const directory = mkdtempSync(join(tmpdir(), 'sft-opt-slurm-'));
const read = (name: string) => readFileSync(join(directory, name), 'utf8');
const results = (ledger: string) => readdirSync(join(directory, ledger)).filter((name) => name.endsWith('.json'));
const what = ['my cell.yaml', '--vary', 'radio.bandwidth=3..9 MHz:2', '--scheme', 'joint', '--scheme', 'random'];
const asked = [...what, '--seeds', '6'];
const count = 24;

async function until(what: string, isSo: () => boolean): Promise<void> {
  const end = Date.now() + 100_000;
  while (!isSo()) {
    if (Date.now() > end) throw new Error(`waited in vain until ${what}\n${call('squeue')}`);
    await setTimeout(100);
  }
}

/** Back in service, as soon as SLURM has cleared away what ran there. */
async function resume(node: string): Promise<void> {
  await until(`${node} is back`, () => {
    if (nodesInService().includes(node)) return true;
    try {
      execFileSync('scontrol', ['update', `nodename=${node}`, 'state=resume'], { stdio: 'ignore' });
    } catch {
      // It is being cleared away, or back already.
    }
    return false;
  });
}

/** Tasks of a job that run, with their nodes. */
function running(job: string): { readonly task: string; readonly node: string }[] {
  const lines = call('squeue', '-h', '-r', '-t', 'running', '-j', job, '-o', '%i %N').split('\n').filter(Boolean);
  return lines.map((line) => ({ task: line.split(' ')[0]!, node: line.split(' ')[1]! }));
}

describe.skipIf(skipped !== '')(`sweeps as jobs of SLURM${skipped}`, { timeout: 240_000 }, () => {
  beforeAll(async () => {
    writeFileSync(join(directory, 'my cell.yaml'), smallScenario.replace('rounds: 12', 'rounds: 60'));
    await compileCli();
  });
  afterAll(async () => {
    for (const node of nodes) await resume(node);
    rmSync(directory, { recursive: true, force: true });
  });

  it('come to the bytes of one process, though a task is killed, a node drained and another lost', async () => {
    const submitted = await runCli(
      [
        'sweep',
        'submit',
        ...asked,
        '--parts',
        '6',
        '--ledger',
        'led ger',
        '--out',
        'array.csv',
        '--runs',
        'array.jsonl',
      ],
      { directory },
    );
    expect(submitted.stderr).toBe('');
    const { job } = /6 parts are job (?<job>\d+); job \d+ collects/u.exec(submitted.stdout)!.groups!;
    await until('there are results', () => results('led ger').length > 0 && running(job!).length > 1);
    const [killed, other] = running(job!);
    call('scancel', '--signal=KILL', '--full', killed!.task);
    const lost = other!.node;
    const drained = nodes.find((node) => node !== lost)!;
    call('scontrol', 'update', `nodename=${drained}`, 'state=drain', 'reason=test');
    expect(results('led ger').length).toBeLessThan(count);
    // All that runs there is gone at once, as with a machine.
    call('scontrol', 'update', `nodename=${lost}`, 'state=down', 'reason=test');
    await resume(lost);
    await until('all is collected', () => existsSync(join(directory, 'array.jsonl')));
    await resume(drained);
    expect(results('led ger')).toHaveLength(count);

    // What was killed was missing when all parts had ended, and was submitted again.
    const [campaign] = readdirSync(join(directory, 'led ger', 'slurm'));
    expect(read(join('led ger', 'slurm', campaign!, 'collect.log'))).toMatch(/parts? are job \d+/u);

    const single = await runCli(
      ['sweep', ...asked, '--workers', '1', '--ledger', 'single', '--out', 'single.csv', '--runs', 'single.jsonl'],
      { directory },
    );
    expect(single.code).toBe(0);
    expect(read('array.csv')).toBe(read('single.csv'));
    expect(read('array.jsonl')).toBe(read('single.jsonl'));
    for (const name of results('single')) expect(read(join('led ger', name))).toBe(read(join('single', name)));
  });

  it('do not run a scenario that has changed since', async () => {
    const submit = (...more: string[]) =>
      runCli(['sweep', 'submit', ...asked, '--parts', '2', '--ledger', 'held', ...more], { directory });
    const held = await submit('--sbatch=--hold', '--out', 'never.csv');
    const { job, last } = /job (?<job>\d+); job (?<last>\d+)/u.exec(held.stdout)!.groups!;
    writeFileSync(join(directory, 'my cell.yaml'), smallScenario.replace('rounds: 12', 'rounds: 2'));
    call('scontrol', 'release', job!);
    call('scontrol', 'release', last!);
    await until('both have ended', () => call('squeue', '-h', '-j', `${job!},${last!}`) === '');
    expect(results('held')).toEqual([]);
    expect(existsSync(join(directory, 'never.csv'))).toBe(false);
    const [campaign] = readdirSync(join(directory, 'held', 'slurm'));
    expect(read(join('held', 'slurm', campaign!, 'collect.log'))).toContain('not those that were submitted');
  });
});
