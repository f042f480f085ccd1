/**
 * How long a user waits for `sft-opt fit runs.csv`: the whole process, start-up included, on the committed runs.
 * Run: npm run build && npx tsx bench/fit-command.ts
 * Writes bench/results/fit-command.txt and .json; exit code 1 when the bar is missed.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { writeResults } from './support/results.js';

const repeats = 9;
const bar = 1;
const inProject = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const command = inProject('dist/bin/sft-opt.js');

const lines: string[] = [];
const figures: Record<string, number[]> = {};
for (const study of ['embedded', 'deit-tiny'].filter((name) => existsSync(inProject(`study/${name}.csv`)))) {
  const file = inProject(`study/${study}.csv`);
  const runs = readFileSync(file, 'utf8').trim().split('\n').length - 1;
  const seconds = Array.from({ length: repeats }, () => {
    const start = performance.now();
    const { status, stderr } = spawnSync(process.execPath, [command, 'fit', file], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`sft-opt fit ${file} ended with ${status}: ${stderr}`);
    return (performance.now() - start) / 1000;
  }).sort((a, b) => a - b);
  figures[study] = seconds;
  const median = seconds[repeats >> 1]!;
  lines.push(
    `${median < bar ? 'holds ' : 'MISSED'} sft-opt fit study/${study}.csv (${runs} runs) in under ${bar} s: median ${median.toFixed(2)} s of ${repeats}, ${seconds[0]!.toFixed(2)} … ${seconds.at(-1)!.toFixed(2)} s`,
  );
  if (median >= bar) process.exitCode = 1;
}
writeResults('fit-command', 'npm run build && npx tsx bench/fit-command.ts', lines.join('\n'), figures);
