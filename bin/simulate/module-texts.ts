import { readFile } from 'node:fs/promises';
import { dirname, relative, resolve, sep } from 'node:path';

/** Imports, exports and URLs of files by a relative path that is written out. */
const references =
  /(?:\bfrom|\bimport|\brequire|\bnew\s+URL)\s*\(?\s*(?<quote>['"`])(?<path>\.{1,2}\/[^'"`$]+)\k<quote>/gu;

/**
 * The text of a module and of every file that it or they import by a relative path, by their paths from the module. What has
 * a path that is worked out, and packages, are not among them.
 */
export async function moduleTexts(module: string): Promise<Readonly<Record<string, string>>> {
  const texts = new Map<string, string>();
  const queue = [resolve(module)];
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (texts.has(file)) continue;
    const text = await textOf(file);
    if (text === undefined) continue;
    texts.set(file, text);
    for (const { groups } of text.matchAll(references)) queue.push(resolve(dirname(file), groups!['path']!));
  }
  const folder = dirname(resolve(module));
  const named = [...texts].map(([file, text]) => [relative(folder, file).split(sep).join('/'), text] as const);
  return Object.fromEntries(named);
}

/** Undefined where there is none: the module has been loaded, so that it does without. */
async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    return undefined;
  }
}
