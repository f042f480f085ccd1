/**
 * Size, rate model and speed of the codec. `npm run build && npx tsx bench/codec.ts [sizes|rate|speed …]` prints the figures
 * and writes them to bench/results/codec-<part>.json; exit code 1 when a bar is missed. Only the speed needs the build.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CodecSettingsInput, dequantize, encode, encodeQuantizedMessage, quantize } from '../lib/codec/index.js';
import { predictDistortion, predictRate, summarizeLayer } from '../lib/models/codec-rate/index.js';
import { peerBytes, sizeReference, syntheticTensor } from './support/codec.js';
import { missingRealTensors, realTensors } from './tensors/real-tensors.js';

const results = new URL('results/', import.meta.url);
let missed = 0;

function bar(name: string, value: number, limit: number, direction: 'most' | 'least'): void {
  const holds = direction === 'most' ? value <= limit : value >= limit;
  if (!holds) missed++;
  console.log(
    `${holds ? 'holds ' : 'MISSED'} ${name}: ${value.toFixed(4)} (${direction === 'most' ? '≤' : '≥'} ${limit})`,
  );
}

function save(part: string, data: object): void {
  mkdirSync(results, { recursive: true });
  const machine = { cpu: cpus()[0]?.model ?? '', cores: cpus().length, node: process.version, load: loadavg() };
  const command = `${part === 'speed' ? 'npm run build && ' : ''}npx tsx bench/codec.ts ${part}`;
  const report = { command, date: new Date().toISOString().slice(0, 10), machine, ...data };
  writeFileSync(new URL(`codec-${part}.json`, results), `${JSON.stringify(report, undefined, 1)}\n`);
}

interface SizeCase {
  readonly name: string;
  readonly values: Float32Array;
  readonly shape: readonly number[];
  readonly settings: CodecSettingsInput;
  /** Whether the bar of the small mode holds for this tensor. */
  readonly redundant: boolean;
}

async function sizeCases(): Promise<SizeCase[]> {
  const cases: SizeCase[] = [];
  const grid = [
    { keptFraction: 0.05, bits: 2 },
    { keptFraction: 0.1, bits: 4 },
    { keptFraction: 0.2, bits: 4 },
    { keptFraction: 0.2, bits: 8 },
    { keptFraction: 1, bits: 4 },
  ];
  for (const kind of ['gaussian', 'laplace'] as const) {
    for (const settings of [{ keptFraction: 0.01, bits: 4 }, ...grid]) {
      // Just 5,000 kept values: where headers and tables weigh most.
      const size = Math.ceil(5000 / settings.keptFraction / 200) * 200;
      const shape = [size / 200, 200];
      cases.push({ name: kind, values: syntheticTensor(kind, size), shape, settings, redundant: false });
    }
  }
  if (missingRealTensors() !== undefined) {
    console.log(`skipped: ${missingRealTensors()!}`);
    return cases;
  }
  for (const { role, cut, values, shape } of (await realTensors()).filter(({ batch }) => batch === 0)) {
    for (const settings of grid) {
      for (const selectionScope of ['token', 'tensor'] as const) {
        const redundant =
          settings.keptFraction <= 0.2 && settings.bits <= 4 && (role === 'activation' || selectionScope === 'tensor');
        cases.push({ name: `${role} ${cut}`, values, shape, settings: { ...settings, selectionScope }, redundant });
      }
    }
  }
  return cases;
}

async function sizes(): Promise<void> {
  const rows: object[] = [];
  let [fastWorst, smallWorst, zlibWorst, brotliWorst] = [0, 0, 0, 0];
  for (const { name, values, shape, settings, redundant } of await sizeCases()) {
    const tensor = quantize(values, shape, settings);
    if (tensor.kind !== 'levels') throw new Error('levels were asked for');
    const reference = sizeReference(tensor);
    const fast = encodeQuantizedMessage([{ name: '', tensor }]).length;
    const small = encode(values, shape, { ...settings, lossless: 'small' }).length;
    // The peers take seconds a tensor: one setting for all tensors.
    const compared = settings.keptFraction === 0.2 && settings.bits === 4 && settings.selectionScope !== 'tensor';
    const zlib = compared ? peerBytes(tensor, 'zlib-9') : undefined;
    const brotli = compared ? peerBytes(tensor, 'brotli-11') : undefined;
    fastWorst = Math.max(fastWorst, fast / reference);
    if (zlib !== undefined) zlibWorst = Math.max(zlibWorst, small / zlib);
    if (brotli !== undefined) brotliWorst = Math.max(brotliWorst, small / brotli);
    if (redundant) smallWorst = Math.max(smallWorst, small / reference);
    const round = (x: number): number => Number(x.toFixed(4));
    rows.push({
      tensor: name,
      ...settings,
      bytes: fast,
      fast: round(fast / reference),
      small: round(small / reference),
      ...(zlib === undefined ? {} : { fastOverZlib9: round(fast / zlib), smallOverZlib9: round(small / zlib) }),
      ...(brotli === undefined
        ? {}
        : { fastOverBrotli11: round(fast / brotli), smallOverBrotli11: round(small / brotli) }),
    });
  }
  bar('fast over entropy + scales + 32 bytes, worst', fastWorst, 1.02, 'most');
  bar(
    'small over the same, κ ≤ 0.2, q ≤ 4, activations and gradients (Top-K over the tensor), worst',
    smallWorst,
    0.85,
    'most',
  );
  bar('small over the best of zlib 9 at κ = 0.2, q = 4, worst', zlibWorst, 1, 'most');
  bar('small over the best of brotli 11 at κ = 0.2, q = 4, worst', brotliWorst, 1, 'most');
  save('sizes', { fastWorst, smallWorst, zlibWorst, brotliWorst, rows });
}

const distortionPoints = [
  [0.05, 2],
  [0.1, 4],
  [0.2, 4],
  [0.2, 8],
  [0.5, 4],
  [1, 4],
] as const;

/** Σ(x − x̂)² / Σx². */
function relativeError(values: Float32Array, received: Float32Array): number {
  let [error, energy] = [0, 0];
  values.forEach((value, i) => {
    error += (received[i]! - value) ** 2;
    energy += value * value;
  });
  return error / energy;
}

async function rate(): Promise<void> {
  if (missingRealTensors() !== undefined) {
    console.log(`skipped: ${missingRealTensors()!}`);
    return;
  }
  const all = await realTensors();
  const rows: object[] = [];
  for (const [selectionScope, scaleScope] of [
    ['token', 'token'],
    ['tensor', 'token'],
    ['token', 'tensor'],
  ] as const) {
    const tested = all
      .filter(({ batch }) => batch === 1)
      .map((tensor) => ({
        tensor,
        summary: summarizeLayer(
          all.filter(({ batch, role, cut }) => batch === 0 && role === tensor.role && cut === tensor.cut),
          selectionScope,
          scaleScope,
        ),
      }));
    const scopes = `Top-K per ${selectionScope}, scale per ${scaleScope}`;
    for (const lossless of ['fast', 'small'] as const) {
      let worst = 0;
      let worstMean = 0;
      for (const keptFraction of [0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.8, 1]) {
        for (const bits of [2, 3, 4, 5, 6, 7, 8]) {
          const settings = { keptFraction, bits, lossless, selectionScope, scaleScope };
          const errors = tested.map(({ tensor: { values, shape }, summary }) => {
            const measured = 8 * encode(values, shape, settings).length;
            return Math.abs(predictRate(summary, settings, shape).bits / measured - 1);
          });
          const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
          worst = Math.max(worst, ...errors);
          worstMean = Math.max(worstMean, mean);
          rows.push({
            ...settings,
            meanPercent: Number((100 * mean).toFixed(2)),
            worstPercent: Number((100 * Math.max(...errors)).toFixed(2)),
          });
        }
      }
      if (selectionScope === 'token' && scaleScope === 'token' && lossless === 'fast') {
        bar(`rate model, mean over ${tested.length} tensors, worst (κ, q), %`, 100 * worstMean, 2, 'most');
        bar('rate model, worst tensor, %', 100 * worst, 5, 'most');
      } else {
        console.log(
          `       ${scopes}, ${lossless}: worst mean ${(100 * worstMean).toFixed(2)} %, worst tensor ${(100 * worst).toFixed(2)} %`,
        );
      }
    }
    for (const [keptFraction, bits] of distortionPoints) {
      const settings = { keptFraction, bits, selectionScope, scaleScope };
      const measured = tested.map(({ tensor: { values, shape } }) =>
        relativeError(values, dequantize(quantize(values, shape, settings))),
      );
      const ratios = tested.map(
        ({ tensor: { shape }, summary }, at) =>
          predictDistortion(summary, settings, shape).relativeError / measured[at]!,
      );
      const errorOf = (role: string): number => {
        const own = measured.filter((_, at) => tested[at]!.tensor.role === role);
        return Number((own.reduce((sum, error) => sum + error, 0) / own.length).toFixed(4));
      };
      const [activationError, gradientError] = [errorOf('activation'), errorOf('gradient')];
      const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
      console.log(
        `       ${scopes}: predicted over measured distortion at κ = ${keptFraction}, q = ${bits}: ${least.toFixed(3)} to ${most.toFixed(3)}; measured ${activationError} of activations, ${gradientError} of gradients`,
      );
      rows.push({
        selectionScope,
        scaleScope,
        keptFraction,
        bits,
        activationError,
        gradientError,
        distortionRatioLeast: Number(least.toFixed(4)),
        distortionRatioMost: Number(most.toFixed(4)),
      });
    }
  }
  save('rate', { rows });
}

interface Timing {
  readonly what: string;
  /** MB of float32 a second: medians by wall clock and by processor time, and the best run. */
  readonly wall: number;
  readonly processor: number;
  readonly best: number;
}

const inProject = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

/**
 * Speeds of the compiled package in a process of its own, as its users have it: under the loader that runs these files, loops
 * are a fifth slower as soon as a CommonJS module is loaded.
 */
function timed({ values, shape, runs, selectionScope }: SpeedCase): readonly Timing[] {
  const worker = inProject('bench/support/codec-speed.js');
  const folder = mkdtempSync(join(tmpdir(), 'codec-speed-'));
  try {
    const file = join(folder, 'values.f32');
    writeFileSync(file, Buffer.from(values.buffer, values.byteOffset, values.byteLength));
    const arguments_ = [worker, file, shape.join(), String(runs), JSON.stringify({ ...speedSettings, selectionScope })];
    const { status, stdout, stderr } = spawnSync(process.execPath, arguments_, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${worker} ended with ${status}: ${stderr}`);
    return JSON.parse(stdout) as Timing[];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const speedSettings = { keptFraction: 0.2, bits: 4 };

interface SpeedCase {
  readonly name: string;
  readonly values: Float32Array;
  readonly shape: readonly number[];
  readonly selectionScope: 'token' | 'tensor';
  readonly runs: number;
  /** Least MB/s: fast encode and decode, small encode and decode. */
  readonly bars: readonly [number, number, number, number];
}

/** Laplacian values, where contexts find nothing, of both sizes; and real tensors of some 2·10⁵ values, where they do. */
async function speedCases(): Promise<SpeedCase[]> {
  const synthetic = (size: number, runs: number, bars: SpeedCase['bars']): SpeedCase => ({
    name: `laplace ${size}`,
    values: syntheticTensor('laplace', size),
    shape: [size / 200, 200],
    selectionScope: 'token',
    runs,
    bars,
  });
  const atSmallSize = [250, 800, 150, 300] as const;
  const real =
    missingRealTensors() === undefined
      ? (await realTensors())
          .filter(({ batch, cut }) => batch === 0 && cut === 4)
          .flatMap(({ role, cut, values, shape }) =>
            (['token', 'tensor'] as const).map((selectionScope) => ({
              name: `${role} ${cut}, Top-K per ${selectionScope}`,
              values,
              shape,
              selectionScope,
              runs: 30,
              bars: atSmallSize,
            })),
          )
      : [];
  return [synthetic(200_000, 30, atSmallSize), ...real, synthetic(4_000_000, 3, [150, 500, 150, 300])];
}

async function speed(): Promise<void> {
  const rows: object[] = [];
  for (const speedCase of await speedCases()) {
    const { name, bars } = speedCase;
    const timings = timed(speedCase);
    const best = (what: string): number => timings.find((timing) => timing.what === what)!.best;
    for (const timing of timings) rows.push({ name, ...timing });
    (['fast encode', 'fast decode', 'small encode', 'small decode'] as const).forEach((what, at) => {
      bar(`${what}, ${name}, MB/s (best run)`, best(what), bars[at]!, 'least');
    });
    bar(`fast encode over zlib 6, ${name}`, best('fast encode') / best('zlib 6'), 10, 'least');
  }
  console.table(rows);
  save('speed', { settings: speedSettings, unit: 'MB of float32 a second', rows });
}

const parts = process.argv.slice(2);
const wanted = (part: string): boolean => parts.length === 0 || parts.includes(part);
if (wanted('sizes')) await sizes();
if (wanted('rate')) await rate();
if (wanted('speed')) await speed();
if (missed > 0) process.exitCode = 1;
