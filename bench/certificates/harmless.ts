import type { RandomStream } from '../../lib/random/index.js';

/** Changes that take nothing from what a certificate proves: both checkers have to accept them. */
export const harmlessChanges = ['order of parts', 'prices in another unit', 'order of members'] as const;
export type HarmlessChange = (typeof harmlessChanges)[number];

interface Node {
  device?: number;
  choices?: number[];
  threshold?: number;
  prices?: Record<string, number | number[]>;
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
    const isRounded = (prices: object) => !Object.values(prices).flat().includes(1);
    const priced = nodes.filter(({ prices }) => prices && Object.keys(prices).length > 0 && isRounded(prices));
    if (priced.length === 0) return undefined;
    // A power of two, so that nothing is rounded.
    const unit = 2 ** Math.floor(40 * random.uniform() - 20);
    const changed = (price: number | number[]) =>
      Array.isArray(price) ? price.map((one) => one * unit) : price * unit;
    for (const node of priced) {
      const entries = Object.entries(node.prices!).map(([name, price]) => [name, changed(price)] as const);
      node.prices = Object.fromEntries(entries);
    }
    return JSON.stringify(certificate);
  }
  const splits = [...nodes.keys()].filter((k) => nodes[k]!.device !== undefined);
  const k = splits[Math.floor(random.uniform() * splits.length)];
  if (k === undefined) return undefined;
  const split = nodes[k]!;
  const listed = new Set(split.choices);
  const { length } = problem.devices[split.device!]!.choices.blocks;
  split.choices = Array.from({ length: length + 1 }, (_, j) => j - 1).filter((j) => !listed.has(j));
  const middle = endOf(nodes, k + 1);
  const end = endOf(nodes, middle);
  nodes.splice(k + 1, end - k - 1, ...nodes.slice(middle, end), ...nodes.slice(k + 1, middle));
  return JSON.stringify(certificate);
}

/** The place after the last node below the one at `k`. */
function endOf(nodes: readonly Node[], k: number): number {
  let open = 1;
  let at = k;
  for (; open > 0; at++) {
    const { device, threshold, without } = nodes[at]!;
    if (device !== undefined || threshold !== undefined) open++;
    else if (!without) open--;
  }
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
