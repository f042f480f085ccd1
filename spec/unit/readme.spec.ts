import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it, vi } from 'vitest';

const root = new URL('../../', import.meta.url);
const readme = readFileSync(new URL('README.md', root), 'utf8');
const cache = fileURLToPath(new URL('.cache/', root));
mkdirSync(cache, { recursive: true });
const folder = mkdtempSync(`${cache}readme-`);
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a code block of the README against the sources and returns what it logs. */
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

describe('the README', () => {
  const blocks = [...readme.matchAll(/```ts\n(.*?)```/gsu)].map(([, code]) => code!);

  it('has code that runs', async () => {
    expect(blocks.length).toBe(2);
    const [status, totalSeconds, relativeGap] = await run(blocks[0]!, 0);
    expect(status).toBe('solved');
    expect(totalSeconds).toBeGreaterThan(0);
    expect(relativeGap).toBeLessThan(0.05);
    const [termination, x, multipliers] = await run(blocks[1]!, 1);
    expect(termination).toMatch(/optimal/u);
    const [first, second] = x as Float64Array;
    expect(first).toBeCloseTo(0.5, 4);
    expect(second).toBeCloseTo(1.5, 4);
    expect((multipliers as Float64Array)[0]).toBeCloseTo(1, 3);
  });

  it('shows the two commands that continuous integration runs', () => {
    const commands = [...readme.matchAll(/<!-- run -->\s+```sh\n(.*?)\n```/gsu)].map(([, command]) => command);
    expect(commands).toEqual(['npm ci && npm run solve -- examples/campus.yaml', 'npm ci && npm test']);
  });
});
