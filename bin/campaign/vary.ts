import { CommandError, exitCodes } from '../exit-codes.js';

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

/** Reads `key=5..40 MHz:8` (evenly spaced), `key=1..100:5:log` (by equal factors) or `key=5,10,20`. */
export function parseVariation(written: string): Variation {
  const at = written.indexOf('=');
  const key = written.slice(0, at).trim();
  const text = written.slice(at + 1).trim();
  if (at <= 0 || key === '' || text === '')
    throw wrong(written, 'must be a key and values, as in radio.bandwidth=5..40MHz:8');
  const match = range.exec(text);
  const values = match ? rangeValues(written, match.groups!) : listed(text);
  if (values.length > mostValues) throw wrong(written, `has ${values.length} values; at most ${mostValues}`);
  if (values.some((value) => value === '')) throw wrong(written, 'has an empty value');
  if (new Set(values).size < values.length) throw wrong(written, 'has a value twice');
  return { key, values };
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

/** Parts between commas that stand in no bracket. */
function listed(text: string): string[] {
  const parts: string[] = [];
  let part = '';
  let depth = 0;
  for (const character of text) {
    if ('[{('.includes(character)) depth++;
    if (']})'.includes(character)) depth--;
    if (character === ',' && depth === 0) {
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
