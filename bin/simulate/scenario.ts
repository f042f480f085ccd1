import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { formatIssue, formatIssues, readScenarioFile, type ResolvedScenario } from '../../lib/io/index.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import { readText } from '../files.js';
import { printError } from '../terminal.js';

/** How a scenario file is read. */
interface LoadOptions {
  readonly settings?: readonly string[] | undefined;
  readonly quiet?: boolean;
}

/** Reads a scenario file; warnings go to standard error, problems end the command with exit code 2. */
export async function loadScenario(path: string, options: LoadOptions): Promise<ResolvedScenario> {
  return scenarioOf(await readText(path), path, options);
}

/** The same of a text that has been read. */
export async function scenarioOf(
  text: string,
  path: string,
  { settings = [], quiet = false }: LoadOptions,
): Promise<ResolvedScenario> {
  const outcome = readScenario(text, path, settings);
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
