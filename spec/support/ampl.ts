import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runAmpl } from '../../bin/ampl/run.js';
import { readSol, type NlSolution } from '../../lib/io/nl/index.js';

const root = join(import.meta.dirname, '../..');

/** A new folder under the system's one for temporary files; callers must stand spaces and dots in its name. */
export function temporaryFolder(prefix = 'sft opt.ampl-'): string {
  return mkdtempSync(join(tmpdir(), prefix));
}

/** Writes an executable that runs the bundled command, as a package manager would link it. */
export function writeExecutable(folder: string, script: string): string {
  const path = join(folder, 'sft-opt-ampl');
  writeFileSync(path, `#!/bin/sh\nexec '${process.execPath}' '${script}' "$@"\n`);
  chmodSync(path, 0o755);
  return path;
}

/** What a run of the command in this process gave. */
export interface AmplRun {
  readonly exitCode: number;
  readonly output: string;
  readonly errors: string;
}

export async function runCommand(
  argumentList: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<AmplRun> {
  const output: string[] = [];
  const errors: string[] = [];
  const exitCode = await runAmpl(argumentList, {
    environment,
    print: (text) => void output.push(text),
    printError: (text) => void errors.push(text),
  });
  return { exitCode, output: output.join('\n'), errors: errors.join('\n') };
}

/** Writes a model, solves it with -AMPL and reads the solution back. */
export async function solveText(text: string, ...keywords: string[]): Promise<AmplRun & { solution: NlSolution }> {
  const stub = join(temporaryFolder(), 'a model.v2');
  writeFileSync(`${stub}.nl`, text);
  const run = await runCommand([`${stub}.nl`, '-AMPL', ...keywords]);
  return { ...run, solution: readSol(new Uint8Array(readFileSync(`${stub}.sol`))) };
}

/** Python with the peers installed, or why there is none. */
export function findPython(module: string): { python: string } | { missing: string } {
  const candidates = [join(root, '.cache/peers/bin/python3'), 'python3'];
  for (const python of candidates) {
    if (python.includes('/') && !existsSync(python)) continue;
    if (spawnSync(python, ['-c', `import ${module}`], { timeout: 60_000 }).status === 0) return { python };
  }
  return { missing: `Python with ${module} is not here (scripts/setup-peers.sh installs it)` };
}
