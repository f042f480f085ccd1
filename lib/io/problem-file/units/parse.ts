import leven from 'leven';
import { dimensions, nameDimension, type Dimension, type Unit } from './table.js';

export type ParsedQuantity =
  { readonly ok: true; readonly value: number } | { readonly ok: false; readonly message: string };

const numberThenUnit = /^\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)\s*(\S.*?)?\s*$/u;
const longestQuantity = 80;

/**
 * A quantity as people write it (`20 MHz`, `-174 dBm/Hz`, `4 GiB`) in the SI unit of the wanted dimension; a number
 * without unit is taken to be in that unit. A unit of another dimension, an unknown one and a value that is not finite
 * are refused with a message that says what is allowed.
 *
 * @param written - Number, perhaps with a unit.
 * @param wanted - What kind of quantity is expected.
 * @example
 * ```ts
 * import { parseQuantity } from 'sft-opt/io';
 *
 * const found = parseQuantity('20 MHz', 'frequency');
 * console.log(found.ok && found.value); // 20000000
 * ```
 */
export function parseQuantity(written: string | number, wanted: Dimension): ParsedQuantity {
  const table = dimensions[wanted];
  const allowed = `${nameDimension(wanted)} such as ${table.examples.map((example) => `\`${example}\``).join(' or ')}`;
  if (typeof written === 'number') return finite(written, allowed);
  const match = written.length <= longestQuantity ? numberThenUnit.exec(written) : null;
  if (!match) return { ok: false, message: `not a number with a unit; write ${allowed}` };
  const magnitude = Number(match[1]);
  const unitName = match[2]?.replaceAll(/\s*\/\s*/gu, '/');
  if (unitName === undefined) return finite(magnitude, allowed);
  const unit = table.units.get(unitName);
  if (unit) return finite(toStandardUnit(magnitude, unit), allowed);
  return { ok: false, message: unknownUnit(unitName, wanted, allowed) };
}

/** A regular expression (as JSON Schema knows them) for what `parseQuantity` takes as text. */
export function quantityPattern(dimension: Dimension): string {
  const names = [...dimensions[dimension].units.keys()].map((name) =>
    name.replaceAll(/[.*+?^${}()|[\]\\]/gu, '\\$&').replaceAll('/', '\\s*/\\s*'),
  );
  return `^\\s*[+-]?(\\d+(\\.\\d*)?|\\.\\d+)([eE][+-]?\\d+)?\\s*(${names.join('|')})?\\s*$`;
}

/** The SI value of `magnitude` in a unit; decibel units count ten per factor of ten in power. */
export function toStandardUnit(magnitude: number, unit: Unit): number {
  return 'factor' in unit ? magnitude * unit.factor : unit.decibelReference * 10 ** (magnitude / 10);
}

function finite(value: number, allowed: string): ParsedQuantity {
  return Number.isFinite(value) ? { ok: true, value } : { ok: false, message: `not a finite number; write ${allowed}` };
}

function unknownUnit(unitName: string, wanted: Dimension, allowed: string): string {
  const others = (Object.keys(dimensions) as Dimension[]).filter((dimension) =>
    dimensions[dimension].units.has(unitName),
  );
  if (others.length > 0) {
    return `\`${unitName}\` is the unit of ${others.map(nameDimension).join(' or ')}, not of ${nameDimension(wanted)}; write ${allowed}`;
  }
  const known = [...dimensions[wanted].units.keys()];
  const near = nearest(unitName, known);
  const hint = near === undefined ? '' : `, did you mean \`${near}\`?`;
  return `\`${unitName}\` is no unit of ${nameDimension(wanted)}${hint} (allowed: ${known.join(', ')})`;
}

/** The candidate most like `name`, case apart; undefined where none is near enough to be a slip of the hand. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  const wanted = name.toLowerCase();
  // Two slips (or two letters exchanged) in a word, one in a shorter name.
  const furthest = name.length < 4 ? 1 : Math.max(2, Math.floor(name.length / 4));
  let best: string | undefined;
  let bestDistance = furthest + 1;
  for (const candidate of candidates) {
    const distance = leven(wanted, candidate.toLowerCase(), { maxDistance: bestDistance });
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}
