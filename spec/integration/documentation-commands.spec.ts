import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cliFile, compileCli } from '../support/compiled-cli.js';

const root = new URL('../../', import.meta.url);
const pages = [
  'README.md',
  ...readdirSync(new URL('docs/', root))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
const work = mkdtempSync(join(tmpdir(), 'documented commands-'));
const programs = join(work, 'programs');

interface Block {
  readonly code: string;
  /** The `text` block that follows. */
  readonly output: string | undefined;
  /** What is said of how it is run, where it is not run here. */
  readonly elsewhere: string | undefined;
}

function blocksOf(page: string): Block[] {
  const text = readFileSync(new URL(page, root), 'utf8');
  const pattern = /(?:<!-- (run[^>]*) -->\s*)?```sh\n(.*?)```(?:\s*```text\n(.*?)```)?/gsu;
  return [...text.matchAll(pattern)].map(([, elsewhere, code, output]) => ({ code: code!, output, elsewhere }));
}

beforeAll(async () => {
  await compileCli();
  mkdirSync(programs);
  program('sft-opt', `exec "${process.execPath}" "${fileURLToPath(cliFile())}" "$@"`);
  program('npx', 'exec "$@"');
});
afterAll(() => {
  rmSync(work, { recursive: true });
});

function program(name: string, line: string): void {
  writeFileSync(join(programs, name), `#!/bin/sh\n${line}\n`);
  chmodSync(join(programs, name), 0o755);
}

describe('the commands of the documentation', () => {
  const run = pages
    .map((page) => ({ page, blocks: blocksOf(page).filter(({ elsewhere }) => elsewhere === undefined) }))
    .filter(({ blocks }) => blocks.length > 0);

  it('are there to be run', () => {
    expect(run.map(({ page }) => page)).toEqual(expect.arrayContaining(['docs/serve.md', 'docs/tutorial.md']));
    expect(run.reduce((sum, { blocks }) => sum + blocks.length, 0)).toBeGreaterThan(10);
  });

  it.each(run.map(({ page, blocks }) => [page, blocks] as const))(
    'print what is shown: %s',
    async (page, blocks) => {
      const folder = join(work, page.replaceAll('/', '-'));
      mkdirSync(folder);
      const script = blocks.map(({ code }) => `${code}\nprintf '\\n--\\n'\n`).join('');
      const { code, printed } = await shell(script.replaceAll('8780', String(await freePort())), folder);
      expect(code, printed).toBe(0);
      const parts = printed.split('\n--\n').map((text) => text.trim());
      blocks.forEach(({ output = '' }, k) => expect(parts[k]).toMatch(patternOf(output)));
    },
    110_000,
  );
});

/** `…` stands for anything within a line, a line of it alone for any lines; numbers and words are as shown. */
function patternOf(shown: string): RegExp {
  const escaped = shown.trim().replaceAll(/[.*+?^${}()|[\]\\]/gu, '\\$&');
  const lines = escaped.split('\n').map((line) => (line.trim() === '…' ? '[^]*?' : line.replaceAll('…', '[^\\n]+?')));
  return new RegExp(`^${lines.join('\n')}$`, 'u');
}

/** Output and messages in the order in which they come. */
function shell(script: string, cwd: string): Promise<{ code: number | null; printed: string }> {
  const { NO_COLOR: _noColor, FORCE_COLOR: _forceColor, ...environment } = process.env;
  const child = spawn('bash', ['-eu', '-c', `exec 2>&1\n${script}`], {
    cwd,
    env: { ...environment, PATH: `${programs}:${environment['PATH'] ?? ''}` },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (printed += chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, printed }));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
