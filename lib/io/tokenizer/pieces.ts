import { TensorFileError } from '../tensors/index.js';
import { addedTokens, vocabularyOf, type StoredTokenizer } from './stored-tokenizer.js';

/** A word of a SentencePiece vocabulary: `▁` for a space, `<0x0A>` for a byte. */
export interface Piece {
  readonly text: string;
  /** The higher, the earlier pairs are joined to it. */
  readonly score: number;
  readonly kind: 'normal' | 'byte' | 'unknown' | 'control' | 'user-defined';
}

export interface PieceOptions {
  /** A space is put before a text. */
  readonly addsSpace: boolean;
  readonly begin: number | undefined;
  readonly end: number | undefined;
}

/**
 * SentencePiece's byte-pair encoding (Kudo & Richardson 2018) as a `tokenizer.json`: a pair may be joined where the joined
 * text is a piece, those of the highest score first. Characters without a piece become bytes where the vocabulary has them,
 * else the unknown piece.
 */
export function pieceTokenizer(pieces: readonly Piece[], { addsSpace, begin, end }: PieceOptions): StoredTokenizer {
  const vocabulary = vocabularyOf(pieces.map(({ text }) => text));
  const unknown = pieces.find(({ kind }) => kind === 'unknown');
  const hasBytes = pieces.filter(({ kind }) => kind === 'byte').length === 256;
  if (!hasBytes && !unknown) throw new TensorFileError('the vocabulary has neither all bytes nor an unknown piece');
  const special = pieces.map(({ kind }) =>
    kind === 'control' ? 'control' : kind === 'user-defined' ? 'user' : undefined,
  );
  const strips = addsSpace ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : [];
  const space = { type: 'Replace', pattern: { String: ' ' }, content: '▁' };
  return {
    size: pieces.length,
    begin,
    end,
    json: {
      added_tokens: addedTokens(
        pieces.map(({ text }) => text),
        special,
      ),
      normalizer: addsSpace ? { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: '▁' }, space] } : space,
      pre_tokenizer: null,
      post_processor: null,
      decoder: {
        type: 'Sequence',
        decoders: [
          { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
          { type: 'ByteFallback' },
          { type: 'Fuse' },
          ...strips,
        ],
      },
      model: {
        type: 'BPE',
        vocab: vocabulary,
        merges: merges(pieces),
        unk_token: unknown?.text ?? null,
        byte_fallback: hasBytes,
        fuse_unk: true,
      },
    },
  };
}

/** Longest piece of which all ways to split it are looked at. */
const MAX_PIECE = 128;

/** Pairs that make a piece, by falling score; both halves must be pieces or characters. */
function merges(pieces: readonly Piece[]): [string, string][] {
  const joinable = new Set(pieces.filter(({ kind }) => kind === 'normal').map(({ text }) => text));
  const found: { pair: [string, string]; score: number }[] = [];
  for (const { text, score, kind } of pieces) {
    if (kind !== 'normal') continue;
    const characters = Array.from(text);
    if (characters.length > MAX_PIECE)
      throw new TensorFileError(`a piece of the vocabulary has ${characters.length} characters`);
    for (let k = 1; k < characters.length; k++) {
      const pair: [string, string] = [characters.slice(0, k).join(''), characters.slice(k).join('')];
      const isOpen = (half: string, length: number) => length === 1 || joinable.has(half);
      if (isOpen(pair[0], k) && isOpen(pair[1], characters.length - k)) found.push({ pair, score });
    }
  }
  return found.sort((a, b) => b.score - a.score).map(({ pair }) => pair);
}
