import { InvalidArgumentError } from 'commander';

/** A seed: a whole number from 0. */
export function parseSeed(text: string): number {
  const seed = /^\d{1,15}$/u.test(text) ? Number(text) : NaN;
  if (!Number.isSafeInteger(seed)) throw new InvalidArgumentError('must be a whole number from 0 on.');
  return seed;
}
