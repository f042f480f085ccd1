import { CommandError, exitCodes } from '../exit-codes.js';

/** Keys whose place in a campaign is another option: they change nothing of any simulation in it. */
const elsewhere: ReadonlyMap<string, string> = new Map([
  ['seed', 'seeds of a campaign are those of --seeds'],
  ['simulation.schemes', 'schemes of a campaign are compared side by side; name them with --scheme'],
]);

/** A key and the values it takes, as `--set` would write them. */
export interface Variation {
  readonly key: string;
  readonly values: readonly string[];
}

const range =
  /^(?<from>[-+\d.eE]+)\s*\.\.\s*(?<to>[-+\d.eE]+)\s*(?<unit>[^\d\s:][^:]*)?:(?<count>\d+)(?<scale>:log)?$/u;
/** Values of one key, and points of all keys together. */
const mostValues = 1000;
const mostPoints = 10_000;

/** A key however it is written: without blanks, with points for brackets. */
export function plainKey(key: string): string {
  return key.replaceAll(/\s/gu, '').replaceAll(/\[(?<part>[^\]]*)\]/gu, '.$<part>');
}

/** Where a campaign is told what this key says in a file; undefined for other keys. */
export function placeElsewhere(key: string): string | undefined {
  const plain = plainKey(key);
  for (const [name, why] of elsewhere) if (plain === name || plain.startsWith(`${name}.`)) return why;
  return undefined;
}

/**
 * Reads `key=5..40 MHz:8` (evenly spaced), `key=1..100:5:log` (by equal factors) or `key=5,10,20 MHz` (one unit at the end is
 * that of all).
 */
export function parseVariation(written: string): Variation {
  const at = written.indexOf('=');
  const key = written.slice(0, at).trim();
  const text = written.slice(at + 1).trim();
  if (at <= 0 || key === '' || text === '')
    throw wrong(written, 'must be a key and values, as in radio.bandwidth=5..40MHz:8');
  const why = placeElsewhere(key);
  if (why !== undefined) throw wrong(written, why);
  const match = range.exec(text);
  const values = match ? rangeValues(written, match.groups!) : sharingUnit(written, listed(text));
  if (values.length > mostValues) throw wrong(written, `has ${values.length} values; at most ${mostValues}`);
  if (values.some((value) => value === '')) throw wrong(written, 'has an empty value');
  if (new Set(values).size < values.length) throw wrong(written, `has a value twice${commaHint(text)}`);
  return { key, values };
}

/** Where it may be meant otherwise: what separates values, and what decimals. */
export function commaHint(written: string): string {
  return /\d,\d/u.test(written) ? ' (a comma separates values; decimals have a point, as in 5.5)' : '';
}

/** Every combination of the values, the last key changing fastest. */
export function gridOf(variations: readonly Variation[]): (readonly string[])[] {
  const count = variations.reduce((product, { values }) => product * values.length, 1);
  if (count > mostPoints) {
    throw new CommandError(exitCodes.badInput, `--vary: ${count} combinations; at most ${mostPoints}`);
  }
  return variations.reduce<(readonly string[])[]>(
    (points, { values }) => points.flatMap((point) => values.map((value) => [...point, value])),
    [[]],
  );
}

function rangeValues(written: string, groups: Record<string, string | undefined>): string[] {
  const [from, to, count] = [Number(groups['from']), Number(groups['to']), Number(groups['count'])];
  const isLog = groups['scale'] !== undefined;
  if (!Number.isFinite(from) || !Number.isFinite(to)) throw wrong(written, 'must range between two numbers');
  if (count < 2 || count > mostValues) throw wrong(written, `must have from 2 to ${mostValues} values`);
  if (isLog && !(from > 0 && to > 0)) throw wrong(written, 'must range between positive numbers for equal factors');
  const unit = groups['unit']?.trim();
  return Array.from({ length: count }, (_, k) => {
    const share = k / (count - 1);
    const value = isLog ? from * (to / from) ** share : from + (to - from) * share;
    const text = String(Number(value.toPrecision(12)));
    return unit === undefined ? text : `${text} ${unit}`;
  });
}

const number = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/u;

/** Bare numbers before a last one with a unit are in that unit, as in a range; any other mixture is refused. */
function sharingUnit(written: string, values: readonly string[]): readonly string[] {
  const numbers = values.map((value) => number.exec(value)?.[0]);
  const isBare = values.map((value, k) => value === numbers[k]);
  const last = values.length - 1;
  if (!isBare.includes(true) || values.every((_, k) => isBare[k] === true || numbers[k] === undefined)) return values;
  if (isBare.lastIndexOf(false) !== last || isBare.indexOf(false) !== last) {
    throw wrong(written, 'has numbers with a unit and without; give each its unit, or the last one alone for all');
  }
  const unit = values[last]!.slice(numbers[last]!.length).trim();
  return values.map((value, k) => (k === last ? value : `${value} ${unit}`));
}

/** Parts between commas that stand in no bracket and in no quotes. */
function listed(text: string): string[] {
  const parts: string[] = [];
  let part = '';
  let depth = 0;
  let quote: string | undefined;
  for (const character of text) {
    if (quote !== undefined) quote = character === quote ? undefined : quote;
    else if (`"'`.includes(character) && /(?:^|[[{,:])\s*$/u.test(part)) quote = character;
    else if ('[{('.includes(character)) depth++;
    else if (']})'.includes(character)) depth--;
    if (character === ',' && depth === 0 && quote === undefined) {
      parts.push(part);
      part = '';
    } else part += character;
  }
  parts.push(part);
  return parts.map((part) => part.trim());
}

function wrong(written: string, what: string): CommandError {
  return new CommandError(exitCodes.badInput, `--vary ${written}: ${what}`);
}
