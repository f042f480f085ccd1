/** Where in the input something was found: a line of a text file (1-based), a byte of a binary one (0-based), a segment. */
export interface NlPosition {
  /** Line of a text file, from 1. */
  readonly line?: number;
  /** Byte of a binary file, from 0. */
  readonly byteOffset?: number;
  /** Segment of the format, as `C3` or `J0`. */
  readonly segment?: string;
}

/**
 * The input is not a `.nl` or `.sol` file that can be taken: `message` says where, what was expected and what stood
 * there. `unsupported` is true where the file may be in order but holds something that no solver here can work with.
 */
export class NlError extends Error {
  /** Stays; docs/errors.md says what to do. */
  readonly code = 'nl-file';
  /** Line of a text file, from 1; undefined for a binary one. */
  readonly line: number | undefined;
  /** Byte of a binary file, from 0; undefined for a text file. */
  readonly byteOffset: number | undefined;

  constructor(
    position: NlPosition,
    readonly problem: string,
    readonly unsupported = false,
  ) {
    super(`${describePosition(position)}: ${problem}`);
    this.name = 'NlError';
    this.line = position.line;
    this.byteOffset = position.byteOffset;
  }
}

function describePosition(position: NlPosition): string {
  if (position.line !== undefined) return `line ${position.line}`;
  return position.segment === undefined ? `byte ${position.byteOffset ?? 0}` : `segment ${position.segment}`;
}
