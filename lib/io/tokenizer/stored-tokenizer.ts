import { TensorFileError } from '../tensors/index.js';

/** A tokeniser as Hugging Face's `tokenizer.json` describes it, whatever file it comes from. */
export interface StoredTokenizer {
  readonly json: Readonly<Record<string, unknown>>;
  /** Number of tokens. */
  readonly size: number;
  /** Token that begins every text; undefined where texts begin with their own. */
  readonly begin: number | undefined;
  /** Token that ends a text. */
  readonly end: number | undefined;
}

/** Ids of tokens. Throws `TensorFileError` where one is there twice. */
export function vocabularyOf(tokens: readonly string[]): Record<string, number> {
  const ids = new Map<string, number>();
  for (const [id, token] of tokens.entries()) {
    if (ids.has(token)) throw new TensorFileError(`the vocabulary has ${JSON.stringify(token)} twice`);
    ids.set(token, id);
  }
  return Object.fromEntries(ids);
}

/** Tokens that are found in a text before all else; control tokens are left out of a decoded text. */
export function addedTokens(tokens: readonly string[], kinds: readonly ('control' | 'user' | undefined)[]): object[] {
  return tokens.flatMap((content, id) => {
    const kind = kinds[id];
    return kind === undefined || content === ''
      ? []
      : [{ id, content, special: kind === 'control', normalized: false }];
  });
}
