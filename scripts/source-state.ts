import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';

const root = new URL('../', import.meta.url);
const stamp = new URL('dist/.state', root);

/** Of the names, sizes and times of all files that make the package. */
export function stateOfSources(): string {
  const hash = createHash('sha1');
  for (const part of ['bin', 'harness', 'lib', 'scripts', 'package.json', 'package-lock.json', 'tsconfig.build.json']) {
    const at = new URL(part, root);
    const below = statSync(at).isDirectory() ? readdirSync(at, { recursive: true, encoding: 'utf8' }).sort() : [''];
    for (const name of below) {
      const { size, mtimeMs } = statSync(new URL(name === '' ? part : `${part}/${name}`, root));
      hash.update(`${part}/${name} ${size} ${mtimeMs}\n`);
    }
  }
  return hash.digest('hex').slice(0, 16);
}

/** Notes which sources `dist` was built of. */
export function stampBuild(state: string): void {
  writeFileSync(stamp, state);
}

/** Whether `dist` is whole, and of the sources as they are. */
export function isBuilt(): boolean {
  try {
    return readFileSync(stamp, 'utf8') === stateOfSources();
  } catch {
    return false;
  }
}
