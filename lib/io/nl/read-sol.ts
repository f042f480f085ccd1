import type { NlSolution } from './sol.js';
import { readSolBinary } from './sol-binary.js';
import { readSolText } from './sol-text.js';

const binaryMark = 'binary';
const recordLengthBytes = 4;

/** Reads a `.sol` file, text or binary. Throws `NlError`. */
export function readSol(input: string | Uint8Array): NlSolution {
  if (typeof input === 'string') return readSolText(input);
  const mark = String.fromCharCode(...input.subarray(recordLengthBytes, recordLengthBytes + binaryMark.length));
  return mark === binaryMark ? readSolBinary(input) : readSolText(new TextDecoder().decode(input));
}
