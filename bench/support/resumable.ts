import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../.cache/bench/', import.meta.url));

/** Of what is in lib and harness: no figure of other code goes on under the date of today. */
const code = ((): string => {
  const hash = createHash('sha256');
  for (const part of ['lib', 'harness']) {
    const at = fileURLToPath(new URL(`../../${part}/`, import.meta.url));
    const files = readdirSync(at, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
    for (const name of files.sort()) hash.update(`${name}\0`).update(readFileSync(`${at}${name}`));
  }
  return hash.digest('hex').slice(0, 12);
})();

/**
 * Results of long computations by their settings and the code of lib and harness, kept in the cache so that a stopped bench
 * goes on where it was.
 */
export function resumable<T>(name: string) {
  const path = `${folder}${name}-${code}.json`;
  const known = new Map<string, T>(existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as [string, T][]) : []);
  return async (settings: unknown, compute: () => Promise<T>): Promise<T> => {
    const key = JSON.stringify(settings);
    const before = known.get(key);
    if (before !== undefined) return before;
    const value = await compute();
    known.set(key, value);
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${path}.part`, JSON.stringify([...known], undefined, 1));
    renameSync(`${path}.part`, path);
    return value;
  };
}

/** The same for many short computations, one line of a file each, so that a stopped bench loses the last one alone. */
export function resumableLines<T>(name: string) {
  const path = `${folder}${name}-${code}.jsonl`;
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(isWhole) : [];
  const known = new Map(lines.map((line) => JSON.parse(line) as [string, T]));
  return (settings: unknown, compute: () => T): T => {
    const key = JSON.stringify(settings);
    const before = known.get(key);
    if (before !== undefined) return before;
    const value = compute();
    known.set(key, value);
    mkdirSync(folder, { recursive: true });
    appendFileSync(path, `${JSON.stringify([key, value])}\n`);
    return value;
  };
}

/** A line that was written to its end. */
function isWhole(line: string): boolean {
  return line.startsWith('[') && line.endsWith(']');
}
