import type { CompiledAllocation } from './compile.js';
import { bracketedRoot, evaluateRow, rowAt, rowValue, steepestSlope } from './delay-rows.js';
import { divideServer } from './divide-server.js';
import { excessRoot } from './excess-root.js';

/** Answer of the search over shares of band and server together. */
export interface JointAnswer {
  /** Longest device delay, seconds. */
  readonly delaySeconds: number;
  /** w = B / b of each device. */
  readonly reciprocal: Float64Array;
  /** s of each device; 0 for one without server work. */
  readonly serverShare: Float64Array;
  /** Σ b / B. */
  readonly bandwidthUse: number;
  /** Σ s. */
  readonly serverUse: number;
  /** ∂ delay for a whole further band and a whole further server, ≤ 0. */
  readonly bandwidthPrice: number;
  /** ∂ delay for a whole further server, seconds, ≤ 0. */
  readonly serverPrice: number;
  /** Passes over all devices. */
  readonly passes: number;
}

const out = new Float64Array(3);
const useTolerance = 1e-12;
/** A use this much beyond one is no rounding. */
const settledUse = 1e-10;
/** Price ratios that stand for infinity and zero. */
const bandForFree = 1e40;
const serverForFree = 1e-40;

/**
 * Least T over bandwidths and server shares, Σ b_n ≤ B and Σ s_n ≤ 1: jointly convex. At a price ratio θ (of the server over
 * the band) device n takes the pair that minimises b/B + θ·s among those that meet T. With s = V/(t − h(w)), t its
 * time above the floor, the minimiser solves
 *
 *   h(w) + w·√(θ·V·h'(w)) = t,
 *
 * increasing and nearly straight in w. T and ln θ follow from Σ b = B and Σ s = 1 by Newton's method in the plane, or, where
 * that does not settle, by two nested searches in a bracket (the T that a ratio certifies is quasi-concave in ln θ).
 */
export class JointSearch {
  /** Longest floor of all devices: no T is shorter. */
  readonly floorSeconds: number;
  /** w = B / b of each device, of the last pass. */
  readonly reciprocal: Float64Array;
  /** s of each device, of the last pass. */
  readonly serverShare: Float64Array;
  private readonly count: number;
  /** What the floor leaves each device for sending, and for what sends beyond its largest share: exact zeros stay zeros. */
  private readonly gap: Float64Array;
  private readonly spare: Float64Array;
  private readonly steepest: Float64Array;
  private passes = 0;
  private lastExcess = 0;
  private bandwidthUse = 0;
  private serverUse = 0;
  private bandwidthByExcess = 0;
  private bandwidthByRatio = 0;
  private serverByExcess = 0;
  private serverByRatio = 0;

  constructor(private readonly compiled: CompiledAllocation) {
    const { count, rows, leastReciprocal } = compiled;
    this.count = count;
    this.reciprocal = new Float64Array(count);
    this.serverShare = new Float64Array(count);
    this.gap = new Float64Array(count);
    this.spare = new Float64Array(count);
    this.steepest = new Float64Array(count);
    let floor = count > 0 ? -Infinity : 0;
    for (let n = 0; n < count; n++) {
      const atLeast = leastReciprocal[n]! > 0 ? rowValue(rows, n, leastReciprocal[n]!) : 0;
      this.steepest[n] = steepestSlope(rows, n);
      this.gap[n] = atLeast;
      floor = Math.max(floor, rows.floor[n]! + atLeast);
    }
    this.floorSeconds = floor;
    for (let n = 0; n < count; n++) {
      this.spare[n] = floor - (rows.floor[n]! + this.gap[n]!);
      this.gap[n]! += this.spare[n]!;
    }
  }

  /** The least T and the shares that reach it. */
  solve(): JointAnswer {
    this.passes = 0;
    this.reciprocal.fill(Math.max(1, this.count));
    if (this.floorReachable() && this.meetsFloor()) return this.answer(0, 0, 0);
    const start = this.startExcess();
    if (this.withoutBandPrice(start)) return this.answer(this.lastExcess, 0, inverseOrZero(this.serverByExcess));
    if (this.withoutServerPrice(start)) return this.answer(this.lastExcess, inverseOrZero(this.bandwidthByExcess), 0);
    const planar = this.newton(start, 0);
    const { excess, logRatio } = planar ?? this.nested(start);
    const ratio = Math.exp(logRatio);
    this.pass(excess, ratio);
    const price = inverseOrZero(this.bandwidthByExcess + ratio * this.serverByExcess);
    return this.answer(excess, price, ratio * price);
  }

  /** T = floor needs that no device at the floor waits for the server or for bandwidth it has no largest share of. */
  private floorReachable(): boolean {
    const { serverSeconds, leastReciprocal } = this.compiled;
    for (let n = 0; n < this.count; n++) {
      if (this.spare[n]! > 0) continue;
      if (serverSeconds[n]! > 0 || (this.steepest[n]! > 0 && leastReciprocal[n] === 0)) return false;
    }
    return true;
  }

  /** Whether T = floor is within reach; leaves the pair of least bandwidth. */
  private meetsFloor(): boolean {
    if (this.leastServerUse(0) > 1) return false;
    const root = excessRoot(this.serverUseOfRatio(0), 1, 0);
    this.pass(0, root.x);
    return this.bandwidthUse <= 1 + useTolerance && this.serverUse <= 1 + useTolerance;
  }

  /** Whether the band is enough for every device that waits for the server to have its largest share. */
  private withoutBandPrice(start: number): boolean {
    const { serverSeconds, leastReciprocal } = this.compiled;
    for (let n = 0; n < this.count; n++) {
      if (serverSeconds[n]! > 0 && this.steepest[n]! > 0 && leastReciprocal[n] === 0) return false;
    }
    this.searchAtRatio(start, bandForFree, () => [this.serverUse, this.serverByExcess]);
    return this.bandwidthUse <= 1 + useTolerance;
  }

  /** Whether the server is enough for every device that waits for it to have its least bandwidth. */
  private withoutServerPrice(start: number): boolean {
    const { serverSeconds, greatestReciprocal } = this.compiled;
    for (let n = 0; n < this.count; n++) {
      if (serverSeconds[n]! > 0 && this.steepest[n]! > 0 && greatestReciprocal[n] === Infinity) return false;
    }
    this.searchAtRatio(start, serverForFree, () => [this.bandwidthUse, this.bandwidthByExcess]);
    return this.serverUse <= 1 + useTolerance;
  }

  /** The excess at which a use is 1 while the price ratio stays fixed. */
  private searchAtRatio(start: number, ratio: number, read: () => [number, number]): void {
    const target = {
      slope: 0,
      use: (excess: number) => {
        this.pass(excess, ratio);
        const [use, slope] = read();
        target.slope = slope;
        return use;
      },
    };
    this.lastExcess = excessRoot(target, start, this.floorSeconds).x;
  }

  /** Σ s with every device at its largest share. */
  private leastServerUse(excess: number): number {
    const { serverSeconds } = this.compiled;
    let use = 0;
    for (let n = 0; n < this.count; n++) {
      if (serverSeconds[n]! > 0) use += serverSeconds[n]! / (this.spare[n]! + excess);
    }
    return use;
  }

  private serverUseOfRatio(excess: number) {
    const target = {
      slope: 0,
      use: (ratio: number) => {
        this.pass(excess, ratio);
        target.slope = this.serverByRatio / ratio;
        return this.serverUse;
      },
    };
    return target;
  }

  /** Upper estimate of the excess: equal shares of band and server. */
  private startExcess(): number {
    const { rows, serverSeconds, leastReciprocal, greatestReciprocal } = this.compiled;
    let workers = 0;
    for (let n = 0; n < this.count; n++) if (serverSeconds[n]! > 0) workers++;
    let most = 0;
    for (let n = 0; n < this.count; n++) {
      const w = Math.min(Math.max(this.count, leastReciprocal[n]!), greatestReciprocal[n]!);
      const sending = this.steepest[n]! > 0 ? rowValue(rows, n, w) : 0;
      most = Math.max(most, sending + serverSeconds[n]! * workers - this.gap[n]!);
    }
    return most > 0 ? most : 1e-6 * this.floorSeconds + Number.MIN_VALUE;
  }

  /** Newton's method on 1/Σb and 1/Σs in (excess, ln θ); undefined if it does not settle. */
  private newton(startExcess: number, startLogRatio: number): { excess: number; logRatio: number } | undefined {
    let excess = startExcess;
    let logRatio = startLogRatio;
    for (let k = 0; k < 60; k++) {
      this.pass(excess, Math.exp(logRatio));
      const band = this.bandwidthUse;
      const server = this.serverUse;
      // (1/S − 1)·S² = S − S²: both rows of the system scaled by S².
      const bandResidual = band * (1 - band);
      const serverResidual = server * (1 - server);
      const determinant = this.bandwidthByExcess * this.serverByRatio - this.bandwidthByRatio * this.serverByExcess;
      const excessStep = (bandResidual * this.serverByRatio - serverResidual * this.bandwidthByRatio) / determinant;
      const ratioStep = (serverResidual * this.bandwidthByExcess - bandResidual * this.serverByExcess) / determinant;
      if (!Number.isFinite(excessStep) || !Number.isFinite(ratioStep)) return undefined;
      const settled =
        Math.abs(band - 1) <= useTolerance &&
        Math.abs(server - 1) <= useTolerance &&
        Math.abs(excessStep) <= 1e-13 * (this.floorSeconds + excess);
      if (settled) return { excess, logRatio };
      excess = Math.max(excess + excessStep, 0.1 * excess);
      logRatio += Math.max(-3, Math.min(3, ratioStep));
      if (Math.abs(logRatio) > 80) return undefined;
    }
    return undefined;
  }

  /** For each ratio the T it certifies; the ratio is right where that T needs just the whole server. */
  private nested(startExcess: number): { excess: number; logRatio: number } {
    let excess = startExcess;
    const serverAt = (logRatio: number): number => {
      const ratio = Math.exp(logRatio);
      this.searchAtRatio(excess, ratio, () => [
        (this.bandwidthUse + ratio * this.serverUse) / (1 + ratio),
        (this.bandwidthByExcess + ratio * this.serverByExcess) / (1 + ratio),
      ]);
      excess = this.lastExcess;
      return this.serverUse;
    };
    let low = -2;
    let high = 2;
    while (low > -300 && serverAt(low) < 1) low *= 2;
    while (high < 300 && serverAt(high) > 1) high *= 2;
    let middle = 0;
    for (let k = 0; k < 200 && high - low > 1e-14 * Math.max(1, Math.abs(middle)); k++) {
      middle = 0.5 * (low + high);
      const use = serverAt(middle);
      if (Math.abs(use - 1) <= useTolerance) break;
      if (use > 1) low = middle;
      else high = middle;
    }
    return { excess, logRatio: middle };
  }

  private answer(excess: number, bandwidthPrice: number, serverPrice: number): JointAnswer {
    if (this.bandwidthUse > 1 + settledUse) return this.answerWithin(bandwidthPrice, serverPrice);
    return {
      delaySeconds: this.floorSeconds + excess,
      reciprocal: this.reciprocal,
      serverShare: this.serverShare,
      bandwidthUse: this.bandwidthUse,
      serverUse: this.serverUse,
      bandwidthPrice,
      serverPrice,
      passes: this.passes,
    };
  }

  /**
   * Where the band is worth next to nothing, a price ratio may leave its use beyond one: shares back within the band, and the
   * server divided for them.
   */
  private answerWithin(bandwidthPrice: number, serverPrice: number): JointAnswer {
    const { rows, serverSeconds, leastReciprocal, greatestReciprocal } = this.compiled;
    const { reciprocal } = this;
    const bandwidthUse = scaleWithin(reciprocal, leastReciprocal, greatestReciprocal);
    const own = Float64Array.from(
      reciprocal,
      (w, n) => rows.floor[n]! + (this.steepest[n]! > 0 ? rowValue(rows, n, w) : 0),
    );
    const divided = divideServer(own, serverSeconds);
    return { ...divided, reciprocal, bandwidthUse, bandwidthPrice, serverPrice, passes: this.passes };
  }

  /** Best pairs of all devices at T = floor + excess and price ratio θ, with the sums and their derivatives by (excess, ln θ). */
  private pass(excess: number, ratio: number): void {
    this.passes++;
    const { rows, serverSeconds, leastReciprocal, greatestReciprocal } = this.compiled;
    const { reciprocal, serverShare, gap, spare: beyondLeast, steepest } = this;
    let bandwidthUse = 0;
    let serverUse = 0;
    let bandwidthByExcess = 0;
    let bandwidthByRatio = 0;
    let serverByExcess = 0;
    let serverByRatio = 0;
    for (let n = 0; n < this.count; n++) {
      const target = gap[n]! + excess;
      const server = serverSeconds[n]!;
      const least = leastReciprocal[n]!;
      const greatest = greatestReciprocal[n]!;
      if (steepest[n] === 0) {
        reciprocal[n] = greatest;
        bandwidthUse += 1 / greatest;
        const share = server > 0 ? server / target : 0;
        serverShare[n] = share;
        serverUse += share;
        serverByExcess -= share / target;
        continue;
      }
      const priced = ratio * server;
      let w = reciprocal[n]!;
      if (!(w < Infinity)) w = target / steepest[n]!;
      let slope = 0;
      let root = 0;
      let derivative = 0;
      let atKink = false;
      if (rows.kinked) {
        w = bracketedRoot(rowAt(rows, n), target, priced, w, 0);
        evaluateRow(rows, n, w, out);
        slope = out[1]!;
        root = Math.sqrt(priced * slope);
        derivative = slope + root * (1 + (0.5 * w * out[2]!) / slope);
        // The left side jumps over the target: w stays at the kink while T and θ move a little.
        atKink = server > 0 && out[0]! + w * root < target * (1 - 1e-9);
      }
      for (let k = rows.kinked ? 80 : 0; k < 80; k++) {
        evaluateRow(rows, n, w, out);
        slope = out[1]!;
        root = Math.sqrt(priced * slope);
        const value = out[0]! + w * root;
        derivative = slope + root * (1 + (0.5 * w * out[2]!) / slope);
        const change = (target - value) / derivative;
        if (Math.abs(change) > 0.5 * w) {
          w *= Math.exp((Math.log(target / value) * value) / (w * derivative));
          continue;
        }
        w += change;
        if (!(Math.abs(change) > 1e-7 * w)) break;
      }
      if (atKink || w < least || w > greatest) {
        w = Math.min(Math.max(w, least), greatest);
        reciprocal[n] = w;
        bandwidthUse += 1 / w;
        if (server === 0) {
          serverShare[n] = 0;
          continue;
        }
        evaluateRow(rows, n, w, out);
        // The difference cancels where the largest share decides the round; below a limit of w it is more than w·√(…).
        const left =
          w <= least ? beyondLeast[n]! + excess : Math.max(target - out[0]!, w * Math.sqrt(priced * out[1]!));
        const share = server / left;
        serverShare[n] = share;
        serverUse += share;
        serverByExcess -= share / left;
        continue;
      }
      reciprocal[n] = w;
      const band = 1 / w;
      const byExcess = 1 / derivative;
      bandwidthUse += band;
      bandwidthByExcess -= band * band * byExcess;
      if (server === 0) {
        serverShare[n] = 0;
        continue;
      }
      const byRatio = (-0.5 * w * root) / derivative;
      const spare = w * root;
      const share = server / spare;
      serverShare[n] = share;
      serverUse += share;
      bandwidthByRatio -= band * band * byRatio;
      serverByExcess -= (share / spare) * (1 - slope * byExcess);
      serverByRatio += (share / spare) * slope * byRatio;
    }
    this.bandwidthUse = bandwidthUse;
    this.serverUse = serverUse;
    this.bandwidthByExcess = bandwidthByExcess;
    this.bandwidthByRatio = bandwidthByRatio;
    this.serverByExcess = serverByExcess;
    this.serverByRatio = serverByRatio;
  }
}

/** Takes from devices above their least share, in proportion to what they have beyond it, until all shares fit; returns the use. */
function scaleWithin(reciprocal: Float64Array, least: Float64Array, greatest: Float64Array): number {
  let held = 0;
  let beyond = 0;
  reciprocal.forEach((w, n) => {
    held += 1 / greatest[n]!;
    beyond += 1 / w - 1 / greatest[n]!;
  });
  const factor = beyond > 0 ? Math.max(0, Math.min(1, (1 - held) / beyond)) : 1;
  let use = 0;
  for (let n = 0; n < reciprocal.length; n++) {
    const share = 1 / greatest[n]! + factor * (1 / reciprocal[n]! - 1 / greatest[n]!);
    reciprocal[n] = Math.min(greatest[n]!, Math.max(least[n]!, 1 / share));
    use += 1 / reciprocal[n]!;
  }
  return use;
}

/** 1 / slope of a falling use; 0 where the use does not fall. */
function inverseOrZero(slope: number): number {
  return slope < 0 ? 1 / slope : 0;
}
