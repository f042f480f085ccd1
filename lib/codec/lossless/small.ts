import { BitReader, BitWriter, type ByteReader, type ByteWriter } from '../entropy/bytes.js';
import { log2Integer } from '../entropy/frequency-table.js';
import { RansDecoder, RansEncoder, decodeTable, encodeTable, joinEncodeTables } from '../entropy/rans.js';
import { CodecError } from '../errors.js';
import {
  type MagnitudeTables,
  bitEncodeTable,
  decodeNonzeros,
  decodeRow,
  decodeSigns,
  joinMagnitudeTables,
} from './context-coder.js';
import { type DecodedLevels, readFast, writeFast } from './fast.js';
import {
  MAGNITUDE_STEPS,
  MASK_CONTEXTS,
  type RowLayout,
  RowContexts,
  SCALE_STEPS,
  SIGN_CONTEXTS,
} from './row-contexts.js';
import {
  MAGNITUDE_SCALE,
  type MagnitudeModel,
  bitCodes,
  bitCost,
  codesToZeroFrequencies,
  groupOfContexts,
  magnitudeAlphabet,
  magnitudeExtraBits,
  magnitudeFrequencies,
  magnitudeLowerEnd,
  magnitudeModel,
  magnitudeSymbol,
  putBitCodes,
  putMagnitudeTables,
  takeBitCodes,
  takeMagnitudeTables,
} from './small-models.js';

/**
 * Small lossless coding of levels: element by element in rows, each bit and magnitude under a model chosen by what
 * neighbouring rows and the channel's history say. Two passes: the first counts under each context, the second codes
 * with the static models that the counts give. Where contexts gain nothing the fast form stands instead.
 */

const FAST_FORM = 0;
const CONTEXT_FORM = 1;
const SHIFT_BY_SCALE = 2;

/** What the first pass notes, in coding order. */
interface Survey {
  /** 2 · context + nonzero, one entry an element. */
  readonly mask: Uint16Array;
  /** Nonzeros of each row. */
  readonly rowCounts: Int32Array;
  /** 2 · context + positive, one entry a nonzero. */
  readonly signs: Uint8Array;
  readonly magnitudes: Uint8Array;
  readonly magnitudeContexts: Uint8Array;
  readonly count: number;
  readonly maskCounts: Int32Array;
  readonly signCounts: Int32Array;
  readonly magnitudeCounts: Int32Array;
}

/** Writes levels in rows; `scalePatterns` has one entry a row. */
export function writeSmall(
  out: ByteWriter,
  levels: Int8Array,
  layout: RowLayout,
  scalePatterns: Int32Array,
  positions?: Int32Array,
): void {
  if (levels.length === 0) return;
  const survey = surveyRows(levels, layout, scalePatterns);
  const models = chooseModels(survey, layout);
  if (survey.count === 0 || models.bits >= plainBits(survey, layout)) {
    out.byte(FAST_FORM);
    writeFast(out, levels, layout.perSide, positions);
    return;
  }
  const { grouping } = models.magnitude;
  out.byte(
    CONTEXT_FORM | (layout.shiftByScale ? SHIFT_BY_SCALE : 0) | (grouping.magnitude << 2) | (grouping.scale << 4),
  );
  out.varint(layout.lag);
  out.varint(survey.count);
  const writer = new BitWriter();
  putBitCodes(writer, models.mask);
  putBitCodes(writer, models.sign);
  if (layout.perSide > 1) putMagnitudeTables(writer, models.magnitude);
  const tables = writer.finish();
  out.varint(tables.length);
  out.bytes(tables);
  writeExtraBits(out, levels, layout.perSide);
  encodeSurvey(survey, layout, models).finish(out);
}

interface Models {
  readonly mask: Uint8Array;
  readonly sign: Uint8Array;
  readonly magnitude: MagnitudeModel;
  readonly bits: number;
}

function surveyRows(levels: Int8Array, layout: RowLayout, scalePatterns: Int32Array): Survey {
  const { width, rows, perSide } = layout;
  const alphabet = magnitudeAlphabet(perSide);
  const contexts = new RowContexts(layout, levels, scalePatterns);
  const mask = new Uint16Array(levels.length);
  const signs = new Uint8Array(levels.length + 1);
  const magnitudes = new Uint8Array(levels.length + 1);
  const magnitudeContexts = new Uint8Array(levels.length + 1);
  const rowCounts = new Int32Array(rows);
  const maskCounts = new Int32Array(2 * MASK_CONTEXTS);
  const signCounts = new Int32Array(2 * SIGN_CONTEXTS);
  const magnitudeCounts = new Int32Array(MAGNITUDE_STEPS * SCALE_STEPS * alphabet);
  const columns = new Int32Array(width + 1);
  const rowSigns = new Uint8Array(width);
  const rowMagnitudes = new Uint8Array(width);
  const symbolOf = Uint8Array.from({ length: perSide + 1 }, (_, m) => (m === 0 ? 0 : magnitudeSymbol(m)));
  let count = 0;
  for (let row = 0; row < rows; row++) {
    contexts.prepare(row);
    const start = row * width;
    const nonzeros = surveyMask(levels, start, contexts.mask, mask, maskCounts, columns);
    rowCounts[row] = nonzeros;
    contexts.fillNonzero(columns, nonzeros, rowSigns, rowMagnitudes);
    for (let j = 0; j < nonzeros; j++) {
      const level = levels[start + columns[j]!]!;
      const sign = 2 * rowSigns[j]! + (level > 0 ? 1 : 0);
      const context = rowMagnitudes[j]!;
      const symbol = symbolOf[Math.abs(level)]!;
      signs[count] = sign;
      signCounts[sign] = signCounts[sign]! + 1;
      magnitudes[count] = symbol;
      magnitudeContexts[count] = context;
      const entry = context * alphabet + symbol;
      magnitudeCounts[entry] = magnitudeCounts[entry]! + 1;
      count++;
    }
    contexts.update(columns, nonzeros, start);
  }
  return {
    mask,
    rowCounts,
    signs,
    magnitudes,
    magnitudeContexts,
    count,
    maskCounts,
    signCounts,
    magnitudeCounts,
  };
}

function surveyMask(
  levels: Int8Array,
  start: number,
  contexts: Uint8Array,
  mask: Uint16Array,
  counts: Int32Array,
  columns: Int32Array,
): number {
  let nonzeros = 0;
  for (let c = 0; c < contexts.length; c++) {
    const level = levels[start + c]!;
    const bit = (level | -level) >>> 31;
    const entry = 2 * contexts[c]! + bit;
    mask[start + c] = entry;
    counts[entry] = counts[entry]! + 1;
    columns[nonzeros] = c;
    nonzeros += bit;
  }
  return nonzeros;
}

function chooseModels(survey: Survey, { perSide }: RowLayout): Models {
  const mask = bitCodes(survey.maskCounts);
  const sign = bitCodes(survey.signCounts);
  const magnitude =
    perSide > 1
      ? magnitudeModel(survey.magnitudeCounts, magnitudeAlphabet(perSide))
      : { grouping: { magnitude: 0, scale: 0 }, codes: [], bits: 0 };
  // The probabilities of bits take some 40 bytes.
  const bits = bitCost(survey.maskCounts, mask) + bitCost(survey.signCounts, sign) + magnitude.bits + 320;
  return { mask, sign, magnitude, bits };
}

/** What the levels take without contexts: their entropy under one table. */
function plainBits(survey: Survey, { perSide }: RowLayout): number {
  const size = survey.mask.length;
  const alphabet = magnitudeAlphabet(perSide);
  const sums = new Float64Array(alphabet);
  survey.magnitudeCounts.forEach((count, at) => (sums[at % alphabet]! += count));
  let bits = survey.count + entropyBits([survey.count, size - survey.count]);
  if (perSide > 1) bits += entropyBits(Array.from(sums)) + 4 * alphabet;
  return bits;
}

function entropyBits(counts: readonly number[]): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const logTotal = log2Integer(Math.max(1, total));
  return counts.reduce((sum, count) => sum + (count === 0 ? 0 : count * (logTotal - log2Integer(count))), 0);
}

/** The plain bits of large magnitudes, in order. */
function writeExtraBits(out: ByteWriter, levels: Int8Array, perSide: number): void {
  if (perSide <= 8) return;
  const writer = new BitWriter();
  for (let i = 0; i < levels.length; i++) {
    const magnitude = Math.abs(levels[i]!);
    if (magnitude <= 8) continue;
    const symbol = magnitudeSymbol(magnitude);
    writer.bits(magnitude - magnitudeLowerEnd(symbol), magnitudeExtraBits(symbol));
  }
  const bytes = writer.finish();
  out.varint(bytes.length);
  out.bytes(bytes);
}

/** Each row: its bits of the mask, then sign and magnitude of each nonzero; all of it prepended from the end. */
function encodeSurvey(survey: Survey, { width, rows, perSide }: RowLayout, models: Models): RansEncoder {
  const { signs, magnitudes, magnitudeContexts, rowCounts } = survey;
  const maskTable = bitEncodeTable(codesToZeroFrequencies(models.mask));
  const alphabet = magnitudeAlphabet(perSide);
  const { group } = groupOfContexts(models.magnitude.grouping);
  const absent = new Uint16Array(alphabet);
  const table = joinEncodeTables([
    bitEncodeTable(codesToZeroFrequencies(models.sign)),
    ...models.magnitude.codes.map((codes) =>
      encodeTable(codes === undefined ? absent : magnitudeFrequencies(codes), MAGNITUDE_SCALE),
    ),
  ]);
  const firstEntry = Int32Array.from(group, (own) => 2 * SIGN_CONTEXTS + own * alphabet);
  const step = perSide > 1 ? 2 : 1;
  const sequence = new Uint16Array(2 * width);
  const encoder = new RansEncoder(survey.mask.length + step * survey.count);
  let end = survey.count;
  for (let row = rows - 1; row >= 0; row--) {
    const first = end - rowCounts[row]!;
    for (let j = first, at = 0; j < end; j++, at += step) {
      sequence[at] = signs[j]!;
      // Without magnitudes this place is overwritten by the next sign.
      sequence[at + 1] = firstEntry[magnitudeContexts[j]!]! + magnitudes[j]!;
    }
    encoder.encodeJoined(sequence, 0, step * (end - first), table);
    encoder.encodeJoined(survey.mask, row * width, width, maskTable);
    end = first;
  }
  return encoder;
}

/** Reads levels that `writeSmall` wrote; `layout` without what the stream itself says. */
export function readSmall(
  input: ByteReader,
  layout: Omit<RowLayout, 'lag' | 'shiftByScale'>,
  scalePatterns: Int32Array,
): DecodedLevels {
  const size = layout.width * layout.rows;
  if (size === 0) return { levels: new Int8Array(0), positions: new Int32Array(0) };
  const head = input.byte();
  if (head === FAST_FORM) return readFast(input, size, layout.perSide);
  const grouping = { magnitude: (head >> 2) & 3, scale: (head >> 4) & 3 };
  if ((head & CONTEXT_FORM) === 0 || head >= 64 || grouping.magnitude > 2 || grouping.scale > 2) {
    input.fail('unknown form of levels');
  }
  const lag = input.varint();
  if (lag > layout.rowsPerSample) input.fail('a neighbour lies outside its sample');
  const count = input.varint();
  if (count > size) input.fail('more nonzeros than elements');
  const reader = new BitReader(input.bytes(input.varint()));
  const maskZeros = codesToZeroFrequencies(takeBitCodes(reader, MASK_CONTEXTS));
  const signZeros = codesToZeroFrequencies(takeBitCodes(reader, SIGN_CONTEXTS));
  const { groups, group } = groupOfContexts(grouping);
  const codes = layout.perSide > 1 ? takeMagnitudeTables(reader, groups, magnitudeAlphabet(layout.perSide)) : [];
  reader.check();
  const tables = joinMagnitudeTables(
    codes.map((own) => (own === undefined ? undefined : decodeTable(magnitudeFrequencies(own), MAGNITUDE_SCALE))),
  );
  const extra = layout.perSide > 8 ? new BitReader(input.bytes(input.varint())) : undefined;
  const levels = new Int8Array(size);
  const contexts = new RowContexts(
    { ...layout, lag, shiftByScale: (head & SHIFT_BY_SCALE) !== 0 },
    levels,
    scalePatterns,
  );
  const decoder = new RansDecoder(input);
  // One place more: a row's columns are written before it is known whether they count.
  const positions = new Int32Array(count + 1);
  const found = decodeRows(decoder, contexts, levels, positions, layout, {
    maskZeros,
    signZeros,
    group,
    tables,
    extra,
  });
  decoder.check();
  extra?.check();
  if (found !== count) throw new CodecError('malformed', 'the levels have another number of nonzeros');
  return { levels, positions: positions.subarray(0, count) };
}

interface DecodeModels {
  readonly maskZeros: Int32Array;
  readonly signZeros: Int32Array;
  readonly group: Uint8Array;
  readonly tables: MagnitudeTables;
  readonly extra: BitReader | undefined;
}

function decodeRows(
  decoder: RansDecoder,
  contexts: RowContexts,
  levels: Int8Array,
  positions: Int32Array,
  { width, rows, perSide }: Omit<RowLayout, 'lag' | 'shiftByScale'>,
  { maskZeros, signZeros, group, tables, extra }: DecodeModels,
): number {
  const columns = new Int32Array(width + 1);
  const signs = new Uint8Array(width);
  const magnitudes = new Uint8Array(width);
  const negatives = new Int32Array(width);
  let found = 0;
  for (let row = 0; row < rows; row++) {
    contexts.prepare(row);
    const start = row * width;
    const nonzeros = decodeRow(decoder, contexts.mask, maskZeros, columns);
    if (found + nonzeros >= positions.length) throw new CodecError('malformed', 'more nonzeros than told');
    contexts.fillNonzero(columns, nonzeros, signs, magnitudes);
    for (let j = 0; j < nonzeros; j++) {
      negatives[j] = signZeros[signs[j]!]!;
      magnitudes[j] = group[magnitudes[j]!]!;
    }
    if (perSide > 1) decodeNonzeros(decoder, nonzeros, negatives, magnitudes, tables, signs, magnitudes);
    else decodeSigns(decoder, nonzeros, negatives, signs);
    for (let j = 0; j < nonzeros; j++) {
      const i = start + columns[j]!;
      const magnitude = perSide > 1 ? magnitudeOf(magnitudes[j]!, perSide, extra) : 1;
      positions[found + j] = i;
      levels[i] = signs[j] === 1 ? magnitude : -magnitude;
    }
    contexts.update(columns, nonzeros, start);
    found += nonzeros;
  }
  return found;
}

function magnitudeOf(symbol: number, perSide: number, extra: BitReader | undefined): number {
  if (symbol < 8) return symbol + 1;
  const magnitude = magnitudeLowerEnd(symbol) + extra!.bits(magnitudeExtraBits(symbol));
  if (magnitude > perSide) throw new CodecError('malformed', 'a level is out of range');
  return magnitude;
}
