import { narrowWidth } from './figure.js';

/** Up to here whole numbers have ticks of their own; further apart the usual ones are whole. */
const furthest = 16;

/** Ticks of an axis whose values are few whole numbers, such as rounds: none between them. Nothing for other axes. */
export function wholeTicks(
  values: Iterable<number>,
  width: number,
): { readonly ticks?: readonly number[]; readonly tickFormat?: (value: number) => string } {
  let [least, most] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isInteger(value)) return {};
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  const span = most - least;
  if (!(span <= furthest)) return {};
  const step = Math.ceil((span + 1) / (width === narrowWidth ? 5 : furthest + 1));
  const ticks = Array.from({ length: Math.floor(span / step) + 1 }, (_, k) => least + k * step);
  return { ticks, tickFormat: String };
}
