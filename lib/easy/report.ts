import { isSolved, type SolverResult } from '../solver/index.js';

/** A value as JSON has it: typed arrays are arrays, functions are left out, other things that JSON has not are null, numbers that are not finite are text. */
export type Plain = null | boolean | number | string | Plain[] | { [key: string]: Plain };

/** What the results of the easy door have beside those of a solver. */
export interface Reported {
  /** True if the point is a solution: `optimal` or `locally-optimal`. */
  readonly success: boolean;
  /** What `JSON.stringify` writes: typed arrays as arrays, infinite numbers as "Infinity" and "-Infinity". */
  toJSON(): Plain;
}

/** The value as JSON has it. */
export function plain(value: unknown): Plain {
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (value === null || value === undefined) return null;
  if (typeof value === 'boolean' || typeof value === 'string') return value;
  if (ArrayBuffer.isView(value) && 'length' in value) return Array.from(value as Float64Array, plain);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object') return null;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, part]) => part !== undefined && typeof part !== 'function')
      .map(([key, part]) => [key, plain(part)]),
  );
}

/** The result with `success` and `toJSON`. */
export function reported<R extends Pick<SolverResult, 'termination'>>(result: R): R & Reported {
  const whole = { ...result, success: isSolved(result.termination) };
  return Object.defineProperty(whole, 'toJSON', { value: () => plain(whole), enumerable: false }) as R & Reported;
}

/** What `summary` reads; every solver's result has the first three. */
export interface Summarised {
  /** Why the work ended. */
  readonly termination: string;
  /** The same in words. */
  readonly message: string;
  /** Value reached. */
  readonly objective: number;
  /** Values of the variables. */
  readonly x?: ArrayLike<number>;
  /** Method that found the answer. */
  readonly method?: string;
  /** Iterations made. */
  readonly iterations?: number;
  /** Wall time, seconds. */
  readonly timeSeconds?: number;
  /** Values by the caller's names, where there are names. */
  readonly values?: Readonly<Record<string, number>> | undefined;
  /** Of a fit's parameters. */
  readonly standardErrors?: ArrayLike<number>;
  /** How well the optimality conditions hold. */
  readonly residuals?: { readonly stationarity: number; readonly absoluteInfeasibility: number };
  /** Of a tree search: nodes solved and the bound proven. */
  readonly search?: { readonly nodeCount: number; readonly bound: number };
}

const shownVariables = 20;

/**
 * A few lines for people: how the work ended, objective, what it took, how well the conditions hold, and the point (the
 * first 20 variables, by name where names were given).
 *
 * @param result - What any of the functions here returned.
 * @example
 * ```ts
 * import { minimize, summary } from 'sft-opt/easy';
 *
 * const text = summary(minimize((x) => (x[0] - 1) ** 2, [0]));
 * console.log(text.split('\n').length); // 6
 * ```
 */
export function summary(result: Summarised): string {
  const { termination, message, objective, residuals, search } = result;
  const lines = [`${termination}: ${message}`];
  const line = (label: string, text: string): void => void lines.push(`  ${label.padEnd(12)}${text}`);
  line('objective', shown(objective));
  const effort = [
    result.method,
    result.iterations === undefined ? undefined : `${result.iterations} iterations`,
    search === undefined ? undefined : `${search.nodeCount} nodes, bound ${shown(search.bound)}`,
    result.timeSeconds === undefined ? undefined : `${result.timeSeconds.toPrecision(2)} s`,
  ].filter((part) => part !== undefined);
  if (effort.length > 0) line('work', effort.join(', '));
  if (residuals !== undefined) {
    line('violation', residuals.absoluteInfeasibility.toExponential(1));
    line('stationarity', ` ${residuals.stationarity.toExponential(1)}`);
  }
  const names = result.values && Object.keys(result.values);
  const x = names ? Object.values(result.values) : Array.from(result.x ?? []);
  x.slice(0, shownVariables).forEach((value, j) => {
    const error = result.standardErrors?.[j];
    const name = names?.[j] ?? String(j);
    line(
      /^\d+$/u.test(name) ? `x[${name}]` : name,
      shown(value) + (error === undefined ? '' : ` ± ${Number(error.toPrecision(2))}`),
    );
  });
  if (x.length > shownVariables) lines.push(`  … and ${x.length - shownVariables} more`);
  return lines.join('\n');
}

function shown(value: number): string {
  return String(Number(value.toPrecision(8)));
}
