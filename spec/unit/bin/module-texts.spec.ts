import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { referTo } from '../../../bin/campaign/tasks.js';
import { moduleTexts } from '../../../bin/simulate/module-texts.js';

const directory = mkdtempSync(join(tmpdir(), 'sft-opt-module-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
mkdirSync(join(directory, 'parts'));
const write = (name: string, text: string) => writeFileSync(join(directory, name), text);
const mine = join(directory, 'mine.mjs');
write(
  'mine.mjs',
  `import { a } from './parts/a.mjs';
   import './parts/b.mjs';
   import fs from 'node:fs';
   const c = await import("./c.mjs");
   const table = fs.readFileSync(new URL('./table.json', import.meta.url));
   // from './nowhere.mjs'
   export default { name: 'mine', decide: () => undefined };`,
);
write('parts/a.mjs', "export * from '../d.mjs'; export { default } from '../mine.mjs';");
for (const name of ['parts/b.mjs', 'c.mjs', 'd.mjs', 'other.mjs']) write(name, 'export const a = 1;');
write('table.json', '{}');

it('finds the files that a module rests on, in circles too', async () => {
  const found = Object.keys(await moduleTexts(mine)).sort();
  expect(found).toEqual(['c.mjs', 'd.mjs', 'mine.mjs', 'parts/a.mjs', 'parts/b.mjs', 'table.json']);
});

it.each(['mine.mjs', 'parts/a.mjs', 'parts/b.mjs', 'c.mjs', 'd.mjs', 'table.json'])(
  'refers to another scheme when %s has changed, and only then',
  async (name) => {
    const before = await referTo(mine, 'mine');
    write('other.mjs', `// ${name}`);
    expect(await referTo(mine, 'mine')).toEqual(before);
    const { [name]: text } = await moduleTexts(mine);
    write(name, `${text!}\n`);
    expect((await referTo(mine, 'mine')).sha256).not.toBe(before.sha256);
    write(name, text!);
    expect(await referTo(mine, 'mine')).toEqual(before);
  },
);
