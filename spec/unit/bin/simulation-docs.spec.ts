import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { compileCli, runCli } from '../../support/compiled-cli.js';
import { smallScenario } from '../../support/scenarios.js';

vi.setConfig({ testTimeout: 240_000 });
const directory = mkdtempSync(join(tmpdir(), 'sft-opt-simulation-docs-'));
symlinkSync(fileURLToPath(new URL('../../../examples', import.meta.url)), join(directory, 'examples'));
writeFileSync(join(directory, 'scenario.yaml'), smallScenario);
beforeAll(compileCli);
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

const docs = readFileSync(new URL('../../../docs/simulation.md', import.meta.url), 'utf8');
const blocks = [...docs.matchAll(/^```(?<language>\w*)\n(?<code>[\s\S]*?)^```$/gmu)].flatMap(({ groups }) =>
  groups!['language'] === 'sh' ? [groups!['code']!] : [],
);
const lines = blocks.flatMap((code) =>
  code
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => line.startsWith('sft-opt ')),
);
const campaigns = ['sweep', 'compare'];

it('the page has lines of every command that it describes', () => {
  const commands = new Set(lines.map((line) => line.split(' ')[1]!));
  expect([...commands].sort()).toEqual(['compare', 'simulate', 'sweep']);
});

it.each(lines)('%s', async (line) => {
  const variables = { $SLURM_ARRAY_TASK_ID: '1', '/shared/': '' };
  const written = Object.entries(variables).reduce((text, [name, value]) => text.replaceAll(name, value), line);
  const [, command, ...rest] = written.trim().split(/\s+/u);
  // As written, but for the number of rounds and seeds, jobs that are not submitted, and a ledger that no other line has used.
  const fewer = campaigns.includes(command!)
    ? ['--seeds', '1', '--set', 'simulation.rounds=1', ...(rest[0] === 'submit' ? ['--dry-run'] : ['--workers', '1'])]
    : ['--rounds', '1'];
  const ledger = campaigns.includes(command!) && !rest.includes('--ledger') ? ['--ledger', `${command!}-ledger`] : [];
  const { code, stderr, stdout } = await runCli([command!, ...rest, ...fewer, ...ledger], { directory });
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(stdout).not.toBe('');
});
