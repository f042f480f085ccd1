import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  labelledRows,
  packedRows,
  paddedRows,
  readJsonLines,
  type TextExample,
  type TextProblem,
  type TokenisedText,
} from '../../../lib/io/texts/index.js';
import { DatasetError, type Dataset } from '../dataset.js';
import { fileBytes } from '../file-bytes.js';
import type { TextTokenizer } from './tokenizer.js';

export interface TextDatasetOptions {
  /** A JSON Lines file, or a folder of `.txt` files, those of a class in a folder of its name. */
  readonly path: string;
  readonly tokenizer: TextTokenizer;
  /** Tokens of an example. */
  readonly tokens: number;
  /** What is learnt: each next token, or the class of a text. */
  readonly task: 'next-token' | 'classification';
  /** Texts one after the other without a gap, or each an example of its own, cut or filled up; classes need `padded`. */
  readonly layout: 'packed' | 'padded';
  /** Classes of another set that this one must keep to; default those that are found, sorted. */
  readonly classNames?: readonly string[];
  /** Texts that cannot be used: end, all of them named (default), or are left out and counted. */
  readonly badTexts?: 'end' | 'skip';
}

/**
 * Texts as a data set of tokens. Throws `DatasetError` naming every line or file that cannot be read, has no class where one
 * is needed, or has a part without a token; or what reading a file throws.
 */
export async function textDataset(options: TextDatasetOptions): Promise<Dataset> {
  const { path, tokenizer, tokens, task, layout, badTexts = 'end' } = options;
  if (task === 'classification' && layout === 'packed')
    throw new DatasetError('classes of texts need the layout `padded`');
  const { examples, problems } = await readTexts(path);
  const found = new Set(examples.flatMap(({ label }) => (label === undefined ? [] : [label])));
  const classNames = options.classNames ?? [...found].sort();
  const numbers = new Map(classNames.map((name, k) => [name, k]));
  const texts: TokenisedText[] = [];
  const labels: number[] = [];
  const encode = (text: string) =>
    layout === 'packed' ? tokenizer.encode(text) : firstTokens(tokenizer, text, tokens);
  for (const { text, prompt, label, place } of examples) {
    const number = label === undefined ? undefined : numbers.get(label);
    if (task === 'classification' && number === undefined) {
      const reason =
        label === undefined
          ? 'has no `label`'
          : `has the label ${JSON.stringify(label)}, which is no class of the training set`;
      problems.push({ place, reason });
      continue;
    }
    try {
      texts.push({ prompt: encode(prompt ?? ''), text: encode(text) });
      labels.push(number ?? 0);
    } catch (error) {
      if (!(error instanceof DatasetError)) throw error;
      problems.push({ place, reason: error.message });
    }
  }
  if (problems.length === 0 && texts.length === 0) problems.push({ place: path, reason: 'holds no text' });
  if (problems.length > 0 && (badTexts === 'end' || texts.length === 0)) throw new DatasetError(listed(problems));
  const settings = { tokens, begin: tokenizer.begin, end: tokenizer.end };
  const isPacked = layout === 'packed';
  const rows =
    task === 'classification'
      ? labelledRows(texts, labels, settings)
      : (isPacked ? packedRows : paddedRows)(texts, settings);
  // A row of a prompt alone teaches nothing.
  const places = [...rows.keys()].filter((k) => rows[k]!.targets.some((target) => target >= 0));
  if (places.length === 0) throw new DatasetError(`${path}: prompts fill all rows of ${tokens} tokens`);
  const at = (index: number) => {
    const row = rows[places[index] ?? -1];
    if (!row) throw new DatasetError(`${path} has ${places.length} examples, none at ${index}`);
    return row;
  };
  return {
    name: 'texts',
    classNames: task === 'classification' ? classNames : [],
    shape: [tokens],
    length: places.length,
    ...(problems.length > 0 && { skipped: problems.map(({ place, reason }) => `${place} ${reason}`) }),
    labels: Int32Array.from(places, (place) => (isPacked ? 0 : labels[place]!)),
    values: (index) => Promise.resolve(at(index).inputs),
    targets: (index) => Promise.resolve(at(index).targets),
  };
}

/**
 * Tokens of a text of which the first so many count: of a long text a beginning is enough. How a text is cut into tokens depends
 * on what follows within a few words only, and twice as many tokens as count stand before the end of the beginning.
 */
function firstTokens(tokenizer: TextTokenizer, text: string, wanted: number): Int32Array {
  for (let length = 4 * wanted; length < text.length; length *= 2) {
    const isInPair = /[\uD800-\uDBFF]/u.test(text.charAt(length - 1));
    const ids = tokenizer.encode(text.slice(0, isInPair ? length - 1 : length));
    if (ids.length >= 2 * wanted) return ids;
  }
  return tokenizer.encode(text);
}

function listed(problems: readonly TextProblem[]): string {
  const most = 50;
  const shown = problems.slice(0, most).map(({ place, reason }) => `${place} ${reason}`);
  return [...shown, ...(problems.length > most ? [`… and ${problems.length - most} more`] : [])].join('\n');
}

async function readTexts(path: string): Promise<{ examples: TextExample[]; problems: TextProblem[] }> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new DatasetError(`${path} cannot be read`, { cause });
  });
  if (!found.isDirectory()) return readJsonLines(await fileBytes(path), path);
  const entries = await readdir(path, { withFileTypes: true });
  const classes = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name);
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const examples: TextExample[] = [];
  const problems: TextProblem[] = [];
  for (const label of [undefined, ...classes.sort()]) {
    const folder = label === undefined ? path : join(path, label);
    const names = (await readdir(folder)).filter((name) => /^[^.].*\.txt$/iu.test(name)).sort();
    for (const name of names) {
      const place = join(folder, name);
      try {
        const text = decoder.decode(await fileBytes(place));
        if (text === '') problems.push({ place, reason: 'is empty' });
        else examples.push({ text, place, ...(label !== undefined && { label }) });
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
        problems.push({ place, reason: 'is not UTF-8' });
      }
    }
  }
  return { examples, problems };
}
