import { brotliCompressSync, constants, deflateSync } from 'node:zlib';
import { type QuantizedLevels, denseLevels } from '../../lib/codec/index.js';
import { randomStream } from '../../lib/random/index.js';

/** Bytes of the zero-order entropy of a tensor of levels, one symbol an element. */
export function entropyBytes(levels: Int8Array): number {
  const counts = new Float64Array(256);
  for (const level of levels) counts[level + 128]! += 1;
  let bits = 0;
  for (const count of counts) if (count > 0) bits -= count * Math.log2(count / levels.length);
  return bits / 8;
}

/** What the size bars are relative to: entropy, 16-bit scales and 32 bytes. */
export function sizeReference(tensor: QuantizedLevels): number {
  return entropyBytes(denseLevels(tensor)) + (tensor.shortScales ? 2 : 4) * tensor.scales.length + 32;
}

/** A general-purpose compressor on the best of three layouts of the levels: dense bytes, packed bits, gaps + levels. */
export function peerBytes(tensor: QuantizedLevels, peer: 'zlib-9' | 'brotli-11'): number {
  const levels = denseLevels(tensor);
  const layouts = [denseBytes(levels), packedBits(levels, tensor.settings.bits), gapBytes(levels)];
  const sizes = layouts.map((bytes) =>
    peer === 'zlib-9'
      ? deflateSync(bytes, { level: 9 }).length
      : brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length,
  );
  return Math.min(...sizes) + 2 * tensor.scales.length;
}

function denseBytes(levels: Int8Array): Uint8Array {
  return new Uint8Array(levels.buffer, levels.byteOffset, levels.length);
}

/** q bits an element, offset binary. */
function packedBits(levels: Int8Array, bits: number): Uint8Array {
  const width = bits === 1 ? 2 : bits;
  const out = new Uint8Array(Math.ceil((levels.length * width) / 8));
  levels.forEach((level, i) => {
    const code = level + 2 ** (width - 1);
    for (let bit = 0; bit < width; bit++) {
      if ((code & (1 << bit)) === 0) continue;
      const at = i * width + bit;
      out[at >> 3] = out[at >> 3]! | (1 << (at & 7));
    }
  });
  return out;
}

/** Gaps between nonzeros as base-128 numbers, then the nonzero levels. */
function gapBytes(levels: Int8Array): Uint8Array {
  const gaps: number[] = [];
  const values: number[] = [];
  let gap = 0;
  for (const level of levels) {
    if (level === 0) {
      gap++;
      continue;
    }
    for (; gap >= 128; gap = Math.floor(gap / 128)) gaps.push((gap % 128) | 128);
    gaps.push(gap);
    values.push(level & 0xff);
    gap = 0;
  }
  return Uint8Array.from([...gaps, ...values]);
}

/** Independent values: standard normal, or Laplace with unit scale. */
export function syntheticTensor(kind: 'gaussian' | 'laplace', size: number): Float32Array {
  const stream = randomStream(1, `bench.codec.${kind}`);
  return Float32Array.from({ length: size }, () => {
    if (kind === 'gaussian') return stream.normal();
    const uniform = stream.uniform() - 0.5;
    return -Math.sign(uniform) * Math.log(1 - 2 * Math.abs(uniform));
  });
}
