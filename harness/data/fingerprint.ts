import { createHash } from 'node:crypto';
import type { Dataset } from './dataset.js';

/** Tells data sets apart by every label, value and target. */
export async function datasetFingerprint(dataset: Dataset): Promise<string> {
  const digest = createHash('sha256').update(Int32Array.from(dataset.labels)).update(dataset.classNames.join('\0'));
  if (dataset.fingerprint)
    return digest
      .update(await dataset.fingerprint())
      .digest('hex')
      .slice(0, 16);
  for (let index = 0; index < dataset.length; index++) {
    digest.update(await dataset.values(index));
    if (dataset.targets) digest.update(await dataset.targets(index));
  }
  return digest.digest('hex').slice(0, 16);
}

/** Indices of those examples that are meant; all where nothing is said. */
export function meantIndices(length: number, indices: ArrayLike<number> | undefined): number[] {
  return indices ? Array.from(indices) : Array.from({ length }, (_, k) => k);
}
