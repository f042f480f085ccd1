/**
 * Work space that is kept from one tensor to the next: allocating and clearing it anew takes longer than some passes over
 * the tensor. At any time one tensor is being coded, and each kind of space has one user.
 */

/** Bytes of each kind that are kept at most; larger ones are made anew each time. */
const KEPT_BYTES = 1 << 22;

/** At least `length` elements of any content. */
type Space<Kind> = (length: number) => Kind;

function keptSpace<Kind extends { readonly length: number; readonly byteLength: number }>(
  make: (length: number) => Kind,
): Space<Kind> {
  let space = make(1 << 12);
  return (length) => {
    if (length <= space.length) return space;
    const fresh = make(length + (length >> 2));
    if (fresh.byteLength <= KEPT_BYTES) space = fresh;
    return fresh;
  };
}

/** For the output of the entropy coder. */
export const scratchWords = keptSpace((length) => new Uint16Array(length));

/** For the symbols of nonzeros. */
export const scratchSymbols = keptSpace((length) => new Uint8Array(length));

/** For the symbols of all models of the small mode. */
export const scratchSequence = keptSpace((length) => new Uint16Array(length));

/** For positions of candidates of a selection, for their keys, and for the keys of some of them. */
export const scratchPositions = keptSpace((length) => new Int32Array(length));
export const scratchKeys = keptSpace((length) => new Int32Array(length));
export const scratchMembers = keptSpace((length) => new Int32Array(length));

const maskSpace = keptSpace((length) => new Uint8Array(length));

/** Exactly `length` zero bytes, for the mask of nonzeros. */
export function scratchMask(length: number): Uint8Array {
  return maskSpace(length).subarray(0, length).fill(0);
}
