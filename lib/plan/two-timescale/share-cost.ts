import type { PlanningProblem } from '../../models/index.js';
import { evaluateRow, LinkRows, rowValue } from '../bandwidth/index.js';

const up = new Float64Array(3);
const down = new Float64Array(3);

/**
 * Least cost of one device's shares that keep a requirement within its time. The answers of earlier calls are the starts of the
 * next, one for each slot.
 */
export class ShareCost {
  private readonly reciprocal: Float64Array;
  private readonly links: LinkRows;
  private readonly leastReciprocal: Float64Array;
  private readonly greatestReciprocal: Float64Array;

  constructor(
    private readonly problem: PlanningProblem,
    slots: number,
  ) {
    this.reciprocal = new Float64Array(slots);
    this.links = new LinkRows(problem);
    const block = problem.resourceBlockHz ?? 0;
    this.leastReciprocal = Float64Array.from(
      problem.devices,
      ({ pinned, maximumBandwidthHz }) => problem.bandwidthHz / (pinned.bandwidthHz ?? maximumBandwidthHz),
    );
    this.greatestReciprocal = Float64Array.from(
      problem.devices,
      ({ pinned, minimumBandwidthHz }) =>
        problem.bandwidthHz / (pinned.bandwidthHz ?? Math.max(minimumBandwidthHz, block)),
    );
  }

  /** Least 1/w + θ·s of device n with U·r↑(w) + D·r↓(w) + server/s ≤ time, θ being `ratio`; Infinity out of reach. */
  least(
    slot: number,
    n: number,
    time: number,
    upBits: number,
    downBits: number,
    server: number,
    ratio: number,
  ): number {
    const { rows } = this.links;
    const least = this.leastReciprocal[n]!;
    const greatest = this.greatestReciprocal[n]!;
    const left = time - upBits * rows.floor[2 * n]! - downBits * rows.floor[2 * n + 1]!;
    if (!(left >= 0) || (server > 0 && left === 0)) return Infinity;
    const serverCost = (spare: number) => (server > 0 ? (spare > 0 ? (ratio * server) / spare : Infinity) : 0);
    if (upBits + downBits === 0) return 1 / greatest + serverCost(left);
    const priced = ratio * server;
    let w = this.reciprocal[slot]!;
    if (!(w > 0)) w = Math.max(1, this.problem.devices.length);
    let value = 0;
    for (let k = 0; k < 60; k++) {
      this.evaluate(n, w, upBits, downBits);
      value = up[0]!;
      const slope = up[1]!;
      const root = priced > 0 ? Math.sqrt(priced * slope) : 0;
      const derivative = slope + root * (1 + (0.5 * w * up[2]!) / slope);
      const total = value + w * root;
      const change = (left - total) / derivative;
      if (Math.abs(change) > 0.5 * w) {
        if (left === 0) break;
        w *= Math.exp((Math.log(left / total) * total) / (w * derivative));
        continue;
      }
      w += change;
      if (!(Math.abs(change) > 1e-6 * w)) {
        value += change * slope;
        break;
      }
    }
    this.reciprocal[slot] = w;
    if (w < least || w > greatest) {
      w = Math.min(Math.max(w, least), greatest);
      value = upBits * rowValue(rows, 2 * n, w) + downBits * rowValue(rows, 2 * n + 1, w);
      if (value > left * (1 + 1e-12)) return Infinity;
    }
    return 1 / w + serverCost(left - value);
  }

  /** Time above the floor and its derivatives by w, into `up`. */
  private evaluate(n: number, w: number, upBits: number, downBits: number): void {
    const { rows } = this.links;
    evaluateRow(rows, 2 * n, w, up);
    evaluateRow(rows, 2 * n + 1, w, down);
    up[0] = upBits * up[0]! + downBits * down[0]!;
    up[1] = upBits * up[1]! + downBits * down[1]!;
    up[2] = upBits * up[2]! + downBits * down[2]!;
  }
}
