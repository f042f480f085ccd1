/**
 * The interval kernel of certificates against arithmetic that is not its own: + − × ÷ √ against exact integers scaled by powers of
 * two, on random operands of all exponents, with subnormal and nearly cancelling ones, and on all pairs of special values and of
 * intervals between them; the logarithms against mpmath at 100 digits. Widths in ulp of the rounded result.
 * Run: npx tsx bench/interval-kernel.ts [operands] [logarithms]
 */
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { writeFileSync } from 'node:fs';
import {
  add,
  divide,
  logarithm,
  logarithmOfOnePlus,
  multiply,
  point,
  productBelow,
  squareRoot,
  subtract,
  type Interval,
} from '../lib/verify/interval.js';
import { dyadic, productAgainst, quotientAgainst, rootAgainst, sumAgainst } from './interval-kernel/exact.js';

const operands = Number(process.argv[2] ?? 10_000_000);
const logarithms = Number(process.argv[3] ?? 100_000);
const python = '.cache/peers/bin/python3';

interface Operation {
  readonly name: string;
  readonly of: (x: Interval, y: Interval) => Interval;
  readonly rounded: (x: number, y: number) => number;
  /** Lower bounds on x·y and −x·y: not of wider intervals. */
  readonly isOfPoints?: boolean;
  /** Sign of the true value less a bound. */
  readonly against: (x: number, y: number, bound: number) => number;
}

const byEnds = ({ lo: x }: Interval, { lo: y }: Interval) => ({ lo: productBelow(x, y), hi: -productBelow(-x, y) });

const operations: readonly Operation[] = [
  { name: '+', of: add, rounded: (x, y) => x + y, against: sumAgainst },
  { name: '−', of: subtract, rounded: (x, y) => x - y, against: (x, y, r) => sumAgainst(x, -y, r) },
  { name: '×', of: multiply, rounded: (x, y) => x * y, against: productAgainst },
  { name: '× by ends', of: byEnds, rounded: (x, y) => x * y, against: productAgainst, isOfPoints: true },
  { name: '÷', of: divide, rounded: (x, y) => x / y, against: quotientAgainst },
  { name: '√', of: squareRoot, rounded: (x) => Math.sqrt(x), against: (x, _, r) => rootAgainst(x, r) },
];

class Count {
  judged = 0;
  overflowed = 0;
  subnormal = 0;
  measured = 0;
  ulps = 0;
  largest = 0;

  /** Width of an interval about a rounded result; subnormal and overflowed ones are counted apart. */
  width({ lo, hi }: Interval, rounded: number): void {
    if (!Number.isFinite(hi - lo)) this.overflowed++;
    else if (Math.abs(rounded) < 2 ** -1022) this.subnormal++;
    else {
      const ulps = (hi - lo) / 2 ** dyadic(rounded).exponent;
      this.measured++;
      this.ulps += ulps;
      this.largest = Math.max(this.largest, ulps);
    }
  }
}

const counts = new Map<string, Count>();
const faults: string[] = [];
const startedAt = process.cpuUsage().user;
const randomWord = wordsFrom(20_261_130);
for (let k = 0; k < operands; k++) {
  const x = randomDouble(k % 8 === 1);
  const y = k % 2 === 0 ? randomDouble(k % 16 === 2) : neighbourOf(x);
  for (const operation of operations) {
    const first = operation.name === '√' ? Math.abs(x) : x;
    if (operation.name === '÷' && y === 0) continue;
    judgePoints(operation, first, y, 'random');
  }
}
const special = specialValues();
for (const x of special) {
  for (const y of special) {
    for (const operation of operations) {
      if (operation.name === '÷' && y === 0) {
        const { lo, hi } = divide(point(x), point(y));
        if (lo !== -Infinity || hi !== Infinity) faults.push(`${x} ÷ 0 is not everything`);
      } else if (operation.name !== '√' || x >= 0) judgePoints(operation, x, y, 'special');
    }
  }
}
judgeSpecialIntervals();
const random = counts.get('random +')!;
const seconds = (process.cpuUsage().user - startedAt) / 1e6;
const logarithmLines = judgeLogarithms();

const lines = [
  `Interval kernel; npx tsx bench/interval-kernel.ts ${operands} ${logarithms}`,
  `${new Date().toISOString().slice(0, 10)}, ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}`,
  '',
  `+ − × ÷ √ on ${random.judged} random pairs, all pairs of ${special.length} special values, all pairs of intervals between some of`,
  `them: is the exact result (integers scaled by powers of two) inside? ${seconds.toFixed(0)} s of processor time.`,
  'Widths in ulp of results in the normal range; subnormal and overflowed results are judged, not measured.',
  '',
  'operation                  judged  subnormal  overflowed  mean width  largest',
  ...[...counts].map(([name, count]) => {
    const mean = count.measured > 0 ? (count.ulps / count.measured).toFixed(3) : '–';
    const cells = [count.judged, count.subnormal, count.overflowed].map((cell, k) =>
      String(cell).padStart([12, 11, 12][k]!),
    );
    const largest = count.measured > 0 ? count.largest.toFixed(2) : '–';
    return `${name.padEnd(21)}${cells.join('')}${mean.padStart(12)}${largest.padStart(9)}`;
  }),
  '',
  ...logarithmLines,
  '',
  `true values outside: ${faults.length}`,
  ...faults.slice(0, 20).map((fault) => `  ${fault}`),
];
console.log(lines.join('\n'));
writeFileSync('bench/results/interval-kernel.txt', `${lines.join('\n')}\n`);
process.exitCode = faults.length > 0 ? 1 : 0;

function judgePoints(operation: Operation, x: number, y: number, group: string): void {
  const result = operation.of(point(x), point(y));
  const count = countOf(`${group} ${operation.name}`);
  count.judged++;
  if (!holds(operation, result, x, y)) faults.push(`${x} ${operation.name} ${y}: ${result.lo} ${result.hi}`);
  count.width(result, operation.rounded(x, y));
}

/** A bound at a NaN fails: no sign is at most or at least 0 then. */
function holds({ against }: Operation, { lo, hi }: Interval, x: number, y: number): boolean {
  return against(x, y, lo) >= 0 && against(x, y, hi) <= 0;
}

function countOf(name: string): Count {
  const known = counts.get(name);
  if (known) return known;
  const count = new Count();
  counts.set(name, count);
  return count;
}

/** Every member of an interval is finite: ends and zero stand for all of them, the largest double for an infinite end. */
function judgeSpecialIntervals(): void {
  const ends = special.filter((_, k) => k % 3 === 0).concat([0, -Infinity, Infinity]);
  const sorted = [...new Set(ends)].sort((a, b) => a - b);
  const intervals = sorted.flatMap((lo, i) => sorted.slice(i + 1).map((hi) => ({ lo, hi })));
  const members = ({ lo, hi }: Interval) => {
    const list = [Math.max(lo, -Number.MAX_VALUE), Math.min(hi, Number.MAX_VALUE)];
    return lo < 0 && hi > 0 ? [...list, 0] : list;
  };
  for (const x of intervals) {
    for (const y of intervals) {
      for (const operation of operations) {
        if (operation.isOfPoints || (operation.name === '√' && x.lo < 0)) continue;
        const result = operation.of(x, y);
        const count = countOf(`intervals ${operation.name}`);
        for (const a of members(x)) {
          for (const b of members(y)) {
            if (operation.name === '÷' && b === 0) continue;
            count.judged++;
            if (holds(operation, result, a, b)) continue;
            faults.push(`[${x.lo}, ${x.hi}] ${operation.name} [${y.lo}, ${y.hi}]: ${result.lo} ${result.hi}`);
          }
        }
      }
    }
  }
}

function judgeLogarithms(): string[] {
  const bits = new DataView(new ArrayBuffer(8));
  const word = (x: number) => {
    bits.setFloat64(0, x);
    return bits.getBigUint64(0).toString(16).padStart(16, '0');
  };
  const [plain, onePlus] = [new Count(), new Count()];
  const texts: string[] = [];
  const judge = (name: string, x: number) => {
    const count = name === 'log' ? plain : onePlus;
    const result = name === 'log' ? logarithm(point(x)) : logarithmOfOnePlus(point(x));
    count.judged++;
    count.width(result, name === 'log' ? Math.log(x) : Math.log1p(x));
    texts.push(`${name} ${word(x)} ${word(result.lo)} ${word(result.hi)}\n`);
  };
  for (let k = 0; k < logarithms; k++) {
    const near = 1 + (randomWord() / 2 ** 31 - 1) * 2 ** -((k >> 2) % 40);
    const x = k % 4 === 1 ? near : k % 4 === 3 ? 8 * (randomWord() / 2 ** 32) : Math.abs(randomDouble(k % 16 === 2));
    if (!(x > 0)) continue;
    judge('log', x);
    judge('log1p', k % 2 === 0 ? x : x < 1 ? -x : -1 / (1 + x));
  }
  for (const x of special) {
    if (x > 0) judge('log', x);
    if (x > -1) judge('log1p', x);
  }
  const { stdout, status } = spawnSync(python, ['bench/interval-kernel/logarithms.py'], {
    input: texts.join(''),
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  if (status !== 0) throw new Error('mpmath did not run; scripts/setup-peers.sh installs it');
  const answers = stdout.trimEnd().split('\n');
  const last = answers.pop();
  if (last !== `judged ${texts.length}`) throw new Error(`mpmath judged not all: ${last}`);
  faults.push(...answers);
  const line = (name: string, { judged, measured, ulps, largest }: Count) =>
    `${name.padEnd(21)}${String(judged).padStart(12)}${''.padStart(23)}${(ulps / measured).toFixed(3).padStart(12)}${largest.toFixed(2).padStart(9)}`;
  return ['logarithms, against mpmath at 100 digits', line('ln x', plain), line('ln(1 + x)', onePlus)];
}

/** Zeros, ones, powers of two, the ends of the subnormal, normal and exact ranges, their neighbours, of both signs. */
function specialValues(): number[] {
  const least = Number.MIN_VALUE;
  const most = Number.MAX_VALUE;
  const normal = 2 ** -1022;
  const around = [1, 2, 3, 2 ** 53, 2 ** 512, 2 ** -512, 2 ** -537, 2 ** -969, 2 ** 1023, Math.SQRT2, Math.PI, 0.1];
  const near = around.flatMap((x) => [x, x * (1 - 2 ** -53), x * (1 + 2 ** -52)]);
  const positive = [least, 2 * least, 3 * least, normal - least, normal, normal + least, most, most / 2, ...near];
  return [...new Set([0, ...positive, ...positive.map((x) => -x)])].concat([-0]);
}

/** All signs, exponents and fractions alike, or a subnormal one. */
function randomDouble(isSubnormal: boolean): number {
  const bits = new Uint32Array(2);
  const double = new Float64Array(bits.buffer);
  do {
    bits[0] = randomWord();
    bits[1] = isSubnormal ? randomWord() & 0x800fffff : randomWord();
  } while (!Number.isFinite(double[0]!));
  return double[0]!;
}

/** Close in exponent, often with the bits cancelling in a difference, or with few bits so that results are exact or ties. */
function neighbourOf(x: number): number {
  const choice = randomWord() % 4;
  const scaled = x * (randomWord() / 2 ** 32 - 0.5) * 2 ** ((randomWord() % 110) - 54);
  const y =
    choice === 0
      ? -x * (1 + (randomWord() % 16) * 2 ** -52)
      : choice === 1
        ? Math.fround(scaled)
        : choice === 2
          ? (1 + (randomWord() % 64)) * 2 ** ((randomWord() % 2098) - 1074)
          : scaled;
  return Number.isFinite(y) && y !== 0 ? y : x;
}

/** 32-bit words of xorshift128 (Marsaglia 2003), quick enough for this many. */
function wordsFrom(seed: number): () => number {
  let [x, y, z, w] = [seed, 362436069, 521288629, 88675123];
  return () => {
    const t = x ^ (x << 11);
    [x, y, z] = [y, z, w];
    w = w ^ (w >>> 19) ^ t ^ (t >>> 8);
    return w >>> 0;
  };
}
