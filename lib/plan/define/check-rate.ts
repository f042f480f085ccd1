import { rateBitsPerSecond, useFraction, type CustomRate, type RateLaw } from '../../models/index.js';
import type { Issues } from './issues.js';

/** Shares at which a law is sampled, from the least to the most part of the band: what-if asks for wider bands. */
const samples = 60;
const leastPart = 1e-6;
const mostPart = 2;
/** Rounding that a check allows, relative. */
const tolerance = 1e-9;
/** Slopes may differ from differences by this, relative: room for the curvature between them. */
const slopeTolerance = 1e-3;

/**
 * Samples a law from 10⁻⁶ to twice the band: positive and finite, increasing, concave with R(0) = 0 (so that R(b)/b falls too), its
 * slope that of its values. At most one issue for each of these.
 *
 * @param path - Name of the law in messages.
 * @param law - Rate by bandwidth.
 * @param bandHz - Width of the band, Hz.
 * @param issues - Collects what is wrong.
 * @example
 * ```ts
 * import { Issues, checkRate } from 'sft-opt/plan';
 *
 * const issues = new Issues();
 * checkRate('uplink', { kind: 'shannon', snrBandwidthHz: 1e7 }, 20e6, issues);
 * console.log(issues.list); // []
 * ```
 */
export function checkRate(path: string, law: RateLaw, bandHz: number, issues: Issues): void {
  if (law.kind !== 'custom') {
    checkKnown(path, law, issues);
    return;
  }
  for (const name of ['bitsPerSecond', 'slope'] as const) {
    if (typeof law[name] !== 'function') issues.add(`${path}.${name}`, law[name], 'a function of the bandwidth in Hz');
  }
  if (typeof law.bitsPerSecond !== 'function' || typeof law.slope !== 'function') return;
  checkUse(path, law, issues);
  const points = Array.from(
    { length: samples },
    (_, k) => bandHz * leastPart * (mostPart / leastPart) ** (k / (samples - 1)),
  );
  const at: number[] = [];
  for (const b of points) {
    const rate = issues.call(`${path}.bitsPerSecond`, () => law.bitsPerSecond(b));
    if (rate === undefined) return;
    if (!(typeof rate === 'number' && rate > 0 && rate < Infinity)) {
      issues.add(
        `${path}.bitsPerSecond`,
        `${typeof rate === 'number' ? rate : typeof rate} at ${b} Hz`,
        'a finite rate above 0 bit/s',
      );
      return;
    }
    at.push(rate);
  }
  firstOf(issues, `${path}.bitsPerSecond`, 'a rate that rises with the bandwidth', points, (k) =>
    k > 0 && at[k]! < at[k - 1]! * (1 - tolerance) ? `${at[k]} bit/s after ${at[k - 1]}` : undefined,
  );
  firstOf(issues, `${path}.bitsPerSecond`, 'a concave rate with R(0) = 0: R(b)/b may not rise', points, (k) =>
    k > 0 && at[k]! / points[k]! > (at[k - 1]! / points[k - 1]!) * (1 + tolerance) ? 'a rising R(b)/b' : undefined,
  );
  firstOf(issues, `${path}.bitsPerSecond`, 'a concave rate', points, (k) => {
    if (k === 0 || k === samples - 1) return undefined;
    const part = (points[k]! - points[k - 1]!) / (points[k + 1]! - points[k - 1]!);
    const chord = at[k - 1]! + part * (at[k + 1]! - at[k - 1]!);
    return at[k]! < chord * (1 - tolerance) ? `${at[k]} bit/s below the chord's ${chord}` : undefined;
  });
  checkSlope(path, law, points, issues);
}

/** Between the one-sided differences of a concave law lie its slopes. */
function checkSlope(path: string, law: CustomRate, points: readonly number[], issues: Issues): void {
  const before = issues.list.length;
  const failed = () => issues.list.length > before;
  const call = (name: 'bitsPerSecond' | 'slope', b: number) => {
    const value = issues.call(`${path}.${name}`, () => law[name](b));
    return typeof value === 'number' ? value : NaN;
  };
  firstOf(issues, `${path}.slope`, 'the derivative of `bitsPerSecond` in bit/s/Hz', points, (k) => {
    if (failed()) return undefined;
    const b = points[k]!;
    const step = 1e-4 * b;
    const slope = call('slope', b);
    const [less, here, more] = [b - step, b, b + step].map((x) => call('bitsPerSecond', x)) as [number, number, number];
    if (failed()) return undefined;
    // Differences of nearly constant rates are rounding.
    const room = slopeTolerance * (Math.abs(slope) + (here / b) * 1e-6);
    const fits = slope <= (here - less) / step + room && slope >= (more - here) / step - room && slope >= 0;
    return fits ? undefined : `${slope} where differences are ${(here - less) / step} and ${(more - here) / step}`;
  });
}

function firstOf(
  issues: Issues,
  path: string,
  allowed: string,
  points: readonly number[],
  find: (k: number) => string | undefined,
): void {
  for (let k = 0; k < points.length; k++) {
    const found = find(k);
    if (found === undefined) continue;
    issues.add(path, `${found} at ${points[k]} Hz`, allowed);
    return;
  }
}

function checkKnown(path: string, law: Exclude<RateLaw, CustomRate>, issues: Issues): void {
  checkUse(path, law, issues);
  switch (law.kind) {
    case 'linear':
      issues.positive(`${path}.bitsPerSecondPerHz`, law.bitsPerSecondPerHz);
      return;
    case 'shannon':
      issues.positive(`${path}.snrBandwidthHz`, law.snrBandwidthHz);
      return;
    case 'faded':
      if (!(law.snrBandwidthHz instanceof Float64Array && law.snrBandwidthHz.length > 0)) {
        issues.add(`${path}.snrBandwidthHz`, law.snrBandwidthHz, 'a Float64Array with one number a sample');
        return;
      }
      law.snrBandwidthHz.forEach((snr, k) => issues.positive(`${path}.snrBandwidthHz[${k}]`, snr));
      return;
    default:
      issues.add(`${path}.kind`, (law as { kind?: unknown }).kind, 'linear, shannon, faded, custom');
  }
}

function checkUse(path: string, law: RateLaw, issues: Issues): void {
  for (const name of ['frameFraction', 'deliveredFraction'] as const) {
    const value = law[name];
    if (value !== undefined) issues.number(`${path}.${name}`, value, 'above 0, at most 1', (x) => x > 0 && x <= 1);
  }
  if (law.kind !== 'linear' && law.efficiencyLimit !== undefined) {
    issues.number(`${path}.efficiencyLimit`, law.efficiencyLimit, 'a number above 0', (x) => x > 0);
  }
  if (law.kind === 'custom' && law.supremumBitsPerSecond !== undefined) {
    issues.number(`${path}.supremumBitsPerSecond`, law.supremumBitsPerSecond, 'a number above 0', (x) => x > 0);
  }
}

/** Whether a supremum that a law states is one, at the band at least. */
export function checkSupremum(path: string, law: RateLaw, bandHz: number, issues: Issues): void {
  if (law.kind !== 'custom' || law.supremumBitsPerSecond === undefined) return;
  const reached = rateBitsPerSecond(law, bandHz) / useFraction(law);
  if (reached > law.supremumBitsPerSecond * (1 + tolerance)) {
    issues.add(
      `${path}.supremumBitsPerSecond`,
      law.supremumBitsPerSecond,
      `at least ${reached}, the rate of the whole band`,
    );
  }
}
