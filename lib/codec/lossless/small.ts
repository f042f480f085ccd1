import { BitReader, BitWriter, type ByteReader, type ByteWriter } from '../entropy/bytes.js';
import { log2Integer } from '../entropy/frequency-table.js';
import { RansDecoder, RansEncoder, decodeTable } from '../entropy/rans.js';
import { CodecError } from '../errors.js';
import { type DecodeTarget, decodeMask, decodeNonzeros, useModels } from './context-coder.js';
import { type DecodedLevels, readFast, writeFast } from './fast.js';
import { MASK_CONTEXTS, SIGN_CONTEXTS, WIDEST_ROW } from './row-constants.js';
import { type RowLayout, RowContexts } from './row-contexts.js';
import {
  MAGNITUDE_SCALE,
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
import { type Survey, type SurveyModels, surveyRows, surveyTable } from './small-survey.js';

/**
 * Small lossless coding of levels: element by element in rows, each bit and magnitude under a model chosen by what
 * neighbouring rows and the channel's history say. Two passes: the first counts under each context, the second codes
 * with the static models that the counts give. Where contexts gain little the fast form stands instead.
 */

const FAST_FORM = 0;
/** Bit 0 stood for contexts with signs and magnitudes in separate sections; it is refused. */
const CONTEXT_FORM = 64;
const SHIFT_BY_SCALE = 2;

/**
 * Contexts take about three times as long as the fast form, so they must save so much of its bits. The first rows, from
 * which little has been learnt, are asked for less.
 */
const LEAST_SAVING = 1 / 40;
const LEAST_SAVING_OF_PROBE = 1 / 50;
/** What the probabilities of bits take, about. */
const BIT_TABLES = 640;

/** Writes the levels at some ascending positions of rows, all others being zero; `scalePatterns` has one entry a row. */
export function writeSmall(out: ByteWriter, kept: DecodedLevels, layout: RowLayout, scalePatterns: Int32Array): void {
  const { perSide } = layout;
  const size = layout.width * layout.rows;
  if (size === 0) return;
  const survey = layout.width <= WIDEST_ROW ? surveyRows(kept, layout, scalePatterns, isWorthwhile) : undefined;
  const models = survey && chooseModels(survey, perSide);
  if (
    survey === undefined ||
    models === undefined ||
    models.bits + BIT_TABLES > (1 - LEAST_SAVING) * plainBits(survey, size, perSide)
  ) {
    out.byte(FAST_FORM);
    writeFast(out, size, kept, perSide);
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
  if (perSide > 1) putMagnitudeTables(writer, models.magnitude);
  const tables = writer.finish();
  out.varint(tables.length);
  out.bytes(tables);
  writeExtraBits(out, kept.keptLevels, perSide);
  const encoder = new RansEncoder(survey.length);
  encoder.encodeWide(survey.sequence, survey.length, surveyTable(models, perSide));
  encoder.finish(out);

  function isWorthwhile(probe: Survey, elements: number): boolean {
    const bits = chooseModels(probe, perSide)?.bits ?? 0;
    return bits <= (1 - LEAST_SAVING_OF_PROBE) * plainBits(probe, elements, perSide);
  }
}

/** The models that the counts give, and what all but the probabilities of bits takes under them; undefined where nothing is nonzero. */
function chooseModels(survey: Survey, perSide: number): (SurveyModels & { readonly bits: number }) | undefined {
  if (survey.count === 0) return undefined;
  const mask = bitCodes(survey.maskCounts);
  const sign = bitCodes(survey.signCounts);
  const magnitude =
    perSide > 1
      ? magnitudeModel(survey.magnitudeCounts, magnitudeAlphabet(perSide))
      : { grouping: { magnitude: 0, scale: 0 }, codes: [], bits: 0 };
  const bits = bitCost(survey.maskCounts, mask) + bitCost(survey.signCounts, sign) + magnitude.bits;
  return { mask, sign, magnitude, bits };
}

/** What the levels take without contexts: their entropy under one table. */
function plainBits(survey: Survey, size: number, perSide: number): number {
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
function writeExtraBits(out: ByteWriter, keptLevels: Int8Array, perSide: number): void {
  if (perSide <= 8) return;
  const writer = new BitWriter();
  for (let j = 0; j < keptLevels.length; j++) {
    const magnitude = Math.abs(keptLevels[j]!);
    if (magnitude <= 8) continue;
    const symbol = magnitudeSymbol(magnitude);
    writer.bits(magnitude - magnitudeLowerEnd(symbol), magnitudeExtraBits(symbol));
  }
  const bytes = writer.finish();
  out.varint(bytes.length);
  out.bytes(bytes);
}

/** Reads levels that `writeSmall` wrote; `layout` without what the stream itself says. */
export function readSmall(
  input: ByteReader,
  layout: Omit<RowLayout, 'lag' | 'shiftByScale'>,
  scalePatterns: Int32Array,
): DecodedLevels {
  const size = layout.width * layout.rows;
  if (size === 0) return { positions: new Int32Array(0), keptLevels: new Int8Array(0) };
  const head = input.byte();
  if (head === FAST_FORM) return readFast(input, size, layout.perSide);
  const grouping = { magnitude: (head >> 2) & 3, scale: (head >> 4) & 3 };
  if ((head & 0xc1) !== CONTEXT_FORM || grouping.magnitude > 2 || grouping.scale > 2) {
    input.fail('unknown form of levels');
  }
  if (layout.width > WIDEST_ROW) input.fail('contexts for rows that are too wide');
  const lag = input.varint();
  if (lag > layout.rowsPerSample) input.fail('a neighbour lies outside its sample');
  const count = input.varint();
  if (count > size) input.fail('more nonzeros than elements');
  const reader = new BitReader(input.bytes(input.varint()));
  const maskZeros = codesToZeroFrequencies(takeBitCodes(reader, MASK_CONTEXTS));
  const signZeros = codesToZeroFrequencies(takeBitCodes(reader, SIGN_CONTEXTS));
  const { groups } = groupOfContexts(grouping);
  const codes = layout.perSide > 1 ? takeMagnitudeTables(reader, groups, magnitudeAlphabet(layout.perSide)) : [];
  reader.check();
  const magnitudes = codes.map((own) =>
    own === undefined ? undefined : decodeTable(magnitudeFrequencies(own), MAGNITUDE_SCALE),
  );
  useModels({ maskZeros, signZeros, grouping, magnitudes });
  const extra = layout.perSide > 8 ? new BitReader(input.bytes(input.varint())) : undefined;
  const decoder = new RansDecoder(input);
  const full = { ...layout, lag, shiftByScale: (head & SHIFT_BY_SCALE) !== 0 };
  const decoded = decodeRows(decoder, full, count, scalePatterns, extra);
  decoder.check();
  extra?.check();
  return decoded;
}

function decodeRows(
  decoder: RansDecoder,
  layout: RowLayout,
  count: number,
  scalePatterns: Int32Array,
  extra: BitReader | undefined,
): DecodedLevels {
  const { width, rows, perSide } = layout;
  const levels = new Int8Array(width * rows);
  const positions = new Int32Array(count);
  const keptLevels = new Int8Array(count);
  const contexts = new RowContexts(layout, positions, keptLevels, scalePatterns);
  const target: DecodeTarget = { levels, positions, keptLevels, extra, perSide };
  let first = 0;
  for (let row = 0; row < rows; row++) {
    contexts.open(row);
    const nonzeros = decodeMask(decoder, width);
    if (first + nonzeros > count) throw new CodecError('malformed', 'the levels have another number of nonzeros');
    contexts.advance(row);
    decodeNonzeros(decoder, contexts, target, row * width, first, nonzeros);
    first += nonzeros;
    contexts.close(row, first);
  }
  if (first !== count) throw new CodecError('malformed', 'the levels have another number of nonzeros');
  return { positions, keptLevels };
}
