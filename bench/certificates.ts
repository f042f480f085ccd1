/**
 * Certificates of random problems of all kinds, harmless changes of them and forgeries, each judged by both checkers, the second at
 * 100 digits: what is honest or harmless both accept, and what the first accepts the second has to prove too. Counts only. Goes on
 * where it was stopped; `minutes` ends it after the chunk that it is at.
 * Run: npx tsx bench/certificates.ts [certificates] [forgeries a certificate] [minutes]
 */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { formatVersion } from '../lib/verify/version.js';
import { runChunk, type ChangeCount, type ChunkResult } from './certificates/chunk.js';
import { resumable } from './support/resumable.js';

const certificates = Number(process.argv[2] ?? 2000);
const forgeriesEach = Number(process.argv[3] ?? 5);
const minutes = Number(process.argv[4] ?? Infinity);
const chunkSize = 50;

const results: ChunkResult[] = [];
const chunk = resumable<ChunkResult>('certificates');
const queue = Array.from({ length: Math.ceil(certificates / chunkSize) }, (_, k) => 1 + k * chunkSize);
const until = Date.now() + 60_000 * minutes;
// One chunk is made while the other waits for the second checker.
await Promise.all([work(), work()]);
process.exitCode = results.some(({ faults }) => faults.length > 0) ? 1 : 0;

async function work(): Promise<void> {
  for (let from = queue.shift(); from !== undefined && Date.now() < until; from = queue.shift()) {
    const first = from;
    const count = Math.min(chunkSize, certificates + 1 - first);
    results.push(await chunk({ first, count, forgeriesEach }, () => runChunk(first, count, forgeriesEach)));
    report();
  }
}

function report(): void {
  const total = sum(results.map(({ certificates: count }) => count));
  const faults = results.flatMap((result) => result.faults);
  const lines = [
    `Certificates of version ${formatVersion} and forgeries; npx tsx bench/certificates.ts ${process.argv.slice(2).join(' ')}`,
    `${new Date().toISOString().slice(0, 10)}, ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}`,
    '',
    `${total} certificates, judged by both checkers, the second at 100 digits; by kind:`,
    ...tally(results.map(({ kinds }) => kinds)),
    `largest loss of the bound by rigorous rounding: ${Math.max(...results.map(({ largestLoss }) => largestLoss)).toExponential(2)} (relative)`,
    '',
    'problems that have',
    ...tally(results.map(({ traits }) => traits)),
    '',
    'harmless changes: made, accepted by both',
    ...changes(results.map(({ harmless }) => harmless)),
    '',
    'forgeries: made, accepted (and proven by the second checker at 100 digits unless under faults), refused by the first checker',
    'though the second proves them: its rounding alone',
    ...changes(results.map(({ forged }) => forged)),
    '',
    `faults: ${faults.length}`,
    ...faults.slice(0, 20).map((fault) => `  ${fault}`),
  ];
  console.log(`${total} certificates, ${faults.length} faults`);
  writeFileSync('bench/results/certificates.txt', `${lines.join('\n')}\n`);
}

function tally(counts: readonly Readonly<Record<string, number>>[]): string[] {
  const names = [...new Set(counts.flatMap(Object.keys))].sort();
  return names.map((name) => `  ${String(sum(counts.map((count) => count[name] ?? 0))).padStart(6)}  ${name}`);
}

function changes(counts: readonly Readonly<Record<string, ChangeCount>>[]): string[] {
  const columns = ['made', 'accepted', 'refusedByRounding'] as const;
  const row = (name: string, of: readonly (ChangeCount | undefined)[]) =>
    `  ${columns.map((column) => String(sum(of.map((count) => count?.[column] ?? 0))).padStart(7)).join('')}  ${name}`;
  const names = [...new Set(counts.flatMap(Object.keys))];
  return [
    ...names.map((name) =>
      row(
        name,
        counts.map((count) => count[name]),
      ),
    ),
    row(
      'in all',
      counts.flatMap((count) => Object.values(count)),
    ),
  ];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
