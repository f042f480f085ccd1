import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { formatIssue, formatIssues, readScenarioFile, type ResolvedScenario } from '../../lib/io/index.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import { readText } from '../files.js';
import { printError } from '../terminal.js';

/** Reads a scenario file; warnings go to standard error, problems end the command with exit code 2. */
export async function loadScenario(
  path: string,
  { settings = [], quiet = false }: { readonly settings?: readonly string[] | undefined; readonly quiet?: boolean },
): Promise<ResolvedScenario> {
  const outcome = readScenario(await readText(path), path, settings);
  if (!quiet) for (const warning of outcome.warnings) await printError(`warning: ${formatIssue(warning, path)}`);
  return outcome.scenario;
}

/** A scenario from its text. Throws `CommandError` with every problem. */
export function readScenario(text: string, path: string, settings: readonly string[]) {
  const folder = path === '-' ? '.' : dirname(path);
  const outcome = readScenarioFile(text, {
    settings,
    readFile: (name) => readFileSync(resolve(folder, name), 'utf8'),
  });
  if (!outcome.ok) throw new CommandError(exitCodes.badInput, formatIssues(outcome.issues, path));
  return outcome;
}
