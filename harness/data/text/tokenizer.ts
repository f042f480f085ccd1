import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readLlama2cPieces } from '../../../lib/io/llama2c/index.js';
import { readGguf } from '../../../lib/io/tensors/index.js';
import {
  ggufTokenizer,
  llama2cTokenizer,
  tokenizerOfPieces,
  type StoredTokenizer,
} from '../../../lib/io/tokenizer/index.js';
import { MissingPackageError, optionalPackage } from '../../optional-package.js';
import { DatasetError } from '../dataset.js';

/** Texts to tokens and back. */
export interface TextTokenizer {
  /** Number of tokens: ids are below it. */
  readonly size: number;
  /** Token that begins every text; undefined where none does. */
  readonly begin: number | undefined;
  /** Token that ends a text, if the tokeniser has one. */
  readonly end: number | undefined;
  /** Tokens of a text, without `begin` and `end`. Throws `DatasetError` where a part of it has no token. */
  encode(text: string): Int32Array;
  /** The text of tokens; control tokens are left out. */
  decode(ids: ArrayLike<number>): string;
}

/**
 * The tokeniser of a GGUF file, of a llama2.c model (`tokenizer.bin`, or a model with its vocabulary inside) or of Hugging
 * Face's `tokenizer.json` with `tokenizer_config.json` beside it. Needs the package @huggingface/tokenizers. Throws
 * `MissingPackageError`, `DatasetError`, `TensorFileError`, or what reading a file throws.
 */
export async function loadTokenizer(path: string): Promise<TextTokenizer> {
  const stored = path.endsWith('.json') ? undefined : storedTokenizer(path, await readFile(path));
  if (stored) return textTokenizer(await built(stored.json, {}), stored.json, stored);
  const beside = join(dirname(path), 'tokenizer_config.json');
  const config = existsSync(beside) ? parsed(await readFile(beside, 'utf8'), beside) : {};
  const json = parsed(await readFile(path, 'utf8'), path);
  const tokenizer = await built(json, config).catch((cause: unknown) => {
    if (cause instanceof MissingPackageError) throw cause;
    throw new DatasetError(`${path} is no tokeniser that is understood: ${(cause as Error).message}`, { cause });
  });
  const named = config['eos_token'];
  const text = typeof named === 'string' ? named : (named as { content?: string } | null | undefined)?.content;
  const end = text === undefined ? undefined : tokenizer.token_to_id(text);
  // What every text begins with is what a text of nothing gets, but for an end.
  const [begin] = tokenizer.encode('').ids;
  const size = [...tokenizer.get_vocab().values()].reduce((most, id) => Math.max(most, id), -1) + 1;
  return textTokenizer(tokenizer, json, { size, begin: begin === end ? undefined : begin, end });
}

function storedTokenizer(path: string, file: Uint8Array): StoredTokenizer {
  if (path.endsWith('.gguf')) return ggufTokenizer(readGguf(file).metadata);
  const inside = readLlama2cPieces(file);
  return inside ? tokenizerOfPieces(inside) : llama2cTokenizer(file);
}

/** What is used of the package, whose own types are not found by modules of Node. */
interface Tokenizer {
  encode(text: string, options?: { readonly add_special_tokens: boolean }): { readonly ids: number[] };
  decode(
    ids: number[],
    options: { readonly skip_special_tokens: boolean; readonly clean_up_tokenization_spaces: boolean },
  ): string;
  token_to_id(token: string): number | undefined;
  get_vocab(): ReadonlyMap<string, number>;
}

async function built(json: Json, config: Json): Promise<Tokenizer> {
  const loaded: unknown = await optionalPackage('@huggingface/tokenizers', () => import('@huggingface/tokenizers'));
  const { Tokenizer } = loaded as { readonly Tokenizer: new (json: Json, config: Json) => Tokenizer };
  return new Tokenizer(json, config);
}

function textTokenizer(
  tokenizer: Tokenizer,
  json: Json,
  { size, begin, end }: Pick<TextTokenizer, 'size' | 'begin' | 'end'>,
): TextTokenizer {
  const decode = (ids: ArrayLike<number>, skip_special_tokens: boolean) => {
    // The package takes no empty list.
    if (ids.length === 0) return '';
    return tokenizer.decode(Array.from(ids), { skip_special_tokens, clean_up_tokenization_spaces: false });
  };
  const isReversible = keepsBytes(json);
  return {
    size,
    begin,
    end,
    encode: (text) => {
      const { ids } = tokenizer.encode(text, { add_special_tokens: false });
      // The package passes over what it has no token for.
      if (!ids.every((id) => id < size) || (isReversible && decode(ids, false) !== text)) {
        throw new DatasetError(`the tokeniser has no token for a part of ${JSON.stringify(text.slice(0, 80))}`);
      }
      return Int32Array.from(ids);
    },
    decode: (ids) => decode(ids, true),
  };
}

/** Tokens are bytes of the text and nothing else. */
function keepsBytes({ normalizer, pre_tokenizer: cut, decoder }: Json): boolean {
  const isOfBytes = (decoder as { type?: string } | null)?.type === 'ByteLevel';
  return !normalizer && isOfBytes && !JSON.stringify(cut).includes('"add_prefix_space":true');
}

type Json = Readonly<Record<string, unknown>>;

function parsed(text: string, path: string): Json {
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json === 'object' && json !== null) return json as Json;
  } catch {
    // Said below.
  }
  throw new DatasetError(`${path} is no JSON object`);
}
