import { ruledPivot, type NumericFactor, type ResolvedPivotRules } from './numeric-factor.js';
import { PanelElimination } from './panel-elimination.js';
import type { SymbolicFactor } from './symbolic-factor.js';

/** Columns between two questions to `stop`. */
const stopInterval = 64;
/** Fewest last columns that are worth a dense block, and the share of it that they must fill. */
const fewestDense = 160;
const denseShare = 0.6;

/**
 * LDLᵀ row by row (Davis 2005): the quickest way for factors with little fill. Last columns that are nearly full, such as what is
 * left of the rows of a program once its variables are eliminated, are kept and eliminated as one dense block.
 */
export class SimplicialFactor implements NumericFactor {
  readonly diagonal: Float64Array;
  replacedPivots = 0;
  growth = NaN;
  private readonly upperValues: Float64Array;
  private readonly lowerStarts: Int32Array;
  private readonly lowerRows: Int32Array;
  private readonly lowerValues: Float64Array;
  private readonly lowerEnds: Int32Array;
  private readonly accumulator: Float64Array;
  private readonly path: Int32Array;
  private readonly reach: Int32Array;
  private readonly mark: Int32Array;
  /** First column of the dense block, column after column in `tail`; the order where there is none. */
  private readonly tailStart: number;
  private readonly tail: Float64Array;
  private readonly elimination: PanelElimination | undefined;

  constructor(private readonly symbolic: SymbolicFactor) {
    const { order, columnCounts, permutation } = symbolic;
    this.tailStart = denseTail(symbolic);
    this.upperValues = new Float64Array(symbolic.upperRows.length);
    this.lowerStarts = new Int32Array(this.tailStart + 1);
    for (let j = 0; j < this.tailStart; j++) this.lowerStarts[j + 1] = this.lowerStarts[j]! + columnCounts[j]!;
    this.lowerRows = new Int32Array(this.lowerStarts[this.tailStart]!);
    this.lowerValues = new Float64Array(this.lowerRows.length);
    this.lowerEnds = new Int32Array(this.tailStart);
    this.tail = new Float64Array((order - this.tailStart) ** 2);
    this.diagonal = new Float64Array(order);
    this.accumulator = new Float64Array(order);
    this.path = new Int32Array(order);
    this.reach = new Int32Array(order);
    this.mark = new Int32Array(order);
    if (this.tail.length > 0) this.elimination = new PanelElimination(permutation, this.diagonal);
  }

  factor(values: Float64Array, rules: ResolvedPivotRules): boolean {
    const { upperValues, tailStart, tail } = this;
    const { order, entryMap, upperStarts, upperRows, parent, permutation } = this.symbolic;
    const { lowerStarts, lowerRows, lowerValues, lowerEnds, diagonal, accumulator, path, reach, mark } = this;
    const { signs } = rules;
    for (let k = 0; k < entryMap.length; k++) upperValues[entryMap[k]!] = values[k]!;
    const tailOrder = order - tailStart;
    this.replacedPivots = 0;
    mark.fill(-1);
    let growth = 0;
    let negative = 0;
    for (let k = 0; k < order; k++) {
      if (rules.stop !== undefined && k % stopInterval === stopInterval - 1 && rules.stop()) return this.abandon();
      let pivot = 0;
      let top = order;
      mark[k] = k;
      for (let p = upperStarts[k]!; p < upperStarts[k + 1]!; p++) {
        let i = upperRows[p]!;
        if (i === k) {
          pivot = upperValues[p]!;
          continue;
        }
        accumulator[i] = upperValues[p]!;
        let length = 0;
        while (i < tailStart && mark[i] !== k) {
          path[length++] = i;
          mark[i] = k;
          i = parent[i]!;
        }
        while (length > 0) reach[--top] = path[--length]!;
      }
      for (; top < order; top++) {
        const i = reach[top]!;
        const value = accumulator[i]!;
        accumulator[i] = 0;
        const end = lowerEnds[i]!;
        for (let p = lowerStarts[i]!; p < end; p++) accumulator[lowerRows[p]!]! -= lowerValues[p]! * value;
        const entry = value / diagonal[i]!;
        pivot -= entry * value;
        lowerRows[end] = k;
        lowerValues[end] = entry;
        lowerEnds[i] = end + 1;
        const size = Math.abs(entry);
        if (size > growth) growth = size;
      }
      if (k >= tailStart) {
        const row = k - tailStart;
        for (let j = 0, at = row; j < row; j++, at += tailOrder) {
          tail[at] = accumulator[tailStart + j]!;
          accumulator[tailStart + j] = 0;
        }
        tail[row * tailOrder + row] = pivot;
        continue;
      }
      lowerEnds[k] = lowerStarts[k]!;
      if (signs !== undefined) {
        const ruled = ruledPivot(pivot, signs[permutation[k]!]!, rules);
        if (ruled !== pivot) this.replacedPivots++;
        pivot = ruled;
      }
      if (pivot === 0 || !Number.isFinite(pivot)) return this.abandon();
      if (pivot < 0 && ++negative > rules.mostNegative) return this.abandon();
      diagonal[k] = pivot;
    }
    const { elimination } = this;
    if (elimination !== undefined) {
      elimination.begin(negative);
      if (!elimination.eliminate(tail, 0, tailOrder, tailStart, tailOrder, rules)) return false;
      this.replacedPivots += elimination.replacedPivots;
      growth = Math.max(growth, elimination.growth);
    }
    this.growth = growth;
    return Number.isFinite(growth);
  }

  /** Leaves nothing of an unfinished factorisation behind. */
  private abandon(): false {
    this.accumulator.fill(0);
    return false;
  }

  solve(work: Float64Array): void {
    const { lowerStarts, lowerRows, lowerValues, diagonal, tail, tailStart } = this;
    const { order } = this.symbolic;
    for (let j = 0; j < tailStart; j++) {
      const value = work[j]!;
      if (value === 0) continue;
      for (let p = lowerStarts[j]!; p < lowerStarts[j + 1]!; p++) work[lowerRows[p]!]! -= lowerValues[p]! * value;
    }
    const tailOrder = order - tailStart;
    for (let j = tailStart, column = 0; j < order; j++, column += tailOrder) {
      const value = work[j]!;
      if (value === 0) continue;
      for (let i = j + 1; i < order; i++) work[i]! -= tail[column + i - tailStart]! * value;
    }
    for (let j = 0; j < order; j++) work[j] = work[j]! / diagonal[j]!;
    for (let j = order - 1; j >= tailStart; j--) {
      const column = (j - tailStart) * tailOrder - tailStart;
      let value = work[j]!;
      for (let i = j + 1; i < order; i++) value -= tail[column + i]! * work[i]!;
      work[j] = value;
    }
    for (let j = tailStart - 1; j >= 0; j--) {
      let value = work[j]!;
      for (let p = lowerStarts[j]!; p < lowerStarts[j + 1]!; p++) value -= lowerValues[p]! * work[lowerRows[p]!]!;
      work[j] = value;
    }
  }
}

/** First of the last columns that are nearly full, the order where those are few. */
function denseTail({ order, columnCounts }: SymbolicFactor): number {
  let start = order;
  let entries = 0;
  for (let j = order - 1; j >= 0; j--) {
    entries += columnCounts[j]!;
    const columns = order - j;
    if (columns >= fewestDense && entries >= (denseShare * columns * (columns - 1)) / 2) start = j;
  }
  return start;
}
