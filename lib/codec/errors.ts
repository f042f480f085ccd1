/** What went wrong, for programs. */
export type CodecErrorCode =
  /** A value is NaN or infinite; `position` is its index. */
  | 'not-finite'
  /** A value does not fit the chosen float16 pass-through; `position` is its index. */
  | 'out-of-range'
  /** Settings or shape do not make sense. */
  | 'bad-argument'
  /** The bytes end too early. */
  | 'truncated'
  /** The bytes are not a message of this codec, or contradict themselves; `position` is the byte. */
  | 'malformed'
  /** The checksum does not fit the bytes. */
  | 'checksum'
  /** The message is of a version this code does not know. */
  | 'unsupported-version'
  /** Decoding would need more than the caller allows. */
  | 'limit';

/** The one error type of the codec. */
export class CodecError extends Error {
  constructor(
    readonly code: CodecErrorCode,
    message: string,
    readonly position?: number,
  ) {
    super(message);
    this.name = 'CodecError';
  }
}
