import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeText } from '../files.js';
import type { SolveTask } from './solve-thread.js';

/** What an order must say to be done again by a server that starts later. */
export interface StoredOrder {
  readonly owner: string;
  readonly acceptedAt: string;
  readonly devices: readonly string[];
  readonly characters: number;
  readonly work: Omit<SolveTask, 'stop'>;
}

/** What became of it: a body of an answer, whole. */
export interface StoredResult {
  readonly state: 'done' | 'failed';
  readonly endedAt: string;
  readonly best?: { readonly totalSeconds: number; readonly answer: string; readonly plan: SolveTask['warm'] };
  readonly boundSeconds?: number;
  readonly report?: string;
  readonly failure?: string;
}

/** Orders and results in a folder, two files each: what was accepted survives the process. */
export class Store {
  private constructor(private readonly folder: string) {}

  static async open(folder: string): Promise<Store> {
    await mkdir(folder, { recursive: true });
    return new Store(folder);
  }

  /** All that is there; a file that is not whole JSON is left alone and named. */
  async load(
    warn: (file: string) => void,
  ): Promise<{ id: string; order: StoredOrder; result: StoredResult | undefined }[]> {
    const names = await readdir(this.folder);
    const ids = names.flatMap((name) => /^([0-9a-f-]{36})\.order\.json$/u.exec(name)?.[1] ?? []);
    const found = [];
    for (const id of ids) {
      const order = await this.read<StoredOrder>(`${id}.order.json`, warn);
      const isEnded = names.includes(`${id}.result.json`);
      const result = isEnded ? await this.read<StoredResult>(`${id}.result.json`, warn) : undefined;
      if (order) found.push({ id, order, result });
    }
    return found.sort((a, b) => (a.order.acceptedAt < b.order.acceptedAt ? -1 : 1));
  }

  async accept(id: string, order: StoredOrder): Promise<void> {
    await writeText(join(this.folder, `${id}.order.json`), JSON.stringify(order), { replace: true });
  }

  async finish(id: string, result: StoredResult): Promise<void> {
    await writeText(join(this.folder, `${id}.result.json`), JSON.stringify(result), { replace: true });
  }

  async forget(id: string): Promise<void> {
    await rm(join(this.folder, `${id}.result.json`), { force: true });
    await rm(join(this.folder, `${id}.order.json`), { force: true });
  }

  private async read<Content>(name: string, warn: (file: string) => void): Promise<Content | undefined> {
    try {
      return JSON.parse(await readFile(join(this.folder, name), 'utf8')) as Content;
    } catch {
      warn(name);
      return undefined;
    }
  }
}
