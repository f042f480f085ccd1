/**
 * The public interface as it is: every name that an entry point of the package exports, what it is, and whether it is documented.
 * `npx tsx scripts/public-api.ts` writes spec/fixtures/public-api.txt, which a test holds the sources against.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../', import.meta.url));

export interface PublicName {
  /** As in `sft-opt/plan`. */
  readonly entry: string;
  readonly name: string;
  readonly kind: 'class' | 'function' | 'type' | 'value';
  readonly documented: boolean;
}

/** Every exported name of every entry point in package.json, by entry and name. */
export function publicNames(): PublicName[] {
  const { exports } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { exports: Record<string, unknown> };
  const entries = Object.keys(exports)
    .filter((path) => path !== './package.json')
    .map((path) => ({ entry: `sft-opt${path.slice(1)}`, file: `${root}lib${path.slice(1)}/index.ts` }));
  const config = ts.readConfigFile(`${root}tsconfig.lib.json`, (file) => ts.sys.readFile(file));
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
  const program = ts.createProgram(
    entries.map(({ file }) => file),
    options,
  );
  const checker = program.getTypeChecker();
  return entries.flatMap(({ entry, file }) => {
    const source = program.getSourceFile(file);
    const symbol = source && checker.getSymbolAtLocation(source);
    if (!symbol) throw new Error(`${file} exports nothing`);
    return checker
      .getExportsOfModule(symbol)
      .map((exported) => described(checker, entry, exported))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  });
}

function described(checker: ts.TypeChecker, entry: string, exported: ts.Symbol): PublicName {
  const target = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
  // A namespace has its comment where it is exported.
  const documented =
    ts.displayPartsToString(target.getDocumentationComment(checker)).trim() !== '' ||
    exported.declarations?.some((place) => ts.getJSDocCommentsAndTags(place.parent).length > 0) === true;
  return { entry, name: exported.name, kind: kindOf(target.flags), documented };
}

function kindOf(flags: ts.SymbolFlags): PublicName['kind'] {
  if (flags & ts.SymbolFlags.Class) return 'class';
  if (flags & ts.SymbolFlags.Function) return 'function';
  return flags & ts.SymbolFlags.Variable ? 'value' : 'type';
}

/** One line a name: `sft-opt/plan function solvePlan`. */
export function lineOf({ entry, kind, name }: PublicName): string {
  return `${entry} ${kind} ${name}`;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const names = publicNames();
  writeFileSync(`${root}spec/fixtures/public-api.txt`, `${names.map(lineOf).join('\n')}\n`);
  const bare = names.filter(({ documented }) => !documented);
  console.log(`${names.length} names, ${names.length - bare.length} documented`);
  for (const name of bare) console.log(`  undocumented: ${lineOf(name)}`);
}
