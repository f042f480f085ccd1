import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { resizeBicubic } from '../../lib/io/images/index.js';
import { DatasetError, type Dataset } from './dataset.js';
import { fileBytes } from './file-bytes.js';
import { meantIndices } from './fingerprint.js';
import { requireJpeg, type JpegDecoder } from './jpeg.js';

export interface ImageOptions {
  readonly folder: string;
  /** Side to which images are resized. */
  readonly imageSize: number;
  readonly decoder: JpegDecoder;
  /** `skip`: files that are no whole JPEG are left out; `end` (default): the first that is read throws. */
  readonly badPictures?: 'end' | 'skip';
}

/** A picture and its class, an index. */
export interface LabelledFile {
  readonly path: string;
  readonly label: number;
}

/**
 * Pictures of one's own: a folder with one for each class. Classes and files are in the order of their names. Files of other
 * formats count as pictures that are no JPEG. Throws `DatasetError` naming the folder; also for pictures of no class, and
 * classes other than `classNames`, those of the training set, where they are given.
 */
export async function imageFolderDataset(options: ImageOptions, classNames?: readonly string[]): Promise<Dataset> {
  const { folder } = options;
  const entries = (await listed(folder)).filter(({ name }) => !name.startsWith('.'));
  const stray = entries.find((entry) => !entry.isDirectory() && isPicture.test(entry.name));
  if (stray)
    throw new DatasetError(`${join(folder, stray.name)} is of no class: it must be in the folder of its class`);
  const found = entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort();
  const classes = classNames ?? found;
  if (classes.length < 2) throw new DatasetError(`${folder} needs a folder for each of two classes or more`);
  const unknown = found.find((name) => !classes.includes(name));
  if (unknown !== undefined) throw new DatasetError(`${join(folder, unknown)} is no class of the training set`);
  const files: LabelledFile[] = [];
  for (const name of found) {
    const own = await pictureNames(join(folder, name));
    if (own.length === 0) throw new DatasetError(`${join(folder, name)} holds no pictures`);
    files.push(...own.map((file) => ({ path: join(folder, name, file), label: classes.indexOf(name) })));
  }
  return imageFiles('images', classes, files, options);
}

/** Pictures as a data set. Throws `DatasetError` where there are none. */
export async function imageFiles(
  name: string,
  classNames: readonly string[],
  listedFiles: readonly LabelledFile[],
  { folder, imageSize, decoder, badPictures }: ImageOptions,
): Promise<Dataset> {
  const [files, skipped] = badPictures === 'skip' ? await whole(listedFiles) : [listedFiles, []];
  if (files.length === 0) throw new DatasetError(`${name}: ${folder} holds no images of its classes`);
  return {
    name,
    classNames,
    shape: [imageSize, imageSize, 3],
    length: files.length,
    ...(skipped.length > 0 && { skipped }),
    labels: Int32Array.from(files, ({ label }) => label),
    fingerprint: async (indices) => {
      const digest = createHash('sha256').update(`${imageSize}`);
      for (const k of meantIndices(files.length, indices)) {
        // With their lengths: the same bytes cut elsewhere are other pictures.
        const bytes = await fileBytes(files[k]!.path);
        digest.update(`,${bytes.length}:`).update(bytes);
      }
      return digest.digest('hex');
    },
    values: async (index) => {
      const file = files[index];
      if (!file) throw new DatasetError(`${folder} has ${files.length} images, none at ${index}`);
      const image = await decoder(await fileBytes(file.path)).catch((cause: unknown) => {
        if (!(cause instanceof DatasetError)) throw cause;
        throw new DatasetError(`${file.path}: ${cause.message}`, { cause });
      });
      return resizeBicubic(image, imageSize, imageSize).pixels;
    },
  };
}

/** Files that are whole JPEGs by their structure, and what is wrong with the others. */
async function whole(listed: readonly LabelledFile[]): Promise<[LabelledFile[], string[]]> {
  const files: LabelledFile[] = [];
  const skipped: string[] = [];
  for (const file of listed) {
    const bytes = await fileBytes(file.path).catch(reasonOf);
    const reason = typeof bytes === 'string' ? bytes : wrongWith(bytes, file);
    if (reason === undefined) files.push(file);
    else skipped.push(reason);
  }
  return [files, skipped];
}

function wrongWith(bytes: Uint8Array, { path }: LabelledFile): string | undefined {
  try {
    requireJpeg(bytes);
    return undefined;
  } catch (error) {
    return `${path}: ${reasonOf(error)}`;
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof DatasetError) return error.message;
  throw error;
}

/** Names in a folder that are pictures by their ending, JPEG or not: what is none is told of rather than passed over. */
const isPicture = /^[^.].*\.(?:jpe?g|png|webp|bmp|gif|tiff?)$/iu;

/** Pictures of a folder, sorted; files of a leading dot are other programs' notes, such as AppleDouble's. */
export async function pictureNames(folder: string): Promise<string[]> {
  return (await listed(folder))
    .map(({ name }) => name)
    .filter((name) => isPicture.test(name))
    .sort();
}

async function listed(folder: string) {
  return readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new DatasetError(`the folder ${folder} cannot be read`, { cause });
  });
}
