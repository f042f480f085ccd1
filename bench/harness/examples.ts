/**
 * How long the trainings in examples/training take from start to end, as `sft-opt train` runs them, beside what their first lines say.
 *
 *   npx tsx bench/harness/examples.ts [name]…   all whose files are here, or those named
 *
 * Writes bench/results/harness-examples.txt and .json; exit code 1 where one takes more than twice or less than half as long as it
 * says. On a machine at rest.
 */
import { spawnSync } from 'node:child_process';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { columns } from '../../bin/render/columns.js';
import { trainingExamples } from '../../spec/support/training-examples.js';
import { writeResults } from '../support/results.js';

const names = process.argv.slice(2);
const examples = trainingExamples().filter(({ name }) => names.length === 0 || names.includes(name));
const program = fileURLToPath(new URL('../../bin/sft-opt.ts', import.meta.url));
const load = loadavg()[0]!.toFixed(1);
const figures = [];
for (const { name, path, statedSeconds, missing } of examples) {
  if (missing.length > 0) {
    console.error(`${name} is left out: ${missing.join(', ')} is not here`);
    continue;
  }
  const start = performance.now();
  const { status } = spawnSync(process.execPath, ['--import', 'tsx', program, 'train', path], { stdio: 'inherit' });
  if (status !== 0) throw new Error(`${name} ended with ${String(status)}`);
  const seconds = (performance.now() - start) / 1000;
  figures.push({ name, statedSeconds, seconds, isRight: seconds <= 2 * statedSeconds && seconds >= statedSeconds / 2 });
}
const wrong = figures.filter(({ isRight }) => !isRight);
const table = [
  `Trainings of examples/training, one after the other, from start to end; load before: ${load}`,
  '',
  columns(
    [
      ['example', 'says', 'takes'],
      ...figures.map(({ name, statedSeconds, seconds }) => [name, `${statedSeconds} s`, `${seconds.toFixed(1)} s`]),
    ],
    [1, 2],
  ),
  '',
  `${wrong.length === 0 ? 'holds ' : 'MISSED'} right within a factor of two${wrong.map(({ name }) => ` ${name}`).join(',')}`,
].join('\n');
writeResults(
  'harness-examples',
  `npx tsx bench/harness/examples.ts${names.map((name) => ` ${name}`).join('')}`,
  table,
  figures,
);
if (wrong.length > 0) process.exitCode = 1;
