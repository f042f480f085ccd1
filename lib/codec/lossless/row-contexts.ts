import { FRACTION, MASK_CLASSES, SCALE_STEPS, SIGN_STEPS, UNIT, WIDEST_ROW } from './row-constants.js';

/**
 * What is known about an element before it is decoded. Rows are tokens. A row has two neighbours: the token before it and
 * the one `lag` before it (for an image's patches the one above), both within the same sample; the first row of a sample
 * (a class token) has the first row of the sample before. Per channel, running means over earlier rows are kept of |level|,
 * of |level| among nonzeros and of the sign among nonzeros.
 *
 * Three contexts follow:
 * - nonzero or not: half octave of the channel's mean |level|, and whether each neighbour is zero, small or large there;
 * - sign: signs of the neighbours (5 sums) and the channel's mean sign (11 steps);
 * - magnitude: mean magnitude of nonzero neighbours and channel in half octaves, and the row's scale in half octaves.
 *
 * When elements were selected by one threshold for many rows, the scale of a row tells how many of its elements passed
 * and how small a kept level can be; then the row's scale also shifts the first context.
 *
 * The state is kept by the module: at any time there is one tensor being coded. Loops hold its arrays in locals, because bundlers make
 * variables of a module's constants, which would be looked up and checked at every use.
 */

/** round(8 · log₂(n + 1)) for n = 0 … 11 · 1024, in integers by comparing squares: the same everywhere. */
const eighthOctaves = ((): Uint8Array => {
  const table = new Uint8Array(11 * UNIT + 2);
  const eighth = Math.sqrt(Math.sqrt(Math.SQRT2));
  const half = Math.sqrt(eighth);
  let step = 0;
  let edge = half;
  for (let n = 0; n < table.length; n++) {
    while (n + 1 >= edge) {
      step++;
      edge *= eighth;
    }
    table[n] = step;
  }
  return table;
})();

/** Shape of the rows and what the stream says about them. */
export interface RowLayout {
  /** Elements of a row. */
  readonly width: number;
  readonly rows: number;
  /** Rows of a sample: neighbours do not cross its border, but for the first row's. */
  readonly rowsPerSample: number;
  /** Distance of the second neighbour in rows; 0 for none. */
  readonly lag: number;
  /** Whether the row's scale shifts the first context. */
  readonly shiftByScale: boolean;
  readonly perSide: number;
}

/**
 * Context of each element of the row that was opened last: whether it is nonzero. Behind the widest row are the contexts
 * without neighbours, from which each row starts: the same array, so that they are copied at once.
 */
const maskContexts = new Uint8Array(2 * WIDEST_ROW);
/** Where those begin. */
const BARE = 16384;
/** Columns of its nonzeros, ascending, as far as they are known. */
const rowColumns = new Int32Array(WIDEST_ROW + 4);

/** Means of |level| in eighth octaves, and what they are made of. */
const meanSteps = new Uint8Array(WIDEST_ROW);
const means = new Int32Array(WIDEST_ROW);
const sums = new Int32Array(WIDEST_ROW);
/** Means over the nonzeros of each channel: of |level| · 2^16, plus the sign's as a 16-bit number in the lower half. */
const nonzeroMeans = new Int32Array(WIDEST_ROW);
/** First context of each mean step, for the prepared row. */
const firstContexts = new Uint8Array(96);
/** What a level of either neighbour adds to the context of a mask bit, by level + 128. */
const leftCases = new Uint8Array(256);
const upCases = new Uint8Array(256);
/**
 * What a neighbour with the lower eight bits of a level adds to `nonzeroContexts`: sign + 1 in elevens, from bit 8 on one
 * unless zero, from bit 16 on the magnitude in units of the running means.
 */
const neighbourTerms = new Int32Array(256);
/** Step of magnitude of each mean that `nonzeroContexts` gives, in halves of octaves that split at one and a half times a power of two. */
export const stepOfMean = Uint8Array.from({ length: 25 }, (_, mean) => {
  const exponent = 31 - Math.clz32(mean << 7);
  return Math.max(0, 2 * exponent + (((mean << 7) >> (exponent - 1)) & 1) - 17);
});

/** For the loops of other modules. */
export const rowSpace = { maskContexts, rowColumns, nonzeroMeans, neighbourTerms, leftCases, sums };

export class RowContexts {
  /** Where the neighbours of the open row begin, and 255 where there is such a neighbour, else 0. */
  leftStart = 0;
  upStart = 0;
  leftMask = 0;
  upMask = 0;
  /** −1 when the row after the open one has it as its left neighbour, else 0. */
  nextMask = 0;
  /** Step of the open row's scale, and how fast means follow its nonzeros. */
  scaleStep = 0;
  learningShift = 1;
  /** A level's magnitude in units of the running means. */
  readonly unit: number;
  /** Eighth octaves below the largest scale, per row. */
  private readonly scaleEighths: Int32Array;
  private readonly rowStarts: Int32Array;
  private refreshed = 1;
  private contextShift = 0;

  /**
   * `positions` and `keptLevels` are the nonzeros; they fill while decoding. `scalePatterns` has one entry a row: the upper
   * 17 bits of its float32 scale.
   */
  constructor(
    private readonly layout: RowLayout,
    private readonly positions: Int32Array,
    private readonly keptLevels: Int8Array,
    scalePatterns: Int32Array,
  ) {
    const { width, rows, perSide } = layout;
    this.unit = Math.floor(UNIT / perSide);
    this.rowStarts = new Int32Array(rows + 1);
    this.scaleEighths = new Int32Array(rows);
    let largest = 0;
    for (let row = 0; row < rows; row++) largest = Math.max(largest, scalePatterns[row]!);
    // The upper bits of a float are a piecewise linear log₂, 256 steps to the octave.
    for (let row = 0; row < rows; row++) {
      this.scaleEighths[row] = -Math.min(400, (largest - scalePatterns[row]! + 16) >> 5);
    }
    const start = Math.floor((UNIT << FRACTION) * 0.15);
    means.fill(start, 0, width);
    meanSteps.fill(eighthOctaves[start >> FRACTION]!, 0, width);
    sums.fill(0, 0, width);
    nonzeroMeans.fill(Math.min(UNIT, this.unit * 2) << (FRACTION + 16), 0, width);
    const large = Math.max(1, (perSide + 1) >> 2);
    for (let level = -128; level < 128; level++) {
      const size = level === 0 ? 0 : Math.abs(level) <= large ? 1 : 2;
      neighbourTerms[level & 255] =
        (Math.sign(level) + 1) * SIGN_STEPS + (level === 0 ? 0 : 256) + ((Math.abs(level) * this.unit) << 16);
      leftCases[level + 128] = 3 * MASK_CLASSES * size;
      upCases[level + 128] = MASK_CLASSES * size;
    }
  }

  /** Completes `maskContexts` for `row`, given the rows before it. */
  open(row: number): void {
    const { width, rowsPerSample, lag } = this.layout;
    const position = row % rowsPerSample;
    const left = position > 0 ? row - 1 : row - rowsPerSample;
    const up = position > 0 && lag > 0 && position >= lag ? row - lag : left;
    if (row === 0) this.startRow(0);
    if (left >= 0 && left !== row - 1) this.addCases(left, leftCases);
    if (up >= 0) this.addCases(up, upCases);
    this.leftStart = Math.max(0, left) * width;
    this.upStart = Math.max(0, up) * width;
    this.leftMask = left < 0 ? 0 : 255;
    this.upMask = up < 0 ? 0 : 255;
    this.nextMask = position + 1 < rowsPerSample || rowsPerSample === 1 ? -1 : 0;
    this.scaleStep = Math.min(SCALE_STEPS - 1, -this.scaleEighths[row]! >> 2);
    this.learningShift = row < 3 ? 1 : row < 7 ? 2 : row < 15 ? 3 : 4;
  }

  /** To be called when the mask of `row` is known, before `learn`: `maskContexts` are from then on those of the next row. */
  advance(row: number): void {
    if (row + 1 < this.layout.rows) this.startRow(row + 1);
  }

  /** Contexts of a row without those of its neighbours. */
  private startRow(row: number): void {
    const { width, shiftByScale } = this.layout;
    const shift = shiftByScale ? this.scaleEighths[row]! : 0;
    const fresh = isRefreshed(row);
    if (fresh) this.refresh(row);
    if (row === 0 || fresh || shift !== this.contextShift) {
      this.fillFirstContexts(shift);
      fillBareContexts(width);
    }
    maskContexts.copyWithin(0, BARE, BARE + width);
  }

  /** Tells where the nonzeros of a row end: `positions[… last)`. */
  close(row: number, last: number): void {
    this.rowStarts[row + 1] = last;
  }

  /** The largest mean, 8 · log₂ 1025 = 80 eighth octaves, is in the last class; a class is half an octave. */
  private fillFirstContexts(shift: number): void {
    this.contextShift = shift;
    for (let step = 0; step < firstContexts.length; step++) {
      const own = (step + shift - 80) >> 2;
      firstContexts[step] = Math.max(0, Math.min(MASK_CLASSES - 1, MASK_CLASSES - 1 + own));
    }
  }

  private addCases(row: number, cases: Uint8Array): void {
    const { positions, keptLevels } = this;
    const contexts = maskContexts;
    const start = row * this.layout.width;
    const end = this.rowStarts[row + 1]!;
    for (let j = this.rowStarts[row]!; j < end; j++) {
      const c = positions[j]! - start;
      contexts[c] = contexts[c]! + cases[keptLevels[j]! + 128]!;
    }
  }

  /** Takes the rows since the last time, up to the one before the last, into the running means: half of a mean is theirs. */
  private refresh(row: number): void {
    const { width } = this.layout;
    const rows = row - this.refreshed;
    const shift = rows === 8 ? 3 : rows === 4 ? 2 : rows === 2 ? 1 : 0;
    const unit = this.unit << FRACTION;
    const ownMeans = means;
    const ownSums = sums;
    const steps = meanSteps;
    const octaves = eighthOctaves;
    for (let c = 0; c < width; c++) {
      const mean = ownMeans[c]!;
      const own = (mean + (((Math.imul(ownSums[c]!, unit) >> shift) - mean) >> 1)) | 0;
      ownMeans[c] = own;
      steps[c] = octaves[own >> FRACTION]!;
      ownSums[c] = 0;
    }
    this.refreshed = row;
  }
}

/**
 * Contexts of a nonzero, given the sum of its neighbours' `neighbourTerms` and its channel's entry of `nonzeroMeans`: that
 * of the sign in the lower eight bits, above it the mean magnitude, of which `stepOfMean` has the step.
 */
export function nonzeroContexts(neighbours: number, channel: number): number {
  const sign = (neighbours & 255) + (((((channel << 16) >> 16) + UNIT) * SIGN_STEPS) >> 11);
  const terms = (neighbours >> 8) & 3;
  const total = (neighbours >> 16) + ((channel >> 16) >> (FRACTION - 1));
  // A third of a dozenth of it stands for the mean over 2, 3 or 4 terms without a division: 6, 4 or 3 times the total.
  const mean = (Math.imul(6 - 2 * terms + (terms >> 1), total) >> 2) + 64;
  return sign | ((mean >> 7) << 8);
}

/** The means of a channel after a nonzero, `sign` −1 if negative and else 0, where they were `channel`. */
export function learned(magnitude: number, sign: number, channel: number, unit: number, shift: number): number {
  const mean = channel >> 16;
  const signMean = (channel << 16) >> 16;
  const newMean = mean + ((Math.imul(magnitude, unit << FRACTION) - mean) >> shift);
  const newSignMean = signMean + ((Math.imul(sign | 1, UNIT - 1) - signMean) >> shift);
  return (newMean << 16) | (newSignMean & 0xffff);
}

/** Contexts of all channels without neighbours; four at a time, up to three more than there are. */
function fillBareContexts(width: number): void {
  const contexts = maskContexts;
  const firsts = firstContexts;
  const steps = meanSteps;
  for (let c = 0; c < width; c += 4) {
    const at = BARE + c;
    contexts[at] = firsts[steps[c]!]!;
    contexts[at + 1] = firsts[steps[c + 1]!]!;
    contexts[at + 2] = firsts[steps[c + 2]!]!;
    contexts[at + 3] = firsts[steps[c + 3]!]!;
  }
}

/** The means are renewed before rows 2, 3, 5, 9, 17, 25, …: often enough, and seldom enough to cost little. */
function isRefreshed(row: number): boolean {
  return row === 2 || row === 3 || row === 5 || (row > 1 && (row & 7) === 1);
}
