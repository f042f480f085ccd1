import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { schemeNames, type SchemeName } from '../../lib/io/index.js';
import { builtInScheme, type SimulationScheme } from '../../lib/simulate/index.js';
import { thrownText } from '../../lib/simulate/shown.js';
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
    throw new CommandError(exitCodes.badInput, `${wanted} cannot be loaded: ${thrownText(error)}`);
  }
  let scheme: SimulationScheme | string[];
  try {
    scheme = asScheme(module.default, wanted);
  } catch (error) {
    throw new CommandError(exitCodes.badInput, `${wanted} cannot be read: ${thrownText(error)}`);
  }
  if (Array.isArray(scheme)) throw new CommandError(exitCodes.badInput, `${wanted}: ${scheme.join('; ')}`);
  return scheme;
}

/** The scheme that a module exports, or what keeps it from being one. Functions are called on the export itself, as a class needs. */
function asScheme(value: unknown, path: string): SimulationScheme | string[] {
  if (typeof value !== 'object' || value === null) return ['its default export is no scheme'];
  const { name, description = path, order, decide, share, cell } = value as Readonly<Record<string, unknown>>;
  const problems: string[] = [];
  if (typeof name !== 'string' || name === '') problems.push('`name` must be a text');
  else if (name !== escapeLine(escapePlain(name))) {
    problems.push(`\`name\` must have no control characters: ${JSON.stringify(name)}`);
  }
  if (typeof decide !== 'function') problems.push('`decide` must be a function');
  for (const [key, given] of Object.entries({ share, cell })) {
    if (given !== undefined && typeof given !== 'function') problems.push(`\`${key}\` must be a function`);
  }
  if (order !== undefined && order !== 'parallel' && order !== 'in-turn') {
    problems.push('`order` must be parallel or in-turn');
  }
  if (problems.length > 0) return problems;
  const bound =
    (given: unknown) =>
    (...states: unknown[]): unknown =>
      Reflect.apply(given as () => unknown, value, states);
  return {
    name,
    description: String(description),
    ...(order !== undefined && { order }),
    decide: bound(decide),
    ...(share !== undefined && { share: bound(share) }),
    ...(cell !== undefined && { cell: bound(cell) }),
  } as SimulationScheme;
}
