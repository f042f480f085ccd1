import { InvalidArgumentError, Option } from 'commander';

/** A seed: a whole number from 0. */
export function parseSeed(text: string): number {
  const seed = /^\d{1,15}$/u.test(text) ? Number(text) : NaN;
  if (!Number.isSafeInteger(seed)) throw new InvalidArgumentError('must be a whole number from 0 on.');
  return seed;
}

/** `--set key=value`, as often as one likes: keys of the file in place of what it says. */
export function setOption(examples = 'radio.bandwidth="25 MHz" or devices[phone-1].memory="600 MiB"'): Option {
  return new Option(
    '--set <key=value>',
    `a key in place of the file’s, such as ${examples}; may be repeated`,
  ).argParser((text: string, earlier: string[] | undefined) => [...(earlier ?? []), text]);
}
