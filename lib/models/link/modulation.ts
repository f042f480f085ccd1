import type { CustomRate, LinkUse } from './rate.js';

/** One modulation and coding scheme: what it carries, and the signal-to-noise ratio (linear) from which on it is decoded. */
export interface EfficiencyStep {
  /** Spectral efficiency of the step. */
  readonly bitsPerSecondPerHz: number;
  /** Least ratio of signal to noise for it, linear. */
  readonly signalToNoise: number;
}

/** Schemes by increasing efficiency and signal-to-noise ratio. */
export type EfficiencyTable = readonly EfficiencyStep[];

/** Bits a symbol, and code rates times 1024 that go with it: 3GPP TS 38.214, tables 5.1.3.1-1, -2 and -3. */
const codeRates = {
  qam64: [
    [2, [120, 157, 193, 251, 308, 379, 449, 526, 602, 679]],
    [4, [340, 378, 434, 490, 553, 616, 658]],
    [6, [438, 466, 517, 567, 616, 666, 719, 772, 822, 873, 910, 948]],
  ],
  qam256: [
    [2, [120, 193, 308, 449, 602]],
    [4, [378, 434, 490, 553, 616, 658]],
    [6, [466, 517, 567, 616, 666, 719, 772, 822, 873]],
    [8, [682.5, 711, 754, 797, 841, 885, 916.5, 948]],
  ],
  'qam64-low': [
    [2, [30, 40, 50, 64, 78, 99, 120, 157, 193, 251, 308, 379, 449, 526, 602]],
    [4, [340, 378, 434, 490, 553, 616]],
    [6, [438, 466, 517, 567, 616, 666, 719, 772]],
  ],
} as const;

/** Tables of TR 38.214 by their largest modulation, and the one for low efficiency. */
export const efficiencyTableNames = ['qam64', 'qam256', 'qam64-low'] as const;
/** Name of such a table. */
export type EfficiencyTableName = (typeof efficiencyTableNames)[number];

/**
 * A table of TS 38.214. The standard gives no signal-to-noise ratios (they are the receiver's): each scheme is decoded from
 * Shannon's ratio 2^η − 1 on; a gap to capacity belongs to the link budget.
 *
 * @param name - Name of the table.
 * @example
 * ```ts
 * import { efficiencyTable, stepEfficiency } from 'sft-opt/models';
 *
 * console.log(stepEfficiency(efficiencyTable('qam64'), 1e9)); // 5.55469
 * ```
 */
export function efficiencyTable(name: EfficiencyTableName): EfficiencyTable {
  const efficiencies = codeRates[name].flatMap(([bits, rates]) => rates.map((rate) => (bits * rate) / 1024));
  // 64-QAM at 438/1024 carries less than 16-QAM at 658/1024: not quite in order.
  const increasing = [...new Set(efficiencies)].sort((a, b) => a - b);
  return increasing.map((efficiency) => ({
    bitsPerSecondPerHz: efficiency,
    signalToNoise: Math.expm1(efficiency * Math.LN2),
  }));
}

/**
 * Bits a second and hertz at a signal-to-noise ratio: the best scheme that is decoded there; below the least scheme that one,
 * repeated until it is, in proportion to the ratio.
 *
 * @param table - Schemes, by increasing efficiency.
 * @param signalToNoise - Ratio of powers, ≥ 0.
 * @example
 * ```ts
 * import { efficiencyTable, stepEfficiency } from 'sft-opt/models';
 *
 * const table = efficiencyTable('qam64');
 * console.log(stepEfficiency(table, 1) <= 1, stepEfficiency(table, 1e9)); // true 5.55469
 * ```
 */
export function stepEfficiency(table: EfficiencyTable, signalToNoise: number): number {
  let best = 0;
  for (const step of table) {
    if (signalToNoise >= step.signalToNoise) best = Math.max(best, step.bitsPerSecondPerHz);
  }
  const [least] = table;
  return best > 0 ? best : (least!.bitsPerSecondPerHz * signalToNoise) / least!.signalToNoise;
}

/**
 * Corners (x, y) of the least concave majorant of x·stepEfficiency(1/x), the rate of a transmitter of full power over a share
 * x in units of the bandwidth at which its signal-to-noise ratio is one. Shares are averages over a round, so the majorant is
 * reached: the sender's width alternates between the two corners beside its share.
 *
 * @param table - Schemes, by increasing efficiency.
 * @example
 * ```ts
 * import { efficiencyHull, efficiencyTable } from 'sft-opt/models';
 *
 * const { x, y } = efficiencyHull(efficiencyTable('qam64'));
 * console.log(x.length === y.length, y.every((value, k) => k === 0 || value >= y[k - 1]!)); // true true
 * ```
 */
export function efficiencyHull(table: EfficiencyTable): { readonly x: Float64Array; readonly y: Float64Array } {
  const peaks = table
    .map(({ bitsPerSecondPerHz, signalToNoise }) => ({ x: 1 / signalToNoise, y: bitsPerSecondPerHz / signalToNoise }))
    .sort((a, b) => a.x - b.x || b.y - a.y);
  const hull = [{ x: 0, y: 0 }];
  for (const peak of peaks) {
    // A wider share never carries less: part of it may stay unused.
    if (peak.y <= hull[hull.length - 1]!.y) continue;
    while (hull.length > 1 && risesMore(hull[hull.length - 2]!, hull[hull.length - 1]!, peak)) hull.pop();
    hull.push(peak);
  }
  return { x: Float64Array.from(hull, ({ x }) => x), y: Float64Array.from(hull, ({ y }) => y) };
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** True where the corner between two others lies on or below the line through them. */
function risesMore(from: Point, corner: Point, to: Point): boolean {
  return (corner.y - from.y) * (to.x - from.x) <= (to.y - from.y) * (corner.x - from.x);
}

/** Beyond the last corner nothing more is carried; this part more, so that rates increase everywhere. */
const beyond = 1e-10;

/**
 * The rate law of a table for a transmitter's power over its own share: the majorant above at `snrBandwidthHz` = P·g/(N0·F·Γ), of
 * several samples of fading the harmonic mean.
 *
 * @param table - Schemes, by increasing efficiency.
 * @param snrBandwidthHz - Bandwidth of signal-to-noise ratio one, Hz, one entry a sample of fading.
 * @param use - Frame and delivered fraction.
 * @example
 * ```ts
 * import { efficiencyTable, rateBitsPerSecond, tableLaw } from 'sft-opt/models';
 *
 * const law = tableLaw(efficiencyTable('qam64'), Float64Array.of(1e9));
 * console.log(rateBitsPerSecond(law, 1e6) / 1e6); // 5.55469
 * ```
 */
export function tableLaw(table: EfficiencyTable, snrBandwidthHz: Float64Array, use: LinkUse = {}): CustomRate {
  const hull = efficiencyHull(table);
  const most = table.reduce((largest, { bitsPerSecondPerHz }) => Math.max(largest, bitsPerSecondPerHz), 0);
  const count = snrBandwidthHz.length;
  const inverse = (hertz: number) => {
    let sum = 0;
    for (let k = 0; k < count; k++) sum += 1 / (snrBandwidthHz[k]! * hullValue(hull, hertz / snrBandwidthHz[k]!));
    return sum / count;
  };
  return {
    kind: 'custom',
    name: 'table',
    ...use,
    bitsPerSecond: (hertz) => 1 / inverse(hertz),
    slope: (hertz) => {
      let sum = 0;
      for (let k = 0; k < count; k++) {
        const snr = snrBandwidthHz[k]!;
        const rate = snr * hullValue(hull, hertz / snr);
        sum += hullSlope(hull, hertz / snr) / (rate * rate);
      }
      const harmonic = inverse(hertz);
      return sum / count / (harmonic * harmonic);
    },
    supremumBitsPerSecond:
      (1 + beyond) / snrBandwidthHz.reduce((sum, snr) => sum + 1 / (snr * last(hull.y) * count), 0),
    efficiencyLimit: most,
    atGain: (gain) =>
      tableLaw(
        table,
        snrBandwidthHz.map((snr) => gain * snr),
        use,
      ),
  };
}

type Hull = ReturnType<typeof efficiencyHull>;

function last(values: Float64Array): number {
  return values[values.length - 1]!;
}

/** The piece right of x: k for x in [x_k, x_k+1). */
function pieceOf({ x: corners }: Hull, x: number): number {
  let low = 0;
  let high = corners.length - 1;
  if (x >= corners[high]!) return high;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (corners[middle]! <= x) low = middle;
    else high = middle;
  }
  return low;
}

function hullValue(hull: Hull, x: number): number {
  const k = pieceOf(hull, x);
  const [from, base] = [hull.x[k]!, hull.y[k]!];
  if (k === hull.x.length - 1) return base * (1 + beyond * (1 - from / x));
  return base + ((hull.y[k + 1]! - base) / (hull.x[k + 1]! - from)) * (x - from);
}

function hullSlope(hull: Hull, x: number): number {
  const k = pieceOf(hull, x);
  if (k === hull.x.length - 1) return (hull.y[k]! * beyond * hull.x[k]!) / (x * x);
  return (hull.y[k + 1]! - hull.y[k]!) / (hull.x[k + 1]! - hull.x[k]!);
}
