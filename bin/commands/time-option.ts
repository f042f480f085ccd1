import { InvalidArgumentError } from 'commander';
import { parseQuantity } from '../../lib/io/index.js';

/** A time above 0: seconds, or with a unit. */
export function parseTime(text: string): number {
  const parsed = parseQuantity(text, 'time');
  if (!parsed.ok) throw new InvalidArgumentError(parsed.message);
  if (parsed.value <= 0) throw new InvalidArgumentError('must be more than 0.');
  return parsed.value;
}
