import { readdirSync, readFileSync } from 'node:fs';

const root = new URL('../../', import.meta.url);

/** Every page for people. */
export const pages: readonly string[] = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(new URL('docs/', root), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`)
    .sort(),
];

/** A block between fences. */
export interface DocumentedBlock {
  readonly page: string;
  /** Line of the fence, from 1. */
  readonly line: number;
  readonly language: string;
  readonly code: string;
  /** What the comment before it says of how it is run: `<!-- run … -->`. */
  readonly remark: string | undefined;
  /** The `text` block that follows, where nothing stands between. */
  readonly output: string | undefined;
}

/** All fenced blocks of a page, in order. */
export function blocksOf(page: string): readonly DocumentedBlock[] {
  const text = readFileSync(new URL(page, root), 'utf8');
  const blocks = [
    ...text.matchAll(/(?:^<!-- (run[^>]*) -->\s*)?^( *)```([^\n`]*)\n(.*?)^\2```$(?:\s*^```text\n(.*?)^```$)?/gmsu),
  ];
  return blocks.flatMap(({ 0: all, 1: remark, 3: language, 4: code, 5: output, index }) => {
    const line = text.slice(0, index + all.indexOf('```')).split('\n').length;
    const block = { page, line, language: language!, code: code!, remark, output };
    return output === undefined
      ? [block]
      : [block, { page, line: line + 1, language: 'text', code: output, remark: undefined, output: undefined }];
  });
}

/** The commands of a block: its lines without comments, those that go on joined. */
export function linesOf(code: string): readonly string[] {
  return code
    .replaceAll('\\\n', ' ')
    .split('\n')
    .map((line) => line.replace(/(^|\s)#.*$/u, '').trim())
    .filter((line) => line !== '');
}
