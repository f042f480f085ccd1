import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatasetError, type Dataset } from './dataset.js';
import { imageFiles, pictureNames, type ImageOptions, type LabelledFile } from './image-files.js';

export interface FolderOptions extends ImageOptions {
  readonly part: 'train' | 'val';
}

/**
 * Tiny-ImageNet's own layout: `wnids.txt`, `train/<class>/images/*.JPEG`, `val/images/*.JPEG` with
 * `val/val_annotations.txt`; a subset of classes is fine. Images are in a fixed order: by class as listed, then by name.
 * Throws `DatasetError` naming the folder.
 */
export async function tinyImageNetDataset(options: FolderOptions): Promise<Dataset> {
  const { folder, part } = options;
  const classIds = lines(await readText(join(folder, 'wnids.txt')));
  const files = part === 'train' ? await trainFiles(folder, classIds) : await validationFiles(folder, classIds);
  return imageFiles(`Tiny-ImageNet (${part})`, classIds, files, options);
}

async function trainFiles(folder: string, classIds: readonly string[]): Promise<LabelledFile[]> {
  const files: LabelledFile[] = [];
  for (const [label, classId] of classIds.entries()) {
    const images = join(folder, 'train', classId, 'images');
    for (const name of await pictureNames(images)) files.push({ path: join(images, name), label });
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

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw new DatasetError(`${path} cannot be read`, { cause });
  });
}

function lines(text: string): string[] {
  return text.split(/\r?\n/u).filter((line) => line.trim() !== '');
}
