import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { DatasetError, plainNormalisation, type Normalisation } from './dataset.js';

const triple = z.tuple([z.number(), z.number(), z.number()]);
const configuration = z.looseObject({
  do_rescale: z.boolean().default(true),
  rescale_factor: z
    .number()
    .positive()
    .default(1 / 255),
  do_normalize: z.boolean().default(true),
  image_mean: triple.default([...plainNormalisation.mean]),
  image_std: z
    .tuple([z.number().positive(), z.number().positive(), z.number().positive()])
    .default([...plainNormalisation.deviation]),
});

/** What Hugging Face's `preprocessor_config.json` in a folder says; undefined where there is none. Throws `DatasetError`. */
export async function preprocessorNormalisation(folder: string): Promise<Normalisation | undefined> {
  const path = join(folder, 'preprocessor_config.json');
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  let found: z.output<typeof configuration>;
  try {
    found = configuration.parse(JSON.parse(text));
  } catch (cause) {
    throw new DatasetError(`${path} cannot be used`, { cause });
  }
  const { do_rescale: isRescaled, rescale_factor: factor, do_normalize: isNormalised } = found;
  if (!isRescaled || Math.abs(255 * factor - 1) > 1e-6) {
    throw new DatasetError(`${path}: pixels must be rescaled by 1 / 255`);
  }
  if (!isNormalised) return { mean: [0, 0, 0], deviation: [1, 1, 1] };
  return { mean: found.image_mean, deviation: found.image_std };
}
