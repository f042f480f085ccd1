import { readFileSync } from 'node:fs';

export interface LineCount {
  readonly all: number;
  /** Without blank lines, comments and docstrings. */
  readonly code: number;
}

/** Lines of source files, TypeScript or Python, as formatted. */
export function sourceLines(...paths: readonly string[]): LineCount {
  const counts = paths.map((path) => {
    const text = readFileSync(path, 'utf8').trimEnd();
    const isPython = path.endsWith('.py');
    const bare = text.replaceAll(isPython ? /^ *"""[\s\S]*?"""$/gmu : /^ *\/\*[\s\S]*?\*\/$/gmu, '');
    const isCode = (line: string) => line.trim() !== '' && !line.trim().startsWith(isPython ? '#' : '//');
    return { all: text.split('\n').length, code: bare.split('\n').filter(isCode).length };
  });
  const sum = (part: keyof LineCount) => counts.reduce((total, count) => total + count[part], 0);
  return { all: sum('all'), code: sum('code') };
}
