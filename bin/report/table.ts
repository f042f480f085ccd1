import { escaped, shown } from './html.js';

export type Cell = string | number | null;

/** A table of a page, and of the CSV file that it is saved as. */
export interface Table {
  readonly caption: string;
  /** With units: `delay, s`. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** Name of the CSV file. */
  readonly fileName: string;
}

/** The table, scrolling in a region of its own; the script of the page adds the button that saves it. */
export function tableHtml({ caption, columns, rows, fileName }: Table): string {
  const isNumber = columns.map((_, k) => rows.every((row) => typeof row[k] !== 'string'));
  const classOf = (k: number) => (isNumber[k] ? ' class="n"' : '');
  const head = columns.map((name, k) => `<th scope="col"${classOf(k)}>${escaped(name)}</th>`).join('');
  const body = rows.map(
    (row) => `<tr>${row.map((cell, k) => `<td${classOf(k)}>${cellHtml(cell)}</td>`).join('')}</tr>`,
  );
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escaped(caption)}"><table data-file="${escaped(fileName)}"><caption>${escaped(caption)}</caption><thead><tr>${head}</tr></thead><tbody>
${body.join('\n')}
</tbody></table></div>
`;
}

function cellHtml(cell: Cell): string {
  if (cell === null) return '';
  return typeof cell === 'number' ? shown(cell) : escaped(cell);
}
