import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SchemeSummary } from '../../lib/simulate/index.js';
import { canonicalJson, sha256 } from '../../lib/verify/index.js';
import { explained, writeText } from '../files.js';
import type { NamedTask, Task } from './tasks.js';

/** One file of a ledger. */
interface Entry {
  readonly task: Task;
  readonly result: SchemeSummary;
  /** SHA-256 of the result's canonical JSON. */
  readonly resultSha256: string;
}

/**
 * Results by the names of their tasks, one file each: `<SHA-256>.json`. A file is written aside, synchronised and renamed, so a
 * result is there whole or not at all; one that does not match its name counts as missing.
 */
export class Ledger {
  private readonly known = new Map<string, SchemeSummary>();

  private constructor(private readonly folder: string) {}

  /** The ledger in a folder, which is made where there is none, with what further folders know. */
  static async open(folder: string, others: readonly string[] = []): Promise<Ledger> {
    const ledger = new Ledger(folder);
    await using(folder, () => mkdir(folder, { recursive: true }));
    for (const each of [folder, ...others]) await using(each, () => ledger.read(each));
    return ledger;
  }

  get(id: string): SchemeSummary | undefined {
    return this.known.get(id);
  }

  /** Results that none of these tasks asks for: of other files, versions, seeds or schemes. */
  others(tasks: readonly NamedTask[]): number {
    const asked = new Set(tasks.map(({ id }) => id));
    return [...this.known.keys()].filter((id) => !asked.has(id)).length;
  }

  async put({ id, task }: NamedTask, result: SchemeSummary): Promise<void> {
    const plain = JSON.parse(JSON.stringify(result)) as SchemeSummary;
    const entry = { task, result: plain, resultSha256: await sha256(canonicalJson(plain)) };
    await writeText(join(this.folder, `${id}.json`), `${canonicalJson(entry)}\n`, { replace: true });
    this.known.set(id, result);
  }

  private async read(folder: string): Promise<void> {
    for (const name of (await readdir(folder)).sort()) {
      const id = /^(?<id>[0-9a-f]{64})\.json$/u.exec(name)?.groups!['id'];
      if (id === undefined) continue;
      const entry = parseEntry(await using(join(folder, name), () => readFile(join(folder, name), 'utf8')));
      if (entry && (await isWhole(entry, id))) this.known.set(id, entry.result);
    }
  }
}

/** What fails of a file or folder is said of it. */
async function using<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw explained(error, `cannot use ${path}`);
  }
}

/** Whether the task is the one of the name, and the result the one that was written for it. What has no canonical form is foreign. */
async function isWhole({ task, result, resultSha256 }: Entry, id: string): Promise<boolean> {
  try {
    return (await sha256(canonicalJson(task))) === id && (await sha256(canonicalJson(result))) === resultSha256;
  } catch {
    return false;
  }
}

function parseEntry(text: string): Entry | undefined {
  try {
    const entry = JSON.parse(text) as Partial<Entry> | null;
    return entry?.task && entry.result ? (entry as Entry) : undefined;
  } catch {
    return undefined;
  }
}
