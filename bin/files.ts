import type { Stats } from 'node:fs';
import { link, open, readlink, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { CommandError, exitCodes } from './exit-codes.js';

/** Files above this size are refused before they are read. */
export const largestFileBytes = 64 * 1024 * 1024;

/** The text of a file, or of standard input for `-`. */
export async function readText(path: string, largestBytes = largestFileBytes): Promise<string> {
  if (path === '-') return readStandardInput(largestBytes);
  try {
    const { size } = await stat(path);
    if (size > largestBytes) throw tooLarge(path, size, largestBytes);
    const file = await open(path, 'r');
    try {
      return decode(path, await file.readFile());
    } finally {
      await file.close();
    }
  } catch (error) {
    throw explained(error, `cannot read ${path}`);
  }
}

async function readStandardInput(largestBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin) {
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > largestBytes) throw tooLarge('standard input', size, largestBytes);
    chunks.push(bytes);
  }
  return decode('standard input', Buffer.concat(chunks));
}

function decode(name: string, bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new CommandError(exitCodes.badInput, `${name} is not UTF-8 text`);
  }
}

function tooLarge(name: string, size: number, largestBytes: number): CommandError {
  const megabytes = (bytes: number) => `${Math.ceil(bytes / 1024 ** 2)} MiB`;
  return new CommandError(
    exitCodes.badInput,
    `${name} is too large: ${megabytes(size)}, at most ${megabytes(largestBytes)} are read`,
  );
}

/** Writes a text as `writeWhole` writes bytes. */
export function writeText(path: string, text: string, options: { readonly replace: boolean }): Promise<void> {
  return writeWhole(path, new TextEncoder().encode(text), options);
}

/** The same of a text that comes line by line and need not be held as one. */
export function writeLines(
  path: string,
  lines: AsyncIterable<string>,
  options: { readonly replace: boolean },
): Promise<void> {
  return writeWhole(path, gathered(lines), options);
}

/** Lines in pieces that are worth a write. */
async function* gathered(lines: AsyncIterable<string>): AsyncGenerator<string> {
  let piece = '';
  for await (const line of lines) {
    piece += line;
    if (piece.length < 65_536) continue;
    yield piece;
    piece = '';
  }
  yield piece;
}

/**
 * Writes a file whole or not at all: into a temporary file beside it, then renamed. A link stays a link to the file that is
 * written, an existing file keeps its mode, and what is no regular file (a device, a pipe) is written to as it is. With
 * `replace: false` an existing file is left alone and reported.
 */
export async function writeWhole(
  path: string,
  bytes: Uint8Array | AsyncIterable<string>,
  { replace }: { readonly replace: boolean },
): Promise<void> {
  try {
    const existing = await statOf(path);
    if (replace && existing !== undefined && !existing.isFile()) await writeThrough(path, bytes);
    else await writeBeside(replace ? await linkedFile(path) : path, bytes, existing?.mode, replace);
  } catch (error) {
    throw explained(error, `cannot write ${path}`);
  }
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The file that a chain of links leads to, whether it exists or not. */
async function linkedFile(path: string): Promise<string> {
  let file = path;
  // As many links as Linux follows.
  for (let links = 0; links < 40; links++) {
    let target: string;
    try {
      target = await readlink(file);
    } catch {
      return file;
    }
    file = resolve(dirname(file), target);
  }
  return file;
}

async function writeThrough(path: string, bytes: Uint8Array | AsyncIterable<string>): Promise<void> {
  const file = await open(path, 'w');
  try {
    await writeFile(file, bytes);
  } finally {
    await file.close();
  }
}

/** A name that no other process or thread gives: `node:crypto` would take longer to load than a small model to solve. */
function uniqueName(): string {
  const figures = [process.pid, process.hrtime.bigint(), Math.floor(Number.MAX_SAFE_INTEGER * Math.random())];
  return figures.map((figure) => figure.toString(36)).join('-');
}

async function writeBeside(
  path: string,
  bytes: Uint8Array | AsyncIterable<string>,
  mode: number | undefined,
  replace: boolean,
): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${uniqueName()}.tmp`);
  let isRenamed = false;
  try {
    const file = await open(temporary, 'wx');
    try {
      if (replace && mode !== undefined) await file.chmod(mode & 0o7777);
      await writeFile(file, bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    if (replace) {
      await rename(temporary, path);
      isRenamed = true;
    } else await link(temporary, path);
  } finally {
    if (!isRenamed) await rm(temporary, { force: true });
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a part of the path is not a directory',
  EEXIST: 'it exists already and is not overwritten',
  ENOSPC: 'no space left',
  EDQUOT: 'the quota is used up',
  EFBIG: 'it would be too large',
  EROFS: 'the file system is read-only',
  ELOOP: 'its links lead in a circle',
  EMFILE: 'too many files are open',
  ENXIO: 'nobody listens there',
  EIO: 'the device fails',
};

/** What the system says about a file, in words for people; other errors as they are. */
export function explained(error: unknown, what: string): unknown {
  if (error instanceof CommandError || !(error instanceof Error) || !('code' in error)) return error;
  if (typeof error.code !== 'string' || !('syscall' in error)) return error;
  return new CommandError(exitCodes.badInput, `${what}: ${reasons[error.code] ?? error.code}`);
}
