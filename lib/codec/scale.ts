/**
 * Scales travel as 16-bit floats without sign: 8 exponent bits and 8 fraction bits, the upper bits of float32, rounded up
 * so that no kept value lies above its scale. Outside the range in which the relative step is 2^-8 they travel as float32.
 */

const floatView = new Float32Array(1);
const wordView = new Uint32Array(floatView.buffer);

const SMALLEST_SHORT = 2 ** -126;
const LARGEST_SHORT = 2 ** 127 * (2 - 2 ** -8);

/** Whether a scale can travel in 16 bits. */
export function fitsShortScale(scale: number): boolean {
  return scale === 0 || (scale >= SMALLEST_SHORT && scale <= LARGEST_SHORT);
}

/** The 16-bit pattern of the smallest short scale that is not below `scale`. */
export function toShortScale(scale: number): number {
  floatView[0] = scale;
  return (wordView[0]! + 0x7fff) >>> 15;
}

/** The scale that a 16-bit pattern stands for. */
export function fromShortScale(pattern: number): number {
  wordView[0] = pattern << 15;
  return floatView[0]!;
}
