import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatasetError, type Dataset } from './dataset.js';
import { meantIndices } from './fingerprint.js';
import { requireJpeg, type JpegDecoder } from './jpeg.js';
import { resizeBicubic } from '../../lib/io/images/index.js';

export interface FolderOptions {
  readonly folder: string;
  readonly part: 'train' | 'val';
  /** Side to which images are resized. */
  readonly imageSize: number;
  readonly decoder: JpegDecoder;
  /** `skip`: files that are no whole JPEG are left out; `end` (default): the first that is read throws. */
  readonly badPictures?: 'end' | 'skip';
}

/**
 * Tiny-ImageNet's own layout: `wnids.txt`, `train/<class>/images/*.JPEG`, `val/images/*.JPEG` with
 * `val/val_annotations.txt`; a subset of classes is fine. Images are in a fixed order: by class as listed, then by name.
 * Throws `DatasetError` naming the folder.
 */
export async function tinyImageNetDataset(options: FolderOptions): Promise<Dataset> {
  const { folder, part, imageSize, decoder } = options;
  const classIds = lines(await readText(join(folder, 'wnids.txt')));
  const listed = part === 'train' ? await trainFiles(folder, classIds) : await validationFiles(folder, classIds);
  const [files, skipped] = options.badPictures === 'skip' ? await whole(listed) : [listed, []];
  if (files.length === 0) throw new DatasetError(`${folder} holds no images of its classes (${part})`);
  return {
    name: `Tiny-ImageNet (${part})`,
    classNames: classIds,
    shape: [imageSize, imageSize, 3],
    length: files.length,
    ...(skipped.length > 0 && { skipped }),
    labels: Int32Array.from(files, ({ label }) => label),
    fingerprint: async (indices) => {
      const digest = createHash('sha256').update(`${imageSize}`);
      for (const k of meantIndices(files.length, indices)) digest.update(await readFile(files[k]!.path));
      return digest.digest('hex');
    },
    values: async (index) => {
      const file = files[index];
      if (!file) throw new DatasetError(`${folder} has ${files.length} images, none at ${index}`);
      const image = await decoder(await readFile(file.path)).catch((cause: unknown) => {
        if (!(cause instanceof DatasetError)) throw cause;
        throw new DatasetError(`${file.path}: ${cause.message}`, { cause });
      });
      return resizeBicubic(image, imageSize, imageSize).pixels;
    },
  };
}

interface LabelledFile {
  readonly path: string;
  readonly label: number;
}

/** Files that are whole JPEGs by their structure, and what is wrong with the others. */
async function whole(listed: readonly LabelledFile[]): Promise<[LabelledFile[], string[]]> {
  const files: LabelledFile[] = [];
  const skipped: string[] = [];
  for (const file of listed) {
    try {
      requireJpeg(await readFile(file.path));
      files.push(file);
    } catch (error) {
      if (!(error instanceof DatasetError) && !(error instanceof Error && 'syscall' in error)) throw error;
      skipped.push(`${file.path}: ${error.message}`);
    }
  }
  return [files, skipped];
}

async function trainFiles(folder: string, classIds: readonly string[]): Promise<LabelledFile[]> {
  const files: LabelledFile[] = [];
  for (const [label, classId] of classIds.entries()) {
    const images = join(folder, 'train', classId, 'images');
    for (const name of await jpegNames(images)) files.push({ path: join(images, name), label });
  }
  return files;
}

async function validationFiles(folder: string, classIds: readonly string[]): Promise<LabelledFile[]> {
  const labels = new Map(classIds.map((classId, label) => [classId, label]));
  const files: LabelledFile[] = [];
  for (const line of lines(await readText(join(folder, 'val', 'val_annotations.txt')))) {
    const [name, classId] = line.split('\t');
    const label = labels.get(classId ?? '');
    if (name && label !== undefined) files.push({ path: join(folder, 'val', 'images', name), label });
  }
  return files.sort((a, b) => a.label - b.label || (a.path < b.path ? -1 : 1));
}

async function jpegNames(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new DatasetError(`the folder ${folder} cannot be read`, { cause });
  });
  // Files of a leading dot are other programs' notes, such as AppleDouble's.
  return names.filter((name) => /^[^.].*\.jpe?g$/iu.test(name)).sort();
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw new DatasetError(`${path} cannot be read`, { cause });
  });
}

function lines(text: string): string[] {
  return text.split(/\r?\n/u).filter((line) => line.trim() !== '');
}
