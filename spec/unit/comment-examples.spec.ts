import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { expectSame, run } from '../support/documented-code.js';

const lib = new URL('../../lib/', import.meta.url);
const sources = readdirSync(lib, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));

interface Example {
  /** Source and the function or class that the comment belongs to. */
  readonly name: string;
  readonly code: string;
}

/** Code in the comments of a source, without the stars. */
function examplesOf(path: string): Example[] {
  const text = readFileSync(new URL(path, lib), 'utf8');
  return [...text.matchAll(/^ *\/\*\*(?:(?!\*\/)[\s\S])*?@example[\s\S]*?\*\/\n(.*)$/gmu)].flatMap(
    ([comment, declared]) => {
      const plain = comment.replaceAll(/^ *\* ?/gmu, '');
      const name = /(?:function\*?|class|const|interface) (\w+)/u.exec(declared!)?.[1] ?? declared!;
      const blocks = [...plain.matchAll(/@example\n```ts\n([\s\S]*?)```/gu)];
      expect(blocks.length, `${path}, ${name}: each example is a \`ts\` block`).toBe(plain.match(/@example/gu)!.length);
      return blocks.map(([, code]) => ({ name: `${path}: ${name}`, code: code! }));
    },
  );
}

describe('the example in the comment of', () => {
  const examples = sources.flatMap(examplesOf);

  it('nearly every function is found', () => {
    expect(examples.length).toBeGreaterThan(385);
  });

  it.each(examples.map((example) => [example.name, example.code] as const))('%s', async (_name, code) => {
    const shown = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gmu)].map(([, output]) => output!);
    expect(code.match(/console\.log\(/gu)?.length ?? 0, 'what is printed stands behind it').toBe(shown.length);
    expectSame(await run(code), shown.join('\n'), 1e-9);
  });
});
