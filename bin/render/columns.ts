import { getBorderCharacters, table } from 'table';

/** Rows in aligned columns without borders; the columns listed in `right` are set flush right. */
export function columns(rows: readonly (readonly string[])[], right: readonly number[] = []): string {
  if (rows.length === 0) return '';
  const text = table(
    rows.map((row) => [...row]),
    {
      border: getBorderCharacters('void'),
      drawHorizontalLine: () => false,
      columnDefault: { paddingLeft: 0, paddingRight: 2 },
      columns: Object.fromEntries(right.map((column) => [column, { alignment: 'right' as const }])),
    },
  );
  return text.replaceAll(/[ \t]+$/gmu, '').replace(/\n+$/u, '');
}
