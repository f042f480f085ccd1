import type { NlPosition } from './error.js';

/** One pass over the body of a file; the text and the binary form offer the same steps. */
export interface NlCursor {
  /** True when only blank space is left. */
  atEnd(): boolean;
  /** Code of the next letter: of a segment, an expression token or a bound line. */
  letter(expected: string): number;
  /** An integer. */
  integer(expected: string): number;
  /** A 16-bit integer constant. */
  shortInteger(expected: string): number;
  /** An operator's code. */
  opcode(): number;
  /** A finite number, or ±Infinity. */
  real(expected: string): number;
  /** A name that ends its line. */
  name(expected: string): string;
  /** Nothing but a comment may follow on this line. */
  endLine(): void;
  position(): NlPosition;
  /** Throws `NlError` here. */
  fail(problem: string): never;
  /** Bytes not read yet: no count in the file can be larger. */
  remainingBytes(): number;
}
