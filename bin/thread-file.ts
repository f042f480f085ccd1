import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker, type WorkerOptions } from 'node:worker_threads';

/**
 * The file that a process starts with: `name` without its ending, beside the module whose `import.meta.url` is given. Run from the sources it
 * is a source as well, which needs the loader that this process has.
 */
export function threadFile(name: string, moduleUrl: string): URL {
  const compiled = new URL(`./${name}.js`, moduleUrl);
  return existsSync(fileURLToPath(compiled)) ? compiled : new URL(`./${name}.ts`, moduleUrl);
}

/** A thread that starts with that file. A thread does not have its parent's loader: from the sources it registers one first. */
export function startThread(name: string, moduleUrl: string, options: WorkerOptions = {}): Worker {
  const file = threadFile(name, moduleUrl);
  if (file.pathname.endsWith('.js')) return new Worker(file, options);
  const loader = import.meta.resolve('tsx/esm/api');
  const boot = `import('${loader}').then(({ register }) => (register(), import('${file.href}')))`;
  return new Worker(boot, { ...options, eval: true });
}
