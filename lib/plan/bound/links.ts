import {
  customInverseCurvature,
  customInverseSlope,
  useFraction,
  type CustomRate,
  type PlanningProblem,
  type RateLaw,
} from '../../models/index.js';

const LINEAR = 0;
const SHANNON = 1;
const FADED = 2;
const CUSTOM = 3;

/** Below this signal-to-noise ratio log1p(z) − z/(1+z) is taken from its series: the difference cancels. */
const seriesLimit = 1e-3;

/**
 * Both links of every device as flat columns, bandwidth in units of the band. `evaluate` gives the sending time
 * g(b) = up·r↑(b) + down·r↓(b) of some bits with its first two derivatives in fields, without allocation. Where the
 * efficiency of a link is limited, by its law or on the uplink by a choice's energy (`upLimit`, bit/s/Hz), g has a kink; its
 * derivatives there are those towards larger shares.
 */
export class LinkColumns {
  /** g(b), g'(b) ≤ 0, g''(b) ≥ 0 of the last `evaluate`. */
  value = 0;
  slope = 0;
  curvature = 0;
  private readonly kinds: Uint8Array;
  /** bit/s over the whole band (linear) or snrBandwidth / B (Shannon); uplink at 2n, downlink at 2n + 1. */
  private readonly parameters: Float64Array;
  /** bit/s/Hz at most; Infinity without a limit. */
  private readonly efficiencyLimits: Float64Array;
  /** Bits that must be sent for each bit that counts: 1 / (frame · delivered). */
  private readonly sentPerBit: Float64Array;
  private readonly samples: (Float64Array | undefined)[];
  private readonly laws: (CustomRate | undefined)[];
  private readonly bandwidthHz: number;

  constructor(problem: PlanningProblem) {
    const count = problem.devices.length;
    this.bandwidthHz = problem.bandwidthHz;
    this.kinds = new Uint8Array(2 * count);
    this.parameters = new Float64Array(2 * count);
    this.efficiencyLimits = new Float64Array(2 * count).fill(Infinity);
    this.sentPerBit = new Float64Array(2 * count);
    this.samples = Array.from({ length: 2 * count }, () => undefined);
    this.laws = Array.from({ length: 2 * count }, () => undefined);
    problem.devices.forEach((device, n) => {
      this.set(2 * n, device.uplink);
      this.set(2 * n + 1, device.downlink);
    });
  }

  private set(link: number, law: RateLaw): void {
    this.sentPerBit[link] = 1 / useFraction(law);
    if (law.kind !== 'linear') this.efficiencyLimits[link] = law.efficiencyLimit ?? Infinity;
    switch (law.kind) {
      case 'linear':
        this.kinds[link] = LINEAR;
        this.parameters[link] = law.bitsPerSecondPerHz * this.bandwidthHz;
        return;
      case 'shannon':
        this.kinds[link] = SHANNON;
        this.parameters[link] = law.snrBandwidthHz / this.bandwidthHz;
        return;
      case 'faded':
        this.kinds[link] = FADED;
        this.samples[link] = law.snrBandwidthHz.map((snrBandwidthHz) => snrBandwidthHz / this.bandwidthHz);
        return;
      case 'custom':
        this.kinds[link] = CUSTOM;
        this.laws[link] = law;
    }
  }

  /** g and its derivatives at a share b > 0 of the band for device n. */
  evaluate(device: number, upBits: number, downBits: number, share: number, upLimit: number): void {
    this.value = 0;
    this.slope = 0;
    this.curvature = 0;
    if (upBits > 0) this.add(2 * device, upBits, share, Math.min(upLimit, this.efficiencyLimits[2 * device]!));
    if (downBits > 0) this.add(2 * device + 1, downBits, share, this.efficiencyLimits[2 * device + 1]!);
  }

  private add(link: number, bits: number, share: number, limit: number): void {
    const kind = this.kinds[link]!;
    const sent = bits * this.sentPerBit[link]!;
    if (kind === SHANNON) {
      this.addLimited(this.parameters[link]!, sent, share, limit);
    } else if (kind === LINEAR) {
      this.addLinear(Math.min(this.parameters[link]!, limit * this.bandwidthHz), sent, share);
    } else if (kind === CUSTOM) {
      this.addCustom(this.laws[link]!, sent, share, limit);
    } else {
      const samples = this.samples[link]!;
      for (let k = 0; k < samples.length; k++) this.addLimited(samples[k]!, sent / samples.length, share, limit);
    }
  }

  /** A rate of `bandRate` bit/s over the whole band, in proportion to the share. */
  private addLinear(bandRate: number, bits: number, share: number): void {
    const time = bits / (bandRate * share);
    this.value += time;
    this.slope -= time / share;
    this.curvature += (2 * time) / (share * share);
  }

  /** A law by its own functions, its least efficiency of the two taken. */
  private addCustom(law: CustomRate, bits: number, share: number, limit: number): void {
    const bandwidth = share * this.bandwidthHz;
    const rate = law.bitsPerSecond(bandwidth);
    if (rate > limit * bandwidth) {
      this.addLinear(limit * this.bandwidthHz, bits, share);
      return;
    }
    const scaled = bits * this.bandwidthHz;
    this.value += bits / rate;
    this.slope += scaled * customInverseSlope(law, bandwidth);
    this.curvature += scaled * this.bandwidthHz * customInverseCurvature(law, bandwidth);
  }

  private addLimited(snr: number, bits: number, share: number, limit: number): void {
    if (limit < Infinity && Math.log1p(snr / share) > limit * Math.LN2) {
      this.addLinear(limit * this.bandwidthHz, bits, share);
    } else {
      this.addShannon(snr, bits, share);
    }
  }

  /** bits / R(b) with R = B·b·log2(1 + snr/b); R'' = −z² / (b·(1+z)²·ln 2). */
  private addShannon(snr: number, bits: number, share: number): void {
    const z = snr / share;
    const logarithm = Math.log1p(z);
    const ratio = z / (1 + z);
    const scaled = (bits * Math.LN2) / this.bandwidthHz;
    const inverse = 1 / (share * logarithm);
    const difference = z < seriesLimit ? z * z * (0.5 - z * (2 / 3 - z * (0.75 - 0.8 * z))) : logarithm - ratio;
    const time = scaled * inverse;
    const relative = difference * inverse;
    this.value += time;
    this.slope -= time * relative;
    this.curvature += time * (2 * relative * relative + (ratio * ratio * inverse) / share);
  }

  /**
   * The share b in [least, most] at which `slack − g(b) = root·√(−g'(b))`, or the nearer end. The left side less the
   * right rises with b; it is almost linear in 1/b, so Newton's method in 1/b needs two or three steps.
   *
   * root = 0: the least share that sends in `slack` seconds. root = √(μ·w/λ): the best trade of bandwidth at price λ
   * for server share at price μ with w seconds of work. Leaves g at the result in `value`.
   */
  solve(device: number, upBits: number, downBits: number, slack: number, root: number, limits: ShareLimits): number {
    const { least, most, upLimit } = limits;
    if (!(upBits > 0 || downBits > 0)) return least;
    const kinked =
      (upBits > 0 && this.mayKink(2 * device, upLimit)) || (downBits > 0 && this.mayKink(2 * device + 1, Infinity));
    if (kinked) return this.solveKinked(device, upBits, downBits, slack, root, limits);
    let low = most < Infinity ? 1 / most : 0;
    let high = least > 0 ? 1 / least : Infinity;
    let inverse = Math.min(Math.max(1 / limits.start, low), high);
    let share = 1 / inverse;
    for (let step = 0; step < 60; step++) {
      share = 1 / inverse;
      this.evaluate(device, upBits, downBits, share, upLimit);
      const steepness = Math.sqrt(-this.slope);
      const residual = slack - this.value - root * steepness;
      if (residual > 0) low = inverse;
      else high = inverse;
      const rise = steepness * steepness + (0.5 * root * this.curvature) / steepness;
      let next = inverse + (residual * inverse * inverse) / rise;
      if (!(next > low)) next = low > 0 ? low : inverse / 2;
      if (!(next < high)) next = high < Infinity ? high : 2 * inverse;
      const change = Math.abs(next - inverse);
      inverse = next;
      if (change <= 1e-8 * inverse || (high < Infinity && high - low <= 1e-15 * high)) break;
    }
    const change = 1 / inverse - share;
    this.value += change * (this.slope + 0.5 * change * this.curvature);
    return 1 / inverse;
  }

  private mayKink(link: number, ownLimit: number): boolean {
    return this.kinds[link] === CUSTOM || Math.min(ownLimit, this.efficiencyLimits[link]!) < Infinity;
  }

  /**
   * The same where −g' falls by a jump at kinks: Newton's method that halves its bracket every fourth step, to the last
   * digits. Where the left side less the right jumps over zero the answer is the kink.
   */
  private solveKinked(
    device: number,
    upBits: number,
    downBits: number,
    slack: number,
    root: number,
    limits: ShareLimits,
  ): number {
    const { least, most, start, upLimit } = limits;
    // Shares below `low` fall short, those from `high` on suffice.
    let low = least;
    let high = most;
    let share = Math.min(Math.max(start, least), most);
    const residualAt = (at: number): number => {
      this.evaluate(device, upBits, downBits, at, upLimit);
      return slack - this.value - (root > 0 ? root * Math.sqrt(-this.slope) : 0);
    };
    if (residualAt(most) <= 0) return most;
    if (least > 0 && residualAt(least) >= 0) return least;
    for (let step = 0; step < 300; step++) {
      const residual = residualAt(share);
      if (residual >= 0) high = share;
      else low = share;
      if (high - low <= 1e-15 * high) break;
      const steepness = Math.sqrt(-this.slope);
      const rise = steepness * steepness + (root > 0 ? (0.5 * root * this.curvature) / steepness : 0);
      const inverse = 1 / share + residual / (rise * share) / share;
      let next = inverse > 0 ? 1 / inverse : Infinity;
      if (step % 4 === 3 || !(next > low && next < high)) {
        next = low < 0.1 * high ? Math.max(Math.sqrt(low * high), 1e-3 * high) : low + 0.5 * (high - low);
      }
      if (!(next > low && next < high)) break;
      share = next;
    }
    residualAt(high);
    return high;
  }
}

/** Where a share may lie, and where to start looking. */
export interface ShareLimits {
  least: number;
  most: number;
  start: number;
  /** Efficiency that the choice's energy allows on the uplink, bit/s/Hz. */
  upLimit: number;
}
