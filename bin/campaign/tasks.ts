import type { ScenarioOrigin } from '../../lib/io/index.js';
import { canonicalJson, sha256 } from '../../lib/verify/index.js';
import { moduleTexts } from '../simulate/module-texts.js';
import { isModule } from '../simulate/schemes.js';
import { version } from '../version.js';

/** A scheme as a task names it: one of the package's, or a module with the hash of its texts. */
export interface SchemeReference {
  /** What `--scheme` was given. */
  readonly given: string;
  /** The name that the scheme has. */
  readonly name: string;
  /** Of the texts of the module and of the files that it imports. */
  readonly sha256?: string;
}

/** One scenario under one scheme and one seed: all that its result depends on. */
export interface Task {
  readonly kind: 'sft-opt simulation';
  readonly version: string;
  readonly scheme: { readonly name: string; readonly sha256?: string };
  readonly seed: number;
  readonly document: unknown;
  readonly simulation: unknown;
  readonly files: Readonly<Record<string, string>>;
}

/** A task with its name, and what it takes to run it. */
export interface NamedTask {
  /** SHA-256 of the task's canonical JSON (RFC 8785). */
  readonly id: string;
  readonly task: Task;
  /** Position of the point in the grid. */
  readonly point: number;
  readonly scheme: SchemeReference;
}

/** Refers to a scheme by its name or by the texts of its module and of what that imports by relative paths. */
export async function referTo(given: string, name: string): Promise<SchemeReference> {
  if (!isModule(given)) return { given, name };
  return { given, name, sha256: await sha256(canonicalJson(await moduleTexts(given))) };
}

/** The task of one point, scheme and seed. */
export async function nameTask(
  origin: ScenarioOrigin,
  point: number,
  scheme: SchemeReference,
  seed: number,
): Promise<NamedTask> {
  const task: Task = {
    kind: 'sft-opt simulation',
    version,
    scheme: { name: scheme.name, ...(scheme.sha256 !== undefined && { sha256: scheme.sha256 }) },
    seed,
    ...contentOf(origin),
  };
  const plain = JSON.parse(JSON.stringify(task)) as Task;
  return { id: await sha256(canonicalJson(plain)), task: plain, point, scheme };
}

/** What a scenario gives to each of its tasks. */
function contentOf(origin: ScenarioOrigin): Pick<Task, 'document' | 'simulation' | 'files'> {
  return {
    document: withoutSeed(origin.document),
    simulation: withoutSchemes(origin.simulation),
    files: origin.files ?? {},
  };
}

/** The task's own seed stands in place of the file's. */
function withoutSeed(document: unknown): unknown {
  const { seed: _seed, ...rest } = document as Record<string, unknown>;
  return rest;
}

/** Which other schemes the file lists changes nothing of a task. */
function withoutSchemes(simulation: unknown): unknown {
  const { schemes: _schemes, ...rest } = (simulation ?? {}) as Record<string, unknown>;
  return rest;
}
