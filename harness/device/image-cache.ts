import type { ImageDataset } from '../data/index.js';

/** Read or drawn images kept in memory up to this size; small sets are read once. */
const defaultLimitBytes = 256 * 1024 ** 2;

/** The same images, each read once as long as they fit. */
export function cachedDataset(dataset: ImageDataset, limitBytes = defaultLimitBytes): ImageDataset {
  const kept = new Map<number, Uint8Array>();
  let heldBytes = 0;
  return {
    ...dataset,
    pixels: async (index) => {
      const found = kept.get(index);
      if (found) return found;
      const pixels = await dataset.pixels(index);
      if (heldBytes + pixels.length <= limitBytes) {
        heldBytes += pixels.length;
        kept.set(index, pixels);
      }
      return pixels;
    },
  };
}
