import { TensorFileError, type GgufValue } from '../tensors/index.js';
import { pieceTokenizer, type Piece } from './pieces.js';
import { addedTokens, vocabularyOf, type StoredTokenizer } from './stored-tokenizer.js';

/** How a text is cut before bytes are joined, by GGUF's names. */
const llama3 =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
const isolated = (pattern: string) => ({
  type: 'Split',
  pattern: { Regex: pattern },
  behavior: 'Isolated',
  invert: false,
});
const byteLevel = (own: boolean) => ({
  type: 'ByteLevel',
  add_prefix_space: false,
  trim_offsets: true,
  use_regex: own,
});
const cuts = new Map<string, readonly object[]>([
  ['gpt-2', [byteLevel(true)]],
  ['smollm', [isolated('\\p{N}'), byteLevel(true)]],
  ['llama-bpe', [isolated(llama3), byteLevel(false)]],
]);

/** Kinds of tokens in the order of GGUF's codes from 1 on. */
const kinds = ['normal', 'unknown', 'control', 'user-defined', 'unused', 'byte'] as const;

/**
 * The tokeniser inside a GGUF file: SentencePiece's pairs (`llama`) or pairs of bytes (`gpt2`, cut as GPT-2, SmolLM or Llama 3
 * do). Throws `TensorFileError` if there is none, or one that is not understood.
 */
export function ggufTokenizer(metadata: ReadonlyMap<string, GgufValue>): StoredTokenizer {
  const at = (key: string) => metadata.get(`tokenizer.ggml.${key}`);
  const model = at('model');
  const tokens = texts(at('tokens'), 'tokens');
  const codes = at('token_type');
  const kindOf = (id: number) => {
    if (codes === undefined) return 'normal';
    const code = Array.isArray(codes) ? (codes as readonly GgufValue[])[id] : undefined;
    const kind = typeof code === 'number' ? kinds[code - 1] : undefined;
    if (!kind) throw new TensorFileError(`tokenizer.ggml.token_type gives token ${id} the kind ${String(code)}`);
    return kind;
  };
  const idOf = (key: string) => {
    const id = at(key);
    if (id === undefined) return undefined;
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id >= tokens.length)
      throw new TensorFileError(`tokenizer.ggml.${key} is no token`);
    return id;
  };
  // What llama.cpp does where the file does not say.
  const adds = (key: string, otherwise: boolean) => (typeof at(key) === 'boolean' ? at(key) === true : otherwise);
  const begin = adds('add_bos_token', model === 'llama') ? idOf('bos_token_id') : undefined;
  const end = idOf('eos_token_id');
  if (model === 'gpt2') {
    const pre = at('pre') ?? 'gpt-2';
    const cut = typeof pre === 'string' ? cuts.get(pre) : undefined;
    if (!cut)
      throw new TensorFileError(`tokenizer.ggml.pre is ${String(pre)}: read are ${[...cuts.keys()].join(', ')}`);
    const special = tokens.map((_, id) => {
      const kind = kindOf(id);
      return kind === 'control' ? 'control' : kind === 'user-defined' ? 'user' : undefined;
    });
    const vocab = vocabularyOf(tokens);
    const merges = texts(at('merges'), 'merges').map(pairOf);
    const json = {
      added_tokens: addedTokens(tokens, special),
      normalizer: null,
      pre_tokenizer: { type: 'Sequence', pretokenizers: cut },
      post_processor: null,
      decoder: { type: 'ByteLevel' },
      model: {
        type: 'BPE',
        vocab,
        merges,
        unk_token: null,
        // Llama 3 takes a piece that is a token as it is.
        ignore_merges: pre === 'llama-bpe',
      },
    };
    return { json, size: tokens.length, begin, end };
  }
  if (model !== 'llama') throw new TensorFileError(`tokenizer.ggml.model is ${String(model)}: read are llama and gpt2`);
  for (const key of ['precompiled_charsmap', 'remove_extra_whitespaces']) {
    const value = at(key);
    if (value === true || (Array.isArray(value) && value.length > 0)) {
      throw new TensorFileError(`tokenizer.ggml.${key} changes the text, which is not read`);
    }
  }
  const scores = at('scores');
  const pieces = tokens.map((text, id): Piece => {
    const score = Array.isArray(scores) ? (scores as readonly GgufValue[])[id] : undefined;
    if (typeof score !== 'number' || !Number.isFinite(score))
      throw new TensorFileError(`tokenizer.ggml.scores lacks token ${id}`);
    const kind = kindOf(id);
    return { text, score, kind: kind === 'unused' ? 'normal' : kind };
  });
  return pieceTokenizer(pieces, { addsSpace: adds('add_space_prefix', true), begin, end });
}

function texts(value: GgufValue | undefined, key: string): readonly string[] {
  const isTexts = Array.isArray(value) && value.every((item): item is string => typeof item === 'string');
  if (!isTexts) throw new TensorFileError(`tokenizer.ggml.${key} is no list of texts`);
  return value;
}

/** Two halves with a space between them. */
function pairOf(merge: string): [string, string] {
  const [first, second, ...more] = merge.split(' ');
  if (!first || !second || more.length > 0) throw new TensorFileError(`the merge ${JSON.stringify(merge)} is no pair`);
  return [first, second];
}
