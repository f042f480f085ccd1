import { describe, expect, it } from 'vitest';
import { readLlama2cFile, readLlama2cPieces } from '../../../lib/io/llama2c/index.js';
import { TensorFileError } from '../../../lib/io/tensors/index.js';
import { randomStream } from '../../../lib/random/index.js';

const sizes = { width: 8, mlpWidth: 12, blocks: 2, heads: 4, keyValueHeads: 2, vocabulary: 5, tokens: 6 };
/** As llama2.c names and orders them (export.py). */
const shapes: Record<string, number[]> = {
  tok_embeddings: [5, 8],
  attention_norm: [8],
  wq: [8, 8],
  wk: [4, 8],
  wv: [4, 8],
  wo: [8, 8],
  ffn_norm: [8],
  w1: [12, 8],
  w2: [8, 12],
  w3: [12, 8],
  norm: [8],
  freqs: [6, 2],
  output: [5, 8],
};
const own: Record<string, string> = {
  tok_embeddings: 'token_embed',
  attention_norm: 'norm1',
  wq: 'q',
  wk: 'k',
  wv: 'v',
  wo: 'attn.proj',
  ffn_norm: 'norm2',
  w1: 'mlp.gate',
  w2: 'mlp.fc2',
  w3: 'mlp.fc1',
  norm: 'norm',
  output: 'head',
};
const orders = {
  first: 'tok_embeddings attention_norm wq wk wv wo ffn_norm w1 w2 w3 norm freqs',
  'version 1': 'attention_norm ffn_norm norm tok_embeddings wq wk wv wo w1 w2 w3',
  'with vocabulary': 'tok_embeddings attention_norm wq wk wv wo ffn_norm w1 w3 w2 norm',
};
type Form = keyof typeof orders;
const isShared = (name: string) => ['tok_embeddings', 'norm', 'freqs', 'output'].includes(name);

function valuesOf(name: string, block: number): Float32Array {
  const random = randomStream(3, `${name}.${block}`);
  return Float32Array.from({ length: shapes[name]!.reduce((a, b) => a * b, 1) }, () => random.normal());
}

const words = ['<unk>', '<s>', '</s>', '▁a', 'é'];

function header(form: Form, tied: boolean): Buffer {
  const { width, mlpWidth, blocks, heads, keyValueHeads, vocabulary, tokens } = sizes;
  const numbers = (...values: number[]) => Buffer.from(Int32Array.from(values).buffer);
  if (form === 'first')
    return numbers(width, mlpWidth, blocks, heads, keyValueHeads, tied ? vocabulary : -vocabulary, tokens);
  const out = Buffer.alloc(256);
  if (form === 'version 1') {
    numbers(0x616b3432, 1, width, mlpWidth, blocks, heads, keyValueHeads, vocabulary, tokens).copy(out);
    out[36] = Number(tied);
    return out;
  }
  out[0] = 1;
  numbers(5).copy(out, 1);
  out.write('llama', 5);
  numbers(width, mlpWidth, tokens, vocabulary, blocks, heads, keyValueHeads).copy(out, 10);
  out[38] = Number(tied);
  const pieces = words.map((word, k) => {
    const text = Buffer.from(word);
    return Buffer.concat([Buffer.from(Float32Array.of(-k).buffer), numbers(text.length), text]);
  });
  return Buffer.concat([out, ...pieces]);
}

function made(form: Form, tied: boolean): Uint8Array {
  const names = [...orders[form].split(' '), ...(tied ? [] : ['output'])];
  const parts = names.flatMap((name) =>
    Array.from({ length: isShared(name) ? 1 : sizes.blocks }, (_, block) => Buffer.from(valuesOf(name, block).buffer)),
  );
  return new Uint8Array(Buffer.concat([header(form, tied), ...parts]));
}

const forms = (Object.keys(orders) as Form[]).flatMap((form) => [true, false].map((tied) => [form, tied] as const));

describe.each(forms)('a file of llama2.c, form %s, head tied: %s', (form, tied) => {
  it('is read with every tensor in its place', () => {
    const found = readLlama2cFile(made(form, tied));
    expect(found.sizes).toEqual({ ...sizes, tied });
    const wanted = Object.keys(own).filter((name) => !tied || name !== 'output');
    expect(found.tensors.size).toBe(wanted.reduce((sum, name) => sum + (isShared(name) ? 1 : sizes.blocks), 0));
    for (const name of wanted) {
      for (let block = 0; block < (isShared(name) ? 1 : sizes.blocks); block++) {
        const tensor = found.tensors.get(isShared(name) ? own[name]! : `blocks.${block}.${own[name]!}`);
        expect(tensor, name).toEqual({ shape: shapes[name], values: valuesOf(name, block) });
      }
    }
    const pieces = readLlama2cPieces(made(form, tied));
    if (form === 'with vocabulary')
      expect(pieces!.map(({ text, score }) => [text, -score])).toEqual(words.map((word, k) => [word, k]));
    else expect(pieces).toBeUndefined();
  });

  it('cut short anywhere, or longer, is refused', () => {
    const file = made(form, tied);
    for (let length = 0; length < file.length; length += 3) {
      expect(() => readLlama2cFile(file.slice(0, length))).toThrow(TensorFileError);
    }
    expect(() => readLlama2cFile(Uint8Array.from([...file, 0]))).toThrow('1 bytes follow the weights');
  });

  it('of a changed header is read or refused', () => {
    const random = randomStream(4, form);
    let refused = 0;
    for (let trial = 0; trial < 500; trial++) {
      const file = made(form, tied);
      file[random.integer(form === 'first' ? 28 : 48)] = random.integer(256);
      try {
        readLlama2cFile(file);
      } catch (error) {
        expect(error).toBeInstanceOf(TensorFileError);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(200);
  });
});

it('a quantised file of llama2.c is refused', () => {
  const file = made('version 1', true);
  file[4] = 2;
  expect(() => readLlama2cFile(file)).toThrow('version 2 of llama2.c is quantised');
});
