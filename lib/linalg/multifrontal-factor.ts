import { DenseUpdate } from './dense-update.js';
import { ruledPivot, type NumericFactor, type ResolvedPivotRules } from './numeric-factor.js';
import { findSupernodes, type SupernodePartition } from './supernodes.js';
import type { SymbolicFactor } from './symbolic-factor.js';

/** Columns eliminated one by one before the rest of the panel is updated at once. */
const panelWidth = 32;
/** Operations between two questions to `stop`. */
const stopOperations = 1e7;

/**
 * LDLᵀ by the multifrontal method (Duff & Reid 1983; Liu 1992) on relaxed supernodes: every supernode is a dense panel
 * of L, and what its elimination does to later columns is kept as a dense matrix on a stack until the parent in the tree
 * takes it in. Made for factors with fill, where nearly all operations are products of dense blocks.
 */
export class MultifrontalFactor implements NumericFactor {
  readonly diagonal: Float64Array;
  replacedPivots = 0;
  growth = 0;
  private readonly permutation: Int32Array;
  private readonly parts: SupernodePartition;
  /** Where each supernode's panel begins; columns of all rows of the front follow one another. */
  private readonly panelStarts: Float64Array;
  private readonly panels: Float64Array;
  /** Where entry k of the caller's lower triangle goes in `panels`. */
  private readonly entryPlaces: Float64Array;
  private readonly stack: Float64Array;
  private readonly updateStarts: Float64Array;
  private readonly childCounts: Int32Array;
  private readonly childStack: Int32Array;
  private readonly dense = new DenseUpdate();
  private readonly gathered: Float64Array;
  private sinceStop = 0;
  private negative = 0;

  constructor(symbolic: SymbolicFactor) {
    const { order, permutation } = symbolic;
    this.permutation = permutation;
    this.diagonal = new Float64Array(order);
    const parts = findSupernodes(symbolic);
    this.parts = parts;
    const { count, firstColumns, rowStarts } = parts;
    this.panelStarts = new Float64Array(count + 1);
    this.childCounts = new Int32Array(count);
    let deepest = 0;
    let top = 0;
    let widest = 0;
    const open: number[] = [];
    for (let s = 0; s < count; s++) {
      const columns = firstColumns[s + 1]! - firstColumns[s]!;
      const below = rowStarts[s + 1]! - rowStarts[s]!;
      this.panelStarts[s + 1] = this.panelStarts[s]! + columns * (columns + below);
      widest = Math.max(widest, below);
      top += below * below;
      deepest = Math.max(deepest, top);
      for (; open.length > 0 && parts.parent[open.at(-1)!] === s; open.pop()) {
        const child = open.at(-1)!;
        top -= (rowStarts[child + 1]! - rowStarts[child]!) ** 2;
        this.childCounts[s]! += 1;
      }
      open.push(s);
    }
    this.panels = new Float64Array(this.panelStarts[count]!);
    this.stack = new Float64Array(deepest);
    this.updateStarts = new Float64Array(count);
    this.childStack = new Int32Array(open.length + count);
    this.gathered = new Float64Array(widest);
    this.entryPlaces = placesOfEntries(symbolic, parts, this.panelStarts);
  }

  factor(values: Float64Array, rules: ResolvedPivotRules): boolean {
    const { panels, entryPlaces, parts, childCounts, childStack, stack, updateStarts } = this;
    panels.fill(0);
    for (let k = 0; k < entryPlaces.length; k++) panels[entryPlaces[k]!]! += values[k]!;
    this.replacedPivots = 0;
    this.growth = 0;
    this.sinceStop = 0;
    this.negative = 0;
    const { rowStarts } = parts;
    let top = 0;
    let open = 0;
    for (let s = 0; s < parts.count; s++) {
      if (this.stopped(rules, 100)) return false;
      const below = rowStarts[s + 1]! - rowStarts[s]!;
      const length = below * below;
      stack.fill(0, top, top + length);
      let base = top;
      for (let child = 0; child < childCounts[s]!; child++) {
        base = updateStarts[childStack[--open]!]!;
        this.takeIn(childStack[open]!, s, top);
      }
      if (!this.eliminate(s, top, rules)) return false;
      // The children's matrices lie beneath and are not needed any more.
      if (base < top) stack.copyWithin(base, top, top + length);
      updateStarts[s] = base;
      top = base + length;
      childStack[open++] = s;
    }
    return Number.isFinite(this.growth);
  }

  private stopped(rules: ResolvedPivotRules, operations: number): boolean {
    if (rules.stop === undefined) return false;
    this.sinceStop += operations;
    if (this.sinceStop < stopOperations) return false;
    this.sinceStop = 0;
    return rules.stop();
  }

  /** Adds a child's update matrix to the panel of its parent and to the parent's update matrix at `target`. */
  private takeIn(child: number, s: number, target: number): void {
    const { parts, panels, stack, panelStarts } = this;
    const { rowStarts, places, firstColumns } = parts;
    const columns = firstColumns[s + 1]! - firstColumns[s]!;
    const below = rowStarts[s + 1]! - rowStarts[s]!;
    const height = columns + below;
    const begin = rowStarts[child]!;
    const length = rowStarts[child + 1]! - begin;
    let from = this.updateStarts[child]!;
    for (let j = 0; j < length; j++, from += length) {
      const place = places[begin + j]!;
      if (place < columns) {
        const column = panelStarts[s]! + place * height;
        for (let i = j; i < length; i++) panels[column + places[begin + i]!]! += stack[from + i]!;
      } else {
        const column = target + (place - columns) * below - columns;
        for (let i = j; i < length; i++) stack[column + places[begin + i]!]! += stack[from + i]!;
      }
    }
  }

  /** Eliminates the columns of a supernode; what they do to its other rows is subtracted from the matrix at `target`. */
  private eliminate(s: number, target: number, rules: ResolvedPivotRules): boolean {
    const { parts, panels, panelStarts, dense, diagonal } = this;
    const first = parts.firstColumns[s]!;
    const columns = parts.firstColumns[s + 1]! - first;
    const below = parts.rowStarts[s + 1]! - parts.rowStarts[s]!;
    const height = columns + below;
    const panel = panelStarts[s]!;
    for (let from = 0; from < columns; from += panelWidth) {
      const to = Math.min(columns, from + panelWidth);
      if (!this.eliminateColumns(panel, height, first, from, to, rules)) return false;
      if (this.stopped(rules, 2 * (to - from) * (height - to) * (columns - to))) return false;
      const at = panel + to * height + to;
      const source = panel + from * height + to;
      dense.subtract(
        panels,
        at,
        height,
        height - to,
        columns - to,
        panels,
        source,
        height,
        diagonal,
        first + from,
        to - from,
      );
    }
    if (this.stopped(rules, columns * below * below)) return false;
    dense.subtract(this.stack, target, below, below, below, panels, panel + columns, height, diagonal, first, columns);
    return true;
  }

  /** Pivots `from … to − 1` of a panel, one after the other, applied to each other's columns. */
  private eliminateColumns(
    panel: number,
    height: number,
    first: number,
    from: number,
    to: number,
    rules: ResolvedPivotRules,
  ): boolean {
    const { panels, diagonal, permutation } = this;
    const { signs } = rules;
    let growth = this.growth;
    for (let j = from; j < to; j++) {
      const column = panel + j * height;
      let pivot = panels[column + j]!;
      if (signs !== undefined) {
        const ruled = ruledPivot(pivot, signs[permutation[first + j]!]!, rules);
        if (ruled !== pivot) this.replacedPivots++;
        pivot = ruled;
      }
      if (pivot === 0 || !Number.isFinite(pivot)) return false;
      if (pivot < 0 && ++this.negative > rules.mostNegative) return false;
      diagonal[first + j] = pivot;
      for (let c = j + 1; c < to; c++) {
        const factor = panels[column + c]! / pivot;
        if (factor === 0) continue;
        const other = panel + c * height;
        for (let i = c; i < height; i++) panels[other + i]! -= factor * panels[column + i]!;
      }
      for (let i = j + 1; i < height; i++) {
        const entry = panels[column + i]! / pivot;
        panels[column + i] = entry;
        const size = Math.abs(entry);
        if (size > growth) growth = size;
      }
    }
    this.growth = growth;
    return true;
  }

  solve(work: Float64Array): void {
    const { parts, panels, panelStarts, gathered, diagonal } = this;
    const { count, firstColumns, rowStarts, rows } = parts;
    for (let s = 0; s < count; s++) {
      const first = firstColumns[s]!;
      const columns = firstColumns[s + 1]! - first;
      const begin = rowStarts[s]!;
      const below = rowStarts[s + 1]! - begin;
      gathered.fill(0, 0, below);
      let column = panelStarts[s]!;
      for (let j = 0; j < columns; j++, column += columns + below) {
        const value = work[first + j]!;
        if (value === 0) continue;
        for (let i = j + 1; i < columns; i++) work[first + i]! -= panels[column + i]! * value;
        const tail = column + columns;
        for (let i = 0; i < below; i++) gathered[i]! += panels[tail + i]! * value;
      }
      for (let i = 0; i < below; i++) work[rows[begin + i]!]! -= gathered[i]!;
    }
    for (let j = 0; j < diagonal.length; j++) work[j] = work[j]! / diagonal[j]!;
    for (let s = count - 1; s >= 0; s--) {
      const first = firstColumns[s]!;
      const columns = firstColumns[s + 1]! - first;
      const begin = rowStarts[s]!;
      const below = rowStarts[s + 1]! - begin;
      for (let i = 0; i < below; i++) gathered[i] = work[rows[begin + i]!]!;
      for (let j = columns - 1; j >= 0; j--) {
        const column = panelStarts[s]! + j * (columns + below);
        let value = work[first + j]!;
        for (let i = j + 1; i < columns; i++) value -= panels[column + i]! * work[first + i]!;
        const tail = column + columns;
        for (let i = 0; i < below; i++) value -= panels[tail + i]! * gathered[i]!;
        work[first + j] = value;
      }
    }
  }
}

/** Positions in the panels of the entries of the caller's lower triangle. */
function placesOfEntries(
  { order, upperStarts, upperRows, entryMap }: SymbolicFactor,
  { firstColumns, rowStarts, rows, supernodeOf }: SupernodePartition,
  panelStarts: Float64Array,
): Float64Array {
  const places = new Float64Array(upperRows.length);
  for (let row = 0; row < order; row++) {
    for (let k = upperStarts[row]!; k < upperStarts[row + 1]!; k++) {
      const column = upperRows[k]!;
      const s = supernodeOf[column]!;
      const first = firstColumns[s]!;
      const end = firstColumns[s + 1]!;
      const height = end - first + rowStarts[s + 1]! - rowStarts[s]!;
      const place =
        row < end ? row - first : end - first + positionOf(row, rows, rowStarts[s]!, rowStarts[s + 1]!) - rowStarts[s]!;
      places[k] = panelStarts[s]! + (column - first) * height + place;
    }
  }
  return Float64Array.from({ length: entryMap.length }, (_, k) => places[entryMap[k]!]!);
}

/** Index of a value in the increasing range `[from, to)` of `rows`, which holds it. */
function positionOf(value: number, rows: Int32Array, from: number, to: number): number {
  while (from < to) {
    const middle = (from + to) >> 1;
    if (rows[middle]! < value) from = middle + 1;
    else to = middle;
  }
  return from;
}
