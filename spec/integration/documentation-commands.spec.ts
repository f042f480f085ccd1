import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cliFile, compileCli } from '../support/compiled-cli.js';
import { blocksOf, pages } from '../support/documented-blocks.js';
import { wyndorSample } from '../support/nl-samples.js';
import { smallScenario } from '../support/scenarios.js';

const root = new URL('../../', import.meta.url);
const work = mkdtempSync(join(tmpdir(), 'documented commands-'));
const programs = join(work, 'programs');

/** Files that pages name without making them, by page. */
const given: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'docs/cli.md': {
    'cell.yaml': `
version: 1
model: deit-tiny
accuracy:
  minimum: 88 %
devices:
  - { name: phone, count: 4, throughput: 40 GFLOP/s, memory: 600 MiB, distance: 60 m }
  - { name: laptop, throughput: 400 GFLOP/s, memory: 2 GiB, distance: 80 m }
`,
    'by-hand.yaml': `devices: [${['phone-1', 'phone-2', 'phone-3', 'phone-4', 'laptop'].map((name) => `{ name: ${name}, blocks: 1, point: 'top 10 %, 4 bit', bandwidth: 4 MHz }`).join(', ')}]`,
    'scenario.yaml': smallScenario.replace('rounds: 12', 'rounds: 1').replace('boundEvery: 3', ''),
    'mine.js': /```js\n(?<code>[\s\S]*?)```/u.exec(readFileSync(new URL('docs/simulation.md', root), 'utf8'))!.groups![
      'code'
    ]!,
    'runs.csv': curve('ratio', 'accuracy', 1),
    'mine.csv': curve('kept', 'top1', 100),
  },
  'docs/accuracy.md': {
    'cell.yaml': 'version: 1\nmodel: deit-tiny\ndevices: [{ name: a, distance: 60 m }]\n',
    'runs.csv': curve('ratio', 'accuracy', 1),
  },
  'docs/certificate/README.md': { 'model.nl': wyndorSample },
};

/** Accuracies over ratios as training leaves them, with the columns of a study. */
function curve(ratio: string, accuracy: string, scale: number): string {
  const points = [0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 1, 0.01, 0.05, 0.2, 1];
  const noise = [1, -2, 1, 0, 2, -1, 1, -1, 2, 0, -1];
  const rows = points.map((x, k) => {
    const found = scale * (0.918 - 0.0012 * x ** -0.85 + 0.0004 * noise[k]!);
    return [x, found.toFixed(5), Math.min(1, 3 * x), 4, Math.min(1, 3 * x), 4].join();
  });
  return [`${ratio},${accuracy},kept_up,bits_up,kept_down,bits_down`, ...rows, ''].join('\n');
}

beforeAll(async () => {
  await compileCli();
  mkdirSync(programs);
  program('sft-opt', `exec "${process.execPath}" "${fileURLToPath(cliFile())}" "$@"`);
  program('sft-opt-ampl', `exec "${process.execPath}" "${fileURLToPath(new URL('sft-opt-ampl.js', cliFile()))}" "$@"`);
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
  const here = [undefined, 'runs: exit codes are looked at'];
  const run = pages
    .map((page) => ({
      page,
      blocks: blocksOf(page).filter(({ language, remark }) => language === 'sh' && here.includes(remark)),
    }))
    .filter(({ blocks }) => blocks.length > 0);

  it('are there to be run', () => {
    expect(run.map(({ page }) => page)).toEqual(
      expect.arrayContaining(['docs/cli.md', 'docs/serve.md', 'docs/tutorial.md']),
    );
    expect(run.reduce((sum, { blocks }) => sum + blocks.length, 0)).toBeGreaterThan(20);
  });

  it.each(run.map(({ page, blocks }) => [page, blocks] as const))(
    'print what is shown: %s',
    async (page, blocks) => {
      const folder = join(work, page.replaceAll('/', '-'));
      mkdirSync(folder);
      symlinkSync(fileURLToPath(new URL('examples', root)), join(folder, 'examples'));
      for (const [name, text] of Object.entries(given[page] ?? {})) writeFileSync(join(folder, name), text);
      const script = blocks.map(({ code }) => `${code}\nprintf '\\n--\\n'\n`).join('');
      const { code, printed } = await shell(script.replaceAll('8780', String(await freePort())), folder);
      expect(code, printed).toBe(0);
      const parts = printed.split('\n--\n').map((text) => text.trim());
      blocks.forEach(({ output = '', remark }, k) => {
        if (remark === undefined || output !== '') expect(parts[k]).toMatch(patternOf(output));
      });
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
