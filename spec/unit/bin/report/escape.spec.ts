import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { latexEscaped, latexTable } from '../../../../bin/report/latex.js';
import { csvCell } from '../../../../lib/simulate/index.js';

/** Reads one CSV record as RFC 4180 has it. */
function readRecord(text: string): string[] {
  const cells: string[] = [];
  let at = 0;
  for (;;) {
    let cell = '';
    if (text[at] === '"') {
      for (at++; !(text[at] === '"' && text[at + 1] !== '"'); at++) {
        if (text[at] === '"') at++;
        cell += text[at]!;
      }
      at++;
    } else while (at < text.length && text[at] !== ',') cell += text[at++]!;
    cells.push(cell);
    if (at >= text.length) return cells;
    at++;
  }
}

const awkward = fc.string({
  unit: fc.constantFrom('=', '+', '-', '@', '\t', '\r', '\n', ',', '"', "'", 'a', '1', ' ', 'é'),
});

describe('cells of CSV', () => {
  it('are read back, with an apostrophe before what would be a formula', () => {
    let formulas = 0;
    fc.assert(
      fc.property(fc.array(awkward, { minLength: 1, maxLength: 6 }), (texts) => {
        const found = readRecord(texts.map((text) => csvCell(text)).join(','));
        expect(found).toHaveLength(texts.length);
        texts.forEach((text, k) => {
          const isNumber = !Number.isNaN(Number(text));
          const dangerous = /^[=+\-@\t\r]/u.test(text) && !isNumber;
          if (dangerous) formulas++;
          expect(found[k]).toBe(dangerous ? `'${text}` : text);
          expect(/^[=+\-@\t\r]/u.test(found[k]!) && Number.isNaN(Number(found[k]))).toBe(false);
        });
      }),
      { numRuns: 500, seed: 5 },
    );
    expect(formulas).toBeGreaterThan(100);
  });

  it.each(['=1+2', '=HYPERLINK("http://x")', '+cmd|x', '-2+3', '@SUM(A1)', '\t=1', '\r=1'])(
    '%j is no formula',
    (text) => {
      expect(readRecord(csvCell(text))[0]).toBe(`'${text}`);
    },
  );

  it.each([
    [-5, '-5'],
    ['-5', '-5'],
    ['-5 dB', "'-5 dB"],
    [null, ''],
    [1e-7, '1e-7'],
  ] as const)('%j is %s', (value, expected) => {
    expect(csvCell(value)).toBe(expected);
  });
});

/** What LaTeX sets for what `latexEscaped` writes, read back command by command; throws for a bare special character. */
function readLatex(text: string): string {
  const commands: Readonly<Record<string, string>> = {
    textbackslash: '\\',
    textasciitilde: '~',
    textasciicircum: '^',
    textless: '<',
    textgreater: '>',
    textbar: '|',
    textquotedbl: '"',
  };
  let rest = text;
  let found = '';
  const take = (pattern: RegExp) => {
    const match = pattern.exec(rest);
    if (match) rest = rest.slice(match[0].length);
    return match;
  };
  while (rest !== '') {
    const command = take(/^\\([a-z]+)\{\}/u);
    if (command) {
      found += commands[command[1]!] ?? `?${command[1]!}`;
      continue;
    }
    const escapedOne = take(/^\\([{}$&#_%])/u);
    const grouped = escapedOne ?? take(/^\{([[\]])\}/u);
    if (grouped) {
      found += grouped[1]!;
      continue;
    }
    if (take(/^\$\\pm\$/u)) found += '±';
    else if (take(/^\$-\$/u)) found += '−';
    else {
      const plain = take(/^[^\\{}$&#_%~^<>|"[\]]/u);
      if (!plain) throw new Error(`bare ${rest[0]!} in ${text}`);
      found += plain[0];
    }
  }
  return found;
}

describe('text in LaTeX', () => {
  it('is set as it is, whatever is in it', () => {
    const letters = fc.constantFrom(...Array.from('\\{}$&#_%~^<>|"[]±−ab 1é–\n\u0000\u2028'));
    fc.assert(
      fc.property(fc.string({ unit: letters }), (text) => {
        const plain = text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ');
        expect(readLatex(latexEscaped(text))).toBe(plain.replaceAll('–', '--'));
      }),
      { numRuns: 500, seed: 6 },
    );
  });

  it('cannot leave its cell or its comment', () => {
    const table = latexTable(
      ['a_b', 'c'],
      [['\\input{/etc/passwd}', '1 & 2 \\\\ \\hline']],
      [false, true],
      ['x\n\\input{y}'],
    );
    expect(table.split('\n').filter((line) => line.startsWith('%'))).toHaveLength(2);
    expect(table).not.toMatch(/^(?!%).*\\(?:input|hline)/mu);
    const [row] = /(?<=\\midrule\n).*(?=\n\\bottomrule)/u.exec(table)!;
    expect(row.match(/(?<!\\)&/gu)).toHaveLength(1);
  });
});
