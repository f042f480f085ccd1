import type { Stats } from 'node:fs';
import { readlink, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { CommandError, exitCodes } from './exit-codes.js';

/** Options whose files are written whole, and the argument that is. */
const written = ['--out', '--report', '--runs', '--figure', '--log', '--certificate', '--record', '--picture'];
const writtenArguments = ['output'];
/**
 * Options whose files are read and must stay. A plan of `--warm` may be replaced by the one that came of it; `--into` changes the
 * file that it names.
 */
const read = ['--problem', '--profile', '--scenario', '--weights', '--file', '--token-file', '--scheme', '--into'];

/** A file of a command line, and what it was given as. */
export interface GivenFile {
  readonly as: string;
  readonly path: string;
}

/** Names of options that stand for files, as the check below knows them. */
export const fileOptions: readonly string[] = [...written, ...read];

/**
 * Refuses a command line on which a file would be written over one that is read, or over another one that is written: one of the two
 * would be lost. Links are followed; what is no regular file (a device, a pipe) may be named more than once.
 */
export async function refuseSharedFiles(command: Command): Promise<void> {
  await refuseClashes(filesOf(command));
}

/** The same of files whose names are known. */
export async function refuseClashes(files: {
  readonly read: readonly GivenFile[];
  readonly written: readonly GivenFile[];
}): Promise<void> {
  const known = new Map<string, GivenFile>();
  for (const file of files.read) {
    const identity = await identityOf(file.path);
    if (identity !== undefined) known.set(identity, file);
  }
  const problems: string[] = [];
  for (const file of files.written) {
    const identity = await identityOf(file.path);
    if (identity === undefined) continue;
    const other = known.get(identity);
    if (other) problems.push(`${file.as} ${file.path} would replace ${other.as} ${other.path}: name another file`);
    else known.set(identity, file);
  }
  if (problems.length > 0) throw new CommandError(exitCodes.badInput, problems.join('\n'));
}

function filesOf(command: Command) {
  const given = (names: readonly string[]) =>
    command.options
      .filter(({ long }) => long !== undefined && names.includes(long))
      .flatMap((option) =>
        pathsOf(command.getOptionValue(option.attributeName())).map((path) => ({ as: option.long!, path })),
      );
  const positional = command.registeredArguments.flatMap((argument, k) =>
    pathsOf(command.processedArgs[k]).map((path) => ({ as: `<${argument.name()}>`, path })),
  );
  const isWritten = ({ as }: GivenFile) => writtenArguments.some((name) => as === `<${name}>`);
  return {
    read: [...positional.filter((file) => !isWritten(file)), ...given(read)],
    written: [...positional.filter(isWritten), ...given(written)],
  };
}

/** Paths in the value of an option: one, several, or what has a path. */
function pathsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(pathsOf);
  if (typeof value === 'object' && value !== null && 'path' in value) return pathsOf(value.path);
  return typeof value === 'string' && value !== '' && value !== '-' ? [value] : [];
}

/** The same for two paths of one file; undefined where it does not matter how often it is named. */
async function identityOf(path: string): Promise<string | undefined> {
  const found = await statOf(path);
  if (found && !found.isFile() && !found.isDirectory()) return undefined;
  if (found) return `${found.dev}:${found.ino}`;
  const file = await targetOf(resolve(path));
  const folder = await realpath(dirname(file)).catch(() => dirname(file));
  return join(folder, basename(file));
}

async function statOf(path: string): Promise<Stats | undefined> {
  return stat(path).catch(() => undefined);
}

/** Where links lead to that end at no file. */
async function targetOf(path: string): Promise<string> {
  let file = path;
  for (let links = 0; links < 40; links++) {
    const next = await readlink(file).catch(() => undefined);
    if (next === undefined) return file;
    file = resolve(dirname(file), next);
  }
  return file;
}
