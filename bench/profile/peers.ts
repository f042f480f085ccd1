import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { RawAnswer } from './outcome.js';

const root = join(import.meta.dirname, '../..');
const environment = join(root, '.cache/peers/bin/python3');

/** What IPOPT said of one file. */
export type IpoptAnswer =
  | { readonly error: string }
  | {
      /** Null if not finite. */
      readonly objective: number | null;
      readonly status: string;
      readonly iterations: number;
      readonly evaluations: number;
      readonly seconds: number;
    };

/** Answers of Python's solvers by file and solver; undefined, with a printed reason, if they cannot be asked. */
export function askPython(
  script: string,
  repetitions: number,
  files: readonly string[],
): Record<string, Record<string, RawAnswer | { error: string }>> | undefined {
  return runPython(script, repetitions, files) as ReturnType<typeof askPython>;
}

/** IPOPT's answers by file, each from one solve of at most `limitSeconds`. */
export function askIpopt(limitSeconds: number, files: readonly string[]): Record<string, IpoptAnswer> | undefined {
  return runPython('ipopt.py', limitSeconds, files) as Record<string, IpoptAnswer> | undefined;
}

function runPython(script: string, figure: number, files: readonly string[]): unknown {
  const python = existsSync(environment) ? environment : 'python3';
  const path = join(root, 'bench/peers', script);
  const run = spawnSync(python, [path, String(figure), ...files], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    timeout: 3_600_000,
    env: { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' },
  });
  if (run.status !== 0) {
    console.log(`Python's solvers are left out (scripts/setup-peers.sh installs them): ${lastLine(run.stderr)}`);
    return undefined;
  }
  return JSON.parse(run.stdout.trim().split('\n').pop()!);
}

function lastLine(text: string | null): string {
  return text?.trim().split('\n').pop() ?? 'no output';
}

/** A package of npm that is no dependency of the project; undefined, with a printed reason, where it is missing. */
export function requirePeer(name: string): unknown {
  try {
    return createRequire(join(root, '.cache/peers-node/package.json'))(name) as unknown;
  } catch (error) {
    console.log(`npm's ${name} is left out (scripts/setup-peers.sh installs it): ${lastLine(String(error))}`);
    return undefined;
  }
}
