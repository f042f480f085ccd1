import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DatasetError, readBatch } from '../../../../harness/data/index.js';
import { textDataset, type TextDatasetOptions } from '../../../../harness/data/text/text-dataset.js';
import { loadTokenizer, type TextTokenizer } from '../../../../harness/data/text/tokenizer.js';

const scratch = mkdtempSync(join(tmpdir(), 'text-dataset-'));
afterAll(() => rmSync(scratch, { recursive: true }));
let tokenizer: TextTokenizer;
beforeAll(async () => {
  tokenizer = await loadTokenizer(fileURLToPath(new URL('../../../fixtures/tokenizers/pieces.gguf', import.meta.url)));
});

function file(name: string, ...lines: (object | string)[]): string {
  const path = join(scratch, name);
  writeFileSync(path, lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));
  return path;
}
const read = (path: string, more: Partial<TextDatasetOptions> = {}) =>
  textDataset({ path, tokenizer, tokens: 16, task: 'next-token', layout: 'padded', ...more });

describe('texts of JSON Lines', () => {
  it('padded: the prompt is given and not judged, the end is to be said', async () => {
    const path = file('a.jsonl', { prompt: 'Once upon', text: ' a time' }, { text: 'the end' });
    const dataset = await read(path);
    expect(dataset).toMatchObject({ length: 2, shape: [16], classNames: [] });
    const { inputs, targets, shape } = await readBatch(dataset, [0, 1]);
    expect(shape).toEqual([2, 16]);
    const prompt = [...tokenizer.encode('Once upon')];
    const text = [...tokenizer.encode(' a time')];
    expect([...inputs.subarray(0, 2 + prompt.length + text.length)]).toEqual([1, ...prompt, ...text, 2]);
    const said = [...targets.subarray(0, 16)].filter((target) => target >= 0);
    expect(said).toEqual([...text, 2]);
    expect(targets.subarray(0, prompt.length).every((target) => target === -1)).toBe(true);
    expect(tokenizer.decode([...targets.subarray(16)].filter((target) => target >= 0))).toBe('the end');
  });

  it('packed: every token is to be said once over all rows', async () => {
    const texts = Array.from({ length: 9 }, (_, k) => `text number ${k}, of some length`);
    const dataset = await read(file('b.jsonl', ...texts.map((text) => ({ text }))), { layout: 'packed', tokens: 8 });
    const { targets } = await readBatch(
      dataset,
      Array.from({ length: dataset.length }, (_, k) => k),
    );
    const wanted = texts.flatMap((text) => [...tokenizer.encode(text), 2]);
    expect([...targets].filter((target) => target >= 0)).toEqual(wanted);
  });

  it('of classes: one target a text, classes sorted or those of another set', async () => {
    const path = file(
      'c.jsonl',
      { text: 'b', label: 'spam' },
      { text: 'a longer text', label: 'ham' },
      { text: 'c', label: 'spam' },
    );
    const options = { task: 'classification' } as const;
    const dataset = await read(path, options);
    expect(dataset.classNames).toEqual(['ham', 'spam']);
    expect([...dataset.labels]).toEqual([1, 0, 1]);
    const { targets } = await readBatch(dataset, [0, 1, 2]);
    expect([...targets].filter((target) => target >= 0)).toEqual([1, 0, 1]);
    expect(targets[tokenizer.encode('b').length]).toBe(1);
    const other = await read(path, { ...options, classNames: ['x', 'spam', 'ham'] });
    expect([...other.labels]).toEqual([1, 2, 1]);
    const reading = read(path, { ...options, classNames: ['ham'] });
    await expect(reading).rejects.toThrow(`${path}:1 has the label "spam", which is no class of the training set`);
  });

  it('padded, of a long text begin as the whole text does', async () => {
    const words = ['once', ' upon', ' a time', ', there was', '\n\n', ' 😀😀', ' naïve', '   ', ' the', ' end.'];
    const texts = Array.from({ length: 60 }, (_, k) =>
      Array.from({ length: 150 }, (_, n) => words[(k * 7 + n * n + k * n) % words.length]!)
        .join('')
        .slice(k % 9),
    ).map((text) => text.replaceAll(/\p{Surrogate}/gu, '?'));
    const dataset = await read(file('long.jsonl', ...texts.map((text) => ({ text }))));
    for (const [k, text] of texts.entries()) {
      expect([...(await dataset.values(k))]).toEqual([1, ...tokenizer.encode(text)].slice(0, 16));
    }
  });

  it('that are bad are all named', async () => {
    const path = file('d.jsonl', '{', { text: 'good', label: 'x' }, { text: '' }, { text: 'no label' });
    const reading = read(path, { task: 'classification' });
    await expect(reading).rejects.toThrow(DatasetError);
    for (const reason of [`${path}:1 is not JSON`, `${path}:3 \`text\` must be`, `${path}:4 has no \`label\``]) {
      await expect(reading).rejects.toThrow(reason);
    }
  });

  it('that are bad are left out and counted where that is wished, unless none is left', async () => {
    const path = file(
      'skip.jsonl',
      '{',
      { text: 'good', label: 'x' },
      { text: '' },
      { text: 'none' },
      { text: 'b', label: 'y' },
    );
    const skipping = { task: 'classification', badTexts: 'skip' } as const;
    const dataset = await read(path, skipping);
    expect(dataset).toMatchObject({ length: 2, classNames: ['x', 'y'] });
    expect([...dataset.labels]).toEqual([0, 1]);
    expect(dataset.skipped?.map((reason) => reason.slice(path.length, path.length + 2))).toEqual([':1', ':3', ':4']);
    const good = await read(file('good.jsonl', { text: 'good', label: 'x' }, { text: 'b', label: 'y' }), skipping);
    expect(good.skipped).toBeUndefined();
    expect(await readBatch(dataset, [0, 1])).toEqual(await readBatch(good, [0, 1]));
    await expect(read(file('bad.jsonl', '{', { text: 'none' }), skipping)).rejects.toThrow('has no `label`');
  });

  it.each([
    ['empty', 'holds no text'],
    ['absent', 'cannot be read'],
  ])('of a file that is %s are refused', async (name, reason) => {
    if (name === 'empty') file(name, '');
    await expect(read(join(scratch, name))).rejects.toThrow(reason);
  });

  it('whose prompts leave no room are left out, or refused where nothing is left', async () => {
    const long = 'a b c d e f g h i j k l m n o p q r s t u v w x y z';
    const path = file('e.jsonl', { prompt: long, text: 'x' }, { text: 'y' });
    expect((await read(path)).length).toBe(1);
    await expect(read(file('f.jsonl', { prompt: long, text: 'x' }))).rejects.toThrow('prompts fill all rows');
    await expect(read(path, { task: 'classification', layout: 'packed' })).rejects.toThrow('need the layout `padded`');
  });
});

it('texts of a folder are read by name, those of a class from its folder; all bad files are named', async () => {
  const folder = join(scratch, 'folder');
  mkdirSync(join(folder, 'ham'), { recursive: true });
  mkdirSync(join(folder, 'spam'));
  writeFileSync(join(folder, 'ham', '2.txt'), 'two');
  writeFileSync(join(folder, 'ham', '1.txt'), 'one');
  writeFileSync(join(folder, 'spam', 'x.TXT'), 'three');
  writeFileSync(join(folder, 'spam', 'notes.md'), 'no text');
  const dataset = await read(folder, { task: 'classification' });
  expect([dataset.classNames, [...dataset.labels]]).toEqual([
    ['ham', 'spam'],
    [0, 0, 1],
  ]);
  const { inputs } = await readBatch(dataset, [0, 1, 2]);
  expect([0, 1, 2].map((k) => tokenizer.decode(inputs.subarray(16 * k, 16 * (k + 1))).replaceAll('<unk>', ''))).toEqual(
    ['one', 'two', 'three'],
  );
  writeFileSync(join(folder, 'ham', '3.txt'), '');
  writeFileSync(join(folder, '4.txt'), Uint8Array.of(0xff));
  const reading = read(folder, { task: 'classification' });
  await expect(reading).rejects.toThrow(`${join(folder, '4.txt')} is not UTF-8`);
  await expect(reading).rejects.toThrow(`${join(folder, 'ham', '3.txt')} is empty`);
});
