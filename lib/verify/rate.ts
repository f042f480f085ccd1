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
 * Rate of a share of b Hz, increasing and concave: u·e·b (`linear`), u·min(η·b, b·log2(1 + a/b)) (`shannon`), or such that 1/R is the
 * mean of the latter's over several a (`faded`). A choice may lower η (or e) further.
 */
export interface Law {
  /** a, Hz; none for a linear law. */
  readonly snrBandwidthHz: readonly Interval[];
  /** η, or e of a linear law, bit/s/Hz; ∞ for none. */
  readonly efficiency: number;
  /** u. */
  readonly use: Interval;
}

export function readLaw(reader: Reader): Law {
  const at = reader.object(
    ['kind', 'useFraction', 'bitsPerSecondPerHz', 'snrBandwidthHz', 'efficiencyLimit'],
    optional,
  );
  const kind = at.kind.oneOf(['linear', 'shannon', 'faded']);
  const use = point(at.useFraction.number(Number.MIN_VALUE, 1));
  const positive = (value: Reader) => value.number(Number.MIN_VALUE);
  if (kind === 'linear') {
    const { bitsPerSecondPerHz } = reader.object(['kind', 'useFraction', 'bitsPerSecondPerHz']);
    return { snrBandwidthHz: [], efficiency: positive(bitsPerSecondPerHz), use };
  }
  const { snrBandwidthHz } = reader.object(['kind', 'useFraction', 'snrBandwidthHz', 'efficiencyLimit'], optional);
  const samples = kind === 'shannon' ? [snrBandwidthHz] : snrBandwidthHz.array();
  if (samples.length === 0) reader.fail('samples are missing');
  const efficiency = at.efficiencyLimit.optional(positive) ?? Infinity;
  return { snrBandwidthHz: samples.map((sample) => point(positive(sample))), efficiency, use };
}

const optional = ['bitsPerSecondPerHz', 'snrBandwidthHz', 'efficiencyLimit'] as const;

/** 1/R, s/bit, over an interval of bandwidths above zero: it falls, so its ends are at the other ends. */
export function secondsPerBit(law: Law, limit: number, hertz: Interval): Interval {
  if (hertz.lo === hertz.hi) return inverseRate(law, limit, hertz.lo);
  return { lo: inverseRate(law, limit, hertz.hi).lo, hi: inverseRate(law, limit, hertz.lo).hi };
}

function inverseRate(law: Law, limit: number, hertz: number): Interval {
  const capped = cappedInverse(Math.min(law.efficiency, limit), hertz);
  if (law.snrBandwidthHz.length === 0) return divide(capped, law.use);
  let sum = zero;
  for (const a of law.snrBandwidthHz) {
    const log = logarithmOfOnePlus(divide(a, point(hertz)));
    sum = add(sum, larger(capped, divide(ln2, multiply(point(hertz), log))));
  }
  return divide(sum, multiply(law.use, point(law.snrBandwidthHz.length)));
}

/** 1/(η·b); 0 without a limit. */
function cappedInverse(efficiency: number, hertz: number): Interval {
  return efficiency === Infinity ? zero : divide(one, multiply(point(efficiency), point(hertz)));
}

/** Value and slope at b of a line that lies below 1/R everywhere. */
export interface Support {
  readonly value: Interval;
  readonly slope: Interval;
}

/**
 * The line is a sum of lines below each sample's 1/R: that of its limit or of Shannon's law, whichever is larger at b. Where the two
 * meet (within 1e-6), `mixture` in 0 … 1 weighs the limit's line against the other: every such mean lies below the larger of them.
 */
export function support(law: Law, limit: number, hertz: number, mixture: number): Support {
  const b = point(hertz);
  const capped = cappedInverse(Math.min(law.efficiency, limit), hertz);
  const cap: Support = { value: capped, slope: negate(divide(capped, b)) };
  if (law.snrBandwidthHz.length === 0) return scaled(cap, law.use);
  let value = zero;
  let slope = zero;
  for (const a of law.snrBandwidthHz) {
    const z = divide(a, b);
    const log = logarithmOfOnePlus(z);
    const inverse = divide(ln2, multiply(b, log));
    // d/db b·ln(1 + a/b) = ln(1 + z) − z/(1 + z) ≥ 0.
    const rise = larger(subtract(log, divide(z, add(one, z))), zero);
    const shannon = { value: inverse, slope: negate(divide(multiply(inverse, rise), multiply(b, log))) };
    const line = mixed(cap, shannon, weightOf(cap, shannon, mixture));
    value = add(value, line.value);
    slope = add(slope, line.slope);
  }
  return scaled({ value, slope }, multiply(law.use, point(law.snrBandwidthHz.length)));
}

function weightOf(cap: Support, shannon: Support, mixture: number): number {
  if (Math.abs(cap.value.lo - shannon.value.lo) <= 1e-6 * shannon.value.lo) return Math.min(1, Math.max(0, mixture));
  return cap.value.lo > shannon.value.lo ? 1 : 0;
}

function mixed(cap: Support, shannon: Support, weight: number): Support {
  if (weight === 0) return shannon;
  if (weight === 1) return cap;
  const part = point(weight);
  const rest = subtract(one, part);
  const mean = (x: Interval, y: Interval) => add(multiply(part, x), multiply(rest, y));
  return { value: mean(cap.value, shannon.value), slope: mean(cap.slope, shannon.slope) };
}

function scaled({ value, slope }: Support, factor: Interval): Support {
  return { value: divide(value, factor), slope: divide(slope, factor) };
}
