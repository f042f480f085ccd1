import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '../../../shared/data/cute');

/** Names of the CUTE problems at hand; empty, with a printed reason, where the data are not there. */
export function cuteNames(): string[] {
  if (!existsSync(folder)) {
    console.warn('skipped: the CUTE problems (../shared/data/cute) are not here');
    return [];
  }
  return readdirSync(folder)
    .filter((file) => file.endsWith('.nl'))
    .map((file) => file.slice(0, -'.nl'.length))
    .sort();
}

export function cuteFile(name: string): Uint8Array {
  return new Uint8Array(readFileSync(join(folder, `${name}.nl`)));
}

/** Best objectives found by other solvers. */
export function cuteReference(): Record<string, { n: number; m: number; bestObjective: number; solvedBy: string[] }> {
  return JSON.parse(readFileSync(join(folder, 'reference.json'), 'utf8')) as ReturnType<typeof cuteReference>;
}
