/** A table read from comma-separated values. */
export interface CsvTable {
  readonly header: readonly string[];
  /** As many cells a row as the header has. */
  readonly rows: readonly (readonly string[])[];
}

/** A file that is no table; the message names the line. */
export class CsvError extends Error {
  override readonly name = 'CsvError';
  readonly code = 'csv-file';
}

/** Reads RFC 4180: quoted cells, doubled quotes, both line ends; a semicolon or tab where the header has no comma. */
export function readCsv(text: string): CsvTable {
  const content = text.replace(/^\uFEFF/u, '');
  const separator = separatorOf(content);
  const records = parse(content, separator).filter(({ cells }) => cells.length > 1 || cells[0] !== '');
  const [first, ...rest] = records;
  if (!first) throw new CsvError('the file is empty');
  const header = first.cells.map((cell) => cell.trim());
  for (const { cells, line } of rest) {
    if (cells.length !== header.length) {
      throw new CsvError(`line ${line} has ${cells.length} cells, the header ${header.length}`);
    }
  }
  return { header, rows: rest.map(({ cells }) => cells) };
}

function separatorOf(content: string): string {
  const header = content.split(/\r?\n/u, 1)[0]!;
  return [',', ';', '\t'].find((candidate) => header.includes(candidate)) ?? ',';
}

function parse(content: string, separator: string): { cells: string[]; line: number }[] {
  const records: { cells: string[]; line: number }[] = [];
  let cells: string[] = [];
  let cell = '';
  let isQuoted = false;
  let line = 1;
  let startLine = 1;
  const endRecord = () => {
    records.push({ cells: [...cells, cell], line: startLine });
    [cells, cell, startLine] = [[], '', line + 1];
  };
  for (let k = 0; k < content.length; k++) {
    const character = content[k]!;
    if (isQuoted) {
      if (character === '"' && content[k + 1] === '"') cell += content[++k]!;
      else if (character === '"') isQuoted = false;
      else cell += character;
    } else if (character === '"' && cell === '') isQuoted = true;
    else if (character === separator) {
      cells.push(cell);
      cell = '';
    } else if (character === '\n') {
      cell = cell.replace(/\r$/u, '');
      endRecord();
    } else cell += character;
    if (character === '\n') line++;
  }
  if (isQuoted) throw new CsvError(`line ${startLine}: a quoted cell does not end`);
  if (cell !== '' || cells.length > 0) endRecord();
  return records;
}
