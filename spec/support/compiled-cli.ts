import { spawn } from 'node:child_process';
import { existsSync, rmSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundle } from '../../scripts/bundle.js';

const root = new URL('../../', import.meta.url);
/** Beside the packages, so that what the commands load is found; one for each process, which spec files may run in side by side. */
const compiled = new URL(`node_modules/.cache/cli-${process.pid}/`, root);

/** What a command left behind. */
export interface CommandRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly directory?: string;
  readonly input?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Sends SIGINT a second after this file has content. */
  readonly interruptOnceWritten?: string;
  /** Is killed, as by a lost node, as soon as this is so. */
  readonly killOnce?: () => boolean;
}

/** Bundles the commands as the build does. */
export async function compileCli(): Promise<void> {
  removeCli();
  await bundle(fileURLToPath(compiled));
}

/** Removes what was bundled. */
export function removeCli(): void {
  rmSync(compiled, { recursive: true, force: true });
}

/** Where the bundled command is. */
export function cliFile(): URL {
  return new URL('dist/bin/sft-opt.js', compiled);
}

/** Runs `sft-opt` with these arguments, without a terminal. */
export function runCli(args: readonly string[], options: CommandOptions = {}): Promise<CommandRun> {
  const { NO_COLOR: _noColor, FORCE_COLOR: _forceColor, ...environment } = process.env;
  const child = spawn(process.execPath, [fileURLToPath(cliFile()), ...args], {
    cwd: options.directory ?? fileURLToPath(root),
    env: { ...environment, ...options.environment },
  });
  const watched = options.interruptOnceWritten;
  if (watched !== undefined) {
    const timer = setInterval(() => {
      if (!existsSync(watched) || statSync(watched).size === 0) return;
      clearInterval(timer);
      setTimeout(() => child.kill('SIGINT'), 1000);
    }, 50);
    child.on('close', () => clearInterval(timer));
  }
  const { killOnce } = options;
  if (killOnce) {
    const timer = setInterval(() => killOnce() && child.kill('SIGKILL'), 10);
    child.on('close', () => clearInterval(timer));
  }
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}
