import type { RandomStream } from '../../lib/random/index.js';

/** Changes that take nothing from what a certificate proves: both checkers have to accept them. */
export const harmlessChanges = ['order of parts', 'price of no limit', 'order of members'] as const;
export type HarmlessChange = (typeof harmlessChanges)[number];

interface Node {
  device?: number;
  choices?: number[];
  threshold?: number;
  prices?: Record<string, number>;
  without?: number[][];
}

interface Certificate {
  problem: {
    serverMemoryBytes: number | null;
    trafficBits: number | null;
    accuracyMinimum: number | null;
    accuracyScope: string;
    devices: { choices: { blocks: number[] } }[];
  };
  claims: { bound: { nodes: Node[] } | null };
}

/** The changed text, or undefined where the certificate has nothing to change this way. */
export function changeHarmlessly(text: string, kind: HarmlessChange, random: RandomStream): string | undefined {
  const certificate = JSON.parse(text) as Certificate;
  const { problem, claims } = certificate;
  if (kind === 'order of members') return JSON.stringify(reversed(certificate), undefined, 1).replaceAll('\n', '\r');
  if (!claims.bound) return undefined;
  const { nodes } = claims.bound;
  if (kind === 'price of no limit') {
    const isMean = problem.accuracyMinimum !== null && problem.accuracyScope === 'mean';
    const free = [
      ...(problem.serverMemoryBytes === null ? ['perByte'] : []),
      ...(problem.trafficBits === null ? ['perBit'] : []),
      ...(isMean ? [] : ['perAccuracy']),
    ];
    const priced = nodes.filter(({ prices }) => prices);
    if (free.length === 0 || priced.length === 0) return undefined;
    for (const { prices } of priced) for (const name of free) prices![name] = 10 ** (20 * random.uniform() - 10);
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
