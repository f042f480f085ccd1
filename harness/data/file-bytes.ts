import { readFile, stat } from 'node:fs/promises';
import { DatasetError } from './dataset.js';

/** More are not read at once. */
const mostBytes = 2 ** 31 - 1;

/**
 * Content of a file of examples. Throws `DatasetError` with its path where it is none: a folder or a pipe has a name like any
 * other, and reading a pipe may never end.
 */
export async function fileBytes(path: string): Promise<Buffer> {
  try {
    const found = await stat(path);
    if (!found.isFile()) throw new DatasetError(`${path}: no file`);
    if (found.size > mostBytes) throw new DatasetError(`${path}: ${found.size} bytes, more than ${mostBytes}`);
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof DatasetError || !(cause instanceof Error)) throw cause;
    throw new DatasetError(`${path}: it cannot be read (${'code' in cause ? String(cause.code) : cause.message})`, {
      cause,
    });
  }
}
