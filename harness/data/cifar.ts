import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatasetError, type Dataset } from './dataset.js';
import { fileBytes } from './file-bytes.js';
import { meantIndices } from './fingerprint.js';
import { resizeBicubic } from '../../lib/io/images/index.js';

export interface CifarOptions {
  readonly folder: string;
  readonly variant: 'cifar-10' | 'cifar-100';
  readonly part: 'train' | 'test';
  /** Side to which images are resized; default 32, as stored. */
  readonly imageSize?: number;
}

const side = 32;
const pixelBytes = side * side * 3;

/** Files, label bytes before the pixels (the last one is used) and the list of class names of each variant. */
const layouts = {
  'cifar-10': {
    train: [1, 2, 3, 4, 5].map((k) => `data_batch_${k}.bin`),
    test: ['test_batch.bin'],
    labelBytes: 1,
    classes: 10,
    names: 'batches.meta.txt',
  },
  'cifar-100': { train: ['train.bin'], test: ['test.bin'], labelBytes: 2, classes: 100, names: 'fine_label_names.txt' },
} as const;

/** CIFAR's binary version: records of label bytes and planes of red, green and blue. Throws `DatasetError`. */
export async function cifarDataset(options: CifarOptions): Promise<Dataset> {
  const { folder, variant, part, imageSize = side } = options;
  const layout = layouts[variant];
  const recordBytes = layout.labelBytes + pixelBytes;
  const records = Buffer.concat(
    await Promise.all(layout[part].map((name) => readRecords(join(folder, name), recordBytes))),
  );
  const length = records.length / recordBytes;
  const labels = Int32Array.from({ length }, (_, k) => records[k * recordBytes + layout.labelBytes - 1]!);
  const wrong = labels.findIndex((label) => label >= layout.classes);
  if (wrong >= 0) throw new DatasetError(`record ${wrong} of ${folder} has label ${labels[wrong]}`);
  return {
    name: `${variant} (${part})`,
    classNames: await classNames(join(folder, layout.names), layout.classes),
    shape: [imageSize, imageSize, 3],
    length,
    labels,
    fingerprint: (indices) => {
      const digest = createHash('sha256').update(`${imageSize}`);
      for (const k of meantIndices(length, indices))
        digest.update(records.subarray(k * recordBytes, (k + 1) * recordBytes));
      return Promise.resolve(digest.digest('hex'));
    },
    values: (index) => {
      if (!(index >= 0 && index < length)) return Promise.reject(new DatasetError(`there is no image ${index}`));
      const start = index * recordBytes + layout.labelBytes;
      const pixels = interleaved(records.subarray(start, start + pixelBytes));
      return Promise.resolve(resizeBicubic({ width: side, height: side, pixels }, imageSize, imageSize).pixels);
    },
  };
}

async function readRecords(path: string, recordBytes: number): Promise<Buffer> {
  const bytes = await fileBytes(path);
  if (bytes.length === 0 || bytes.length % recordBytes !== 0) {
    throw new DatasetError(`${path} has ${bytes.length} bytes, no multiple of the record size ${recordBytes}`);
  }
  return bytes;
}

/** Names as listed; numbers where the list is absent or of another length. */
async function classNames(path: string, classes: number): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const names = text.split(/\r?\n/u).filter((line) => line.trim() !== '');
  return names.length === classes ? names : Array.from({ length: classes }, (_, k) => `class ${k}`);
}

function interleaved(planes: Uint8Array): Uint8Array {
  const pixels = new Uint8Array(pixelBytes);
  for (let k = 0; k < side * side; k++) {
    for (let channel = 0; channel < 3; channel++) pixels[3 * k + channel] = planes[channel * side * side + k]!;
  }
  return pixels;
}
