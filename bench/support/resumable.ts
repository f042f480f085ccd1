import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../.cache/bench/', import.meta.url));

/**
 * Results of long computations by their settings, kept in the cache so that a stopped bench goes on where it was. They know
 * nothing of the code: remove .cache/bench to compute anew.
 */
export function resumable<T>(name: string) {
  const path = `${folder}${name}.json`;
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
