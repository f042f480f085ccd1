import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { expectSame, run } from '../support/documented-code.js';

const root = new URL('../../', import.meta.url);

const pages = [
  'README.md',
  ...readdirSync(new URL('docs/', root))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
const examples = readdirSync(new URL('examples/library/', root)).map((name) => `examples/library/${name}`);

interface Block {
  readonly page: string;
  readonly code: string;
  /** The `text` block that follows. */
  readonly output: string | undefined;
}

function blocksOf(page: string): Block[] {
  const text = readFileSync(new URL(page, root), 'utf8');
  return [...text.matchAll(/```(?:ts|js)\n(.*?)```(?:\s*```text\n(.*?)```)?/gsu)].map(([, code, output]) => ({
    page,
    code: code!,
    output,
  }));
}

describe('the documentation', () => {
  const blocks = pages.flatMap(blocksOf);

  it('has code to run', () => {
    expect(blocks.length).toBeGreaterThan(8);
  });

  it.each(blocks.map((block, k) => [`${block.page}, block ${k + 1}`, block] as const))(
    'runs %s',
    async (_name, block) => {
      const printed = await run(block.code);
      if (block.output !== undefined) expectSame(printed, block.output);
      else expect(printed, 'what it prints is shown in a `text` block').toBe('');
    },
  );

  it('names files that are there', () => {
    for (const page of pages) {
      const text = readFileSync(new URL(page, root), 'utf8');
      for (const [, target] of text.matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/gu)) {
        const file = new URL(target!, new URL(page, root));
        expect(() => readdirSync(file), `${page}: ${target}`).toSatisfy((look: () => unknown) => {
          try {
            look();
          } catch (error) {
            return (error as NodeJS.ErrnoException).code === 'ENOTDIR';
          }
          return true;
        });
      }
    }
  });
});

describe('the examples', () => {
  it.each(examples)('run and print what they say: %s', async (file) => {
    const text = readFileSync(new URL(file, root), 'utf8');
    const shown = /\/\* prints\n(.*?)\*\/\s*$/su.exec(text)?.[1];
    expect(shown, 'ends with what it prints').toBeDefined();
    expectSame(await run(text), shown!);
  });
});

describe('bandwidth and processors of federated averaging', () => {
  it('are at the optimum that two nested searches find', () => {
    const users = [
      { cycles: 2.0e9, gainOverNoise: 4e1, bits: 2.5e5 },
      { cycles: 1.2e9, gainOverNoise: 1e1, bits: 2.5e5 },
      { cycles: 3.0e9, gainOverNoise: 8e1, bits: 2.5e5 },
    ];
    const golden = (value: (x: number) => number, low: number, high: number) => {
      let [a, b] = [low, high];
      for (let k = 0; k < 60; k++) {
        const [x, y] = [b - 0.618034 * (b - a), a + 0.618034 * (b - a)];
        if (value(x) < value(y)) b = y;
        else a = x;
      }
      return value((a + b) / 2);
    };
    // Computing: every processor as slow as the round and its own limits allow.
    const computing = (seconds: number) =>
      users.reduce((sum, { cycles }) => {
        const frequency = Math.max(0.3e9, cycles / seconds);
        return frequency > 2e9 * (1 + 1e-9) ? Infinity : sum + 1e-28 * cycles * frequency ** 2;
      }, 0);
    const joule = ({ gainOverNoise, bits }: (typeof users)[number], time: number) =>
      (Math.expm1((bits / (time * 1e6)) * Math.LN2) / gainOverNoise) * time;
    const sending = (seconds: number) =>
      golden(
        (first) =>
          golden(
            (second) => joule(users[0]!, first) + joule(users[1]!, second) + joule(users[2]!, seconds - first - second),
            1e-3,
            seconds - first - 1e-3,
          ),
        1e-3,
        seconds - 3e-3,
      );
    const text = readFileSync(new URL('examples/library/federated-bandwidth.ts', root), 'utf8');
    const shown = [...text.matchAll(/kappa ([\d.]+): solved, round ([\d.]+) s, energy ([\d.]+) J/gu)];
    expect(shown.length).toBe(3);
    for (const [, kappa, round, energy] of shown) {
      const best =
        golden((t) => computing(t) + Number(kappa) * t, 1.5, 10) +
        golden((t) => sending(t) + Number(kappa) * t, 0.05, 10);
      expect((Number(energy) + Number(kappa) * Number(round)) / best).toBeCloseTo(1, 2);
    }
  });
});
