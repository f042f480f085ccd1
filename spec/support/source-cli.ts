import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { CommandRun } from './compiled-cli.js';

const root = new URL('../../', import.meta.url);
const loader = new URL('node_modules/tsx/dist/loader.mjs', root).href;

/** Runs `sft-opt` from its sources, without a terminal. */
export function runFromSource(
  args: readonly string[],
  { directory }: { readonly directory?: string } = {},
): Promise<CommandRun> {
  const { NO_COLOR: _noColor, FORCE_COLOR: _forceColor, ...environment } = process.env;
  const child = spawn(process.execPath, ['--import', loader, fileURLToPath(new URL('bin/sft-opt.ts', root)), ...args], {
    cwd: directory ?? fileURLToPath(root),
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}
