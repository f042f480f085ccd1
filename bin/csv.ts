import { csvCell } from '../lib/simulate/index.js';

/** A table as CSV (RFC 4180), header first. */
export function csvText(names: readonly string[], rows: readonly (readonly (string | number | null)[])[]): string {
  return [names, ...rows].map((row) => `${row.map((cell) => csvCell(cell)).join(',')}\n`).join('');
}
