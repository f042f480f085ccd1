/** Rows and columns of the register block that `subtractBlock` keeps in local variables. */
const block = 4;
/** Length of the products packed at once, so that a block of rows stays in the first-level cache. */
const depth = 160;
/** Rows packed and used together: rows × depth stay in the second-level cache. */
const band = 96;

/**
 * C ← C − L·D·Lᵀ on the lower triangle, for dense columns: the kernel in which supernodal factorisations spend their
 * time. Operands are packed into rows of four, so that the inner loop reads consecutive numbers.
 */
export class DenseUpdate {
  private left = new Float64Array(0);
  private right = new Float64Array(0);
  private readonly edge = new Float64Array(block * block);

  /**
   * The lower trapezoid of C (`rows` × `columns`, rows ≥ columns, its column j from position `at + j·stride` on) loses
   * Σₖ d[k]·l[:,k]·l[j,k]; column k of L begins at `source + k·sourceStride`, its row 0 belonging to row 0 of C. What
   * stands above the diagonal of C may be overwritten.
   */
  subtract(
    target: Float64Array,
    at: number,
    stride: number,
    rows: number,
    columns: number,
    factor: Float64Array,
    source: number,
    sourceStride: number,
    diagonal: Float64Array,
    firstPivot: number,
    pivots: number,
  ): void {
    if (columns === 0 || pivots === 0) return;
    this.reserve(columns);
    for (let from = 0; from < pivots; from += depth) {
      const length = Math.min(depth, pivots - from);
      const begin = source + from * sourceStride;
      packScaled(factor, begin, sourceStride, columns, length, diagonal, firstPivot + from, this.right);
      for (let top = 0; top < rows; top += band) {
        const height = Math.min(band, rows - top);
        pack(factor, begin + top, sourceStride, height, length, this.left);
        this.subtractBand(target, at, stride, rows, columns, top, height, length);
      }
    }
  }

  private subtractBand(
    target: Float64Array,
    at: number,
    stride: number,
    rows: number,
    columns: number,
    top: number,
    height: number,
    length: number,
  ): void {
    const { left, right, edge } = this;
    const last = Math.min(columns, top + height);
    for (let j = 0; j < last; j += block) {
      const fits = j + block <= columns;
      // Row blocks begin at multiples of four as column blocks do, so that the first one holds the diagonal.
      for (let i = j > top ? j - top : 0; i < height; i += block) {
        const place = at + j * stride + top + i;
        if (fits && top + i + block <= rows) {
          subtractBlock(length, left, i * length, right, j * length, target, place, stride);
          continue;
        }
        edge.fill(0);
        subtractBlock(length, left, i * length, right, j * length, edge, 0, block);
        const width = Math.min(block, columns - j);
        const tall = Math.min(block, rows - top - i);
        for (let c = 0; c < width; c++) {
          for (let r = 0; r < tall; r++) target[place + c * stride + r]! += edge[c * block + r]!;
        }
      }
    }
  }

  private reserve(columns: number): void {
    const wanted = (columns + block) * depth;
    if (this.right.length < wanted) this.right = new Float64Array(wanted);
    if (this.left.length === 0) this.left = new Float64Array((band + block) * depth);
  }
}

/** Rows of L in groups of four, product index by product index; the last group is filled up with zeros. */
function pack(
  factor: Float64Array,
  begin: number,
  stride: number,
  rows: number,
  length: number,
  packed: Float64Array,
): void {
  let place = 0;
  for (let i = 0; i < rows; i += block) {
    let from = begin + i;
    const tall = Math.min(block, rows - i);
    if (tall === block) {
      for (let k = 0; k < length; k++, from += stride, place += block) {
        packed[place] = factor[from]!;
        packed[place + 1] = factor[from + 1]!;
        packed[place + 2] = factor[from + 2]!;
        packed[place + 3] = factor[from + 3]!;
      }
      continue;
    }
    for (let k = 0; k < length; k++, from += stride, place += block) {
      for (let r = 0; r < block; r++) packed[place + r] = r < tall ? factor[from + r]! : 0;
    }
  }
}

function packScaled(
  factor: Float64Array,
  begin: number,
  stride: number,
  rows: number,
  length: number,
  diagonal: Float64Array,
  firstPivot: number,
  packed: Float64Array,
): void {
  pack(factor, begin, stride, rows, length, packed);
  let place = 0;
  for (let i = 0; i < rows; i += block) {
    for (let k = 0; k < length; k++, place += block) {
      const pivot = diagonal[firstPivot + k]!;
      packed[place]! *= pivot;
      packed[place + 1]! *= pivot;
      packed[place + 2]! *= pivot;
      packed[place + 3]! *= pivot;
    }
  }
}

/** A 4 × 4 block of C minus the product of two packed groups of rows. */
function subtractBlock(
  length: number,
  left: Float64Array,
  leftAt: number,
  right: Float64Array,
  rightAt: number,
  target: Float64Array,
  at: number,
  stride: number,
): void {
  let c00 = 0;
  let c10 = 0;
  let c20 = 0;
  let c30 = 0;
  let c01 = 0;
  let c11 = 0;
  let c21 = 0;
  let c31 = 0;
  let c02 = 0;
  let c12 = 0;
  let c22 = 0;
  let c32 = 0;
  let c03 = 0;
  let c13 = 0;
  let c23 = 0;
  let c33 = 0;
  for (let k = 0; k < length; k++, leftAt += block, rightAt += block) {
    const a0 = left[leftAt]!;
    const a1 = left[leftAt + 1]!;
    const a2 = left[leftAt + 2]!;
    const a3 = left[leftAt + 3]!;
    const b0 = right[rightAt]!;
    c00 += a0 * b0;
    c10 += a1 * b0;
    c20 += a2 * b0;
    c30 += a3 * b0;
    const b1 = right[rightAt + 1]!;
    c01 += a0 * b1;
    c11 += a1 * b1;
    c21 += a2 * b1;
    c31 += a3 * b1;
    const b2 = right[rightAt + 2]!;
    c02 += a0 * b2;
    c12 += a1 * b2;
    c22 += a2 * b2;
    c32 += a3 * b2;
    const b3 = right[rightAt + 3]!;
    c03 += a0 * b3;
    c13 += a1 * b3;
    c23 += a2 * b3;
    c33 += a3 * b3;
  }
  target[at]! -= c00;
  target[at + 1]! -= c10;
  target[at + 2]! -= c20;
  target[at + 3]! -= c30;
  at += stride;
  target[at]! -= c01;
  target[at + 1]! -= c11;
  target[at + 2]! -= c21;
  target[at + 3]! -= c31;
  at += stride;
  target[at]! -= c02;
  target[at + 1]! -= c12;
  target[at + 2]! -= c22;
  target[at + 3]! -= c32;
  at += stride;
  target[at]! -= c03;
  target[at + 1]! -= c13;
  target[at + 2]! -= c23;
  target[at + 3]! -= c33;
}
