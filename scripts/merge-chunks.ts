import { basename, dirname, relative, resolve, sep } from 'node:path';
import { build, type BuildOptions, type Metafile } from 'esbuild';

/** Entries, and parts loaded later, whose start-up is measured: what all of these or none of them load is one file. */
const measured = [
  'lib/index.js',
  'lib/qp/index.js',
  'lib/qp/sparse/index.js',
  'lib/plan/index.js',
  'lib/models/index.js',
  'lib/io/index.js',
  'lib/codec/index.js',
  'lib/nlp/index.js',
  'lib/integer/index.js',
  'bin/solver/solve-worker.js',
  'bin/ampl/solve-command.js',
];

const smallBytes = 4000;

/** A shared chunk's place in the file that it became part of. */
interface Merged {
  readonly file: string;
  /** Prefix of its names there. */
  readonly prefix: string;
}

/**
 * Texts of a split bundle, by path, with fewer chunks. esbuild makes one for each set of entries that can reach a module;
 * Node takes longer to find, open and link eighty files than to compile what is in them. Those that the same measured
 * entries load become one; those that none of them loads stay.
 */
export async function mergeChunks(
  texts: ReadonlyMap<string, string>,
  { outputs }: Metafile,
  options: Pick<BuildOptions, 'target' | 'minifyIdentifiers' | 'minifySyntax'>,
  root: string,
): Promise<Map<string, string>> {
  const merged = new Map<string, Merged>();
  const groups = [...groupsOf(outputs, root)].filter(([, chunks]) => chunks.length > 1);
  groups.forEach(([, chunks], k) => {
    const file = resolve(dirname(chunks[0]!), `shared-${k}.js`);
    chunks.forEach((chunk, i) => merged.set(chunk, { file, prefix: `m${i}_` }));
  });
  const result = new Map<string, string>();
  for (const [path, text] of texts) if (!merged.has(path)) result.set(path, redirected(path, text, merged));
  for (const [, chunks] of groups) {
    const { file } = merged.get(chunks[0]!)!;
    const exportsOf = (chunk: string) => outputs[relative(root, chunk).split(sep).join('/')]!.exports;
    const lines = chunks.map((chunk) => {
      const { prefix } = merged.get(chunk)!;
      const names = exportsOf(chunk).map((name) => `${name} as ${prefix}${name}`);
      return `export { ${names.join(', ')} } from './${basename(chunk)}';`;
    });
    const { outputFiles } = await build({
      ...options,
      stdin: { contents: lines.join('\n'), resolveDir: dirname(file), loader: 'js' },
      bundle: true,
      format: 'esm',
      platform: 'neutral',
      legalComments: 'none',
      write: false,
      logLevel: 'error',
      plugins: [
        {
          name: 'chunks-of-one-file',
          setup(builder) {
            builder.onResolve({ filter: /.*/ }, ({ path, resolveDir }) => {
              const target = resolve(resolveDir, path);
              return path.startsWith('.') && chunks.includes(target)
                ? { path: target, namespace: 'chunk' }
                : { path, external: true };
            });
            builder.onLoad({ filter: /.*/, namespace: 'chunk' }, ({ path }) => ({
              contents: texts.get(path)!,
              resolveDir: dirname(path),
            }));
          },
        },
      ],
    });
    result.set(file, redirected(file, outputFiles[0]!.text, merged));
  }
  return result;
}

/** Shared chunks by the measured entries that load them. */
function groupsOf(outputs: Metafile['outputs'], root: string): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  const loaded = measured.map((entry) => {
    const source = entry.replace(/js$/u, 'ts');
    const path = Object.keys(outputs).find((name) => outputs[name]!.entryPoint === source);
    if (path === undefined) throw new Error(`${entry} is not built`);
    const seen = new Set<string>();
    follow(outputs, path, seen);
    return seen;
  });
  const common = measured.map(() => 1).join('');
  const small = smallLeaves(outputs);
  for (const [path, { entryPoint }] of Object.entries(outputs)) {
    if (entryPoint !== undefined) continue;
    const own = loaded.map((seen) => (seen.has(path) ? 1 : 0)).join('');
    const key = own.includes('1') && small.has(path) ? common : own;
    if (!key.includes('1')) continue;
    groups.set(key, [...(groups.get(key) ?? []), resolve(root, path)]);
  }
  return groups;
}

/** Chunks that cost less to compile than to open, and load nothing but each other: all go where the common ones are. */
function smallLeaves(outputs: Metafile['outputs']): ReadonlySet<string> {
  const leaves = new Set<string>();
  for (let before = -1; before < leaves.size;) {
    before = leaves.size;
    for (const [path, { bytes, entryPoint, imports }] of Object.entries(outputs)) {
      if (entryPoint !== undefined || bytes > smallBytes) continue;
      if (imports.every(({ path: next, external }) => external !== true && leaves.has(next))) leaves.add(path);
    }
  }
  return leaves;
}

function follow(outputs: Metafile['outputs'], path: string, seen: Set<string>): void {
  if (seen.has(path)) return;
  seen.add(path);
  for (const { path: next, kind } of outputs[path]!.imports) {
    if (kind === 'import-statement' && outputs[next] !== undefined) follow(outputs, next, seen);
  }
}

/** The text with imports of merged chunks from the files that they became part of. */
function redirected(path: string, text: string, merged: ReadonlyMap<string, Merged>): string {
  return text.replaceAll(
    /^import (?:\{([^}]*)\} from )?"(\.[^"]+)";$/gmu,
    (whole, names: string | undefined, specifier: string) => {
      const target = merged.get(resolve(dirname(path), specifier));
      if (target === undefined) return whole;
      const way = relative(dirname(path), target.file).split(sep).join('/');
      const from = `"${way.startsWith('.') ? way : `./${way}`}";`;
      if (names === undefined) return `import ${from}`;
      const renamed = names.split(',').map((name) => {
        const [asked, given = asked] = name.trim().split(' as ');
        return `${target.prefix}${asked!} as ${given!}`;
      });
      return `import { ${renamed.join(', ')} } from ${from}`;
    },
  );
}
