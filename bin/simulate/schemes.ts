import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { schemeNames, type SchemeName } from '../../lib/io/index.js';
import { builtInScheme, type SimulationScheme } from '../../lib/simulate/index.js';
import { escapeLine, escapePlain } from '../escape.js';
import { CommandError, exitCodes, throwProblems } from '../exit-codes.js';

/** The schemes of these names, and of modules whose path is given; each name once. */
export async function loadSchemes(wanted: readonly string[]): Promise<SimulationScheme[]> {
  const outcomes = await Promise.allSettled(wanted.map(loadScheme));
  throwProblems(outcomes);
  const schemes = (outcomes as PromiseFulfilledResult<SimulationScheme>[]).map(({ value }) => value);
  schemes.forEach(({ name }, index) => {
    if (schemes.findIndex((other) => other.name === name) < index) {
      throw new CommandError(exitCodes.badInput, `two schemes are called \`${name}\``);
    }
  });
  return schemes;
}

/** Whether a scheme is given as a module rather than by its name. */
export function isModule(wanted: string): boolean {
  return /[./\\]/u.test(wanted);
}

async function loadScheme(wanted: string): Promise<SimulationScheme> {
  if ((schemeNames as readonly string[]).includes(wanted)) return builtInScheme(wanted as SchemeName);
  if (!isModule(wanted)) {
    const known = schemeNames.join(', ');
    throw new CommandError(exitCodes.badInput, `there is no scheme \`${wanted}\` (there are: ${known}; or ./mine.js)`);
  }
  let module: { readonly default?: unknown };
  try {
    module = (await import(pathToFileURL(resolve(wanted)).href)) as { default?: unknown };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError(exitCodes.badInput, `${wanted} cannot be loaded: ${reason}`);
  }
  return asScheme(module.default, wanted);
}

function asScheme(value: unknown, path: string): SimulationScheme {
  const problems: string[] = [];
  const given = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  if (typeof value !== 'object' || value === null) problems.push('its default export is no scheme');
  else {
    if (typeof given['name'] !== 'string' || given['name'] === '') problems.push('`name` must be a text');
    else if (given['name'] !== escapeLine(escapePlain(given['name']))) {
      problems.push(`\`name\` must have no control characters: ${JSON.stringify(given['name'])}`);
    }
    if (typeof given['decide'] !== 'function') problems.push('`decide` must be a function');
    for (const key of ['share', 'cell']) {
      if (given[key] !== undefined && typeof given[key] !== 'function') problems.push(`\`${key}\` must be a function`);
    }
    const { order } = given;
    if (order !== undefined && order !== 'parallel' && order !== 'in-turn') {
      problems.push('`order` must be parallel or in-turn');
    }
  }
  if (problems.length > 0) throw new CommandError(exitCodes.badInput, `${path}: ${problems.join('; ')}`);
  return { description: path, ...given } as unknown as SimulationScheme;
}
