/**
 * Writes spec/support/accuracy/curve-fit.json: runs drawn from known curves, and what scipy.optimize.curve_fit makes of
 * them. Needs scripts/setup-peers.sh. Run: npx tsx scripts/write-curve-fit-reference.ts
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { randomStream } from '../lib/random/index.js';

const ratios = [0.01, 0.02, 0.035, 0.06, 0.1, 0.18, 0.3, 0.55];
const random = randomStream(7, 'curve-fit');
const noisy = (accuracy: number) => Number((accuracy + 0.004 * random.normal()).toFixed(6));

type Row = [number, number, number, number];
const tied = (truth: (ratio: number, cut: number) => number, cuts = [0]): Row[] =>
  cuts.flatMap((cut) =>
    ratios.flatMap((ratio) => [0, 1, 2].map((): Row => [ratio, ratio, cut, noisy(truth(ratio, cut))])),
  );
const separate = (truth: (up: number, down: number) => number): Row[] =>
  ratios.flatMap((up) => [0.005, 0.02, 0.1].map((down): Row => [up, down, 0, noisy(truth(up, down))]));

const power = (ratio: number, scale: number, exponent: number) => scale * ratio ** -exponent;
const cases = [
  {
    family: 'power',
    directions: 'one',
    cut: 'constant',
    rows: tied((ratio) => 0.92 - power(ratio, 0.004, 0.8)),
    start: [0.9, 1, 0.003],
  },
  {
    family: 'exponential',
    directions: 'one',
    cut: 'constant',
    rows: tied((ratio) => 0.9 - 0.3 * Math.exp(-30 * ratio)),
    start: [0.9, 25, 0.25],
  },
  {
    family: 'logistic',
    directions: 'one',
    cut: 'constant',
    rows: tied((ratio) => 0.93 - 0.5 / (1 + (ratio / 0.03) ** 2)),
    start: [0.9, 0.03, 2, 0.5],
  },
  {
    family: 'power',
    directions: 'one',
    cut: 'decaying',
    rows: tied((ratio, cut) => 0.92 - power(ratio, 0.004, 0.8) * Math.exp(-0.25 * cut), [0, 3, 9]),
    start: [0.9, 1, 0.003, 0.2],
  },
  {
    family: 'power',
    directions: 'additive',
    cut: 'constant',
    rows: separate((up, down) => 0.92 - power(up, 0.003, 0.9) - power(down, 0.0008, 0.8)),
    start: [0.92, 0.9, 0.003, 0.8, 0.0008],
  },
  {
    family: 'power',
    directions: 'product',
    cut: 'constant',
    rows: separate((up, down) => 0.92 * (1 - power(up, 0.003, 0.9)) * (1 - power(down, 0.0008, 0.8))),
    start: [0.92, 0.9, 0.003, 0.8, 0.0008],
  },
];
const python = new URL('../.cache/peers/bin/python3', import.meta.url).pathname;
const script = new URL('../bench/peers/curve_fit.py', import.meta.url).pathname;
const output = execFileSync(python, [script], { input: JSON.stringify(cases), encoding: 'utf8' });
writeFileSync(new URL('../spec/support/accuracy/curve-fit.json', import.meta.url), `${output.trim()}\n`);
