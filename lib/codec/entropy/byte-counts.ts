/** Four tables in turn: an increment need not wait for the one before, which often is of the same entry. */
const tables = new Int32Array(4 * 256);

/** How often each value occurs among the first `length` bytes. */
export function countBytes(bytes: Uint8Array, length = bytes.length): Float64Array {
  tables.fill(0);
  const whole = length & ~3;
  for (let i = 0; i < whole; i += 4) {
    const a = bytes[i]!;
    const b = bytes[i + 1]! + 256;
    const c = bytes[i + 2]! + 512;
    const d = bytes[i + 3]! + 768;
    tables[a] = tables[a]! + 1;
    tables[b] = tables[b]! + 1;
    tables[c] = tables[c]! + 1;
    tables[d] = tables[d]! + 1;
  }
  for (let i = whole; i < length; i++) tables[bytes[i]!] = tables[bytes[i]!]! + 1;
  const counts = new Float64Array(256);
  for (let value = 0; value < 256; value++) {
    counts[value] = tables[value]! + tables[value + 256]! + tables[value + 512]! + tables[value + 768]!;
  }
  return counts;
}
