/** The bits of a float32 word that tell its magnitude: their order as integers is that of the magnitudes. */
export const MAGNITUDE = 0x7fffffff;

/** Magnitude bits of infinity; those of NaN are above. */
export const INFINITY_BITS = 0x7f800000;

/** The float32 patterns of values. */
export function wordsOf(values: Float32Array): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, values.length);
}
