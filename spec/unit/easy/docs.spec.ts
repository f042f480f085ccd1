import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it, vi } from 'vitest';

const root = new URL('../../../', import.meta.url);
const text = readFileSync(new URL('docs/solvers.md', root), 'utf8');
const section = text.slice(text.indexOf('## The easy door'));
const blocks = [...section.slice(0, section.indexOf('\n## ', 4)).matchAll(/```ts\n(.*?)```/gsu)].map(
  ([, code]) => code!,
);
const cache = fileURLToPath(new URL('.cache/', root));
mkdirSync(cache, { recursive: true });
const folder = mkdtempSync(`${cache}easy-docs-`);
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a block against the sources and returns what it logs. */
async function run(code: string, index: number): Promise<unknown[]> {
  const file = `${folder}/block-${index}.ts`;
  writeFileSync(file, code.replaceAll("'sft-opt'", `'${new URL('lib/index.ts', root).href}'`));
  const logged: unknown[] = [];
  const log = vi.spyOn(console, 'log').mockImplementation((...values: unknown[]) => void logged.push(...values));
  try {
    await import(/* @vite-ignore */ pathToFileURL(file).href);
  } finally {
    log.mockRestore();
  }
  return logged;
}

function expectClose(found: unknown, expected: readonly number[], digits = 5): void {
  expected.forEach((value, k) => expect((found as number[])[k]).toBeCloseTo(value, digits));
}

describe('the easy door in the documentation', () => {
  it('has four blocks of code', () => {
    expect(blocks.length).toBe(4);
  });

  it('minimises under constraints', async () => {
    const [success, point, multipliers, text] = await run(blocks[0]!, 0);
    expect(success).toBe(true);
    expectClose(point, [0.5, 1.5]);
    expect((multipliers as Record<string, number>)['budget']).toBeCloseTo(1, 4);
    expect(text).toMatch(/optimal.*\n +objective +0\.5/u);
  });

  it('fits', async () => {
    const [point, errors, robust] = await run(blocks[1]!, 1);
    // Of SciPy's curve_fit, and of its least_squares with the loss of Huber.
    expectClose(point, [2.01653411, 0.69651308]);
    expectClose(errors, [0.01512436, 0.01038212]);
    expectClose(robust, [0.52], 5);
  });

  it('solves linear and quadratic programs', async () => {
    const [chairs, prices, packed, bound, hedged] = await run(blocks[2]!, 2);
    expect(chairs).toBe(4);
    expect(prices).toEqual({ wood: 3, paint: 0 });
    expect(packed).toEqual([0, 1, 1, 1]);
    expect(bound).toBeCloseTo(21, 6);
    expectClose(hedged, [0.5, 0.5], 9);
  });

  it('searches along lines and checks derivatives', async () => {
    const [root, minimum, agrees] = await run(blocks[3]!, 3);
    expect(root).toBeCloseTo(Math.SQRT2, 12);
    expect(minimum).toBeCloseTo(1, 6);
    expect(agrees).toBe(false);
  });
});
