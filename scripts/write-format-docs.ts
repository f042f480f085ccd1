/** Writes docs/format.md from the schema of problem files; with --check only says whether it is current. */
import { readFile, writeFile } from 'node:fs/promises';
import { formatReference } from './format-reference.js';

const target = new URL('../docs/format.md', import.meta.url);
const text = formatReference();
if (process.argv.includes('--check')) {
  const current = await readFile(target, 'utf8').catch(() => '');
  if (current !== text) {
    console.error('docs/format.md is not current: run npm run docs');
    process.exitCode = 1;
  }
} else {
  await writeFile(target, text);
}
