import { ruledPivot, type NumericFactor, type ResolvedPivotRules } from './numeric-factor.js';
import type { SymbolicFactor } from './symbolic-factor.js';

/** Columns between two questions to `stop`. */
const stopInterval = 64;

/** LDLᵀ row by row (Davis 2005): the quickest way for factors with little fill. */
export class SimplicialFactor implements NumericFactor {
  readonly diagonal: Float64Array;
  replacedPivots = 0;
  growth = 0;
  private readonly upperValues: Float64Array;
  private readonly lowerStarts: Int32Array;
  private readonly lowerRows: Int32Array;
  private readonly lowerValues: Float64Array;
  private readonly lowerEnds: Int32Array;
  private readonly accumulator: Float64Array;
  private readonly path: Int32Array;
  private readonly reach: Int32Array;
  private readonly mark: Int32Array;

  constructor(private readonly symbolic: SymbolicFactor) {
    const { order, factorEntries, columnCounts } = symbolic;
    this.upperValues = new Float64Array(symbolic.upperRows.length);
    this.lowerStarts = new Int32Array(order + 1);
    for (let j = 0; j < order; j++) this.lowerStarts[j + 1] = this.lowerStarts[j]! + columnCounts[j]!;
    this.lowerRows = new Int32Array(factorEntries);
    this.lowerValues = new Float64Array(factorEntries);
    this.lowerEnds = new Int32Array(order);
    this.diagonal = new Float64Array(order);
    this.accumulator = new Float64Array(order);
    this.path = new Int32Array(order);
    this.reach = new Int32Array(order);
    this.mark = new Int32Array(order);
  }

  factor(values: Float64Array, rules: ResolvedPivotRules): boolean {
    const { upperValues } = this;
    const { order, entryMap, upperStarts, upperRows, parent, permutation } = this.symbolic;
    const { lowerStarts, lowerRows, lowerValues, lowerEnds, diagonal, accumulator, path, reach, mark } = this;
    const { signs } = rules;
    for (let k = 0; k < entryMap.length; k++) upperValues[entryMap[k]!] = values[k]!;
    this.replacedPivots = 0;
    mark.fill(-1);
    let growth = 0;
    let negative = 0;
    for (let k = 0; k < order; k++) {
      if (rules.stop !== undefined && k % stopInterval === stopInterval - 1 && rules.stop()) return this.abandon();
      let pivot = 0;
      let top = order;
      mark[k] = k;
      lowerEnds[k] = lowerStarts[k]!;
      for (let p = upperStarts[k]!; p < upperStarts[k + 1]!; p++) {
        let i = upperRows[p]!;
        if (i === k) {
          pivot = upperValues[p]!;
          continue;
        }
        accumulator[i] = upperValues[p]!;
        let length = 0;
        while (mark[i] !== k) {
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
      if (signs !== undefined) {
        const ruled = ruledPivot(pivot, signs[permutation[k]!]!, rules);
        if (ruled !== pivot) this.replacedPivots++;
        pivot = ruled;
      }
      if (pivot === 0 || !Number.isFinite(pivot)) return this.abandon();
      if (pivot < 0 && ++negative > rules.mostNegative) return this.abandon();
      diagonal[k] = pivot;
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
    const { lowerStarts, lowerRows, lowerValues, diagonal } = this;
    const { order } = this.symbolic;
    for (let j = 0; j < order; j++) {
      const value = work[j]!;
      if (value === 0) continue;
      for (let p = lowerStarts[j]!; p < lowerStarts[j + 1]!; p++) work[lowerRows[p]!]! -= lowerValues[p]! * value;
    }
    for (let j = 0; j < order; j++) work[j] = work[j]! / diagonal[j]!;
    for (let j = order - 1; j >= 0; j--) {
      let value = work[j]!;
      for (let p = lowerStarts[j]!; p < lowerStarts[j + 1]!; p++) value -= lowerValues[p]! * work[lowerRows[p]!]!;
      work[j] = value;
    }
  }
}
