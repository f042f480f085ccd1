import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatasetError, type ImageDataset } from './dataset.js';
import { meantIndices } from './fingerprint.js';
import type { JpegDecoder } from './jpeg.js';
import { resizeBicubic } from './resize.js';

export interface FolderOptions {
  readonly folder: string;
  readonly part: 'train' | 'val';
  /** Side to which images are resized. */
  readonly imageSize: number;
  readonly decoder: JpegDecoder;
}

/**
 * Tiny-ImageNet's own layout: `wnids.txt`, `train/<class>/images/*.JPEG`, `val/images/*.JPEG` with
 * `val/val_annotations.txt`; a subset of classes is fine. Images are in a fixed order: by class as listed, then by name.
 * Throws `DatasetError` naming the folder.
 */
export async function tinyImageNetDataset(options: FolderOptions): Promise<ImageDataset> {
  const { folder, part, imageSize, decoder } = options;
  const classIds = lines(await readText(join(folder, 'wnids.txt')));
  const files = part === 'train' ? await trainFiles(folder, classIds) : await validationFiles(folder, classIds);
  if (files.length === 0) throw new DatasetError(`${folder} holds no images of its classes (${part})`);
  return {
    name: `Tiny-ImageNet (${part})`,
    classNames: classIds,
    imageSize,
    length: files.length,
    labels: Int32Array.from(files, ({ label }) => label),
    fingerprint: async (indices) => {
      const digest = createHash('sha256').update(`${imageSize}`);
      for (const k of meantIndices(files.length, indices)) digest.update(await readFile(files[k]!.path));
      return digest.digest('hex');
    },
    pixels: async (index) => {
      const file = files[index];
      if (!file) throw new DatasetError(`${folder} has ${files.length} images, none at ${index}`);
      const image = await decoder(await readFile(file.path));
      return resizeBicubic(image, imageSize, imageSize).pixels;
    },
  };
}

interface LabelledFile {
  readonly path: string;
  readonly label: number;
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
  return names.filter((name) => /\.jpe?g$/iu.test(name)).sort();
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw new DatasetError(`${path} cannot be read`, { cause });
  });
}

function lines(text: string): string[] {
  return text.split(/\r?\n/u).filter((line) => line.trim() !== '');
}
