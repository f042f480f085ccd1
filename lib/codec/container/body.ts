import { ByteReader, type ByteWriter } from '../entropy/bytes.js';
import { scaleGroups, shapeSize } from '../layout.js';
import { readFast, writeFast } from '../lossless/fast.js';
import { readWords, writeWords } from '../lossless/words.js';
import type { QuantizedTensor } from '../quantize.js';
import { fromShortScale, toShortScale } from '../scale.js';
import { levelsPerSide } from '../settings.js';
import { CodecError } from '../errors.js';
import { type TensorHeader, readHeader, writeHeader } from './header.js';

/** Body of a record: header, scales, coded values. */
export function writeBody(out: ByteWriter, name: string, tensor: QuantizedTensor): void {
  const { shape, settings } = tensor;
  writeHeader(out, { name, shape, settings, shortScales: tensor.kind === 'levels' && tensor.shortScales });
  if (tensor.kind === 'levels') {
    writeScales(out, tensor.scales, tensor.shortScales);
    writeFast(out, tensor.levels, levelsPerSide(settings.bits));
  } else {
    writeWords(out, tensor.words, tensor.kind === 'float16' ? 2 : 4);
  }
}

/** Bytes that decoding a tensor may allocate at most, its values included. */
export function workBytes({ shape, settings }: TensorHeader, bodyBytes: number): number {
  const size = shapeSize(shape);
  return 20 * size + 12 * scaleGroups(shape, settings).count + 4 * bodyBytes + 2 ** 17;
}

/** Reads a body; `allow` is asked for the bytes that decoding needs before they are allocated, and may throw. */
export function readBody(
  bytes: Uint8Array,
  allow: (bytes: number) => void,
): { header: TensorHeader; tensor: QuantizedTensor } {
  const input = new ByteReader(bytes);
  const header = readHeader(input);
  allow(workBytes(header, bytes.length));
  const tensor = readValues(input, header);
  if (input.remaining > 0) throw new CodecError('malformed', 'bytes left over after the values', input.position);
  return { header, tensor };
}

function readValues(input: ByteReader, { shape, settings, shortScales }: TensorHeader): QuantizedTensor {
  const size = shapeSize(shape);
  switch (settings.values) {
    case 'levels': {
      const scales = readScales(input, scaleGroups(shape, settings).count, shortScales);
      const levels = readFast(input, size, levelsPerSide(settings.bits));
      return { kind: 'levels', shape, settings, levels, scales, shortScales };
    }
    case 'float16':
      return { kind: 'float16', shape, settings, words: Uint16Array.from(readWords(input, size, 2)) };
    case 'float32':
      return { kind: 'float32', shape, settings, words: readWords(input, size, 4) };
  }
}

const floatView = new Float32Array(1);
const wordView = new Uint32Array(floatView.buffer);

function writeScales(out: ByteWriter, scales: Float32Array, short: boolean): void {
  for (let group = 0; group < scales.length; group++) {
    if (short) {
      out.uint16(toShortScale(scales[group]!));
    } else {
      floatView[0] = scales[group]!;
      out.uint32(wordView[0]!);
    }
  }
}

function readScales(input: ByteReader, count: number, short: boolean): Float32Array {
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
    if (!(scales[group]! >= 0 && scales[group]! < Infinity)) input.fail('a scale is no finite number ≥ 0');
  }
  return scales;
}
