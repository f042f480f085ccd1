/**
 * Packs the project and uses the tarball as its users would: installed into an empty folder, imported, required, type-checked,
 * bundled by each bundler, in a worker and in Chromium; then what publint and "are the types wrong" find, and the sizes.
 * Says everything that is wrong and ends with 1. `npm run check:package`.
 */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { isBuilt } from './source-state.js';

const root = fileURLToPath(new URL('../', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'check-package-'));
const user = join(work, 'user');
let failures = 0;

/** What every bundle, worker and browser runs: a small QP whose optimum is (3, 1), and a message that must come back whole. */
const program = `
import { solveQp } from 'sft-opt/qp';
import { decode, encode } from 'sft-opt/codec';
import { minimize } from 'sft-opt';
const { termination, x } = solveQp({
  linear: Float64Array.of(-1, -2),
  constraintMatrix: { kind: 'dense', rows: 2, columns: 2, values: Float64Array.of(1, 1, 1, 3) },
  constraintLower: Float64Array.of(-Infinity, -Infinity),
  constraintUpper: Float64Array.of(4, 6),
  lower: Float64Array.of(0, 0),
  upper: Float64Array.of(Infinity, Infinity),
});
const values = Float32Array.of(1, -2, 3, 0.5);
const { values: back } = decode(encode(values, [2, 2], { selection: 'all', values: 'float32' }));
const answer = [termination, ...x].map((v) => (typeof v === 'number' ? Math.round(v * 1e6) / 1e6 : v)).join(' ') + ' ' + [...back].join(' ') + ' ' + typeof minimize;
export default answer;
`;
const expected = 'optimal 3 1 1 -2 3 0.5 function';

await pack();
await check('installs nothing but itself, at most 15 MB', () => {
  const packages = readdirSync(join(user, 'node_modules')).filter((name) => !name.startsWith('.'));
  if (packages.join() !== 'sft-opt') throw new Error(`installs ${packages.join(', ')}`);
  return atMost(folderBytes(join(user, 'node_modules')), 15e6);
});
await check('licences of what is inlined are shipped', () => {
  const text = readFileSync(join(user, 'node_modules/sft-opt/dist/LICENSES.txt'), 'utf8');
  for (const name of ['yaml', 'zod', 'commander']) {
    if (!new RegExp(`^${name} \\d`, 'mu').test(text)) throw new Error(`${name} is missing`);
  }
});
await check('no maps without sources', () => {
  const maps = readdirSync(join(user, 'node_modules/sft-opt'), { recursive: true, encoding: 'utf8' });
  const found = maps.filter((path) => path.endsWith('.map'));
  if (found.length > 0) throw new Error(found.join(', '));
});
await check(
  'publint',
  () => run('node', [tool('publint'), '--strict', join(user, 'node_modules/sft-opt')]) && undefined,
);
await check(
  'are the types wrong',
  () => run('node', [tool('attw'), tarball(), '--profile', 'esm-only', '--format', 'ascii']) && undefined,
);
await check('every sub-path imports', () => run('node', ['imports.mjs']));
await check('every sub-path can be required (Node ≥ 20.19)', () => run('node', ['requires.cjs']));
await check('the commands', () => {
  const command = (...args: string[]) => run(join(user, 'node_modules/.bin/sft-opt'), args);
  command('init', 'cell.yaml');
  command('check', 'cell.yaml');
  const plan = command('solve', 'cell.yaml', '--json', '--no-baselines', '--no-what-if', '--time-limit', '20s');
  if (!/"status": ?"(?:solved|limit)"/u.test(plan)) throw new Error(plan.slice(0, 200));
  return `sft-opt ${run('npx', ['--no-install', 'sft-opt', '--version']).trim()}`;
});
await check('a missing optional peer is named with the command that installs it', () => {
  const text = failing(join(user, 'node_modules/.bin/sft-opt'), ['pretrain', '--steps', '1']);
  if (!text.includes('npm install @tensorflow/tfjs')) throw new Error(text);
  const charts = failing(join(user, 'node_modules/.bin/sft-opt'), ['solve', 'cell.yaml', '--report', 'page.html']);
  if (!charts.includes('npm install @observablehq/plot linkedom')) throw new Error(charts);
});
for (const resolution of ['node16', 'bundler']) {
  await check(`strict types, moduleResolution ${resolution}`, () => {
    const module = resolution === 'bundler' ? 'esnext' : resolution;
    const options = ['--strict', '--noEmit', '--target', 'es2022', '--lib', 'es2022,dom'];
    run('node', [tool('tsc'), ...options, '--module', module, '--moduleResolution', resolution, 'types.ts']);
  });
}
await check('esbuild', async () => {
  await build({ ...bundling('main.js'), outfile: join(user, 'out/esbuild.mjs') });
  return answerOf('out/esbuild.mjs');
});
await check('rollup, without a plugin but the one that finds packages', () => {
  file(
    'rollup.mjs',
    `import resolve from '${root}node_modules/@rollup/plugin-node-resolve/dist/es/index.js';
     export default { input: 'main.js', output: { file: 'out/rollup.mjs', inlineDynamicImports: true }, plugins: [resolve()] };`,
  );
  run('node', [tool('rollup'), '--config', 'rollup.mjs', '--failAfterWarnings']);
  return answerOf('out/rollup.mjs');
});
await check('webpack', () => {
  file(
    'webpack.cjs',
    `require('${root}node_modules/webpack')({ mode: 'production', target: 'web', entry: './main.js', context: __dirname,
      experiments: { outputModule: true }, output: { path: __dirname + '/out', filename: 'webpack.mjs', library: { type: 'module' } },
      performance: false }, (error, stats) => { if (error || stats.hasErrors() || stats.hasWarnings()) {
        console.error(error ?? stats.toString()); process.exit(1); } });`,
  );
  run('node', ['webpack.cjs']);
  return answerOf('out/webpack.mjs');
});
await check('Vite', () => {
  file(
    'vite.mjs',
    `import { build } from '${root}node_modules/vite/dist/node/index.js';
     await build({ root: '.', logLevel: 'warn', configFile: false, build: { outDir: 'out/vite', emptyOutDir: false,
       lib: { entry: 'main.js', formats: ['es'], fileName: () => 'vite.mjs' } } });`,
  );
  run('node', ['vite.mjs']);
  return answerOf('out/vite/vite.mjs');
});
await check('a worker thread', () => {
  file(
    'worker.mjs',
    `import { parentPort } from 'node:worker_threads'; import answer from './main.js'; parentPort.postMessage(answer);`,
  );
  file(
    'starts-worker.mjs',
    `import { Worker } from 'node:worker_threads'; new Worker('./worker.mjs').on('message', (m) => console.log(m));`,
  );
  return mustBe(run('node', ['starts-worker.mjs']));
});
const browser = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
if (browser === undefined) console.log('skipped Chromium: there is none at /usr/bin/chromium');
else await check('Chromium', () => inBrowser(browser));
await size('qp', `export * from 'sft-opt/qp'`, 20_000);
await size('qp, the active set alone', `export { DualActiveSetSolver } from 'sft-opt/qp'`, 13_500);
await size('qp with all methods', `export { solveQp } from 'sft-opt/qp/sparse'`, 45_500);
await size('planning from an object', `export { solvePlan } from 'sft-opt/plan'`, 113_000);
await size('codec', `export { encode, decode } from 'sft-opt/codec'`, 30_000);

rmSync(work, { recursive: true, force: true });
console.log(failures === 0 ? 'the package is sound' : `${failures} checks failed`);
process.exitCode = failures > 0 ? 1 : 0;

/** The tarball installed into an empty folder, and the programs that use it. */
async function pack(): Promise<void> {
  const built = isBuilt() ? ['--ignore-scripts'] : [];
  execFileSync('npm', ['pack', '--pack-destination', work, ...built], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  mkdirSync(user);
  file('package.json', '{ "name": "user", "version": "1.0.0", "type": "module", "private": true }\n');
  run('npm', ['install', '--silent', '--prefer-offline', '--no-audit', '--no-fund', tarball()]);
  file('main.js', program);
  const { name, exports } = JSON.parse(readFileSync(join(user, 'node_modules/sft-opt/package.json'), 'utf8')) as {
    name: string;
    exports: Record<string, unknown>;
  };
  const paths = Object.keys(exports).map((path) => `${name}${path.slice(1)}`);
  const code = paths.filter((path) => !path.endsWith('.json'));
  const used = (loaded: string) =>
    `for (const path of ${JSON.stringify(code)}) { const loaded = ${loaded};
      if (Object.keys(loaded).length === 0) throw new Error(path + ' exports nothing'); }`;
  // One class of errors, whichever path it comes by.
  const oneClass = `if (root.OptionsError !== solver.OptionsError) throw new Error('two classes of OptionsError');`;
  file(
    'imports.mjs',
    `${used('await import(path)')} const root = await import('sft-opt'), solver = await import('sft-opt/solver'); ${oneClass}
     console.log('${code.length} paths');`,
  );
  file(
    'requires.cjs',
    `${used('require(path)')} const root = require('sft-opt'), solver = require('sft-opt/solver'); ${oneClass}
     console.log('${code.length} paths');`,
  );
  file(
    'types.ts',
    [
      ...code.map((path, k) => `import * as path${k} from '${path}';`),
      `import { parseProblemFile, type ProblemFile } from 'sft-opt/io';`,
      `import { solvePlan, type PlanReport } from 'sft-opt/plan';`,
      `import { solveQp } from 'sft-opt/qp';`,
      `export const report = (text: string): PlanReport => solvePlan(parseProblemFile(text).problem);`,
      `export const seed = (file: ProblemFile): number => file.seed;`,
      '// Types that are lost would take anything.',
      '// @ts-expect-error -- a seed is a number',
      `export const wrongSeed = (file: ProblemFile): string => file.seed;`,
      `import { solveQp as solveSparseQp } from 'sft-opt/qp/sparse';`,
      `export const byInteriorPoint = () => solveSparseQp({} as never, { method: 'interior-point' });`,
      '// @ts-expect-error -- the dense entry has no interior point',
      `export const byDense = () => solveQp({} as never, { method: 'interior-point' });`,
      '// @ts-expect-error -- there is no such method',
      `export const wrongMethod = () => solveQp({ linear: Float64Array.of(1) }, { method: 'guess' });`,
      `export const all = [${code.map((_path, k) => `path${k}`).join(', ')}];`,
    ].join('\n'),
  );
  await Promise.resolve();
}

async function check(name: string, work: () => unknown): Promise<void> {
  try {
    const said = await work();
    console.log(`ok      ${name}${typeof said === 'string' ? `: ${said.trim()}` : ''}`);
  } catch (error) {
    failures++;
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    console.log(`FAILED  ${name}: ${error instanceof Error ? error.message : String(error)}\n${stdout}${stderr}`);
  }
}

/** Bytes that a browser fetches, minified and by gzip. */
async function size(name: string, text: string, limit: number): Promise<void> {
  await check(`size of ${name}`, async () => {
    const { outputFiles } = await build({
      ...bundling({ contents: text, resolveDir: user }),
      minify: true,
      write: false,
    });
    const bytes = gzipSync(outputFiles[0]!.contents, { level: 9 }).length;
    return atMost(bytes, limit);
  });
}

function bundling(entry: string | { contents: string; resolveDir: string }) {
  const common = { bundle: true, format: 'esm', platform: 'browser', logLevel: 'error' } as const;
  return typeof entry === 'string' ? { ...common, entryPoints: [join(user, entry)] } : { ...common, stdin: entry };
}

async function inBrowser(executablePath: string): Promise<string> {
  const bundle = join(user, 'out/page.js');
  await build({ ...bundling('main.js'), format: 'iife', globalName: 'userProgram', outfile: bundle });
  const instance = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    const page = await instance.newPage();
    await page.setContent('<!doctype html><title>sft-opt</title>');
    await page.addScriptTag({ content: readFileSync(bundle, 'utf8') });
    return mustBe(await page.evaluate<string>('userProgram.default'));
  } finally {
    await instance.close();
  }
}

function answerOf(path: string): string {
  return mustBe(run('node', ['--input-type=module', '-e', `console.log((await import('./${path}')).default)`]));
}

function mustBe(text: string): string {
  if (text.trim() !== expected) throw new Error(`says "${text.trim()}" in place of "${expected}"`);
  return 'runs';
}

function atMost(bytes: number, limit: number): string {
  const text = `${(bytes / 1000).toFixed(1)} kB (at most ${limit / 1000} kB)`;
  if (bytes > limit) throw new Error(text);
  return text;
}

function folderBytes(folder: string): number {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return paths.map((path) => statSync(join(folder, path))).reduce((sum, at) => sum + (at.isFile() ? at.size : 0), 0);
}

function file(path: string, text: string): void {
  writeFileSync(join(user, path), text);
}

function tarball(): string {
  return join(
    work,
    readdirSync(work).find((name) => name.endsWith('.tgz'))!,
  );
}

function tool(name: string): string {
  return join(root, 'node_modules/.bin', name);
}

function run(command: string, args: readonly string[]): string {
  return execFileSync(command, args, { cwd: user, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** What a command that must fail says. */
function failing(command: string, args: readonly string[]): string {
  try {
    run(command, args);
  } catch (error) {
    return (error as { stderr: string }).stderr;
  }
  throw new Error(`${args.join(' ')} succeeds`);
}
