import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile, type Plugin } from 'esbuild';
import { withDirectImports } from './direct-imports.js';
import { mergeChunks } from './merge-chunks.js';
import { ShortMembers } from './short-members.js';

const root = fileURLToPath(new URL('../', import.meta.url));

interface Manifest {
  readonly version: string;
  readonly description: string;
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
  readonly bin: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

export async function readManifest(): Promise<Manifest> {
  return JSON.parse(await readFile(resolve(root, 'package.json'), 'utf8')) as Manifest;
}

/** Files that are started rather than imported. */
const started = [
  'bin/solver/solve-worker.ts',
  'bin/serve/reader-thread.ts',
  'bin/serve/session-thread.ts',
  'bin/serve/solve-thread.ts',
  'bin/campaign/task-worker.ts',
  'bin/simulate/rounds-worker.ts',
  'harness/study/worker.ts',
];

/** The sources behind `exports` and `bin`, and what threads and processes start with. */
export function entryPoints({ exports, bin }: Manifest): string[] {
  const built = [...Object.values(exports), ...Object.values(bin)]
    .map((target) => (typeof target === 'string' ? target : target.default))
    .filter((path) => path.endsWith('.js'));
  return [...built.map((path) => path.replace(/^(?:\.\/)?dist\//u, '').replace(/\.js$/u, '.ts')), ...started];
}

// Half of a short process's time is compiling what it loads. White space stays: with it esbuild would take away the
// marks by which users' bundlers know what they may leave out.
const compiling = { target: 'node20', minifyIdentifiers: true, minifySyntax: true } as const;

/**
 * Everything that is run, into `folder`/dist: one file for each entry point and shared chunks, so that an error class is
 * the same one wherever it is imported from. Packages are inlined, but for the optional peers.
 */
export async function bundle(folder: string): Promise<Metafile> {
  const manifest = await readManifest();
  const { metafile, outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: entryPoints(manifest),
    outdir: resolve(folder, 'dist'),
    outbase: root,
    bundle: true,
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['browser', 'import'],
    ...compiling,
    external: ['node:*', ...Object.keys(manifest.peerDependencies ?? {})],
    legalComments: 'none',
    define: {
      PACKAGE_VERSION: JSON.stringify(manifest.version),
      PACKAGE_DESCRIPTION: JSON.stringify(manifest.description),
    },
    plugins: [moduleSources, lateFunctions, ownSources, requiredBuiltins, silentLoggers],
    metafile: true,
    write: false,
    logLevel: 'error',
  });
  const texts = new Map(outputFiles.map(({ path, text }) => [path, text]));
  for (const [path, text] of await mergeChunks(texts, metafile, compiling, root)) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, pureConstants(text));
  }
  const assets = resolve(folder, 'dist/harness/data');
  await mkdir(assets, { recursive: true });
  for (const name of ['embedded-vit', 'embedded-decoder']) {
    await cp(resolve(root, `harness/data/${name}.safetensors`), resolve(assets, `${name}.safetensors`));
  }
  return metafile;
}

/**
 * Says that calls which make a module's constants have no effect, those that wrap and load inlined CommonJS packages above
 * all: bundlers of users then leave out what nothing reaches.
 */
function pureConstants(code: string): string {
  return code
    .replaceAll(/ = ([\w$]+)\(([\w$]+)\(\), 1\)/gu, ' = /* @__PURE__ */ $1(/* @__PURE__ */ $2(), 1)')
    .replaceAll(/^var ([\w$]+) = ([\w$]+\(|\(\(\) =>|[\w$]+\.from\()/gmu, 'var $1 = /* @__PURE__ */ $2');
}

/**
 * Sources with direct imports and short private members; `import.meta.url` stays the place where their file would be without bundling, beside its
 * assets.
 */
const ownSources: Plugin = {
  name: 'own-sources',
  setup(builder) {
    const members = new ShortMembers(root, ['lib', 'harness', 'bin']);
    builder.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      if (path.includes('node_modules')) return undefined;
      const place = relative(root, path).replace(/\.ts$/u, '.js');
      const direct = withDirectImports(path, members.applied(path, await readFile(path, 'utf8')));
      const source = place.startsWith('bin/') ? withOpenFiles(direct) : direct;
      const here = `new URL(${JSON.stringify(place)}, import.meta.url.slice(0, import.meta.url.lastIndexOf('/dist/') + 6)).href`;
      return { contents: source.replaceAll('import.meta.url', here), loader: 'ts', resolveDir: dirname(path) };
    });
  },
};

/**
 * Named imports of `node:fs` of a command, taken from the module itself: Node makes a facade of it for ES modules, and
 * for that loads all that it can give, streams among it.
 */
function withOpenFiles(source: string): string {
  return source.replaceAll(/^import \{([^}]*)\} from 'node:fs';$/gmu, (_, names: string) => {
    const values = names
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '' && !name.startsWith('type '));
    return `const { ${values.map((name) => name.replace(' as ', ': ')).join(', ')} } = process.getBuiltinModule('node:fs');`;
  });
}

/** ml-matrix from its modules, of which unused ones fall away, in place of the one CommonJS file that its exports name. */
const moduleSources: Plugin = {
  name: 'module-sources',
  setup(builder) {
    builder.onResolve({ filter: /^ml-matrix$/ }, () => ({
      path: resolve(root, 'node_modules/ml-matrix/src/index.js'),
      sideEffects: false,
    }));
  },
};

/** A function of @stdlib is loaded, with the hundred files behind some, when it is first called. */
const lateFunctions: Plugin = {
  name: 'late-functions',
  setup(builder) {
    builder.onResolve({ filter: /^@stdlib\// }, ({ path, importer, kind }) =>
      kind === 'import-statement' && importer.endsWith('.ts')
        ? { path, namespace: 'late', sideEffects: false }
        : undefined,
    );
    builder.onLoad({ filter: /.*/, namespace: 'late' }, ({ path }) => ({
      contents: `let loaded;
        export default (...values) => (loaded ??= require(${JSON.stringify(path)}))(...values);`,
      resolveDir: root,
    }));
  },
};

/** CommonJS packages require what belongs to Node; a module can only import it. */
const requiredBuiltins: Plugin = {
  name: 'required-builtins',
  setup(builder) {
    builder.onResolve({ filter: /^[a-z:_/]+$/ }, ({ path, kind }) =>
      kind === 'require-call' && isBuiltin(path) ? { path, namespace: 'builtin' } : undefined,
    );
    builder.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `export * from 'node:${path.replace(/^node:/u, '')}';`,
    }));
  },
};

/** @stdlib's functions log for their own developers by `debug`, which nobody here wants loaded. */
const silentLoggers: Plugin = {
  name: 'silent-loggers',
  setup(builder) {
    builder.onResolve({ filter: /^debug$/ }, ({ path }) => ({ path, namespace: 'silent' }));
    builder.onLoad({ filter: /.*/, namespace: 'silent' }, () => ({
      contents: 'module.exports = () => () => {};',
      loader: 'js',
    }));
  },
};
