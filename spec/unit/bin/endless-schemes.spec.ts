import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { smallScenario } from '../../support/scenarios.js';
import { cliFile, compileCli, runCli } from '../../support/compiled-cli.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
const directory = mkdtempSync(join(tmpdir(), 'sft-opt-endless-'));
const inDirectory = (name: string) => join(directory, name);
writeFileSync(inDirectory('cell.yaml'), smallScenario.replace('rounds: 12', 'rounds: 3'));
beforeAll(compileCli);
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

/** A module that says in which process it decides, and then does what `rest` says. */
function module(name: string, rest: string): string {
  const file = JSON.stringify(inDirectory(`${name}.pid`));
  const decide = `() => { writeFileSync(${file}, String(process.pid)); ${rest} }`;
  writeFileSync(
    inDirectory(`${name}.mjs`),
    `import { writeFileSync } from 'node:fs';\nexport default { name: '${name}', decide: ${decide} };\n`,
  );
  return `./${name}.mjs`;
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await setTimeout(20);
}

/** Runs a command until the scheme decides, and sends Ctrl-C twice, the second more than a second after the first was answered. */
async function interruptedTwice(name: string, ...args: string[]) {
  const child = spawn(process.execPath, [fileURLToPath(cliFile()), ...args], { cwd: directory });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const pid = inDirectory(`${name}.pid`);
  await until(() => existsSync(pid) && readFileSync(pid, 'utf8') !== '');
  child.kill('SIGINT');
  await until(() => stderr.includes('stopping'));
  await setTimeout(1200);
  child.kill('SIGINT');
  return { code: await ended, stderr, deciding: Number(readFileSync(pid, 'utf8')) };
}

const isThere = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('a scheme that never comes back', () => {
  it('leaves Ctrl-C to a simulation', async () => {
    const scheme = module('loops', 'for (;;);');
    const { code, stderr } = await interruptedTwice('loops', 'simulate', 'cell.yaml', '--scheme', scheme);
    expect(code).toBe(4);
    expect(stderr).toContain('stopping with the rounds so far');
  });

  it('ends with the campaign that started it', async () => {
    const scheme = module('turns', 'for (;;);');
    const campaign = ['compare', 'cell.yaml', '--scheme', scheme, '--seeds', '1', '--ledger', 'ledger'];
    const { code, deciding } = await interruptedTwice('turns', ...campaign);
    expect(code).toBe(4);
    await until(() => !isThere(deciding));
  });

  it('or kills the process of a campaign is no fault of the program: what is finished is kept, the exit code is 4', async () => {
    const scheme = module('dies', "process.kill(process.pid, 'SIGKILL');");
    const campaign = [
      'compare',
      'cell.yaml',
      '--scheme',
      'joint',
      '--scheme',
      scheme,
      '--seeds',
      '1',
      '--workers',
      '1',
    ];
    const { code, stderr } = await runCli([...campaign, '--ledger', 'kept'], { directory });
    expect(code).toBe(4);
    expect(stderr).toMatch(
      /^sft-opt: a process ended in task [\da-f]{12} \(dies, seed 1\), .* run again for the rest\n$/u,
    );
    expect(readdirSync(inDirectory('kept'))).toHaveLength(1);
  });

  it('or that ends the process is told, and writes nothing', async () => {
    const scheme = module('leaves', 'process.exit(0);');
    const args = ['simulate', 'cell.yaml', '--scheme', 'joint', '--scheme', scheme, '--out', 'left.csv'];
    const { code, stdout, stderr } = await runCli(args, { directory });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toBe('sft-opt: a scheme ended the thread in which it decides\n');
    expect(readdirSync(directory).filter((name) => name.includes('left.csv'))).toEqual([]);
  });
});
