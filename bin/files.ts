import { randomUUID } from 'node:crypto';
import { link, open, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
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

/**
 * Writes a file whole or not at all: into a temporary file beside it, then renamed. With `replace: false` an existing
 * file is left alone and reported.
 */
export async function writeText(path: string, text: string, { replace }: { replace: boolean }): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    if (replace) await rename(temporary, path);
    else await link(temporary, path);
  } catch (error) {
    throw explained(error, `cannot write ${path}`);
  } finally {
    if (!replace) await removeQuietly(temporary);
  }
}

async function removeQuietly(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch {
    // It was never made, or is already gone.
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
  EROFS: 'the file system is read-only',
};

function explained(error: unknown, what: string): unknown {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return error;
  return new CommandError(exitCodes.badInput, `${what}: ${reasons[error.code] ?? error.code}`);
}
