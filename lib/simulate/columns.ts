import type { RoundRecord } from './record.js';

/** One column of the table of rounds. */
export interface RoundColumn {
  /** Heading. */
  readonly name: string;
  /** In words. */
  readonly meaning: string;
  /** Its value for a round. */
  readonly of: (record: RoundRecord) => string | number | null;
}

const stage = (name: keyof NonNullable<RoundRecord['stages']>, meaning: string): RoundColumn => ({
  name: `bottleneck_${name.replaceAll(/[A-Z]/gu, (letter) => `_${letter.toLowerCase()}`)}_s`,
  meaning: `${meaning} of the bottleneck, seconds ${name.startsWith('adapter') ? 'a round' : 'a step'}`,
  of: ({ stages }) => stages?.[name] ?? null,
});

/** The columns of the table of rounds, tidy: a row for each round of each scheme; units are in the names. */
export const roundColumns: readonly RoundColumn[] = [
  { name: 'scheme', meaning: 'who decides', of: ({ scheme }) => scheme },
  { name: 'seed', meaning: 'seed of the cell’s changes', of: ({ seed }) => seed },
  { name: 'round', meaning: 'from 0', of: ({ round }) => round },
  { name: 'start_s', meaning: 'when the round starts', of: ({ seconds }) => seconds },
  { name: 'outcome', meaning: 'run, broken (a limit), no-plan or nobody', of: ({ outcome }) => outcome },
  { name: 'devices', meaning: 'devices that take part', of: ({ devices }) => devices },
  { name: 'delay_s', meaning: 'length of the round', of: ({ delaySeconds }) => delaySeconds },
  { name: 'bottleneck', meaning: 'device with the longest chain', of: ({ bottleneck }) => bottleneck },
  stage('forward', 'forward'),
  stage('encode', 'compression'),
  stage('uplink', 'uplink'),
  stage('server', 'server'),
  stage('downlink', 'downlink'),
  stage('decode', 'decompression'),
  stage('backward', 'backward'),
  stage('adapterUplink', 'adapters up'),
  stage('adapterDownlink', 'adapters down'),
  { name: 'uplink_bit', meaning: 'sent up by all devices', of: ({ uplinkBits }) => uplinkBits },
  { name: 'downlink_bit', meaning: 'sent down to all devices', of: ({ downlinkBits }) => downlinkBits },
  { name: 'energy_J', meaning: 'of all devices', of: ({ energyJoule }) => energyJoule },
  {
    name: 'memory_use',
    meaning: 'largest part of its memory that a device uses, 0…1',
    of: ({ memoryUse }) => memoryUse,
  },
  {
    name: 'server_memory_B',
    meaning: 'devices’ state on the server',
    of: ({ serverMemoryBytes }) => serverMemoryBytes,
  },
  { name: 'accuracy', meaning: 'that the accuracy model gives for the plan, 0…1', of: ({ accuracy }) => accuracy },
  {
    name: 'progress',
    meaning: 'of a training to the target accuracy; empty without `progress`',
    of: ({ progress }) => progress,
  },
  { name: 'replanned', meaning: 'why the large time scale decided; empty if not', of: ({ replanned }) => replanned },
  { name: 'steps', meaning: 'SQP steps for the bandwidths', of: ({ steps }) => steps },
  { name: 'sat_out', meaning: 'devices there that take no part', of: ({ satOut }) => satOut.length },
  { name: 'violations', meaning: 'limits broken', of: ({ violations }) => violations.length },
  { name: 'bound_s', meaning: 'no plan for these devices is faster (proven)', of: ({ boundSeconds }) => boundSeconds },
  { name: 'regret', meaning: 'delay over bound, less 1', of: ({ regret }) => regret },
];

/**
 * The table of rounds as CSV (RFC 4180), header first.
 *
 * @param records - Rounds as `simulate` yields them.
 * @example
 * ```ts
 * import { readScenarioFile } from 'sft-opt/io';
 * import { builtInScheme, roundCsv, simulate, simulationOptions } from 'sft-opt/simulate';
 *
 * const outcome = readScenarioFile(`version: 1
 * model: deit-tiny
 * simulation: { rounds: 3 }
 * devices: [{ name: a, count: 2, distance: 60 m }]`);
 * if (!outcome.ok) throw new Error('the scenario is not valid');
 * const { cell, settings } = outcome.scenario;
 * const rounds = simulate(cell, simulationOptions(settings), [builtInScheme('joint')], { seed: 1 });
 * console.log([...roundCsv(rounds)].length); // 4
 * ```
 */
export function* roundCsv(records: Iterable<RoundRecord>): Generator<string> {
  yield roundCsvHeader();
  for (const record of records) yield roundCsvRow(record);
}

/**
 * The first line of the table of rounds.
 *
 * @example
 * ```ts
 * import { roundCsvHeader } from 'sft-opt/simulate';
 *
 * console.log(roundCsvHeader().split(',').slice(0, 3)); // [ 'scheme', 'seed', 'round' ]
 * ```
 */
export function roundCsvHeader(): string {
  return `${roundColumns.map(({ name }) => name).join(',')}\n`;
}

/**
 * The line of one round.
 *
 * @param record - One round.
 * @example
 * ```ts
 * import { readScenarioFile } from 'sft-opt/io';
 * import { builtInScheme, roundCsvRow, simulate, simulationOptions } from 'sft-opt/simulate';
 *
 * const outcome = readScenarioFile(`version: 1
 * model: deit-tiny
 * simulation: { rounds: 3 }
 * devices: [{ name: a, count: 2, distance: 60 m }]`);
 * if (!outcome.ok) throw new Error('the scenario is not valid');
 * const { cell, settings } = outcome.scenario;
 * const [first] = simulate(cell, simulationOptions(settings), [builtInScheme('joint')], { seed: 1 });
 * console.log(roundCsvRow(first!).split(',').slice(0, 3)); // [ 'joint', '1', '0' ]
 * ```
 */
export function roundCsvRow(record: RoundRecord): string {
  return `${roundColumns.map((column) => csvCell(column.of(record))).join(',')}\n`;
}

/**
 * A value as CSV has it. A text that a spreadsheet would run as a formula has an apostrophe before it; a text that is a number, such as
 * `-5`, stays as it is.
 *
 * @param value - What the cell holds; an empty one for null.
 * @example
 * ```ts
 * import { csvCell } from 'sft-opt/simulate';
 *
 * console.log(csvCell('a,b'), csvCell('=1+1'), csvCell('-5'), csvCell(null)); // "a,b" '=1+1 -5
 * ```
 */
export function csvCell(value: string | number | null): string {
  if (value === null) return '';
  const isFormula = typeof value === 'string' && /^[=+\-@\t\r]/u.test(value) && Number.isNaN(Number(value));
  const text = isFormula ? `'${value}` : String(value);
  return /[",\n\r]/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
