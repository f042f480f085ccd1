/**
 * What is known about an element before it is decoded. Rows are tokens; a row's neighbours are the token before it and
 * the one `lag` before it (for an image's patches the one above), both within the same sample. Per channel, running means
 * over earlier rows are kept of |level|, of |level| among nonzeros and of the sign among nonzeros.
 *
 * Three contexts follow:
 * - nonzero or not: expected |level|, a weighted mean of both neighbours and the channel, in half octaves;
 * - sign: signs of the neighbours (5 sums) and the channel's mean sign (11 steps);
 * - magnitude: mean magnitude of nonzero neighbours and channel in half octaves, and the row's scale in half octaves.
 *
 * When elements were selected by one threshold for many rows, the scale of a row tells how many of its elements passed
 * and how small a kept level can be; then the row's scale also shifts the first context.
 */

export const MASK_CONTEXTS = 40;
export const SIGN_CONTEXTS = 55;
export const MAGNITUDE_STEPS = 16;
export const SCALE_STEPS = 16;

/** Levels are scaled to about this range, so that all arithmetic stays in integers. */
const UNIT = 1024;
/** Fraction bits of the running means. */
const FRACTION = 4;

const WEIGHT_LEFT = 3;
const WEIGHT_UP = 2;
const WEIGHT_CHANNEL = 6;

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
  /** Rows of a sample: neighbours do not cross its border. */
  readonly rowsPerSample: number;
  /** Distance of the second neighbour in rows; 0 for none. */
  readonly lag: number;
  /** Whether the row's scale shifts the first context. */
  readonly shiftByScale: boolean;
  readonly perSide: number;
}

export class RowContexts {
  /** Context of each element of the row that was prepared last. */
  readonly mask: Uint8Array;
  private readonly unit: number;
  private readonly mean: Int32Array;
  private readonly nonzeroMean: Int32Array;
  private readonly signMean: Int32Array;
  /** Half octaves below the largest scale, per row, and the same in eighths. */
  private readonly scaleStep: Uint8Array;
  private readonly scaleEighths: Int32Array;
  private left = -1;
  private up = -1;
  private rowStep = 0;
  private shift = 1;

  /** `levels` fills while decoding; `scalePatterns` has one entry a row: the upper 17 bits of its float32 scale. */
  constructor(
    private readonly layout: RowLayout,
    private readonly levels: Int8Array,
    scalePatterns: Int32Array,
  ) {
    const { width, rows, perSide } = layout;
    this.mask = new Uint8Array(width);
    this.unit = Math.floor(UNIT / perSide);
    const start = Math.floor((UNIT << FRACTION) * 0.15);
    this.mean = new Int32Array(width).fill(start);
    this.nonzeroMean = new Int32Array(width).fill(Math.min(UNIT, this.unit * 2) << FRACTION);
    this.signMean = new Int32Array(width);
    this.scaleStep = new Uint8Array(rows);
    this.scaleEighths = new Int32Array(rows);
    let largest = 0;
    for (let row = 0; row < rows; row++) largest = Math.max(largest, scalePatterns[row]!);
    for (let row = 0; row < rows; row++) {
      // The upper bits of a float are a piecewise linear log₂, 256 steps to the octave.
      const below = largest - scalePatterns[row]!;
      this.scaleStep[row] = Math.min(SCALE_STEPS - 1, (below + 64) >> 7);
      this.scaleEighths[row] = -Math.min(400, (below + 16) >> 5);
    }
  }

  /** Takes the row before into the running means and fills `mask` for `row`. */
  prepare(row: number): void {
    const { width, rowsPerSample, lag, shiftByScale } = this.layout;
    const position = row % rowsPerSample;
    const start = row * width;
    this.left = position > 0 ? start - width : -1;
    this.up = lag > 0 && position >= lag ? start - lag * width : -1;
    this.shift = row < 3 ? 1 : row < 7 ? 2 : row < 15 ? 3 : 4;
    this.rowStep = this.scaleStep[row]!;
    let weight = WEIGHT_CHANNEL;
    if (this.left >= 0) weight += WEIGHT_LEFT;
    if (this.up >= 0) weight += WEIGHT_UP;
    // −8 log₂ weight, so that a row without neighbours has the same scale of contexts.
    const offset = (shiftByScale ? this.scaleEighths[row]! : 0) - eighthOctaves[weight - 1]! + 34;
    const leftWeight = this.left >= 0 ? WEIGHT_LEFT * this.unit : 0;
    const upWeight = this.up >= 0 ? WEIGHT_UP * this.unit : 0;
    if (row === 0) this.fillFirst(offset);
    else this.fillMask(start - width, leftWeight, Math.max(0, this.up), upWeight, offset);
  }

  private fillFirst(offset: number): void {
    for (let c = 0; c < this.mask.length; c++) {
      const expected = (WEIGHT_CHANNEL * this.mean[c]!) >> FRACTION;
      this.mask[c] = Math.max(0, Math.min(MASK_CONTEXTS - 1, (eighthOctaves[expected]! + offset) >> 2));
    }
  }

  /** Takes the row at `before` into the running means and fills the contexts of the row after it. */
  private fillMask(before: number, leftWeight: number, up: number, upWeight: number, offset: number): void {
    const { mask, mean, levels } = this;
    const shift = this.shift;
    const unit = this.unit << FRACTION;
    for (let c = 0; c < mask.length; c++) {
      const level = levels[before + c]!;
      const upLevel = levels[up + c]!;
      const magnitude = (level ^ (level >> 31)) - (level >> 31);
      const old = mean[c]!;
      const own = (old + ((Math.imul(magnitude, unit) - old) >> shift)) | 0;
      mean[c] = own;
      const expected =
        ((Math.imul(WEIGHT_CHANNEL, own) >> FRACTION) +
          Math.imul(leftWeight, magnitude) +
          Math.imul(upWeight, (upLevel ^ (upLevel >> 31)) - (upLevel >> 31))) |
        0;
      const step = (eighthOctaves[expected]! + offset) >> 2;
      mask[c] = step < 0 ? 0 : step > MASK_CONTEXTS - 1 ? MASK_CONTEXTS - 1 : step;
    }
  }

  /**
   * Contexts of the nonzeros at `columns[0 … count)` of the prepared row: of the sign into `signs`, of the magnitude
   * (magnitude step · 16 + scale step) into `magnitudes`. None depends on the row's own levels.
   */
  fillNonzero(columns: Int32Array, count: number, signs: Uint8Array, magnitudes: Uint8Array): void {
    const { levels, nonzeroMean, signMean, unit, rowStep } = this;
    const left = Math.max(0, this.left);
    const up = Math.max(0, this.up);
    const leftMask = this.left < 0 ? 0 : -1;
    const upMask = this.up < 0 ? 0 : -1;
    for (let j = 0; j < count; j++) {
      const c = columns[j]!;
      const leftLevel = levels[left + c]! & leftMask;
      const upLevel = levels[up + c]! & upMask;
      const leftSign = leftLevel >> 31;
      const upSign = upLevel >> 31;
      const leftNonzero = (-leftLevel >>> 31) | -leftSign;
      const upNonzero = (-upLevel >>> 31) | -upSign;
      const neighbours = 2 + 2 * (leftSign + upSign) + leftNonzero + upNonzero;
      signs[j] = neighbours * 11 + (((signMean[c]! + UNIT) * 11) >> 11);
      const sum = ((leftLevel ^ leftSign) - leftSign + (upLevel ^ upSign) - upSign) * unit;
      const total = sum + ((2 * nonzeroMean[c]!) >> FRACTION);
      // A dozenth of it stands for the mean over 2, 3 or 4 terms without a division: 6, 4 or 3 times the total.
      const terms = leftNonzero + upNonzero;
      const twelfths = (6 - 2 * terms + (terms >> 1)) * total;
      const step = (eighthOctaves[(twelfths >> 2) + 64]! - 48) >> 2;
      magnitudes[j] = (step < 0 ? 0 : step) * SCALE_STEPS + rowStep;
    }
  }

  /** Takes the levels at `columns[0 … count)` of the prepared row, all nonzero, into the running means of nonzeros. */
  update(columns: Int32Array, count: number, rowStart: number): void {
    const { levels, nonzeroMean, signMean, shift } = this;
    const unit = this.unit << FRACTION;
    for (let j = 0; j < count; j++) {
      const c = columns[j]!;
      const level = levels[rowStart + c]!;
      const sign = level >> 31;
      const old = nonzeroMean[c]!;
      nonzeroMean[c] = old + ((Math.imul((level ^ sign) - sign, unit) - old) >> shift);
      const oldSign = signMean[c]!;
      signMean[c] = oldSign + (((sign | 1) * (UNIT - 1) - oldSign) >> shift);
    }
  }
}
