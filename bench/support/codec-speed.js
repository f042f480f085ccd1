/**
 * Speed of the compiled codec on one tensor: a file of raw float32, its shape, the runs of a round and
 * settings; prints JSON.
 * Plain JavaScript, so that nothing stands between the package and the engine.
 */
import console from 'node:console';
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { deflateSync } from 'node:zlib';
import { decode, encode } from '../../dist/lib/codec/index.js';

const ROUNDS = 12;
/** Runs of a round before those that count. */
const WARM_UP = 3;

const [file, extents, runsOfRound, codecSettings] = process.argv.slice(2);
const raw = readFileSync(file);
const values = new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.byteLength));
const shape = extents.split(',').map(Number);
const runs = Number(runsOfRound);

const settings = JSON.parse(codecSettings);
const small = { ...settings, lossless: 'small' };
const messages = { fast: encode(values, shape, settings), small: encode(values, shape, small) };
const words = new Int32Array(values.buffer);
const plain = new Uint8Array(values.buffer, 0, Math.min(values.byteLength, 800_000));
let sink = 0;

/** A loop that only reads: how fast the machine is while others use it. */
function foldWords() {
  let folded = 0;
  for (let i = 0; i < words.length; i++) folded ^= words[i];
  return folded;
}

const bytes = values.byteLength;
const works = [
  { what: 'zlib 6', bytes: plain.length, runs: 4, run: () => deflateSync(plain, { level: 6 }).length },
  { what: 'reading loop', bytes, runs: 9, run: foldWords },
  { what: 'fast encode', bytes, runs, run: () => encode(values, shape, settings).length },
  { what: 'fast decode', bytes, runs, run: () => decode(messages.fast).values.length },
  { what: 'small encode', bytes, runs, run: () => encode(values, shape, small).length },
  { what: 'small decode', bytes, runs, run: () => decode(messages.small).values.length },
].map((work) => ({ ...work, wall: [], processor: [] }));

// The works take turns, so that one that a busy host slows down is slowed down together with those it is compared with.
for (let round = 0; round < ROUNDS; round++) {
  for (const { run, runs: counted, wall, processor } of works) {
    for (let k = -WARM_UP; k < counted; k++) {
      const startUsage = process.cpuUsage().user;
      const start = performance.now();
      sink ^= run();
      if (k < 0) continue;
      wall.push(performance.now() - start);
      processor.push((process.cpuUsage().user - startUsage) / 1000);
    }
  }
}

const median = (all) => [...all].sort((a, b) => a - b)[all.length >> 1];
const timings = works.map(({ what, bytes: own, wall, processor }) => {
  const rateOf = (milliseconds) => Math.round(own / 1000 / milliseconds);
  return { what, wall: rateOf(median(wall)), processor: rateOf(median(processor)), best: rateOf(Math.min(...wall)) };
});
console.log(JSON.stringify(timings));
if (sink === 1) console.error('');
