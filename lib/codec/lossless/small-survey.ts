import type { EncodeTable } from '../entropy/rans.js';
import { encodeTable } from '../entropy/rans.js';
import { SCALE } from '../entropy/constants.js';
import { scratchSequence } from '../scratch.js';
import type { DecodedLevels } from './fast.js';
import { FIRST_MAGNITUDE, FIRST_SIGN, SCALE_STEPS } from './row-constants.js';
import { learned, nonzeroContexts, RowContexts, rowSpace, stepOfMean, type RowLayout } from './row-contexts.js';
import {
  MAGNITUDE_SCALE,
  type MagnitudeModel,
  codesToZeroFrequencies,
  groupOfContexts,
  magnitudeAlphabet,
  magnitudeFrequencies,
  magnitudeSymbol,
} from './small-models.js';

const MAGNITUDE_CONTEXTS = 8 * 8;

/** What the first pass notes, in coding order. */
export interface Survey {
  /** The symbols, each section of a row filled up to a multiple of four with symbols that cost nothing. */
  readonly sequence: Uint16Array;
  readonly length: number;
  readonly count: number;
  /** Zeros and ones by context, negative and positive signs by context, symbols by context of magnitude. */
  readonly maskCounts: Int32Array;
  readonly signCounts: Int32Array;
  readonly magnitudeCounts: Int32Array;
}

/** Symbols of each context of magnitude; with a single magnitude all of them are the symbol that costs nothing. */
function contextAlphabet(perSide: number): number {
  return perSide > 1 ? magnitudeAlphabet(perSide) : 0;
}

/** The symbol that costs nothing, for an alphabet of magnitudes. */
function neutralSymbol(perSide: number): number {
  return FIRST_MAGNITUDE + MAGNITUDE_CONTEXTS * magnitudeAlphabet(perSide);
}

/** One row in so many is noted before it is asked whether contexts are worth it, and at least so many rows. */
const PROBED_SHARE = 16;
const LEAST_PROBE = 32;

/**
 * Notes every symbol of the small mode: row by row the bits of the mask, the signs and the magnitudes of the nonzeros.
 * After the first rows `isWorthwhile` is asked with what they show; undefined when it is not.
 */
export function surveyRows(
  kept: DecodedLevels,
  layout: RowLayout,
  scalePatterns: Int32Array,
  isWorthwhile: (probe: Survey, elements: number) => boolean,
): Survey | undefined {
  const { width, rows, perSide } = layout;
  const levels = new Int8Array(width * rows);
  const nonzeros = placeNonzeros(kept, levels);
  const contexts = new RowContexts(layout, nonzeros.positions, nonzeros.keptLevels, scalePatterns);
  const sequence = scratchSequence(rows * (((width + 3) & ~3) + 4) + 2 * nonzeros.positions.length + 4);
  const neutral = neutralSymbol(perSide);
  fillSymbols(perSide);
  const probe = Math.max(LEAST_PROBE, Math.floor(rows / PROBED_SHARE));
  let at = 0;
  let first = 0;
  for (let row = 0; row < rows; row++) {
    if (row === probe && !isWorthwhile(counted(sequence, at, first, neutral), row * width)) return undefined;
    contexts.open(row);
    noteContexts(sequence, at, width);
    const ones = markOnes(sequence, at, nonzeros.positions, first, row * width, width);
    at = fillUp(sequence, at + width, neutral);
    contexts.advance(row);
    noteNonzeros(sequence, at, contexts, levels, nonzeros.keptLevels, first, ones, perSide);
    at = fillUp(sequence, at + 2 * ones, neutral);
    first += ones;
    contexts.close(row, first);
  }
  return counted(sequence, at, first, neutral);
}

function counted(sequence: Uint16Array, length: number, count: number, neutral: number): Survey {
  const counts = countSymbols(sequence, length, neutral + 1);
  return {
    sequence,
    length,
    count,
    maskCounts: counts.subarray(0, FIRST_SIGN),
    signCounts: counts.subarray(FIRST_SIGN, FIRST_MAGNITUDE),
    magnitudeCounts: counts.subarray(FIRST_MAGNITUDE, neutral),
  };
}

/** Puts levels at their positions, and tells which of them are not zero. */
function placeNonzeros({ positions, keptLevels }: DecodedLevels, levels: Int8Array): DecodedLevels {
  const nonzeroPositions = new Int32Array(positions.length + 1);
  const nonzeroLevels = new Int8Array(positions.length + 1);
  let count = 0;
  for (let j = 0; j < positions.length; j++) {
    const level = keptLevels[j]!;
    const position = positions[j]!;
    levels[position] = level;
    nonzeroPositions[count] = position;
    nonzeroLevels[count] = level;
    count = (count + ((level | -level) >>> 31)) | 0;
  }
  return { positions: nonzeroPositions.subarray(0, count), keptLevels: nonzeroLevels.subarray(0, count) };
}

/** Magnitude symbol of each level + 128, and where the symbols of each mean begin. */
const symbolOfLevel = new Uint8Array(256);
const symbolsOfMean = new Int32Array(stepOfMean.length);

function fillSymbols(perSide: number): void {
  const alphabet = contextAlphabet(perSide);
  stepOfMean.forEach((step, mean) => (symbolsOfMean[mean] = step * SCALE_STEPS * alphabet));
  for (let magnitude = 1; magnitude <= perSide; magnitude++) {
    symbolOfLevel[128 + magnitude] = symbolOfLevel[128 - magnitude] = magnitudeSymbol(magnitude);
  }
}

/** Zeros under all contexts of the row; four at a time, up to three more than there are. */
function noteContexts(sequence: Uint16Array, start: number, width: number): void {
  const { maskContexts } = rowSpace;
  for (let c = 0; c < width; c += 4) {
    const at = start + c;
    sequence[at] = maskContexts[c]! << 1;
    sequence[at + 1] = maskContexts[c + 1]! << 1;
    sequence[at + 2] = maskContexts[c + 2]! << 1;
    sequence[at + 3] = maskContexts[c + 3]! << 1;
  }
}

/** Marks a row's nonzeros in its section and puts their columns into `rowColumns`; returns how many. */
function markOnes(
  sequence: Uint16Array,
  at: number,
  positions: Int32Array,
  first: number,
  start: number,
  width: number,
): number {
  const { rowColumns } = rowSpace;
  let j = first;
  for (; j < positions.length; j++) {
    const c = positions[j]! - start;
    if (c >= width) break;
    rowColumns[j - first] = c;
    sequence[at + c] = sequence[at + c]! | 1;
  }
  return j - first;
}

/** Notes sign and magnitude of each of a row's nonzeros, and learns them. */
function noteNonzeros(
  sequence: Uint16Array,
  at: number,
  frame: RowContexts,
  levels: Int8Array,
  keptLevels: Int8Array,
  first: number,
  count: number,
  perSide: number,
): void {
  const { leftCases, maskContexts, neighbourTerms, nonzeroMeans, rowColumns, sums } = rowSpace;
  const ownSymbols = symbolOfLevel;
  const meanSymbols = symbolsOfMean;
  // Integers from here on: the engine need not find that out at every use.
  const leftStart = frame.leftStart | 0;
  const upStart = frame.upStart | 0;
  const leftMask = frame.leftMask | 0;
  const upMask = frame.upMask | 0;
  const nextMask = frame.nextMask | 0;
  const learningShift = frame.learningShift | 0;
  const unit = frame.unit | 0;
  const firstMagnitude =
    (perSide > 1 ? FIRST_MAGNITUDE : neutralSymbol(perSide)) + frame.scaleStep * contextAlphabet(perSide);
  for (let j = 0; j < count; j++) {
    const column = rowColumns[j]!;
    const channel = nonzeroMeans[column]!;
    const left = neighbourTerms[levels[(leftStart + column) | 0]! & leftMask]!;
    const up = neighbourTerms[levels[(upStart + column) | 0]! & upMask]!;
    const contexts = nonzeroContexts((left + up) | 0, channel);
    const level = keptLevels[(first + j) | 0]!;
    const sign = level >> 31;
    const to = (at + 2 * j) | 0;
    sequence[to] = FIRST_SIGN + 2 * (contexts & 255) + 1 + sign;
    sequence[to + 1] = firstMagnitude + meanSymbols[contexts >> 8]! + ownSymbols[level + 128]!;
    const magnitude = (level ^ sign) - sign;
    // Its part in the context of the row after as a left neighbour, in the sum of its channel, in the means of nonzeros.
    maskContexts[column] = maskContexts[column]! + (leftCases[level + 128]! & nextMask);
    sums[column] = sums[column]! + magnitude;
    nonzeroMeans[column] = learned(magnitude, sign, channel, unit, learningShift);
  }
}

function fillUp(sequence: Uint16Array, end: number, neutral: number): number {
  let at = end;
  while ((at & 3) !== 0) sequence[at++] = neutral;
  return at;
}

const MOST_SYMBOLS = 4096;
const tallySpace = new Int32Array(4 * MOST_SYMBOLS);

/** How often each symbol occurs; four tallies in turn, so that equal symbols do not wait for one another. */
function countSymbols(sequence: Uint16Array, length: number, alphabet: number): Int32Array {
  const tallies = tallySpace;
  for (let lane = 0; lane < 4; lane++) tallies.fill(0, lane * MOST_SYMBOLS, lane * MOST_SYMBOLS + alphabet);
  for (let i = 0; i < length; i += 4) {
    const a = sequence[i]!;
    const b = sequence[i + 1]! + MOST_SYMBOLS;
    const c = sequence[i + 2]! + 2 * MOST_SYMBOLS;
    const d = sequence[i + 3]! + 3 * MOST_SYMBOLS;
    tallies[a] = tallies[a]! + 1;
    tallies[b] = tallies[b]! + 1;
    tallies[c] = tallies[c]! + 1;
    tallies[d] = tallies[d]! + 1;
  }
  const counts = new Int32Array(alphabet);
  for (let s = 0; s < alphabet; s++) {
    counts[s] =
      tallies[s]! + tallies[s + MOST_SYMBOLS]! + tallies[s + 2 * MOST_SYMBOLS]! + tallies[s + 3 * MOST_SYMBOLS]!;
  }
  return counts;
}

/** The models that a survey's counts led to. */
export interface SurveyModels {
  readonly mask: Uint8Array;
  readonly sign: Uint8Array;
  readonly magnitude: MagnitudeModel;
}

/** Tables of all symbols under the models. */
export function surveyTable(models: SurveyModels, perSide: number): EncodeTable {
  const alphabet = magnitudeAlphabet(perSide);
  const neutral = neutralSymbol(perSide);
  const table = {
    packed: new Int32Array(neutral + 1),
    reciprocals: new Float64Array(neutral + 1),
  };
  const put = (own: EncodeTable, at: number): void => {
    table.packed.set(own.packed, at);
    table.reciprocals.set(own.reciprocals, at);
  };
  for (const [codes, first] of [
    [models.mask, 0],
    [models.sign, FIRST_SIGN],
  ] as const) {
    codesToZeroFrequencies(codes).forEach((zero, context) =>
      put(encodeTable(Uint16Array.of(zero, SCALE - zero)), first + 2 * context),
    );
  }
  if (perSide > 1) {
    const tables = models.magnitude.codes.map((codes) =>
      codes === undefined
        ? undefined
        : encodeTable(magnitudeFrequencies(codes).map((frequency) => frequency * (SCALE / MAGNITUDE_SCALE))),
    );
    groupOfContexts(models.magnitude.grouping).group.forEach((group, context) => {
      if (tables[group] !== undefined) put(tables[group], FIRST_MAGNITUDE + context * alphabet);
    });
  }
  // All of the scale is its own: coding it leaves a state as it is.
  put(encodeTable(Uint16Array.of(SCALE)), neutral);
  return table;
}
