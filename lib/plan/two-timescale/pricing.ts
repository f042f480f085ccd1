import type { PlanningProblem } from '../../models/index.js';
import { evaluateRow, LinkRows, rowValue } from '../bandwidth/index.js';
import type { PlanChoices } from './choice-columns.js';

const up = new Float64Array(3);
const down = new Float64Array(3);

/**
 * What each choice costs at given prices: the least b/B + θ·s with which its device meets T. For any assignment the sum of these
 * costs exceeds 1 + θ unless the assignment can be done within T (weak duality), so only exchanges that lower the sum
 * can shorten a round. Under `batched` T is that of the longest chain and the common server time is priced in.
 */
export class ChoicePricing {
  /** Cost of every entry of `choices`; Infinity where T is out of reach. */
  readonly cost: Float64Array;
  private readonly reciprocal: Float64Array;
  private readonly links: LinkRows;
  private readonly leastReciprocal: Float64Array;
  private readonly greatestReciprocal: Float64Array;

  constructor(
    private readonly problem: PlanningProblem,
    private readonly choices: PlanChoices,
  ) {
    const count = choices.blocks.length;
    this.cost = new Float64Array(count);
    this.reciprocal = new Float64Array(count);
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

  /** Fills `cost` for a round of `totalSeconds`; `batchPrice` is the cost of a second of common server time. */
  price(totalSeconds: number, priceRatio: number, batchSeconds = 0, batchPrice = 0): void {
    const { choices, problem } = this;
    const { sharing, stepsPerRound: steps } = problem;
    const target = totalSeconds - problem.aggregationSeconds - steps * batchSeconds;
    const equalFactor = sharing === 'equal' ? problem.devices.length : 0;
    const ratio = sharing === 'allocated' ? priceRatio : 0;
    for (let n = 0; n < choices.deviceCount; n++) {
      for (let j = choices.start[n]!; j < choices.start[n + 1]!; j++) {
        if (choices.blocks[j]! < 0) {
          this.cost[j] = 0;
          continue;
        }
        const work = choices.serverSeconds[j]!;
        const constant = steps * (choices.preSeconds[j]! + choices.postSeconds[j]! + equalFactor * work);
        const upBits = steps * choices.uplinkBits[j]! + choices.adapterBits[j]!;
        const downBits = steps * choices.downlinkBits[j]! + choices.adapterBits[j]!;
        const own = sharing === 'allocated' ? steps * work : 0;
        const cost = this.leastCost(n, j, target - constant, upBits, downBits, own, ratio);
        this.cost[j] = sharing === 'batched' ? cost + batchPrice * steps * work : cost;
      }
    }
  }

  /** Least 1/w + θ·s with U·r↑(w) + D·r↓(w) + server/s ≤ time. */
  private leastCost(
    n: number,
    entry: number,
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
    let w = this.reciprocal[entry]!;
    if (!(w > 0)) w = Math.max(1, this.choices.deviceCount);
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
    this.reciprocal[entry] = w;
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
