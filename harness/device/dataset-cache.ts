import type { Dataset } from '../data/index.js';

/** Read or drawn examples kept in memory up to this size; small sets are read once. */
const defaultLimitBytes = 256 * 1024 ** 2;

/** The same examples, each read once as long as they fit. */
export function cachedDataset(dataset: Dataset, limitBytes = defaultLimitBytes): Dataset {
  const { targets } = dataset;
  let heldBytes = 0;
  const cached = <T extends Uint8Array | Int32Array>(read: (index: number) => Promise<T>) => {
    const kept = new Map<number, T>();
    return async (index: number): Promise<T> => {
      const found = kept.get(index);
      if (found) return found;
      const values = await read(index);
      if (heldBytes + values.byteLength <= limitBytes) {
        heldBytes += values.byteLength;
        kept.set(index, values);
      }
      return values;
    };
  };
  return {
    ...dataset,
    values: cached((index) => dataset.values(index)),
    ...(targets && { targets: cached(targets) }),
  };
}
