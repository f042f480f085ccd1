import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { formatIssue, formatIssues, readProblemFile, type ResolvedFile } from '../lib/io/index.js';
import { CommandError, exitCodes } from './exit-codes.js';
import { readText } from './files.js';
import { printError } from './terminal.js';

/** How a problem file is read. */
interface LoadOptions {
  readonly seed?: number | undefined;
  readonly settings?: readonly string[] | undefined;
  readonly quiet?: boolean | undefined;
  /** Whether the command can leave the division of a frame open. */
  readonly decidesFrame?: boolean;
}

/** Reads a problem file; warnings go to standard error, problems end the command with exit code 2. */
export async function loadProblem(path: string, options: LoadOptions = {}): Promise<ResolvedFile> {
  return problemOf(await readText(path), path, options);
}

/** The same of a text that has been read. */
export async function problemOf(text: string, path: string, options: LoadOptions = {}): Promise<ResolvedFile> {
  const folder = path === '-' ? '.' : dirname(path);
  const outcome = readProblemFile(text, {
    readFile: (name) => readFileSync(resolve(folder, name), 'utf8'),
    ...(options.seed !== undefined && { seed: options.seed }),
    ...(options.settings && { settings: options.settings }),
  });
  if (!outcome.ok) throw new CommandError(exitCodes.badInput, formatIssues(outcome.issues, path));
  if (outcome.resolved.frame && !options.decidesFrame) {
    const needed =
      'radio.uplinkFraction: `optimal` is for `solve`; give the part of a plan, as in --set radio.uplinkFraction=0.4';
    throw new CommandError(exitCodes.badInput, needed);
  }
  if (!options.quiet)
    for (const warning of outcome.warnings) await printError(`warning: ${formatIssue(warning, path)}`);
  return outcome.resolved;
}
