/**
 * The codec as users' bundlers leave it against the codec as it is installed: processor time of encoding and decoding one tensor, each in a
 * process of its own, in turn. Needs a build: `npm run build && npx tsx bench/bundled-codec.ts`. Writes bench/results/bundled-codec.txt;
 * exit code 1 when a bundle takes more than 1.25 times as long.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { rollup } from 'rollup';
import webpack from 'webpack';

const rounds = Number(process.argv[2] ?? 5);
const bar = 1.25;
const installed = fileURLToPath(new URL('../dist/lib/codec/index.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'bundled-codec-'));

/** What each process runs: milliseconds of one encoding and decoding, the third least of ten after a warm-up. */
const program = `
const codec = await import(process.argv[2]);
const shape = [16, 65, 192];
let state = 1;
const uniform = () => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) + 0.5) / 2 ** 32;
const channels = Float64Array.from({ length: 192 }, () => Math.exp(2 * uniform() - 1));
const values = Float32Array.from({ length: 16 * 65 * 192 }, (_, i) =>
  Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()) * channels[i % 192]);
const found = {};
for (const lossless of ['fast', 'small']) {
  const settings = { selection: 'top-k', keptFraction: 0.2, lossless };
  const message = codec.encode(values, shape, settings);
  const works = { encode: () => codec.encode(values, shape, settings), decode: () => codec.decode(message) };
  for (const [what, run] of Object.entries(works)) {
    for (let k = 0; k < 40; k++) run();
    const times = [];
    for (let k = 0; k < 10; k++) {
      // Both parts: the system counts their sum finely, and shares it out by ticks of some ms.
      const start = process.cpuUsage();
      for (let n = 0; n < 6; n++) run();
      const { user, system } = process.cpuUsage(start);
      times.push((user + system) / 6000);
    }
    found[lossless + ' ' + what] = times.sort((a, b) => a - b)[2];
  }
}
console.log(JSON.stringify(found));
`;
writeFileSync(join(folder, 'measure.mjs'), program);
writeFileSync(join(folder, 'main.js'), `export { encode, decode } from ${JSON.stringify(installed)};`);

const bundles: Readonly<Record<string, string>> = {
  'as installed': installed,
  esbuild: await withEsbuild(false),
  'esbuild, minified': await withEsbuild(true),
  rollup: await withRollup(),
  webpack: await withWebpack(),
};

const least = new Map<string, Map<string, number>>();
for (let round = 0; round < rounds; round++) {
  for (const [name, path] of Object.entries(bundles)) {
    const text = execFileSync(process.execPath, [join(folder, 'measure.mjs'), path], { encoding: 'utf8' });
    for (const [what, ms] of Object.entries(JSON.parse(text) as Record<string, number>)) {
      const times = least.get(what) ?? new Map<string, number>();
      least.set(what, times.set(name, Math.min(ms, times.get(name) ?? Infinity)));
    }
  }
}
rmSync(folder, { recursive: true });

const lines = [
  `$ npm run build && npx tsx bench/bundled-codec.ts ${rounds}`,
  `${process.version}, ${cpus()[0]!.model}, load ${loadavg()[0]!.toFixed(1)}, ${new Date().toISOString().slice(0, 10)}`,
  `16 × 65 × 192 values, Top-K 0.2, 4 bit; least of ${rounds} processes in turn, processor time`,
];
let failures = 0;
for (const [what, times] of least) {
  const own = times.get('as installed')!;
  for (const [name, ms] of times) {
    const ratio = ms / own;
    if (ratio > bar) failures++;
    lines.push(
      `${ratio > bar ? 'FAIL' : 'ok  '} ${what}, ${name}: ${ms.toFixed(2)} ms, ratio ${ratio.toFixed(2)} (bar ${bar})`,
    );
  }
}
console.log(lines.join('\n'));
mkdirSync('bench/results', { recursive: true });
writeFileSync('bench/results/bundled-codec.txt', `${lines.join('\n')}\n`);
process.exitCode = failures > 0 ? 1 : 0;

async function withEsbuild(minify: boolean): Promise<string> {
  const outfile = join(folder, `esbuild-${minify}.mjs`);
  await build({ entryPoints: [join(folder, 'main.js')], bundle: true, format: 'esm', minify, outfile });
  return outfile;
}

async function withRollup(): Promise<string> {
  const file = join(folder, 'rollup.mjs');
  const bundle = await rollup({ input: join(folder, 'main.js') });
  await bundle.write({ file, format: 'es', inlineDynamicImports: true });
  return file;
}

function withWebpack(): Promise<string> {
  const compiler = webpack({
    mode: 'production',
    target: 'web',
    entry: join(folder, 'main.js'),
    experiments: { outputModule: true },
    output: { path: folder, filename: 'webpack.mjs', library: { type: 'module' } },
    performance: false,
  });
  return new Promise((resolve, reject) => {
    compiler.run((error, stats) => {
      if (error || stats?.hasErrors()) reject(error ?? new Error(stats!.toString()));
      else resolve(join(folder, 'webpack.mjs'));
    });
  });
}
