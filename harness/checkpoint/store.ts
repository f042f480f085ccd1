import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointError, type Checkpoint } from './checkpoint.js';
import { readCheckpoint, writeCheckpoint } from './format.js';

const namePattern = /^round-(\d{8})\.checkpoint$/u;
const temporaryPattern = /^\.round-\d{8}\.[\da-f-]+\.tmp$/u;

class SeveralRunsError extends CheckpointError {
  constructor(first: string, second: string) {
    super(`${first} and ${second} are of different runs: keep those of one`);
  }
}

/** A checkpoint that was found, and what was wrong with newer ones. */
export interface FoundCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly path: string;
  /** In words, newest first. */
  readonly damaged: readonly string[];
}

/**
 * Checkpoints in a folder, one file a round, `round-00000012.checkpoint`. A file appears under its name only when it is
 * whole and on the disk: it is written beside it, synchronised, then renamed.
 */
export class CheckpointStore {
  constructor(
    readonly folder: string,
    /** How many are kept. */
    private readonly keep = 3,
  ) {}

  /** Makes the folder and removes what interrupted writes have left. */
  async open(): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    for (const name of await readdir(this.folder)) {
      if (temporaryPattern.test(name)) await removed(join(this.folder, name));
    }
  }

  /** Writes a checkpoint, then removes those that are too many. Returns its path. */
  async write(checkpoint: Checkpoint): Promise<string> {
    const name = `round-${String(checkpoint.round).padStart(8, '0')}`;
    const path = join(this.folder, `${name}.checkpoint`);
    const temporary = join(this.folder, `.${name}.${randomUUID()}.tmp`);
    try {
      const file = await open(temporary, 'wx');
      try {
        await file.writeFile(writeCheckpoint(checkpoint));
        await file.sync();
      } finally {
        await file.close();
      }
      // What cannot be read again must not take the place of what can.
      readCheckpoint(await readFile(temporary));
      await rename(temporary, path);
    } catch (error) {
      await removed(temporary);
      throw error;
    }
    await this.syncFolder();
    const old = (await this.names()).filter((other) => roundOf(other) <= checkpoint.round).slice(this.keep);
    for (const other of old) await removed(join(this.folder, other));
    return path;
  }

  /** Whether there are checkpoints, whole or not. */
  async isUsed(): Promise<boolean> {
    return (await this.names()).length > 0;
  }

  /**
   * The newest checkpoint that is whole; undefined where there is none at all. Throws `CheckpointError` where there are
   * some but all are damaged, and where they are of more than one run: the newest round need not be the last one.
   */
  async latest(): Promise<FoundCheckpoint | undefined> {
    const damaged: string[] = [];
    let found: { checkpoint: Checkpoint; path: string; damaged: string[] } | undefined;
    for (const name of await this.names()) {
      const path = join(this.folder, name);
      try {
        const checkpoint = readCheckpoint(await readFile(path));
        if (found && found.checkpoint.run !== checkpoint.run) throw new SeveralRunsError(found.path, path);
        found ??= { checkpoint, path, damaged: [...damaged] };
      } catch (error) {
        if (!(error instanceof CheckpointError) || error instanceof SeveralRunsError) throw error;
        damaged.push(`${path} cannot be used: ${error.message}`);
      }
    }
    if (!found && damaged.length > 0) throw new CheckpointError(damaged.join('\n'));
    return found;
  }

  /** Files of checkpoints, newest first. */
  private async names(): Promise<string[]> {
    const names = await readdir(this.folder).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw error;
    });
    return names.filter((name) => namePattern.test(name)).sort((a, b) => roundOf(b) - roundOf(a));
  }

  /** Without it the new name may be lost when the machine, not just the process, goes down. */
  private async syncFolder(): Promise<void> {
    try {
      const folder = await open(this.folder, 'r');
      try {
        await folder.sync();
      } finally {
        await folder.close();
      }
    } catch {
      // Some systems do not open folders; the file itself is safe.
    }
  }
}

function roundOf(name: string): number {
  return Number(namePattern.exec(name)?.[1] ?? -1);
}

async function removed(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch {
    // It was never made, or is gone already.
  }
}
