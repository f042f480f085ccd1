import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('../dist', import.meta.url));
const zod = fileURLToPath(new URL('../node_modules/zod', import.meta.url));

/**
 * Leaves in dist the declarations that its entry points reach, and puts zod's beside them where they name it: zod itself
 * is inlined, so that a user's project has none.
 */
export function shipTypes(): void {
  const entries = declarations(dist).filter((file) => isEntry(file));
  const kept = reached(entries);
  for (const file of declarations(dist)) if (!kept.has(file)) rmSync(file);
  const naming = [...kept].filter((file) => specifiers(readFileSync(file, 'utf8')).includes('zod'));
  if (naming.length === 0) return;
  const vendored = join(dist, 'types/zod');
  for (const file of reached([join(zod, 'v4/classic/external.d.ts')])) {
    const target = join(vendored, relative(zod, file));
    mkdirSync(dirname(target), { recursive: true });
    cpSync(file, target);
  }
  for (const file of naming) {
    const path = relative(dirname(file), join(vendored, 'v4/classic/external.js'));
    const own = path.startsWith('.') ? path : `./${path}`;
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(/(["'])zod\1/gu, `'${own}'`));
  }
}

function declarations(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.d.ts'))
    .map((path) => join(folder, path));
}

function isEntry(declaration: string): boolean {
  const { exports } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    exports: Record<string, { types?: string }>;
  };
  return Object.values(exports).some(({ types }) => types !== undefined && resolve(dist, '..', types) === declaration);
}

/** Declaration files that these import, directly or not, themselves included. */
function reached(entries: readonly string[]): Set<string> {
  const found = new Set<string>();
  const waiting = [...entries];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (found.has(file)) continue;
    found.add(file);
    for (const name of specifiers(readFileSync(file, 'utf8'))) {
      if (name.startsWith('.')) waiting.push(resolve(dirname(file), name.replace(/\.js$/u, '.d.ts')));
    }
  }
  return found;
}

function specifiers(declaration: string): string[] {
  return [...declaration.matchAll(/(?:from|import\(|import)\s*["']([^"']+)["']/gu)].map((match) => match[1]!);
}
