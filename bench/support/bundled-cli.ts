import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = new URL('../../', import.meta.url);

/** The command line from sources as one file that starts quickly; returns where it is. */
export async function bundledCli(): Promise<string> {
  const outfile = fileURLToPath(new URL(`.cache/programs/bench-cli-${process.pid}.js`, root));
  await build({
    entryPoints: [fileURLToPath(new URL('bin/sft-opt.ts', root))],
    outfile,
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    define: { PACKAGE_VERSION: '"0.0.0"', PACKAGE_DESCRIPTION: '"of a bench"' },
    logLevel: 'error',
  });
  return outfile;
}
