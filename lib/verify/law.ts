import {
  add,
  divide,
  larger,
  ln2,
  logarithmOfOnePlus,
  multiply,
  negate,
  one,
  point,
  subtract,
  zero,
  type Interval,
} from './interval.js';
import type { Reader } from './reader.js';

/**
 * Rate of a share of b Hz, increasing and concave: 1/R(b) is the mean over samples a of max(1/(η·b), 1/(b·log2(1 + a/b))), divided by
 * u; without samples 1/(u·η·b).
 */
export interface Law {
  /** u, the part of the time in which the link carries something new. */
  readonly use: Interval;
  /** η, bit/s/Hz; ∞ for none. */
  readonly efficiency: number;
  /** a of each sample, Hz. */
  readonly samples: readonly Interval[];
  /** Lines found before, by share: evidence names the same shares again and again. */
  readonly known: Map<number, Line>;
}

/** A line below a convex function: its value at some point, and its slope. The value also encloses the function there. */
export interface Line {
  readonly value: Interval;
  readonly slope: Interval;
}

export function readLaw(reader: Reader): Law {
  const { useFraction, efficiencyLimit, snrBandwidthHz } = reader.members('useFraction efficiencyLimit snrBandwidthHz');
  const samples = snrBandwidthHz.array().map((a) => point(a.positive()));
  const efficiency = efficiencyLimit.optional((limit) => limit.positive()) ?? Infinity;
  if (samples.length === 0 && efficiency === Infinity) reader.fail('a limit or samples are expected');
  return { use: point(useFraction.positive(1)), efficiency, samples, known: new Map() };
}

/**
 * 1/R at b, s/bit, with a line below it; η is lowered to `limit`. Each sample's line is that of the larger branch. Where the two meet
 * (within 1e-6) `mixture` in 0 … 1 weighs the limit's line against the other: every such mean lies below the larger of them.
 */
export function secondsPerBit(law: Law, limit: number, hertz: Interval, mixture = NaN): Line {
  const eta = Math.min(law.efficiency, limit);
  const isPlain = hertz.lo === hertz.hi && eta === law.efficiency && Number.isNaN(mixture);
  const known = isPlain ? law.known.get(hertz.lo) : undefined;
  if (known) return known;
  const capped = eta === Infinity ? zero : divide(one, multiply(point(eta), hertz));
  const cap: Line = { value: capped, slope: negate(divide(capped, hertz)) };
  const lines = law.samples.length === 0 ? [cap] : law.samples.map((a) => sampleLine(cap, a, hertz, mixture));
  const count = multiply(law.use, point(lines.length));
  const mean = (part: 'value' | 'slope') => divide(lines.map((line) => line[part]).reduce(add), count);
  const line = { value: mean('value'), slope: mean('slope') };
  if (isPlain) law.known.set(hertz.lo, line);
  return line;
}

function sampleLine(cap: Line, a: Interval, hertz: Interval, mixture: number): Line {
  const z = divide(a, hertz);
  const log = logarithmOfOnePlus(z);
  const inverse = divide(ln2, multiply(hertz, log));
  // d/db b·ln(1 + a/b) = ln(1 + z) − z/(1 + z) ≥ 0.
  const rise = larger(subtract(log, divide(z, add(one, z))), zero);
  const slope = negate(divide(multiply(inverse, rise), multiply(hertz, log)));
  const meet = Math.abs(cap.value.lo - inverse.lo) <= 1e-6 * inverse.lo;
  const weight = meet && mixture >= 0 ? Math.min(1, mixture) : Number(cap.value.lo > inverse.lo);
  const mean = (x: Interval, y: Interval) => add(multiply(point(weight), x), multiply(subtract(one, point(weight)), y));
  const { lo } = mean(cap.value, inverse);
  return { value: { lo, hi: larger(cap.value, inverse).hi }, slope: mean(cap.slope, slope) };
}
