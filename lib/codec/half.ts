/** IEEE 754 binary16 as raw 16-bit patterns; rounding to nearest, ties to even. */

const floatView = new Float32Array(1);
const bitsView = new Uint32Array(floatView.buffer);

/** Largest finite binary16 value. */
export const HALF_MAX = 65504;

/**
 * The binary16 pattern nearest to `value`; magnitudes of 65520 and more become infinity, as the standard has it.
 *
 * @param value - Any number.
 * @example
 * ```ts
 * import { fromHalfBits, toHalfBits } from 'sft-opt/codec';
 *
 * console.log(toHalfBits(1).toString(16), fromHalfBits(toHalfBits(0.1))); // 3c00 0.0999756
 * ```
 */
export function toHalfBits(value: number): number {
  floatView[0] = value;
  const bits = bitsView[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) {
    // Below the smallest normal half, adding 2^-24 · 2^23 = 0.5 lets the adder round the significand to multiples of 2^-24.
    floatView[0] = Math.abs(floatView[0]) + 0.5;
    return sign | (bitsView[0]! - 0x3f000000);
  }
  const odd = (magnitude >>> 13) & 1;
  return sign | ((magnitude - 0x38000000 + 0xfff + odd) >>> 13);
}

/**
 * The number that a binary16 pattern stands for.
 *
 * @param bits - 16 bits, as a whole number from 0 to 65535.
 * @example
 * ```ts
 * import { fromHalfBits } from 'sft-opt/codec';
 *
 * console.log(fromHalfBits(0x3c00), fromHalfBits(0x7bff)); // 1 65504
 * ```
 */
export function fromHalfBits(bits: number): number {
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  const sign = (bits & 0x8000) !== 0 ? -1 : 1;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}
