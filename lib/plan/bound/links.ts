import type { PlanningProblem, RateLaw } from '../../models/index.js';

const LINEAR = 0;
const SHANNON = 1;
const FADED = 2;

/** Below this signal-to-noise ratio log1p(z) − z/(1+z) is taken from its series: the difference cancels. */
const seriesLimit = 1e-3;

/**
 * Both links of every device as flat columns, bandwidth in units of the band. `evaluate` gives the sending time
 * g(b) = up·r↑(b) + down·r↓(b) of some bits with its first two derivatives in fields, without allocation.
 */
export class LinkColumns {
  /** g(b), g'(b) ≤ 0, g''(b) ≥ 0 of the last `evaluate`. */
  value = 0;
  slope = 0;
  curvature = 0;
  private readonly kinds: Uint8Array;
  /** bit/s over the whole band (linear) or snrBandwidth / B (Shannon); uplink at 2n, downlink at 2n + 1. */
  private readonly parameters: Float64Array;
  private readonly samples: (Float64Array | undefined)[];
  private readonly bandwidthHz: number;

  constructor(problem: PlanningProblem) {
    const count = problem.devices.length;
    this.bandwidthHz = problem.bandwidthHz;
    this.kinds = new Uint8Array(2 * count);
    this.parameters = new Float64Array(2 * count);
    this.samples = Array.from({ length: 2 * count }, () => undefined);
    problem.devices.forEach((device, n) => {
      this.set(2 * n, device.uplink);
      this.set(2 * n + 1, device.downlink);
    });
  }

  private set(link: number, law: RateLaw): void {
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
    }
  }

  /** g and its derivatives at a share b > 0 of the band for device n. */
  evaluate(device: number, upBits: number, downBits: number, share: number): void {
    this.value = 0;
    this.slope = 0;
    this.curvature = 0;
    if (upBits > 0) this.add(2 * device, upBits, share);
    if (downBits > 0) this.add(2 * device + 1, downBits, share);
  }

  private add(link: number, bits: number, share: number): void {
    const kind = this.kinds[link]!;
    if (kind === SHANNON) {
      this.addShannon(this.parameters[link]!, bits, share);
    } else if (kind === LINEAR) {
      const time = bits / (this.parameters[link]! * share);
      this.value += time;
      this.slope -= time / share;
      this.curvature += (2 * time) / (share * share);
    } else {
      const samples = this.samples[link]!;
      for (let k = 0; k < samples.length; k++) this.addShannon(samples[k]!, bits / samples.length, share);
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
    const { least, most } = limits;
    if (!(upBits > 0 || downBits > 0)) return least;
    let low = most < Infinity ? 1 / most : 0;
    let high = least > 0 ? 1 / least : Infinity;
    let inverse = Math.min(Math.max(1 / limits.start, low), high);
    let share = 1 / inverse;
    for (let step = 0; step < 60; step++) {
      share = 1 / inverse;
      this.evaluate(device, upBits, downBits, share);
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
}

/** Where a share may lie, and where to start looking. */
export interface ShareLimits {
  least: number;
  most: number;
  start: number;
}
