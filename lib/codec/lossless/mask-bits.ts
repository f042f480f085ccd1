import { CodecError } from '../errors.js';

/** Places of the set bits of each byte, three bits each from the lowest on, and above them how many there are. */
const placesOfByte = Int32Array.from({ length: 256 }, (_, byte) => {
  let packed = 0;
  let count = 0;
  for (let place = 0; place < 8; place++) if ((byte & (1 << place)) !== 0) packed |= place << (3 * count++);
  return packed | (count << 24);
});

/**
 * Ascending positions of the set bits of a mask of `size` bits. Throws `malformed` unless there are exactly `count`, none
 * of them past the size.
 */
export function maskPositions(mask: Uint8Array, size: number, count: number): Int32Array {
  // Eight places more: a byte's places are written before it is known how many count.
  const positions = new Int32Array(count + 8);
  let next = 0;
  for (let at = 0; at < mask.length && next <= count; at++) {
    const places = placesOfByte[mask[at]!]!;
    const base = at << 3;
    positions[next] = base + (places & 7);
    positions[next + 1] = base + ((places >> 3) & 7);
    positions[next + 2] = base + ((places >> 6) & 7);
    if (places >= 4 << 24) {
      positions[next + 3] = base + ((places >> 9) & 7);
      positions[next + 4] = base + ((places >> 12) & 7);
      positions[next + 5] = base + ((places >> 15) & 7);
      positions[next + 6] = base + ((places >> 18) & 7);
      positions[next + 7] = base + ((places >> 21) & 7);
    }
    next = (next + (places >> 24)) | 0;
  }
  if (next !== count) throw new CodecError('malformed', 'the mask has another number of nonzeros');
  if (count > 0 && positions[count - 1]! >= size)
    throw new CodecError('malformed', 'a mask has bits outside the tensor');
  return positions.subarray(0, count);
}
