/**
 * `npm run bench` runs every measurement in this folder one after another; `npm run bench -- qp codec` runs those
 * named. Each writes its own results under bench/results with the command, the machine and the date.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = new URL('.', import.meta.url);
const available = readdirSync(folder)
  .filter((file) => file.endsWith('.ts') && file !== 'index.ts')
  .map((file) => file.slice(0, -'.ts'.length))
  .sort();
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !available.includes(name));
if (unknown.length > 0) {
  console.error(`no bench named ${unknown.join(', ')}; there are: ${available.join(', ')}`);
  process.exit(2);
}

let failures = 0;
for (const name of wanted.length > 0 ? wanted : available) {
  console.log(`\n== ${name}`);
  const script = fileURLToPath(new URL(`${name}.ts`, folder));
  const { status } = spawnSync(process.execPath, ['--expose-gc', '--import', 'tsx', script], { stdio: 'inherit' });
  if (status !== 0) failures++;
}
process.exit(failures > 0 ? 1 : 0);
