import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Metafile } from 'esbuild';

/** Licences that a package under MIT may carry along. */
const permitted = new Set([
  'MIT',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'BSL-1.0',
  'BlueOak-1.0.0',
]);

const root = new URL('../', import.meta.url);

/** Writes dist/LICENSES.txt: each inlined package with its version and the text of its licence. Throws on others. */
export function shipLicences(metafile: Metafile): void {
  const folders = new Map<string, URL>();
  for (const { inputs } of Object.values(metafile.outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const [folder, name] = /^.*node_modules\/(@[^/]+\/[^/]+|[^/]+)\//u.exec(path) ?? [];
      if (folder !== undefined && name !== undefined && bytesInOutput > 0) folders.set(name, new URL(folder, root));
    }
  }
  const texts = new Map<string, string[]>();
  for (const [name, folder] of [...folders].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const { version, license } = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8')) as {
      version: string;
      license?: string;
    };
    if (!license?.split(' AND ').every((part) => permitted.has(part))) {
      throw new Error(`${name} ${version} is under ${license ?? 'no licence'}, which may not be inlined`);
    }
    const files = readdirSync(folder).filter((file) => /^(?:licen[cs]e|notice|copying)/iu.test(file));
    if (files.length === 0) throw new Error(`${name} ${version} ships no text of its licence`);
    const text = files.map((file) => readFileSync(new URL(file, folder), 'utf8').trim()).join('\n\n');
    texts.set(text, [...(texts.get(text) ?? []), `${name} ${version} (${license})`]);
  }
  // Inlined by scripts/inline-fmin.sh with its licence at the head.
  const inlined = readFileSync(new URL('lib/direct/fmin.ts', root), 'utf8');
  const head = /\/\*\n(.*?) \*\//su
    .exec(inlined)![1]!
    .replace(/^ \* ?/gmu, '')
    .trim();
  texts.set(head, ['fmin 0.0.2 (BSD-3-Clause)']);
  const rule = '='.repeat(100);
  const sections = [...texts].map(([text, packages]) => `${packages.join('\n')}\n\n${text}\n`);
  const preface = 'Packages whose code, or parts of it, is in this folder, and their licences.\n';
  writeFileSync(new URL('dist/LICENSES.txt', root), [preface, ...sections].join(`\n${rule}\n\n`));
}
