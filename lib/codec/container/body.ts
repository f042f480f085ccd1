import { ByteReader, type ByteWriter } from '../entropy/bytes.js';
import { scaleGroups, shapeSize, tokenWidth } from '../layout.js';
import { readOutliers, writeOutliers } from '../outliers.js';
import { readFast, writeFast } from '../lossless/fast.js';
import { readWords, writeWords } from '../lossless/words.js';
import { readScales, readScalesSmall, writeScales, writeScalesSmall } from '../lossless/scales.js';
import { readSmall, writeSmall } from '../lossless/small.js';
import { rowPatterns, rowShape, selectsAcrossRows, upperNeighbour } from '../lossless/rows.js';
import type { QuantizedTensor } from '../quantize.js';
import { levelsPerSide } from '../settings.js';
import { CodecError } from '../errors.js';
import { type TensorHeader, hasOutliers, readHeader, writeHeader } from './header.js';

/** Body of a record: header, scales, coded values. */
export function writeBody(out: ByteWriter, name: string, tensor: QuantizedTensor): void {
  const { shape, settings } = tensor;
  writeHeader(out, { name, shape, settings, shortScales: tensor.kind === 'levels' && tensor.shortScales });
  if (tensor.kind === 'levels') {
    const { scales, shortScales, outliers } = tensor;
    if (hasOutliers(settings)) {
      writeOutliers(out, outliers ?? { channels: new Int32Array(0), words: new Uint16Array(0) });
    }
    const perSide = levelsPerSide(settings.bits);
    if (settings.lossless === 'small') {
      const rows = rowShape(shape, settings);
      writeScalesSmall(out, scales, shortScales, rows.scaleRowsPerSample);
      const lag = upperNeighbour(rows.rowsPerSample);
      const layout = { ...rows, lag, shiftByScale: selectsAcrossRows(settings), perSide };
      writeSmall(out, tensor, layout, rowPatterns(scales, shape, settings, rows));
    } else {
      writeScales(out, scales, shortScales);
      writeFast(out, shapeSize(shape), tensor, perSide);
    }
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
      const perSide = levelsPerSide(settings.bits);
      const groups = scaleGroups(shape, settings).count;
      const width = tokenWidth(shape);
      const apart = hasOutliers(settings)
        ? { outliers: readOutliers(input, size === 0 ? 0 : size / width, width) }
        : undefined;
      if (settings.lossless === 'small') {
        const rows = rowShape(shape, settings);
        const scales = readScalesSmall(input, groups, shortScales, rows.scaleRowsPerSample);
        const decoded = readSmall(input, { ...rows, perSide }, rowPatterns(scales, shape, settings, rows));
        return { kind: 'levels', shape, settings, ...decoded, scales, shortScales, ...apart };
      }
      const scales = readScales(input, groups, shortScales);
      return { kind: 'levels', shape, settings, ...readFast(input, size, perSide), scales, shortScales, ...apart };
    }
    case 'float16':
      return { kind: 'float16', shape, settings, words: Uint16Array.from(readWords(input, size, 2)) };
    case 'float32':
      return { kind: 'float32', shape, settings, words: readWords(input, size, 4) };
  }
}
