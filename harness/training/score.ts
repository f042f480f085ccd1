/** Counts right answers and sums cross-entropies over rows of logits. */
export class Score {
  /** Rows with a label. */
  rows = 0;
  private right = 0;
  private entropy = 0;

  constructor(private readonly labelCount: number) {}

  /** `labels` has an index for each row, or −1 for a row that is not judged. */
  add(logits: Float32Array, labels: Int32Array): void {
    labels.forEach((label, k) => {
      if (label < 0) return;
      const row = logits.subarray(k * this.labelCount, (k + 1) * this.labelCount);
      const largest = row.reduce((most, value) => Math.max(most, value), -Infinity);
      this.rows++;
      if (row.indexOf(largest) === label) this.right++;
      this.entropy += largest + Math.log(row.reduce((sum, value) => sum + Math.exp(value - largest), 0)) - row[label]!;
    });
  }

  /** Share whose likeliest answer is their label, 0 … 1. */
  get accuracy(): number {
    return this.right / this.rows;
  }

  /** Mean cross-entropy, nat. */
  get loss(): number {
    return this.entropy / this.rows;
  }
}
