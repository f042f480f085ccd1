import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the checker's source in a folder demands of certificates beyond their form, by the names that it refuses with. */
export function obligationsOf(folder: string): string[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.ts'));
  const source = files.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n');
  return [...new Set([...source.matchAll(/\b(?:require|keep)\(\s*'([^']+)'/gu)].map(([, name]) => name!))];
}
