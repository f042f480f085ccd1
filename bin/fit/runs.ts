import type { AccuracyObservation } from '../../lib/models/accuracy/index.js';
import type { CsvTable } from './csv.js';

/** Columns as a user names them. */
export interface ColumnOptions {
  readonly ratio?: string;
  readonly ratioDown?: string;
  readonly accuracy?: string;
  readonly cut?: string;
  /** Accuracies are per cent. */
  readonly percent?: boolean;
}

/** A run with what a problem file can use of it beside ratios and accuracy. */
export interface Run extends AccuracyObservation {
  /** Of the training, where the table has a column of that name. */
  readonly seed?: string;
  readonly up?: CodecSetting;
  readonly down?: CodecSetting;
}

export interface CodecSetting {
  readonly keptFraction: number;
  readonly bits: number;
}

/** A table without the columns that are needed, or with cells that are no numbers. */
export class RunsError extends Error {
  override readonly name = 'RunsError';
  readonly code = 'fit-runs';
}

/** Names that a column may have when it is not named. */
const usualNames = {
  ratio: ['ratio_up', 'ratio', 'rho', 'rho_up', 'compression_ratio'],
  ratioDown: ['ratio_down', 'rho_down'],
  accuracy: ['accuracy', 'acc', 'top1', 'test_accuracy', 'val_accuracy', 'validation_accuracy'],
  cut: ['cut', 'split', 'split_layer', 'blocks_on_device'],
} as const;
type Column = keyof typeof usualNames;

/** The runs of a table. Throws `RunsError`. */
export function readRuns(
  table: CsvTable,
  options: ColumnOptions,
): { runs: Run[]; used: Partial<Record<Column, string>> } {
  const column = (name: Column): string | undefined => {
    const wanted = options[name];
    if (wanted !== undefined) {
      if (!table.header.includes(wanted)) throw new RunsError(`there is no column ${wanted}; ${columnsOf(table)}`);
      return wanted;
    }
    return usualNames[name].find((usual) => table.header.includes(usual));
  };
  const needed = (name: 'ratio' | 'accuracy'): string => {
    const found = column(name);
    if (found === undefined) {
      throw new RunsError(
        `no column of ${name === 'ratio' ? 'ratios' : 'accuracies'} (${usualNames[name].join(', ')}): name it with --${name}; ${columnsOf(table)}`,
      );
    }
    return found;
  };
  const used = {
    ratio: needed('ratio'),
    accuracy: needed('accuracy'),
    ratioDown: column('ratioDown'),
    cut: column('cut'),
  };
  const scale = options.percent === true ? 100 : 1;
  const runs = table.rows.map((row, k): Run => {
    const number = (name: string) => numberIn(table, row, name, k);
    const settings = settingsOf(table, row);
    const seed = row[table.header.indexOf('seed')]?.trim();
    return {
      upRatio: number(used.ratio),
      ...(used.ratioDown !== undefined && { downRatio: number(used.ratioDown) }),
      ...(used.cut !== undefined && { cut: number(used.cut) }),
      accuracy: number(used.accuracy) / scale,
      ...(seed !== undefined && { seed }),
      ...settings,
    };
  });
  return { runs, used: Object.fromEntries(Object.entries(used).filter(([, name]) => name !== undefined)) };
}

/** Codec settings where the columns of a study hold them; they name the operating point. */
function settingsOf(table: CsvTable, row: readonly string[]): Pick<Run, 'up' | 'down' | 'point'> {
  const names = ['kept_up', 'bits_up', 'kept_down', 'bits_down'];
  if (!names.every((name) => table.header.includes(name))) return {};
  const [keptUp, bitsUp, keptDown, bitsDown] = names.map((name) => Number(row[table.header.indexOf(name)]));
  return {
    point: [keptUp, bitsUp, keptDown, bitsDown].join('/'),
    up: { keptFraction: keptUp!, bits: bitsUp! },
    down: { keptFraction: keptDown!, bits: bitsDown! },
  };
}

function numberIn(table: CsvTable, row: readonly string[], name: string, k: number): number {
  const text = row[table.header.indexOf(name)]!.trim();
  const value = Number(text.replace(/\s*%$/u, ''));
  if (text === '' || !Number.isFinite(value)) {
    throw new RunsError(`run ${k + 1}: ${text === '' ? 'nothing' : text} in column ${name} is no number`);
  }
  return text.endsWith('%') ? value / 100 : value;
}

function columnsOf({ header }: CsvTable): string {
  return `the columns are ${header.join(', ')}`;
}
