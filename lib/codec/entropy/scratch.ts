/**
 * Work space that is kept from one tensor to the next: allocating and clearing it anew takes longer than some passes over
 * the tensor. At any time one tensor is being coded, and each kind of space has one user.
 */

/** Bytes of each kind that are kept at most; larger ones are made anew each time. */
const KEPT_BYTES = 1 << 22;

let words = new Uint16Array(1 << 12);
let symbols = new Uint8Array(1 << 12);
let mask = new Uint8Array(1 << 12);

/** At least `length` words of any content, for the output of the entropy coder. */
export function scratchWords(length: number): Uint16Array {
  if (length <= words.length) return words;
  const fresh = new Uint16Array(length + (length >> 2));
  if (fresh.byteLength <= KEPT_BYTES) words = fresh;
  return fresh;
}

/** At least `length` bytes of any content, for the symbols of nonzeros. */
export function scratchSymbols(length: number): Uint8Array {
  if (length <= symbols.length) return symbols;
  const fresh = new Uint8Array(length + (length >> 2));
  if (fresh.byteLength <= KEPT_BYTES) symbols = fresh;
  return fresh;
}

/** Exactly `length` zero bytes, for the mask of nonzeros. */
export function scratchMask(length: number): Uint8Array {
  if (length > KEPT_BYTES) return new Uint8Array(length);
  if (length > mask.length) mask = new Uint8Array(length + (length >> 2));
  return mask.subarray(0, length).fill(0);
}
