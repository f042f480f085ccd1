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
 * 1/R(b), seconds a bit at a bandwidth of b Hz; convex and decreasing for every law:
 * `linear`: 1/(e·b); `shannon`: ln 2 / (b·ln(1 + a/b)); `faded`: the mean of the latter over several a; `capped`: the larger
 * of another law's and 1/(e·b).
 */
export type Law =
  | { readonly kind: 'linear'; readonly efficiency: Interval }
  | { readonly kind: 'shannon'; readonly snrBandwidthHz: readonly Interval[] }
  | { readonly kind: 'capped'; readonly efficiency: Interval; readonly of: Law };

export function readLaw(reader: Reader, depth = 0): Law {
  const { kind } = reader.object(['kind', 'bitsPerSecondPerHz', 'snrBandwidthHz', 'of'], lawMembers);
  if (depth > 3) reader.fail('laws within laws end at three');
  const efficiency = (name: Reader) => point(name.number(Number.MIN_VALUE));
  switch (kind.oneOf(['linear', 'shannon', 'faded', 'capped'])) {
    case 'linear':
      return {
        kind: 'linear',
        efficiency: efficiency(reader.object(['kind', 'bitsPerSecondPerHz']).bitsPerSecondPerHz),
      };
    case 'shannon':
      return {
        kind: 'shannon',
        snrBandwidthHz: [efficiency(reader.object(['kind', 'snrBandwidthHz']).snrBandwidthHz)],
      };
    case 'faded': {
      const samples = reader.object(['kind', 'snrBandwidthHz']).snrBandwidthHz.array();
      if (samples.length === 0) reader.fail('samples are missing');
      return { kind: 'shannon', snrBandwidthHz: samples.map(efficiency) };
    }
    case 'capped': {
      const { bitsPerSecondPerHz, of } = reader.object(['kind', 'bitsPerSecondPerHz', 'of']);
      return { kind: 'capped', efficiency: efficiency(bitsPerSecondPerHz), of: readLaw(of, depth + 1) };
    }
  }
}

const lawMembers = ['bitsPerSecondPerHz', 'snrBandwidthHz', 'of'] as const;

/** 1/R and a slope of a supporting line of it at b; R convex, so the line lies below everywhere. */
export interface Support {
  readonly value: Interval;
  readonly slope: Interval;
}

/** 1/R over an interval of bandwidths above zero: it falls, so its ends are at the other ends. */
export function secondsPerBit(law: Law, hertz: Interval): Interval {
  if (hertz.lo === hertz.hi) return inverseRate(law, hertz.lo);
  return { lo: inverseRate(law, hertz.hi).lo, hi: inverseRate(law, hertz.lo).hi };
}

function inverseRate(law: Law, hertz: number): Interval {
  switch (law.kind) {
    case 'linear':
      return divide(one, multiply(law.efficiency, point(hertz)));
    case 'shannon': {
      let sum = zero;
      for (const a of law.snrBandwidthHz) sum = add(sum, divide(one, nats(a, hertz)));
      return multiply(divide(ln2, point(law.snrBandwidthHz.length)), sum);
    }
    case 'capped':
      return larger(divide(one, multiply(law.efficiency, point(hertz))), inverseRate(law.of, hertz));
  }
}

/** b·ln(1 + a/b). */
function nats(a: Interval, hertz: number): Interval {
  return multiply(point(hertz), logarithmOfOnePlus(divide(a, point(hertz))));
}

/**
 * Value and slope at b of one line below 1/R. At a cap, `mixture` in 0 … 1 weighs the line of the cap against that of the
 * law: both lie below the larger of the two, so does every mean of them.
 */
export function support(law: Law, hertz: number, mixture: number): Support {
  const b = point(hertz);
  switch (law.kind) {
    case 'linear': {
      const value = inverseRate(law, hertz);
      return { value, slope: negate(divide(value, b)) };
    }
    case 'shannon': {
      let value = zero;
      let slope = zero;
      for (const a of law.snrBandwidthHz) {
        const z = divide(a, b);
        const log = logarithmOfOnePlus(z);
        const rate = multiply(b, log);
        // d/db b·ln(1 + a/b) = ln(1 + z) − z/(1 + z) ≥ 0.
        const rise = subtract(log, divide(z, add(one, z)));
        value = add(value, divide(one, rate));
        slope = add(slope, divide(larger(rise, zero), multiply(rate, rate)));
      }
      const factor = divide(ln2, point(law.snrBandwidthHz.length));
      return { value: multiply(factor, value), slope: negate(multiply(factor, slope)) };
    }
    case 'capped': {
      const cap = support({ kind: 'linear', efficiency: law.efficiency }, hertz, 0);
      const inner = support(law.of, hertz, mixture);
      if (mixture <= 0) return inner;
      if (mixture >= 1) return cap;
      const weight = point(mixture);
      const rest = subtract(one, weight);
      const mean = (x: Interval, y: Interval) => add(multiply(weight, x), multiply(rest, y));
      return { value: mean(cap.value, inner.value), slope: mean(cap.slope, inner.slope) };
    }
  }
}
