/** Where in the input something was found: a line of a text file (1-based), a byte of a binary one (0-based), a segment. */
export interface NlPosition {
  readonly line?: number;
  readonly byteOffset?: number;
  readonly segment?: string;
}

/**
 * The input is not a `.nl` or `.sol` file that can be taken: `message` says where, what was expected and what stood
 * there. `unsupported` is true where the file may be in order but holds something that no solver here can work with.
 */
export class NlError extends Error {
  readonly code = 'nl-file';
  readonly line: number | undefined;
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
