import { getBorderCharacters, table } from 'table';
import { escapeLine, escapePlain } from '../escape.js';

/**
 * Rows in aligned columns without borders; the columns listed in `right` are set flush right. Cells are plain text, often of files:
 * control characters in them, colours too, are written out.
 */
export function columns(rows: readonly (readonly string[])[], right: readonly number[] = []): string {
  if (rows.length === 0) return '';
  const text = table(
    rows.map((row) => row.map((cell) => escapeLine(escapePlain(cell)))),
    {
      border: getBorderCharacters('void'),
      drawHorizontalLine: () => false,
      columnDefault: { paddingLeft: 0, paddingRight: 2 },
      columns: Object.fromEntries(right.map((column) => [column, { alignment: 'right' as const }])),
    },
  );
  return text.replaceAll(/[ \t]+$/gmu, '').replace(/\n+$/u, '');
}
