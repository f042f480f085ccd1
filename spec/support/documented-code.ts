import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { formatWithOptions } from 'node:util';
import { afterAll, expect, vi } from 'vitest';

const root = new URL('../../', import.meta.url);
const cache = fileURLToPath(new URL('.cache/', root));
mkdirSync(cache, { recursive: true });
const folder = mkdtempSync(`${cache}documentation-`);
afterAll(() => rmSync(folder, { recursive: true }));

/** Imports of the package as those of its sources; a block's own top level becomes a module. */
function againstSources(code: string): string {
  const source = (path: string) => new URL(`lib/${path}index.ts`, root).href;
  return code
    .replaceAll(/(['"])sft-opt\/([\w/-]+)\1/gu, (_all, _quote, path: string) => `'${source(`${path}/`)}'`)
    .replaceAll(/(['"])sft-opt\1/gu, () => `'${source('')}'`);
}

let files = 0;

/** What a piece of code logs, as the console shows it. */
export async function run(code: string): Promise<string> {
  const file = `${folder}/block-${files++}.ts`;
  writeFileSync(file, againstSources(code));
  const logged: string[] = [];
  const log = vi.spyOn(console, 'log').mockImplementation((...values: unknown[]) => {
    logged.push(formatWithOptions({ colors: false }, ...values));
  });
  try {
    await import(/* @vite-ignore */ pathToFileURL(file).href);
  } finally {
    log.mockRestore();
  }
  return logged.join('\n');
}

/**
 * Words agree, `…` with any; numbers agree within one in a thousand, or of `least` where they are smaller: what is printed rests
 * on sums in any order.
 */
export function expectSame(found: string, shown: string, least = 1e-3): void {
  const number = /-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/gu;
  const words = (text: string) => text.trim().replaceAll(number, '#').split(/\s+/u);
  const expected = words(shown);
  const actual = words(found);
  expect(
    actual.map((word, k) => (expected[k] === '…' ? '…' : word)),
    found,
  ).toEqual(expected);
  const text = (list: string) => list.trim().split(/\s+/u);
  const open = (_word: string, k: number) => expected[k] !== '…';
  const numbers = (list: string) => (text(list).filter(open).join(' ').match(number) ?? []).map(Number);
  const wanted = numbers(shown);
  numbers(found).forEach((value, k) => {
    expect(Math.abs(value - wanted[k]!), `${value} where ${wanted[k]} is shown`).toBeLessThanOrEqual(
      1e-3 * Math.max(least, Math.abs(wanted[k]!)),
    );
  });
}
