/** Fractional parts of square and cube roots of the first primes, as FIPS 180-4 has them. */
const primes = Array.from({ length: 312 }, (_, k) => k).filter(
  (k) => k > 1 && Array.from({ length: k }, (_, d) => d).every((d) => d < 2 || k % d !== 0),
);
const rootOf = (radicand: bigint, degree: bigint): bigint => {
  let low = 0n;
  let high = 1n << 40n;
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (middle ** degree <= radicand) low = middle;
    else high = middle;
  }
  return low;
};
const fractionOfRoot = (prime: number, degree: bigint): number =>
  Number(BigInt.asUintN(32, rootOf(BigInt(prime) << (32n * degree), degree)));
const initial = primes.slice(0, 8).map((prime) => fractionOfRoot(prime, 2n));
const constants = Int32Array.from(primes.slice(0, 64), (prime) => fractionOfRoot(prime, 3n));

/** SHA-256 of a text's UTF-8 bytes, hexadecimal (FIPS 180-4); where no promise can be awaited. */
export function sha256Now(text: string): string {
  const bytes = new TextEncoder().encode(text);
  const padded = new Uint8Array((Math.floor((bytes.length + 8) / 64) + 1) * 64);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor(bytes.length / 2 ** 29));
  view.setUint32(padded.length - 4, (bytes.length * 8) % 2 ** 32);
  const state = Int32Array.from(initial);
  const words = new Int32Array(64);
  const turned = (x: number, by: number): number => (x >>> by) | (x << (32 - by));
  for (let start = 0; start < padded.length; start += 64) {
    for (let t = 0; t < 16; t++) words[t] = view.getInt32(start + 4 * t);
    for (let t = 16; t < 64; t++) {
      const [a, b] = [words[t - 15]!, words[t - 2]!];
      const small = turned(a, 7) ^ turned(a, 18) ^ (a >>> 3);
      const large = turned(b, 17) ^ turned(b, 19) ^ (b >>> 10);
      words[t] = words[t - 16]! + small + words[t - 7]! + large;
    }
    let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number];
    for (let t = 0; t < 64; t++) {
      const first =
        (h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + ((e & f) ^ (~e & g)) + constants[t]! + words[t]!) | 0;
      const second = ((turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((value, k) => (state[k]! += value));
  }
  return Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}
