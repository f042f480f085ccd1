import { spawn } from 'node:child_process';
import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundle } from '../../scripts/bundle.js';
import { stateOfSources } from '../../scripts/source-state.js';

const root = new URL('../../', import.meta.url);
/** Beside the packages, so that what the commands load is found. */
const cache = new URL('node_modules/.cache/', root);
const dayMs = 86_400_000;
let compiled: URL | undefined;

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

/** Bundles the commands as the build does, once for the sources as they are: spec files side by side share it. */
export async function compileCli(): Promise<void> {
  const folder = new URL(`cli-${stateOfSources()}/`, cache);
  if (!existsSync(folder)) {
    forgetOld();
    const own = new URL(`cli-${process.pid}-unfinished/`, cache);
    rmSync(own, { recursive: true, force: true });
    await bundle(fileURLToPath(own));
    try {
      renameSync(own, folder);
    } catch (error) {
      if (!existsSync(folder)) throw error;
      rmSync(own, { recursive: true });
    }
  }
  compiled = folder;
}

function forgetOld(): void {
  if (!existsSync(cache)) return;
  for (const name of readdirSync(cache).filter((found) => found.startsWith('cli-'))) {
    const folder = new URL(name, cache);
    if (Date.now() - statSync(folder).mtimeMs > dayMs) rmSync(folder, { recursive: true, force: true });
  }
}

/** Where the bundled command is. */
export function cliFile(): URL {
  if (compiled === undefined) throw new Error('the commands are not compiled');
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
