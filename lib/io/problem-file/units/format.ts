import { parseQuantity } from './parse.js';
import { dimensions, type Dimension } from './table.js';

/** Units used when a quantity is shown, largest first, with the SI value of one. */
const shown: Readonly<Partial<Record<Dimension, readonly (readonly [string, number])[]>>> = {
  frequency: [
    ['GHz', 1e9],
    ['MHz', 1e6],
    ['kHz', 1e3],
    ['Hz', 1],
  ],
  memory: [
    ['TiB', 1024 ** 4],
    ['GiB', 1024 ** 3],
    ['MiB', 1024 ** 2],
    ['KiB', 1024],
    ['B', 1],
  ],
  'data rate': [
    ['Gbit/s', 1e9],
    ['Mbit/s', 1e6],
    ['kbit/s', 1e3],
    ['bit/s', 1],
  ],
  throughput: [
    ['PFLOP/s', 1e15],
    ['TFLOP/s', 1e12],
    ['GFLOP/s', 1e9],
    ['MFLOP/s', 1e6],
    ['FLOP/s', 1],
  ],
  time: [
    ['s', 1],
    ['ms', 1e-3],
    ['µs', 1e-6],
    ['ns', 1e-9],
  ],
  length: [
    ['km', 1e3],
    ['m', 1],
  ],
  power: [
    ['W', 1],
    ['mW', 1e-3],
  ],
};

/**
 * A quantity for people: a few significant digits in the unit that suits its size.
 *
 * @param value - In the dimension's SI unit.
 * @param dimension - What kind of quantity it is.
 * @param digits - Significant digits.
 * @example
 * ```ts
 * import { formatQuantity } from 'sft-opt/io';
 *
 * console.log(formatQuantity(19_999_999, 'frequency'), formatQuantity(0.012345, 'time', 2)); // 20 MHz 12 ms
 * ```
 */
export function formatQuantity(value: number, dimension: Dimension, digits = 3): string {
  if (value === Infinity) return 'unlimited';
  if (!Number.isFinite(value)) return String(value);
  if (dimension === 'fraction') return `${significant(100 * value, digits)} %`;
  const units = shown[dimension] ?? [[dimensions[dimension].plainUnit, 1] as const];
  const size = Math.abs(value);
  const [name, factor] = (size === 0 ? undefined : units.find(([, unit]) => size >= 0.9995 * unit)) ?? units.at(-1)!;
  return `${significant(value / factor, digits)} ${name}`;
}

/**
 * A quantity as text that `parseQuantity` reads back to the very same number; in the unit that suits its size if it can be.
 *
 * @param value - In the dimension's SI unit.
 * @param dimension - What kind of quantity it is.
 * @example
 * ```ts
 * import { exactQuantity } from 'sft-opt/io';
 *
 * console.log(exactQuantity(20e6, 'frequency'), exactQuantity(1 / 3, 'time')); // 20 MHz 0.333333
 * ```
 */
export function exactQuantity(value: number, dimension: Dimension): string {
  const units: readonly (readonly [string, number])[] =
    dimension === 'fraction' ? [['%', 0.01]] : (shown[dimension] ?? []).filter(([, unit]) => Math.abs(value) >= unit);
  for (const [name, factor] of units) {
    for (let digits = 1; digits <= 15; digits++) {
      const text = `${Number((value / factor).toPrecision(digits))} ${name}`;
      const parsed = parseQuantity(text, dimension);
      if (parsed.ok && parsed.value === value) return text;
    }
  }
  return String(value);
}

/**
 * Three significant digits without exponent where the size allows it.
 *
 * @param value - Any number.
 * @param digits - Significant digits.
 * @example
 * ```ts
 * import { significant } from 'sft-opt/io';
 *
 * console.log(significant(1234.5), significant(0.000012345)); // 1235 0.0000123
 * ```
 */
export function significant(value: number, digits = 3): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-5) return value.toExponential(digits - 1);
  const rounded = Number(value.toPrecision(digits));
  return size >= 10 ** digits ? Math.round(value).toString() : rounded.toString();
}
