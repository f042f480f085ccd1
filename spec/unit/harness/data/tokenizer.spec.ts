import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { loadTokenizer } from '../../../../harness/data/text/tokenizer.js';
import { DatasetError } from '../../../../harness/data/index.js';
import { TensorFileError, type GgufValue } from '../../../../lib/io/tensors/index.js';
import { ggufTokenizer, llama2cTokenizer } from '../../../../lib/io/tokenizer/index.js';

/** Written by `bench/peers/tokenizer_reference.py`: ids of sentencepiece and of Hugging Face's own tokenizers. */
const folder = new URL('../../../fixtures/tokenizers/', import.meta.url);
const { texts, ...reference } = JSON.parse(readFileSync(new URL('reference.json', folder), 'utf8')) as {
  readonly texts: readonly string[];
} & Readonly<Record<string, readonly (readonly number[])[]>>;
const pathOf = (name: string) => fileURLToPath(new URL(name, folder));

const smollm2 = fileURLToPath(new URL('../../../../.cache/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf', import.meta.url));
if (!existsSync(smollm2)) console.log('skipping the tokens of SmolLM2: run `npm run setup:smollm2` first');
const stories = fileURLToPath(
  new URL('../../../../../shared/data/llama2-260k/tinystories_260k_v1.bin', import.meta.url),
);
if (!existsSync(stories)) console.log('skipping the tokens of stories260K: ../shared/data/llama2-260k is absent');

const scratch = mkdtempSync(join(tmpdir(), 'tokenizer-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const cases: [string, string, string][] = [
  ['pairs of bytes cut as GPT-2 does', 'gpt-2', pathOf('gpt-2.gguf')],
  ['pairs of bytes cut as SmolLM does', 'smollm', pathOf('smollm.gguf')],
  ['pairs of bytes cut as Llama 3 does', 'llama-bpe', pathOf('llama-bpe.gguf')],
  ['tokenizer.json', 'gpt-2', pathOf('tokenizer.json')],
  ['pairs of pieces in GGUF', 'pieces', pathOf('pieces.gguf')],
  ['pairs of pieces in llama2.c', 'pieces', pathOf('tokenizer.bin')],
  ['SmolLM2', 'smollm2', smollm2],
  ['stories260K', 'stories260K', stories],
];

describe.each(cases)('%s', (_, name, path) => {
  it.skipIf(!existsSync(path))('gives the ids of the reference and the text back', async () => {
    const tokenizer = await loadTokenizer(path);
    expect(texts.length).toBe(102);
    for (const [k, text] of texts.entries()) {
      const ids = tokenizer.encode(text);
      expect([...ids], JSON.stringify(text)).toEqual(reference[name]![k]);
      // Control tokens are left out of a text; pieces know no space but this bar, and the package drops a mark of byte order.
      const arePieces = ['pieces', 'stories260K'].includes(name);
      const wanted = arePieces ? text.replaceAll('▁', ' ').replace('\ufeff', '') : text;
      if (!text.includes('<|im_')) expect(tokenizer.decode(ids)).toBe(wanted);
    }
  });
});

it('a tokeniser says its size and what begins and ends a text', async () => {
  const bytes = { size: 500, begin: undefined, end: 0 };
  expect(await loadTokenizer(pathOf('tokenizer.json'))).toMatchObject(bytes);
  expect(await loadTokenizer(pathOf('gpt-2.gguf'))).toMatchObject(bytes);
  for (const name of ['pieces.gguf', 'tokenizer.bin']) {
    expect(await loadTokenizer(pathOf(name))).toMatchObject({ size: 700, begin: 1, end: 2 });
  }
});

it('control tokens in a text are taken as such', async () => {
  const tokenizer = await loadTokenizer(pathOf('smollm.gguf'));
  const ids = tokenizer.encode('<|im_start|>a<|im_end|>');
  expect([ids[0], ids.at(-1), ids.length]).toEqual([1, 2, 3]);
  expect(tokenizer.decode(ids)).toBe('a');
});

it('a text of which a byte has no token is refused', async () => {
  const json = JSON.parse(readFileSync(pathOf('tokenizer.json'), 'utf8')) as {
    model: { vocab: Record<string, number> };
  };
  delete json.model.vocab['Z'];
  const path = join(scratch, 'less.json');
  writeFileSync(path, JSON.stringify(json));
  const tokenizer = await loadTokenizer(path);
  expect(tokenizer.decode(tokenizer.encode('a <|im_start|> b'))).toBe('a  b');
  expect(() => tokenizer.encode('a Z b')).toThrow(DatasetError);
  expect(() => tokenizer.encode('a Z b')).toThrow('has no token for a part of "a Z b"');
  expect(() => tokenizer.encode('a \ud800 b')).toThrow('has no token for a part of');
});

describe('a tokeniser that is not understood', () => {
  const base: Record<string, GgufValue> = {
    model: 'llama',
    tokens: ['<unk>', '<s>', '</s>', 'a'],
    token_type: [2, 3, 3, 1],
    scores: [0, 0, 0, -1],
  };
  const given = (changes: Record<string, GgufValue | undefined>) =>
    new Map(
      Object.entries({ ...base, ...changes }).flatMap(([key, value]) =>
        value === undefined ? [] : [[`tokenizer.ggml.${key}`, value]],
      ),
    );
  it.each<[Record<string, GgufValue | undefined>, string]>([
    [{ model: 'bert' }, 'tokenizer.ggml.model is bert'],
    [{ tokens: undefined }, 'tokenizer.ggml.tokens is no list of texts'],
    [{ tokens: ['<unk>', 1] }, 'tokenizer.ggml.tokens is no list of texts'],
    [{ tokens: ['a', 'a', 'b', 'c'] }, 'the vocabulary has "a" twice'],
    [{ token_type: [2, 3, 3] }, 'gives token 3 the kind undefined'],
    [{ token_type: [2, 3, 3, 9] }, 'gives token 3 the kind 9'],
    [{ scores: [0, 0, 0] }, 'tokenizer.ggml.scores lacks token 3'],
    [{ scores: undefined }, 'tokenizer.ggml.scores lacks token 0'],
    [{ bos_token_id: 4 }, 'tokenizer.ggml.bos_token_id is no token'],
    [{ eos_token_id: -1 }, 'tokenizer.ggml.eos_token_id is no token'],
    [{ eos_token_id: 1.5 }, 'tokenizer.ggml.eos_token_id is no token'],
    [{ scores: [0, 0, 0, Infinity] }, 'tokenizer.ggml.scores lacks token 3'],
    [{ tokens: ['<unk>', '<s>', '</s>', 'a'.repeat(129)] }, 'a piece of the vocabulary has 129 characters'],
    [{ token_type: [1, 3, 3, 1] }, 'neither all bytes nor an unknown piece'],
    [{ precompiled_charsmap: [1] }, 'precompiled_charsmap changes the text'],
    [{ remove_extra_whitespaces: true }, 'remove_extra_whitespaces changes the text'],
    [{ model: 'gpt2', pre: 'qwen2' }, 'tokenizer.ggml.pre is qwen2: read are gpt-2, smollm, llama-bpe'],
    [{ model: 'gpt2', merges: ['a'] }, 'the merge "a" is no pair'],
    [{ model: 'gpt2', merges: ['a b c'] }, 'the merge "a b c" is no pair'],
  ])('is refused (%#)', (changes, reason) => {
    expect(() => ggufTokenizer(given(changes))).toThrow(reason);
    expect(() => ggufTokenizer(given(changes))).toThrow(TensorFileError);
  });

  it('of a llama2.c file cut short anywhere is refused', () => {
    const file = new Uint8Array(readFileSync(pathOf('tokenizer.bin')));
    // Before the end of its third piece, and within the fourth.
    for (let length = 5; length < 50; length += length === 43 ? 2 : 1) {
      expect(() => llama2cTokenizer(file.slice(0, length))).toThrow(TensorFileError);
    }
    expect(() => llama2cTokenizer(Uint8Array.from([...file.slice(0, 100), 0xff, 0xff, 0xff, 0xff]))).toThrow(
      'ends within',
    );
  });

  it.each([
    ['{', 'no JSON object'],
    ['7', 'no JSON object'],
    ['{}', 'no tokeniser that is understood'],
  ])('of Hugging Face is refused with its file (%s)', async (text, reason) => {
    const path = join(scratch, 'tokenizer.json');
    writeFileSync(path, text);
    await expect(loadTokenizer(path)).rejects.toThrow(`${path} is ${reason}`);
  });
});
