import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const folder = fileURLToPath(new URL('../../examples/training/', import.meta.url));

/** A training that comes with the project. */
export interface TrainingExample {
  readonly name: string;
  readonly path: string;
  /** How long its first lines say that it takes, s. */
  readonly statedSeconds: number;
  /** Files it needs that are not here. */
  readonly missing: readonly string[];
}

export function trainingExamples(): TrainingExample[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => {
      const path = join(folder, file);
      const text = readFileSync(path, 'utf8');
      return { name: file.slice(0, -'.yaml'.length), path, statedSeconds: statedSeconds(text), missing: missing(text) };
    });
}

/** NaN where it does not say so. */
function statedSeconds(text: string): number {
  const comment = text
    .split('\n')
    .filter((line) => line.startsWith('#'))
    .map((line) => line.slice(2))
    .join(' ');
  const [, count, unit] = /\btakes about (\d+) (second|minute)s?\b/iu.exec(comment) ?? [];
  return Number(count) * (unit === 'minute' ? 60 : 1);
}

function missing(text: string): string[] {
  const { data, model } = parse(text) as {
    readonly data: { readonly path?: string; readonly evaluationPath?: string };
    readonly model: string | { readonly weights?: string };
  };
  const named = [data.path, data.evaluationPath, typeof model === 'string' ? undefined : model.weights];
  return named.flatMap((path) => (path === undefined || existsSync(join(folder, path)) ? [] : [path]));
}
