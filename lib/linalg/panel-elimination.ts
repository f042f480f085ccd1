import { DenseUpdate } from './dense-update.js';
import { ruledPivot, type ResolvedPivotRules } from './numeric-factor.js';

/** Columns eliminated one by one before the rest of the panel is updated at once. */
const panelWidth = 32;
/** Operations between two questions to `stop`. */
const stopOperations = 1e7;

/** LDLᵀ on dense columns: one after the other within strips, and by products of blocks between them. */
export class PanelElimination {
  replacedPivots = 0;
  growth = NaN;
  /** The kernel, for products with columns that were eliminated here. */
  readonly update = new DenseUpdate();
  private sinceStop = 0;
  private negative = 0;

  /** Writes pivot k of the order of elimination, row `permutation[k]` of the caller's matrix, to `diagonal[k]`. */
  constructor(
    private readonly permutation: Int32Array,
    private readonly diagonal: Float64Array,
  ) {}

  /** Forgets the factorisation before; `negative` pivots have been met already. */
  begin(negative = 0): void {
    this.replacedPivots = 0;
    this.growth = 0;
    this.sinceStop = 0;
    this.negative = negative;
  }

  /** Whether the rules end the work, asked once in a few milliseconds' worth of operations. */
  stopped(rules: ResolvedPivotRules, operations: number): boolean {
    if (rules.stop === undefined) return false;
    this.sinceStop += operations;
    if (this.sinceStop < stopOperations) return false;
    this.sinceStop = 0;
    return rules.stop();
  }

  /**
   * Eliminates columns `first … first + columns − 1`, of `height` rows each, the first of them at `panel`, in which their own rows
   * come first. False if a pivot is zero or not finite, or when the rules end it.
   */
  eliminate(
    panels: Float64Array,
    panel: number,
    height: number,
    first: number,
    columns: number,
    rules: ResolvedPivotRules,
  ): boolean {
    for (let from = 0; from < columns; from += panelWidth) {
      const to = Math.min(columns, from + panelWidth);
      if (!this.eliminateStrip(panels, panel, height, first, from, to, rules)) return false;
      if (this.stopped(rules, 2 * (to - from) * (height - to) * (columns - to))) return false;
      this.update.subtract(
        panels,
        panel + to * height + to,
        height,
        height - to,
        columns - to,
        panels,
        panel + from * height + to,
        height,
        this.diagonal,
        first + from,
        to - from,
      );
    }
    return true;
  }

  /** Pivots `from … to − 1` of a panel, one after the other, applied to each other's columns. */
  private eliminateStrip(
    panels: Float64Array,
    panel: number,
    height: number,
    first: number,
    from: number,
    to: number,
    rules: ResolvedPivotRules,
  ): boolean {
    const { diagonal, permutation } = this;
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
}
