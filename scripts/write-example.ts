/** Writes docs/example.md and the picture of the README, docs/round.svg. Part of `npm run docs`; a test holds both to what is printed now. */
import { readFile, writeFile } from 'node:fs/promises';
import { examplePage } from './example-page.js';

const target = new URL('../docs/example.md', import.meta.url);
const { page, picture } = examplePage(await readFile(target, 'utf8'));
await writeFile(target, page);
await writeFile(new URL('../docs/round.svg', import.meta.url), picture);
