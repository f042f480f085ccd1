import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { link, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import * as z from 'zod';
import { CheckpointError } from '../../harness/checkpoint/index.js';
import { machineIdentity } from '../../harness/transport/index.js';

const holder = z.object({
  pid: z.int().min(1),
  host: z.string(),
  /** Of the machine's start, see `machineIdentity`. */
  machine: z.string(),
  /** When the process began, as the system counts: tells it from a later one with its number. */
  began: z.string().optional(),
});
type Holder = z.output<typeof holder>;

/**
 * Keeps other trainings away from what `path` stands for until the returned function is called. A lock whose process is
 * gone is taken over. Throws `CheckpointError` naming the process and the host that hold it.
 */
export async function lock(path: string): Promise<() => Promise<void>> {
  const own = JSON.stringify({
    pid: process.pid,
    host: hostname(),
    machine: machineIdentity(),
    began: processBegan(process.pid),
  } satisfies Holder);
  const written = `${path}.${randomUUID()}.tmp`;
  await writeFile(written, own, { flag: 'wx' });
  try {
    // A link appears whole, and only where there is none.
    while (!(await linked(written, path))) await clear(path);
  } finally {
    await unlink(written);
  }
  return () => unlink(path).catch(() => undefined);
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Takes a lock away whose process is gone. */
async function clear(path: string): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  refuseLiving(path, text);
  const aside = `${path}.${randomUUID()}.tmp`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  // Somebody quicker may have taken the lock over in between: theirs goes back.
  if ((await readFile(aside, 'utf8')) !== text) await linked(aside, path);
  await unlink(aside);
}

function refuseLiving(path: string, text: string): void {
  let found: Holder | undefined;
  try {
    found = holder.parse(JSON.parse(text));
  } catch {
    throw new CheckpointError(`${path} is no lock of a training; remove it if none is running`);
  }
  const { pid, host } = found;
  if (host !== hostname()) {
    throw new CheckpointError(`process ${pid} on ${host} trains here; if it is gone, remove ${path}`);
  }
  if (isAlive(found)) throw new CheckpointError(`process ${pid} on ${host} trains here already`);
}

function isAlive({ pid, machine, began }: Holder): boolean {
  if (machine !== machineIdentity()) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false;
  }
  const now = processBegan(pid);
  return now === undefined || began === undefined || now === began;
}

/** By /proc, in ticks since the machine's start; undefined where that is not known, empty for one that has ended. */
function processBegan(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? '' : fields[19];
  } catch {
    return undefined;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
