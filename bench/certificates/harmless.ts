import type { RandomStream } from '../../lib/random/index.js';
import { isEmptied, openChoices, Reader, readProblem } from '../../lib/verify/evidence.js';

/** Changes that take nothing from what a certificate proves: both checkers have to accept them. */
export const harmlessChanges = ['order of parts', 'prices in another unit', 'order of members'] as const;
export type HarmlessChange = (typeof harmlessChanges)[number];

interface Node {
  device?: number;
  choices?: number[];
  prices?: number[];
  without?: number[][];
}

interface Certificate {
  problem: { devices: { choices: { blocks: number[] } }[] };
  claims: { bound: { nodes: Node[] } | null };
}

/** The changed text, or undefined where the certificate has nothing to change this way. */
export function changeHarmlessly(text: string, kind: HarmlessChange, random: RandomStream): string | undefined {
  const certificate = JSON.parse(text) as Certificate;
  const { problem, claims } = certificate;
  if (kind === 'order of members') return JSON.stringify(reversed(certificate), undefined, 1).replaceAll('\n', '\r');
  if (!claims.bound) return undefined;
  const { nodes } = claims.bound;
  if (kind === 'prices in another unit') {
    // A product with 1 is not rounded, which a proof may need to the last digit.
    const priced = nodes.filter(({ prices }) => prices?.some((price) => price > 0) && !prices.includes(1));
    if (priced.length === 0) return undefined;
    // A power of two, so that nothing is rounded.
    const unit = 2 ** Math.floor(40 * random.uniform() - 20);
    for (const node of priced) node.prices = node.prices!.map((price) => price * unit);
    return JSON.stringify(certificate);
  }
  const splits = [...nodes.keys()].filter((k) => nodes[k]!.device !== undefined);
  const k = splits[Math.floor(random.uniform() * splits.length)];
  if (k === undefined) return undefined;
  const below = partsBelow(certificate);
  const split = nodes[k]!;
  const listed = new Set(split.choices);
  const { length } = problem.devices[split.device!]!.choices.blocks;
  split.choices = Array.from({ length: length + 1 }, (_, j) => j - 1).filter((j) => !listed.has(j));
  const middle = endOf(below, k + 1);
  const end = endOf(below, middle);
  nodes.splice(k + 1, end - k - 1, ...nodes.slice(middle, end), ...nodes.slice(k + 1, middle));
  return JSON.stringify(certificate);
}

/** Into how many parts each node divides its own. */
function partsBelow({ problem, claims }: Certificate): number[] {
  const stack: (readonly number[])[][] = [openChoices(readProblem(new Reader(problem)))];
  return claims.bound!.nodes.map(({ device, choices, without }) => {
    const open = stack.pop()!;
    const kept = (isKept: (j: number, n: number) => boolean) => open.map((list, n) => list.filter((j) => isKept(j, n)));
    const parts =
      device !== undefined
        ? [false, true].map((isListed) => kept((j, n) => n !== device || choices!.includes(j) === isListed))
        : without
          ? [kept((j, n) => !without[n]!.includes(j))].filter((left) => !isEmptied(left))
          : [open, open];
    stack.push(...parts);
    return parts.length;
  });
}

/** The place after the last node below the one at `k`. */
function endOf(below: readonly number[], k: number): number {
  let [open, at] = [1, k];
  for (; open > 0; at++) open += below[at]! - 1;
  return at;
}

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, entry]) => [key, reversed(entry)]),
  );
}
