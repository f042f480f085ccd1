import type { NlSolution } from './sol.js';
import { readSolBinary } from './sol-binary.js';
import { readSolText } from './sol-text.js';

const binaryMark = 'binary';
const recordLengthBytes = 4;

/**
 * Reads a `.sol` file, text or binary. Throws `NlError`.
 *
 * @param input - Content of the file, as text or as bytes.
 * @throws NlError with line or byte, what was expected and what stood there.
 * @example
 * ```ts
 * import { readSol, writeSolText } from 'sft-opt/io/nl';
 *
 * const solution = {
 *   message: 'solved',
 *   amplOptions: [1, 1, 0],
 *   constraintCount: 0,
 *   variableCount: 2,
 *   x: Float64Array.of(1, 2),
 *   objective: 0,
 *   solveResult: 0,
 *   suffixes: [],
 * };
 * console.log(readSol(writeSolText(solution)).message); // solved
 * ```
 */
export function readSol(input: string | Uint8Array): NlSolution {
  if (typeof input === 'string') return readSolText(input);
  const mark = String.fromCharCode(...input.subarray(recordLengthBytes, recordLengthBytes + binaryMark.length));
  return mark === binaryMark ? readSolBinary(input) : readSolText(new TextDecoder().decode(input));
}
