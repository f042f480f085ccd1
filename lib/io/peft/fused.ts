import type { AdapterState, AdapterTarget, AdapterTensor } from './adapters.js';

/** What GPT-2's fused layer holds, in the order of its outputs. */
const fusedTargets: readonly AdapterTarget[] = ['query', 'key', 'value'];

/** Those of `targets` that GPT-2 has in one layer. */
export function fusedOf(targets: readonly AdapterTarget[]): readonly AdapterTarget[] {
  return fusedTargets.filter((target) => targets.includes(target));
}

/**
 * Adapters of queries, keys and values as one of GPT-2's fused layer, `<block>.fused.<down|up>`: their A side by side, their B
 * each for outputs of its own, so that the rank is the sum of theirs.
 */
export function joinFused(state: AdapterState, targets: readonly AdapterTarget[]): AdapterState {
  const fused = fusedOf(targets);
  const joined = new Map<string, AdapterTensor>();
  for (const [name, host] of state) {
    const [block, target, part] = name.split('.') as [string, AdapterTarget, string];
    if (!fused.includes(target)) joined.set(name, host);
    else if (target === fused[0]) {
      const [rows, columns] = host.shape as [number, number];
      const isDown = part === 'down';
      const shape = isDown ? [rows, columns * fused.length] : [rows * fused.length, columns * 3];
      const values = new Float32Array(shape[0]! * shape[1]!);
      fused.forEach((other, group) => {
        const from = state.get(`${block}.${other}.${part}`)!.values;
        const first = isDown ? group * columns : group * rows * shape[1]! + fusedTargets.indexOf(other) * columns;
        for (let row = 0; row < rows; row++) {
          values.set(from.subarray(row * columns, (row + 1) * columns), first + row * shape[1]!);
        }
      });
      joined.set(`${block}.fused.${part}`, { shape, values });
    }
  }
  return joined;
}

/**
 * The way back. An adapter of `ranks` times the rank holds as many targets, each for outputs of its own; one of the rank itself
 * acts on every target that it has outputs for, with the same A. Undefined where the targets cannot be told apart.
 */
export function splitFused(
  found: ReadonlyMap<string, AdapterTensor>,
  rank: number,
  ranks: number,
): Map<string, AdapterTensor> | undefined {
  const groups = owners(found, rank, ranks);
  if (!groups) return undefined;
  const split = new Map<string, AdapterTensor>();
  for (const [name, host] of found) {
    const [block, target, part] = name.split('.') as [string, string, string];
    if (target !== 'fused') split.set(name, host);
    else {
      const [inputs, outputs] = host.shape as [number, number];
      groups.forEach((owned, group) => {
        for (const own of owned) {
          const third = (outputs / 3) * fusedTargets.indexOf(own);
          const up = [group * rank, rank, third, outputs / 3] as const;
          split.set(`${block}.${own}.${part}`, excerpt(host, part === 'up' ? up : [0, inputs, group * rank, rank]));
        }
      });
    }
  }
  return split;
}

/** Targets of each group of `rank` rows of B, over all blocks. */
function owners(found: ReadonlyMap<string, AdapterTensor>, rank: number, ranks: number): AdapterTarget[][] | undefined {
  const used = Array.from({ length: ranks }, () => new Set<AdapterTarget>());
  for (const [name, { shape, values }] of found) {
    if (!name.includes('.fused.')) continue;
    const [rows, columns] = shape as [number, number];
    if (name.endsWith('.down') ? columns !== rank * ranks : rows !== rank * ranks || columns % 3 !== 0)
      return undefined;
    if (name.endsWith('.down')) continue;
    values.forEach((value, k) => {
      const third = Math.floor((k % columns) / (columns / 3));
      if (value !== 0) used[Math.floor(k / columns / rank)]!.add(fusedTargets[third]!);
    });
  }
  if (ranks === 1) return [used[0]!.size > 0 ? [...used[0]!] : [...fusedTargets]];
  const taken = used.flatMap((set) => [...set]);
  if (used.some(({ size }) => size > 1) || new Set(taken).size < taken.length) return undefined;
  // What has not learned yet may be of any target: first of the usual ones.
  const free = (['query', 'value', 'key'] as const).filter((target) => !taken.includes(target));
  return used.map((set) => [[...set][0] ?? free.shift()!]);
}

/** Some rows and columns of a matrix: first row, rows, first column, columns. */
function excerpt(
  { shape, values }: AdapterTensor,
  [row, rows, column, columns]: readonly [number, number, number, number],
) {
  const out = Float32Array.from({ length: rows * columns }, (_, k) => {
    return values[(row + Math.floor(k / columns)) * shape[1]! + column + (k % columns)]!;
  });
  return { shape: [rows, columns], values: out };
}
