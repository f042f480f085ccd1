const special: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '{': '\\{',
  '}': '\\}',
  $: '\\$',
  '&': '\\&',
  '#': '\\#',
  _: '\\_',
  '%': '\\%',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '|': '\\textbar{}',
  '"': '\\textquotedbl{}',
  '[': '{[}',
  ']': '{]}',
  '±': '$\\pm$',
  '–': '--',
  '−': '$-$',
};

/** Text as LaTeX has it, whatever is in it; control characters become spaces. */
export function latexEscaped(content: string): string {
  return content
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')
    .replaceAll(/[\\{}$&#_%~^<>|"[\]±–−]/gu, (letter) => special[letter]!);
}

/** A table of texts for LaTeX with the package booktabs; `numeric` columns are set to the right. */
export function latexTable(
  columns: readonly string[],
  rows: readonly (readonly string[])[],
  numeric: readonly boolean[],
  remarks: readonly string[],
): string {
  const line = (cells: readonly string[]) => `${cells.map(latexEscaped).join(' & ')} \\\\\n`;
  return [
    ...remarks.map((remark) => `% ${remark.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')}\n`),
    '% \\usepackage{booktabs} % and, for quotation marks, \\usepackage[T1]{fontenc}\n',
    `\\begin{tabular}{${columns.map((_, k) => (numeric[k] ? 'r' : 'l')).join('')}}\n`,
    '\\toprule\n',
    line(columns),
    '\\midrule\n',
    ...rows.map(line),
    '\\bottomrule\n',
    '\\end{tabular}\n',
  ].join('');
}
