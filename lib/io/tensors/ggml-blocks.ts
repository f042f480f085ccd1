import { fromHalfBits } from '../../codec/index.js';

/** Values and bytes of a block of each type that is read, and ggml's code of it. */
export const ggmlTypes = {
  F32: { code: 0, values: 1, bytes: 4 },
  F16: { code: 1, values: 1, bytes: 2 },
  Q4_0: { code: 2, values: 32, bytes: 18 },
  Q4_1: { code: 3, values: 32, bytes: 20 },
  Q5_0: { code: 6, values: 32, bytes: 22 },
  Q5_1: { code: 7, values: 32, bytes: 24 },
  Q8_0: { code: 8, values: 32, bytes: 34 },
  Q4_K: { code: 12, values: 256, bytes: 144 },
  Q5_K: { code: 13, values: 256, bytes: 176 },
  Q6_K: { code: 14, values: 256, bytes: 210 },
  BF16: { code: 30, values: 1, bytes: 2 },
} as const;

/** Type of the numbers of a GGUF tensor, by ggml's name. */
export type GgufType = keyof typeof ggmlTypes;

/** Types of ggml that are not read, by their codes: what a message calls them. */
const otherTypes: Readonly<Record<number, string>> = {
  9: 'Q8_1',
  10: 'Q2_K',
  11: 'Q3_K',
  15: 'Q8_K',
  16: 'IQ2_XXS',
  17: 'IQ2_XS',
  18: 'IQ3_XXS',
  19: 'IQ1_S',
  20: 'IQ4_NL',
  21: 'IQ3_S',
  22: 'IQ2_S',
  23: 'IQ4_XS',
  24: 'I8',
  25: 'I16',
  26: 'I32',
  27: 'I64',
  28: 'F64',
  29: 'IQ1_M',
  34: 'TQ1_0',
  35: 'TQ2_0',
  39: 'MXFP4',
  40: 'NVFP4',
  41: 'Q1_0',
};

/** The type of a code, or what it is called where it is not read. */
export function ggmlType(code: number): { readonly type: GgufType } | { readonly unread: string } {
  const type = (Object.keys(ggmlTypes) as GgufType[]).find((key) => ggmlTypes[key].code === code);
  return type ? { type } : { unread: otherTypes[code] ?? `of code ${code}` };
}

/** Types whose values share scales by blocks. */
export type BlockType = Exclude<GgufType, 'F32' | 'F16' | 'BF16'>;

/** One block: `at` is its first byte, `target` the place of its first value. */
type ReadBlock = (bytes: Uint8Array, view: DataView, at: number, out: Float32Array, target: number) => void;

const half = (view: DataView, at: number) => fromHalfBits(view.getUint16(at, true));

/** Bits 5 of 32 levels as one word, the others as 16 pairs: level k in the low halves, 16 + k in the high ones. */
function fiveBits(bytes: Uint8Array, view: DataView, at: number, level: (k: number, value: number) => void): void {
  const high = view.getUint32(at, true);
  for (let k = 0; k < 16; k++) {
    const pair = bytes[at + 4 + k]!;
    level(k, (pair & 15) | (((high >>> k) & 1) << 4));
    level(16 + k, (pair >> 4) | (((high >>> (16 + k)) & 1) << 4));
  }
}

/** Scale and minimum of group k of eight, 6 bits each, packed in twelve bytes. */
function groupScales(bytes: Uint8Array, at: number, k: number): [number, number] {
  if (k < 4) return [bytes[at + k]! & 63, bytes[at + 4 + k]! & 63];
  const [scale, minimum, low] = [bytes[at + k - 4]!, bytes[at + k]!, bytes[at + 4 + k]!];
  return [(low & 15) | ((scale >> 2) & 48), (low >> 4) | ((minimum >> 2) & 48)];
}

/** Eight groups of 32 levels, of 4 bits and a fifth in `highAt`'s bytes where there is one. */
function groups(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  out: Float32Array,
  target: number,
  highAt: number | undefined,
): void {
  const [scale, minimum] = [half(view, at), half(view, at + 2)];
  const lowAt = (highAt ?? at + 16 - 32) + 32;
  for (let group = 0; group < 8; group++) {
    const [own, least] = groupScales(bytes, at + 4, group);
    const [step, offset] = [Math.fround(scale * own), Math.fround(minimum * least)];
    for (let k = 0; k < 32; k++) {
      const low = (bytes[lowAt + 32 * (group >> 1) + k]! >> (4 * (group & 1))) & 15;
      const high = highAt === undefined ? 0 : (bytes[highAt + k]! >> group) & 1;
      out[target + 32 * group + k] = Math.fround(step * (low | (high << 4))) - offset;
    }
  }
}

const readers: Readonly<Record<BlockType, ReadBlock>> = {
  Q4_0: (bytes, view, at, out, target) => {
    const scale = half(view, at);
    for (let k = 0; k < 16; k++) {
      const pair = bytes[at + 2 + k]!;
      out[target + k] = ((pair & 15) - 8) * scale;
      out[target + 16 + k] = ((pair >> 4) - 8) * scale;
    }
  },
  Q4_1: (bytes, view, at, out, target) => {
    const [scale, minimum] = [half(view, at), half(view, at + 2)];
    for (let k = 0; k < 16; k++) {
      const pair = bytes[at + 4 + k]!;
      out[target + k] = Math.fround((pair & 15) * scale) + minimum;
      out[target + 16 + k] = Math.fround((pair >> 4) * scale) + minimum;
    }
  },
  Q5_0: (bytes, view, at, out, target) => {
    const scale = half(view, at);
    fiveBits(bytes, view, at + 2, (k, level) => (out[target + k] = (level - 16) * scale));
  },
  Q5_1: (bytes, view, at, out, target) => {
    const [scale, minimum] = [half(view, at), half(view, at + 2)];
    fiveBits(bytes, view, at + 4, (k, level) => (out[target + k] = Math.fround(level * scale) + minimum));
  },
  Q8_0: (_, view, at, out, target) => {
    const scale = half(view, at);
    for (let k = 0; k < 32; k++) out[target + k] = view.getInt8(at + 2 + k) * scale;
  },
  Q4_K: (bytes, view, at, out, target) => groups(bytes, view, at, out, target, undefined),
  Q5_K: (bytes, view, at, out, target) => groups(bytes, view, at, out, target, at + 16),
  // Low halves of 256 levels, their two high bits, 16 signed scales, and the scale of these.
  Q6_K: (bytes, view, at, out, target) => {
    const scale = half(view, at + 208);
    for (let k = 0; k < 256; k++) {
      const [part, place] = [k >> 7, k & 127];
      const low = (bytes[at + 64 * part + (place & 63)]! >> (4 * (place >> 6))) & 15;
      const high = (bytes[at + 128 + 32 * part + (place & 31)]! >> (2 * (place >> 5))) & 3;
      const step = Math.fround(scale * view.getInt8(at + 192 + (k >> 4)));
      out[target + k] = ((low | (high << 4)) - 32) * step;
    }
  },
};

/** Values of whole blocks as float32, products and sums rounded one by one as ggml's reference does. */
export function dequantizedBlocks(type: BlockType, bytes: Uint8Array): Float32Array {
  const { values, bytes: size } = ggmlTypes[type];
  const out = new Float32Array((bytes.length / size) * values);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = readers[type];
  for (let block = 0, at = 0; at < bytes.length; block++, at += size) read(bytes, view, at, out, block * values);
  return out;
}
