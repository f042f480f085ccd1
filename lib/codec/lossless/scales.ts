import { BitReader, BitWriter, type ByteReader, type ByteWriter } from '../entropy/bytes.js';
import { codeWeights, normalizeWeights, readTable, tableCodes, writeTable } from '../entropy/frequency-table.js';
import { RansDecoder, RansEncoder, decodeTable, encodeTable } from '../entropy/rans.js';
import { CodecError } from '../errors.js';
import { fromShortScale, toShortScale } from '../scale.js';

const floatView = new Float32Array(1);
const wordView = new Uint32Array(floatView.buffer);

/** Scales as they are: 16-bit patterns, or float32 where `short` is false. */
export function writeScales(out: ByteWriter, scales: Float32Array, short: boolean): void {
  for (let group = 0; group < scales.length; group++) {
    if (short) {
      out.uint16(toShortScale(scales[group]!));
    } else {
      floatView[0] = scales[group]!;
      out.uint32(wordView[0]!);
    }
  }
}

/** Reads what `writeScales` wrote. */
export function readScales(input: ByteReader, count: number, short: boolean): Float32Array {
  if (input.remaining < count * (short ? 2 : 4)) {
    throw new CodecError('truncated', 'the scales end too early', input.end);
  }
  const scales = new Float32Array(count);
  for (let group = 0; group < count; group++) {
    if (short) {
      scales[group] = fromShortScale(input.uint16());
    } else {
      wordView[0] = input.uint32();
      scales[group] = floatView[0]!;
    }
  }
  checkScales(scales);
  return scales;
}

function checkScales(scales: Float32Array): void {
  for (const scale of scales) {
    if (!(scale >= 0 && scale < Infinity)) throw new CodecError('malformed', 'a scale is no finite number ≥ 0');
  }
}

/** Below this many scales, prediction does not pay for its table. */
const FEW_SCALES = 48;
/** Residual symbols: number of bits of the residual folded to ≥ 0, up to 17. */
const RESIDUAL_ALPHABET = 18;

/**
 * Scales as differences from a prediction, in steps of their 16-bit pattern (a 256th of an octave, nearly): the mean of
 * the scale before and the one `lag` rows before within the sample; at its first row the first row of the sample before.
 * Number of bits of the difference by rANS, its lower bits plain.
 */
export function writeScalesSmall(out: ByteWriter, scales: Float32Array, short: boolean, rowsPerSample: number): void {
  if (!short || scales.length < FEW_SCALES) {
    writeScales(out, scales, short);
    return;
  }
  const patterns = Int32Array.from(scales, toShortScale);
  const symbols = new Uint8Array(patterns.length);
  const counts = new Float64Array(RESIDUAL_ALPHABET);
  const writer = new BitWriter();
  for (let group = 0; group < patterns.length; group++) {
    const difference = patterns[group]! - predictPattern(patterns, group, rowsPerSample);
    const folded = difference >= 0 ? 2 * difference : -2 * difference - 1;
    const bits = 32 - Math.clz32(folded);
    symbols[group] = bits;
    counts[bits]! += 1;
    if (bits > 1) writer.wide(folded - (1 << (bits - 1)), bits - 1);
  }
  const codes = tableCodes(counts);
  writeTable(out, codes);
  const plain = writer.finish();
  out.varint(plain.length);
  out.bytes(plain);
  const encoder = new RansEncoder(patterns.length);
  encoder.encode(symbols, 0, symbols.length, encodeTable(normalizeWeights(codeWeights(codes))));
  encoder.finish(out);
}

/** Reads what `writeScalesSmall` wrote. */
export function readScalesSmall(input: ByteReader, count: number, short: boolean, rowsPerSample: number): Float32Array {
  if (!short || count < FEW_SCALES) return readScales(input, count, short);
  const table = decodeTable(normalizeWeights(codeWeights(readTable(input, RESIDUAL_ALPHABET))));
  const plain = new BitReader(input.bytes(input.varint()));
  const decoder = new RansDecoder(input);
  const symbols = new Uint8Array(count);
  decoder.decode(symbols, count, table);
  decoder.check();
  const patterns = new Int32Array(count);
  const scales = new Float32Array(count);
  for (let group = 0; group < count; group++) {
    const bits = symbols[group]!;
    const folded = bits < 2 ? bits : (1 << (bits - 1)) + plain.wide(bits - 1);
    const difference = (folded & 1) === 0 ? folded / 2 : -(folded + 1) / 2;
    const pattern = predictPattern(patterns, group, rowsPerSample) + difference;
    if (pattern < 0 || pattern > 0xffff) throw new CodecError('malformed', 'a scale is out of range');
    patterns[group] = pattern;
    scales[group] = fromShortScale(pattern);
  }
  plain.check();
  checkScales(scales);
  return scales;
}

function predictPattern(patterns: Int32Array, group: number, rowsPerSample: number): number {
  if (group === 0) return 127 * 256;
  if (rowsPerSample === 0) return patterns[group - 1]!;
  const position = group % rowsPerSample;
  if (position === 0) return patterns[group - rowsPerSample]!;
  if (position === 1 && group > rowsPerSample) return patterns[group - rowsPerSample]!;
  const lag = upperLag(rowsPerSample);
  if (lag === 0 || position <= lag) return patterns[group - 1]!;
  return (patterns[group - 1]! + patterns[group - lag]!) >> 1;
}

/** The patch above in a square image with a class token; 0 when the rows do not look like one. */
function upperLag(rowsPerSample: number): number {
  const side = Math.round(Math.sqrt(rowsPerSample - 1));
  return side > 1 && side * side === rowsPerSample - 1 ? side : 0;
}
