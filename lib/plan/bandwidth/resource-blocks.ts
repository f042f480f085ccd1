import { limitTolerance } from '../../models/index.js';
import type { CompiledAllocation } from './compile.js';
import { rowValue, steepestSlope } from './delay-rows.js';
import { divideServer } from './divide-server.js';

/** Whole numbers of resource blocks for each device. */
export interface BlockAnswer {
  /** Longest device delay, seconds. */
  readonly delaySeconds: number;
  /** Resource blocks of each device. */
  readonly blocks: Int32Array;
  /** s of each device where shares of the server are decisions. */
  readonly serverShare: Float64Array;
  /** False only for a common batch whose search was cut short: the counts are then good, not proven. */
  readonly exact: boolean;
}

/** What a count of blocks may be. */
export interface BlockLimits {
  /** Blocks of the whole band. */
  readonly total: number;
  /** Fewest blocks of each device, ≥ 1 where it sends. */
  readonly least: Int32Array;
  /** Most blocks of each device. */
  readonly most: Int32Array;
}

/**
 * Fewest and most resource blocks of each device.
 *
 * @param compiled - Loads as `compileLoads` makes them.
 * @param blockHz - Width of a resource block, Hz.
 * @example
 * ```ts
 * import { parseProblemFile } from 'sft-opt';
 * import { blockLimits, compileLoads, loadsOfDecisions } from 'sft-opt/plan';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const decision = { participates: true, blocks: 2, upPoint: 0, downPoint: 0 };
 * const compiled = compileLoads({ ...problem, sharing: 'equal' }, loadsOfDecisions(problem, [decision, decision]));
 * console.log(blockLimits(compiled, 180e3).total); // 111
 * ```
 */
export function blockLimits(compiled: CompiledAllocation, blockHz: number): BlockLimits {
  const { count, bandwidthHz, leastReciprocal, greatestReciprocal } = compiled;
  const total = Math.floor((bandwidthHz / blockHz) * (1 + limitTolerance));
  const least = new Int32Array(count);
  const most = new Int32Array(count);
  for (let n = 0; n < count; n++) {
    const fewest = bandwidthHz / greatestReciprocal[n]! / blockHz;
    const greatest = leastReciprocal[n]! > 0 ? bandwidthHz / leastReciprocal[n]! / blockHz : total;
    least[n] = Math.max(1, Math.ceil(fewest * (1 - limitTolerance)));
    most[n] = Math.min(total, Math.floor(greatest * (1 + limitTolerance)));
  }
  return { total, least, most };
}

/**
 * Least delay over whole numbers of blocks. With fixed server shares the next block goes to the device with the largest
 * delay, which is exact for a min–max. With server shares as decisions the share a device needs for a given T is convex in its
 * blocks, so the greedy by marginal share is exact for each T, and T falls until it repeats. For a common batch all
 * pairs of the first two thresholds that could be better are tried, the third by the greedy; with a cut-off only what is
 * faster than that, and an answer that is not is any.
 *
 * @param compiled - Loads as `compileLoads` makes them.
 * @param blockHz - Width of a resource block, Hz.
 * @param limits - What `blockLimits` gives.
 * @param cutoffSeconds - Answers from here on need not be the best.
 * @example
 * ```ts
 * import { parseProblemFile } from 'sft-opt';
 * import { blockLimits, compileLoads, loadsOfDecisions, searchBlocks } from 'sft-opt/plan';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * const decision = { participates: true, blocks: 2, upPoint: 0, downPoint: 0 };
 * const compiled = compileLoads({ ...problem, sharing: 'equal' }, loadsOfDecisions(problem, [decision, decision]));
 * const { blocks } = searchBlocks(compiled, 180e3, blockLimits(compiled, 180e3));
 * console.log(blocks.length); // 2
 * ```
 */
export function searchBlocks(
  compiled: CompiledAllocation,
  blockHz: number,
  limits: BlockLimits,
  cutoffSeconds = Infinity,
): BlockAnswer {
  const search = new BlockSearch(compiled, blockHz, limits);
  if (compiled.rowWeights.length > 1) return search.commonBatch(cutoffSeconds);
  return compiled.serverSeconds.some((work) => work > 0) ? search.withServerShares() : search.longestFirst();
}

/** Pairs of thresholds tried for a common batch: each costs about as much as there are devices. */
const pairLimit = (deviceCount: number) => Math.max(200, Math.ceil(100_000 / deviceCount));

class BlockSearch {
  private readonly perDevice: number;
  private readonly noShares: Float64Array;

  constructor(
    private readonly compiled: CompiledAllocation,
    private readonly blockHz: number,
    private readonly limits: BlockLimits,
  ) {
    this.perDevice = compiled.rowWeights.length;
    this.noShares = new Float64Array(compiled.count);
  }

  longestFirst(): BlockAnswer {
    const blocks = Int32Array.from(this.limits.least);
    this.reduceRow(0, blocks);
    const delaySeconds = this.longest(0, blocks);
    for (let n = 0; n < blocks.length; n++) blocks[n] = this.leastBlocks(n, 0, delaySeconds, this.limits.least[n]!);
    return { delaySeconds, blocks, serverShare: this.noShares, exact: true };
  }

  withServerShares(): BlockAnswer {
    let blocks: Int32Array = Int32Array.from(this.limits.least);
    this.reduceRow(0, blocks);
    let best = this.divided(blocks);
    for (let k = 0; k < 200; k++) {
      const counts = this.leastShares(best.delaySeconds);
      if (!counts) break;
      const better = this.divided(counts);
      if (!(better.delaySeconds < best.delaySeconds * (1 - 1e-15))) break;
      blocks = counts;
      best = better;
    }
    return { delaySeconds: best.delaySeconds, blocks, serverShare: best.serverShare, exact: true };
  }

  commonBatch(cutoffSeconds: number): BlockAnswer {
    const { rowWeights } = this.compiled;
    const last = this.perDevice - 1;
    const least = rowWeights.map((_, r) => {
      const blocks = Int32Array.from(this.limits.least);
      this.reduceRow(r, blocks);
      return this.longest(r, blocks);
    });
    let blocks: Int32Array = this.balanced();
    let best = Math.min(cutoffSeconds, this.weighted(blocks));
    let tried = 0;
    let exact = true;
    const most = pairLimit(this.compiled.count);
    const leastFrom = (r: number) => {
      let sum = 0;
      for (let q = r; q <= last; q++) sum += rowWeights[q]! * least[q]!;
      return sum;
    };
    const visit = (r: number, spent: number, counts: Int32Array): void => {
      if (r === last) {
        const rest = Int32Array.from(counts);
        this.reduceRow(last, rest);
        const value = this.weighted(rest);
        tried++;
        if (value < best * (1 - 1e-15)) {
          best = value;
          blocks = rest;
        }
        return;
      }
      for (const threshold of this.candidates(r, least[r]!, (best - spent - leastFrom(r + 1)) / rowWeights[r]!)) {
        const cost = spent + rowWeights[r]! * threshold;
        if (cost + leastFrom(r + 1) >= best) return;
        if (tried >= most) {
          exact = false;
          return;
        }
        const needed = this.countsFor(r, threshold, counts);
        if (needed) visit(r + 1, cost, needed);
      }
    };
    visit(0, 0, this.limits.least);
    const delaySeconds = best === cutoffSeconds ? this.weighted(blocks) : best;
    return { delaySeconds, blocks: this.trimmed(blocks), serverShare: this.noShares, exact };
  }

  /** Delay of row r of device n with `count` blocks. */
  private delay(n: number, r: number, count: number): number {
    const { rows, bandwidthHz } = this.compiled;
    const row = n * this.perDevice + r;
    const sends = steepestSlope(rows, row) > 0;
    return rows.floor[row]! + (sends ? rowValue(rows, row, bandwidthHz / (count * this.blockHz)) : 0);
  }

  private longest(r: number, blocks: Int32Array): number {
    let most = 0;
    for (let n = 0; n < blocks.length; n++) most = Math.max(most, this.delay(n, r, blocks[n]!));
    return most;
  }

  private weighted(blocks: Int32Array): number {
    let sum = 0;
    for (let r = 0; r < this.perDevice; r++) sum += this.compiled.rowWeights[r]! * this.longest(r, blocks);
    return sum;
  }

  private left(blocks: Int32Array): number {
    let used = 0;
    for (let n = 0; n < blocks.length; n++) used += blocks[n]!;
    return this.limits.total - used;
  }

  /** Gives what is left, block by block, to the device that is longest in row r, until it can take no more. */
  private reduceRow(r: number, blocks: Int32Array): void {
    const heap = new LargestFirst(blocks.length, (n) => this.delay(n, r, blocks[n]!));
    for (let left = this.left(blocks); left > 0; left--) {
      const n = heap.top();
      if (blocks[n]! >= this.limits.most[n]!) return;
      blocks[n]!++;
      heap.lowerTop(this.delay(n, r, blocks[n]!));
    }
  }

  /** Fewest blocks ≥ `from` with which row r of device n meets `threshold`; one more than allowed if none does. */
  private leastBlocks(n: number, r: number, threshold: number, from: number): number {
    const most = this.limits.most[n]!;
    if (this.delay(n, r, from) <= threshold) return from;
    if (!(this.delay(n, r, most) <= threshold)) return most + 1;
    let low = from;
    let high = most;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.delay(n, r, middle) <= threshold) high = middle;
      else low = middle;
    }
    return high;
  }

  /** Least counts ≥ `counts` that meet a threshold of row r; undefined where the band is too small. */
  private countsFor(r: number, threshold: number, counts: Int32Array): Int32Array | undefined {
    const needed = Int32Array.from(counts);
    let left = this.limits.total;
    for (let n = 0; n < needed.length; n++) {
      needed[n] = this.leastBlocks(n, r, threshold, counts[n]!);
      if (needed[n]! > this.limits.most[n]!) return undefined;
      left -= needed[n]!;
    }
    return left >= 0 ? needed : undefined;
  }

  /** Values that threshold r could take in [least, most], increasing. */
  private candidates(r: number, least: number, most: number): number[] {
    const values = new Set<number>();
    for (let n = 0; n < this.compiled.count; n++) {
      for (let count = this.limits.most[n]!; count >= this.limits.least[n]!; count--) {
        const value = this.delay(n, r, count);
        if (value > most) break;
        if (value >= least) values.add(value);
      }
    }
    return [...values].sort((a, b) => a - b);
  }

  /** A first plan for a common batch: blocks to the longest chain. */
  private balanced(): Int32Array {
    const blocks = Int32Array.from(this.limits.least);
    const chain = (n: number) => {
      let sum = 0;
      for (let r = 0; r < this.perDevice; r++) sum += this.compiled.rowWeights[r]! * this.delay(n, r, blocks[n]!);
      return sum;
    };
    const heap = new LargestFirst(blocks.length, chain);
    for (let left = this.left(blocks); left > 0; left--) {
      const n = heap.top();
      if (blocks[n]! >= this.limits.most[n]!) break;
      blocks[n]!++;
      heap.lowerTop(chain(n));
    }
    return blocks;
  }

  /** The fewest blocks that keep every threshold the counts reach. */
  private trimmed(blocks: Int32Array): Int32Array {
    const trimmed = Int32Array.from(this.limits.least);
    for (let r = 0; r < this.perDevice; r++) {
      const threshold = this.longest(r, blocks);
      for (let n = 0; n < blocks.length; n++) trimmed[n] = this.leastBlocks(n, r, threshold, trimmed[n]!);
    }
    return trimmed;
  }

  /** The whole server divided at given counts. */
  private divided(blocks: Int32Array) {
    return divideServer(
      Float64Array.from(blocks, (count, n) => this.delay(n, 0, count)),
      this.compiled.serverSeconds,
    );
  }

  /** Counts of least Σ s for a given T, or undefined if no counts meet it. */
  private leastShares(time: number): Int32Array | undefined {
    const { serverSeconds } = this.compiled;
    const blocks = new Int32Array(this.compiled.count);
    for (let n = 0; n < blocks.length; n++) {
      blocks[n] = this.leastBlocks(n, 0, time, this.limits.least[n]!);
      // With server work the delay must stay strictly below T.
      if (serverSeconds[n]! > 0 && blocks[n]! <= this.limits.most[n]! && this.delay(n, 0, blocks[n]!) >= time)
        blocks[n]!++;
      if (blocks[n]! > this.limits.most[n]!) return undefined;
    }
    if (this.left(blocks) < 0) return undefined;
    const gain = (n: number): number => {
      if (serverSeconds[n] === 0 || blocks[n]! >= this.limits.most[n]!) return 0;
      const now = serverSeconds[n]! / (time - this.delay(n, 0, blocks[n]!));
      return now - serverSeconds[n]! / (time - this.delay(n, 0, blocks[n]! + 1));
    };
    const heap = new LargestFirst(blocks.length, gain);
    for (let left = this.left(blocks); left > 0; left--) {
      const n = heap.top();
      if (gain(n) <= 0) break;
      blocks[n]!++;
      heap.lowerTop(gain(n));
    }
    return blocks;
  }
}

/** A heap of devices by a key that only falls at the top. */
class LargestFirst {
  private readonly order: Int32Array;
  private readonly key: Float64Array;

  constructor(count: number, key: (n: number) => number) {
    this.key = Float64Array.from({ length: count }, (_, n) => key(n));
    this.order = Int32Array.from({ length: count }, (_, n) => n);
    for (let k = (count >> 1) - 1; k >= 0; k--) this.sink(k);
  }

  top(): number {
    return this.order[0]!;
  }

  lowerTop(key: number): void {
    this.key[this.order[0]!] = key;
    this.sink(0);
  }

  private before(a: number, b: number): boolean {
    const difference = this.key[a]! - this.key[b]!;
    return difference > 0 || (difference === 0 && a < b);
  }

  private sink(start: number): void {
    const { order } = this;
    let k = start;
    for (;;) {
      let child = 2 * k + 1;
      if (child >= order.length) return;
      if (child + 1 < order.length && this.before(order[child + 1]!, order[child]!)) child++;
      if (!this.before(order[child]!, order[k]!)) return;
      const kept = order[k]!;
      order[k] = order[child]!;
      order[child] = kept;
      k = child;
    }
  }
}
