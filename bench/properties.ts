/**
 * The specs that take a few samples of a property in `npm test`, with all of them: `npx tsx bench/properties.ts [path…]`.
 * Writes bench/results/properties.txt; exit code 1 when one fails.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface FileReport {
  readonly name: string;
  readonly status: string;
  readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
}

const root = fileURLToPath(new URL('../', import.meta.url));
const sampled = readdirSync(`${root}spec`, { recursive: true, encoding: 'utf8' })
  .filter(
    (path) => path.endsWith('.spec.ts') && readFileSync(`${root}spec/${path}`, 'utf8').includes('support/samples.js'),
  )
  .map((path) => `spec/${path}`)
  .sort();
const wanted = process.argv.slice(2);
const files = wanted.length > 0 ? sampled.filter((path) => wanted.some((part) => path.includes(part))) : sampled;

const folder = mkdtempSync(join(tmpdir(), 'properties-'));
const lines = files.map((path) => {
  const out = join(folder, 'report.json');
  spawnSync('npx', ['vitest', 'run', path, '--reporter=json', `--outputFile=${out}`], {
    cwd: root,
    env: { ...process.env, SFT_OPT_SAMPLES: 'all' },
    stdio: 'ignore',
  });
  const { testResults } = JSON.parse(readFileSync(out, 'utf8')) as { readonly testResults: readonly FileReport[] };
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const failed = tests.filter(({ status }) => status === 'failed');
  const holds = testResults.length > 0 && testResults.every(({ status }) => status === 'passed');
  const line = `${holds ? 'holds ' : 'FAILED'} ${path}: ${tests.length} tests, ${failed.length} failed`;
  for (const text of [line, ...failed.map(({ fullName }) => `         ${fullName}`)]) console.log(text);
  return { holds, line };
});
rmSync(folder, { recursive: true });
const machine = `${cpus()[0]?.model ?? ''}, ${cpus().length} cores, Node ${process.version}`;
const head = `npx tsx bench/properties.ts, ${new Date().toISOString().slice(0, 10)}, ${machine}`;
if (wanted.length === 0) {
  writeFileSync(
    new URL('results/properties.txt', import.meta.url),
    `${[head, ...lines.map(({ line }) => line)].join('\n')}\n`,
  );
}
process.exit(lines.every(({ holds }) => holds) ? 0 : 1);
