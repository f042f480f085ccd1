import type { ByteReader, ByteWriter } from '../entropy/bytes.js';
import { MAX_ELEMENTS } from '../layout.js';
import {
  type CodecSettings,
  defaultCodecSettings,
  losslessModes,
  roundings,
  scaleScopes,
  scalings,
  selectionScopes,
  selections,
  valueKinds,
} from '../settings.js';

/** What stands before the coded values of a tensor. */
export interface TensorHeader {
  readonly name: string;
  readonly shape: readonly number[];
  /** Fields that do not bear on the chosen method (say, `threshold` under Top-K) have their defaults. */
  readonly settings: CodecSettings;
  readonly shortScales: boolean;
}

/** Axes of a tensor at most. */
export const MAX_RANK = 16;
/** Bytes of a tensor's name at most. */
export const MAX_NAME_BYTES = 4096;

export function writeHeader(out: ByteWriter, { name, shape, settings, shortScales }: TensorHeader): void {
  const nameBytes = new TextEncoder().encode(name);
  out.varint(nameBytes.length);
  out.bytes(nameBytes);
  out.byte(shape.length);
  for (const extent of shape) out.varint(extent);
  out.byte(
    selections.indexOf(settings.selection) |
      (selectionScopes.indexOf(settings.selectionScope) << 2) |
      (valueKinds.indexOf(settings.values) << 4) |
      (losslessModes.indexOf(settings.lossless) << 6) |
      (roundings.indexOf(settings.rounding) << 7),
  );
  out.byte(
    (settings.bits - 1) |
      (scalings.indexOf(settings.scaling) << 3) |
      (scaleScopes.indexOf(settings.scaleScope) << 4) |
      (shortScales ? 64 : 0) |
      (hasOutliers(settings) ? 128 : 0),
  );
  if (settings.selection === 'top-k' || settings.selection === 'random-top-k') writeFloat(out, settings.keptFraction);
  if (settings.selection === 'random-top-k') writeFloat(out, settings.randomFraction);
  if (settings.selection === 'threshold') writeFloat(out, settings.threshold);
  if (settings.scaleScope === 'group') out.varint(settings.groupSize);
  if (hasOutliers(settings)) writeFloat(out, settings.outlierThreshold);
  out.varint(settings.seed);
}

/** Whether outlier channels stand between the header and the scales. */
export function hasOutliers({ values, outlierThreshold }: CodecSettings): boolean {
  return values === 'levels' && outlierThreshold > 0;
}

export function readHeader(input: ByteReader): TensorHeader {
  const name = readName(input);
  const shape = readShape(input);
  const first = input.byte();
  const second = input.byte();
  const selection = selections[first & 3]!;
  const kind = valueKinds[(first >> 4) & 3] ?? input.fail('unknown kind of values');
  const hasFraction = selection === 'top-k' || selection === 'random-top-k';
  const keptFraction = hasFraction ? readFloat(input) : defaultCodecSettings.keptFraction;
  if (!(keptFraction > 0 && keptFraction <= 1)) input.fail('the kept fraction is not in (0, 1]');
  const randomFraction = selection === 'random-top-k' ? readFloat(input) : defaultCodecSettings.randomFraction;
  if (!(randomFraction >= 0 && randomFraction <= 1)) input.fail('the random fraction is not in [0, 1]');
  const threshold = selection === 'threshold' ? readFloat(input) : defaultCodecSettings.threshold;
  if (!(threshold >= 0 && threshold < Infinity)) input.fail('the threshold is no finite number ≥ 0');
  const scaleScope = scaleScopes[(second >> 4) & 3]!;
  const groupSize = scaleScope === 'group' ? input.varint() : defaultCodecSettings.groupSize;
  if (groupSize < 1 || groupSize > MAX_ELEMENTS) input.fail('the group size is out of range');
  const outlierThreshold = second >= 128 ? readFloat(input) : defaultCodecSettings.outlierThreshold;
  if (second >= 128 && !(kind === 'levels' && outlierThreshold > 0 && outlierThreshold <= 1e6)) {
    input.fail('the outlier threshold is not in (0, 10⁶], or of values that have none');
  }
  const settings: CodecSettings = {
    selection,
    keptFraction,
    threshold,
    randomFraction,
    selectionScope: selectionScopes[(first >> 2) & 3]!,
    values: kind,
    bits: (second & 7) + 1,
    rounding: roundings[first >> 7]!,
    scaling: scalings[(second >> 3) & 1]!,
    scaleScope,
    groupSize,
    outlierThreshold,
    lossless: losslessModes[(first >> 6) & 1]!,
    seed: input.varint(),
  };
  return { name, shape, settings, shortScales: (second & 64) !== 0 };
}

function readName(input: ByteReader): string {
  const length = input.varint();
  if (length > MAX_NAME_BYTES) input.fail('a name is too long');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(input.bytes(length));
  } catch {
    return input.fail('a name is not UTF-8');
  }
}

function readShape(input: ByteReader): number[] {
  const rank = input.byte();
  if (rank > MAX_RANK) input.fail('a shape has too many axes');
  const shape: number[] = [];
  let size = 1;
  for (let axis = 0; axis < rank; axis++) {
    const extent = input.varint();
    if (extent > MAX_ELEMENTS) input.fail('an extent is too large');
    size *= extent;
    shape.push(extent);
  }
  if (size > MAX_ELEMENTS) input.fail('a shape has too many elements');
  return shape;
}

const floatView = new Float32Array(1);
const wordView = new Uint32Array(floatView.buffer);

function writeFloat(out: ByteWriter, value: number): void {
  floatView[0] = value;
  out.uint32(wordView[0]!);
}

function readFloat(input: ByteReader): number {
  wordView[0] = input.uint32();
  return floatView[0]!;
}
