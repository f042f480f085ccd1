import type { KnipConfig } from 'knip';
import manifest from './package.json' with { type: 'json' };

/** The sources behind the package's entry points: a new one counts as used as soon as package.json names it. */
const entryPoints = Object.values(manifest.exports).flatMap((target) =>
  typeof target === 'string' ? [] : [target.default.replace(/^\.\/dist\/(.*)\.js$/, '$1.ts')],
);

const config: KnipConfig = {
  entry: [
    ...entryPoints,
    'bin/*.ts',
    // Started by their file name, as workers, programs of their own or inside a browser.
    'bin/simulate/rounds-worker.ts',
    'bin/solver/solve-worker.ts',
    'bench/support/codec-speed.js',
    'bench/support/cold-plan.js',
    'spec/support/programs/*.ts',
    'bench/*.ts',
    'bench/{harness,profile}/*.ts',
    'scripts/*.ts',
    'examples/**/*.ts',
    'spec/**/*.spec.ts',
  ],
  project: ['{lib,harness,bin,bench,scripts,spec,study,examples}/**/*.{ts,js,mjs}'],
  ignoreExportsUsedInFile: true,
  ignoreDependencies: [
    // Optional peers, imported by a name in a variable so that compiler and bundlers leave them alone.
    '@observablehq/plot',
    '@tensorflow/tfjs-backend-wasm',
    // Read as a file, to run inside a browser.
    'axe-core',
    // Run or bundled with by scripts/check-package.ts and the package's specs, from a folder of their own.
    '@arethetypeswrong/cli',
    '@rollup/plugin-node-resolve',
    'publint',
  ],
  // Of coreutils and of SLURM.
  ignoreBinaries: ['mkfifo', 'scontrol'],
};

export default config;
