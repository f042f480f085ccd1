/**
 * Fill-reducing ordering by approximate minimum degree (Amestoy, Davis & Duff 1996): Gaussian elimination is simulated on
 * a quotient graph in which an eliminated node becomes an element, the clique of its neighbours. Degrees are bounded
 * from above, indistinguishable variables are merged, elements covered by the new one are absorbed, and nodes of very
 * high degree are left to the end. Undefined when `stop`, asked every so many list entries, ended it.
 *
 * @param order - Rows and columns of the matrix.
 * @param starts - Where each vertex' neighbours begin, length order + 1.
 * @param neighbours - Neighbours of each vertex, vertex by vertex, without itself.
 * @param stop - Asked now and then; true ends the work.
 * @example
 * ```ts
 * import { minimumDegreeOrder } from 'sft-opt/linalg';
 *
 * // A star: its centre, vertex 0, is not eliminated before two of its three leaves are.
 * const order = minimumDegreeOrder(4, Int32Array.of(0, 3, 4, 5, 6), Int32Array.of(1, 2, 3, 0, 0, 0), () => false)!;
 * console.log(order.indexOf(0) >= 2); // true
 * ```
 */
export function minimumDegreeOrder(
  order: number,
  starts: Int32Array,
  neighbours: Int32Array,
  stop: () => boolean,
): Int32Array | undefined;
export function minimumDegreeOrder(order: number, starts: Int32Array, neighbours: Int32Array): Int32Array;
export function minimumDegreeOrder(
  order: number,
  starts: Int32Array,
  neighbours: Int32Array,
  stop?: () => boolean,
): Int32Array | undefined {
  return new MinimumDegree(order, starts, neighbours).run(stop);
}

/** List entries looked at between two questions whether to stop: well below a millisecond. */
const entriesBetweenPolls = 50_000;

const denseFactor = 10;
const minimumDense = 16;

class MinimumDegree {
  /** Lists of variables and elements: element ids first, then variable ids. */
  private pool: Int32Array;
  private poolEnd: number;
  private readonly listStart: Int32Array;
  private readonly listLength: Int32Array;
  private readonly elementCount: Int32Array;
  /** Variables represented: > 0 a live variable, 0 a merged or eliminated one. */
  private readonly weight: Int32Array;
  private readonly liveElement: Uint8Array;
  /** Bound on a variable's degree; weight of an element's list. */
  private readonly degree: Int32Array;
  private readonly bucketHead: Int32Array;
  private readonly next: Int32Array;
  private readonly previous: Int32Array;
  private readonly mark: Int32Array;
  private tag = 0;
  /** Weight of an element outside the new one, valid where `outsideTag` is the present tag. */
  private readonly outside: Int32Array;
  private readonly outsideTag: Int32Array;
  /** Variables merged into a representative, as linked lists. */
  private readonly memberNext: Int32Array;
  private readonly memberLast: Int32Array;
  private readonly scratch: Int32Array;
  private lowestDegree = 0;
  /** List entries looked at since the last poll. */
  private looked = 0;

  constructor(
    private readonly order: number,
    starts: Int32Array,
    neighbours: Int32Array,
  ) {
    const count = starts[order]!;
    this.pool = new Int32Array(count + (count >> 1) + 2 * order + 16);
    this.pool.set(neighbours.subarray(0, count));
    this.poolEnd = count;
    this.listStart = starts.slice(0, order);
    this.listLength = new Int32Array(order);
    this.elementCount = new Int32Array(order);
    this.weight = new Int32Array(order).fill(1);
    this.liveElement = new Uint8Array(order);
    this.degree = new Int32Array(order);
    this.bucketHead = new Int32Array(order + 1).fill(-1);
    this.next = new Int32Array(order).fill(-1);
    this.previous = new Int32Array(order).fill(-1);
    this.mark = new Int32Array(order);
    this.outside = new Int32Array(order);
    this.outsideTag = new Int32Array(order);
    this.memberNext = new Int32Array(order).fill(-1);
    this.memberLast = Int32Array.from({ length: order }, (_, i) => i);
    this.scratch = new Int32Array(order + 1);
    for (let i = 0; i < order; i++) this.listLength[i] = starts[i + 1]! - starts[i]!;
  }

  run(stop?: () => boolean): Int32Array | undefined {
    const { order, weight, degree } = this;
    const denseNodes = this.deferDenseNodes();
    let remaining = 0;
    for (let i = 0; i < order; i++) {
      if (weight[i] === 0) continue;
      remaining++;
      this.insert(i, degree[i]!);
    }
    const pivots: number[] = [];
    while (remaining > 0) {
      if (stop !== undefined && this.looked > entriesBetweenPolls) {
        this.looked = 0;
        if (stop()) return undefined;
      }
      const pivot = this.takeLowest();
      pivots.push(pivot);
      remaining -= this.eliminate(pivot, remaining);
    }
    const result = new Int32Array(order);
    let position = 0;
    for (const pivot of pivots) {
      for (let i = pivot; i >= 0; i = this.memberNext[i]!) result[position++] = i;
    }
    for (const node of denseNodes) result[position++] = node;
    return result;
  }

  /** Takes nodes of very high degree out of the graph; the rest get their degrees. */
  private deferDenseNodes(): number[] {
    const { order, listStart, listLength, weight, degree, pool } = this;
    const limit = Math.max(minimumDense, denseFactor * Math.sqrt(order));
    const dense: number[] = [];
    for (let i = 0; i < order; i++) {
      if (listLength[i]! <= limit) continue;
      dense.push(i);
      weight[i] = 0;
    }
    dense.sort((a, b) => listLength[a]! - listLength[b]! || a - b);
    for (let i = 0; i < order; i++) {
      if (weight[i] === 0) continue;
      let kept = listStart[i]!;
      const end = kept + listLength[i]!;
      for (let k = kept; k < end; k++) {
        const j = pool[k]!;
        if (weight[j] !== 0 && j !== i) pool[kept++] = j;
      }
      listLength[i] = kept - listStart[i]!;
      degree[i] = listLength[i]!;
    }
    return dense;
  }

  private insert(node: number, degree: number): void {
    const head = this.bucketHead[degree]!;
    this.next[node] = head;
    this.previous[node] = -1;
    if (head >= 0) this.previous[head] = node;
    this.bucketHead[degree] = node;
    if (degree < this.lowestDegree) this.lowestDegree = degree;
  }

  private detach(node: number): void {
    const before = this.previous[node]!;
    const after = this.next[node]!;
    if (before >= 0) this.next[before] = after;
    else this.bucketHead[this.degree[node]!] = after;
    if (after >= 0) this.previous[after] = before;
  }

  private takeLowest(): number {
    while (this.bucketHead[this.lowestDegree]! < 0) this.lowestDegree++;
    const node = this.bucketHead[this.lowestDegree]!;
    this.detach(node);
    return node;
  }

  /** Eliminates a variable and all found indistinguishable on the way; returns how many variables that were. */
  private eliminate(pivot: number, remaining: number): number {
    const { weight, liveElement, listStart, listLength, elementCount, degree } = this;
    const elementWeight = this.formElement(pivot);
    this.measureOutside(pivot);
    const start = listStart[pivot]!;
    const length = listLength[pivot]!;
    const left = remaining - weight[pivot]!;
    for (let k = start; k < start + length; k++) {
      this.updateVariable(this.pool[k]!, pivot, elementWeight, left);
    }
    this.mergeIndistinguishable(start, length);
    let kept = start;
    let keptWeight = 0;
    for (let k = start; k < start + length; k++) {
      const i = this.pool[k]!;
      if (weight[i] === 0) continue;
      this.pool[kept++] = i;
      keptWeight += weight[i]!;
    }
    const eliminated = weight[pivot]!;
    weight[pivot] = 0;
    listLength[pivot] = kept - start;
    elementCount[pivot] = 0;
    degree[pivot] = keptWeight;
    liveElement[pivot] = kept > start ? 1 : 0;
    for (let k = start; k < kept; k++) {
      const i = this.pool[k]!;
      // Mass elimination may have shrunk the element since the degree was bounded.
      degree[i] = Math.max(0, Math.min(degree[i]!, remaining - eliminated - weight[i]!));
      this.insert(i, degree[i]);
    }
    return eliminated;
  }

  /** Gathers the variables adjacent to the pivot into a new list and absorbs its elements; returns their weight. */
  private formElement(pivot: number): number {
    const { listStart, listLength, elementCount, weight, mark, liveElement } = this;
    let needed = listLength[pivot]! - elementCount[pivot]!;
    for (let k = 0; k < elementCount[pivot]!; k++) needed += listLength[this.pool[listStart[pivot]! + k]!]!;
    if (this.poolEnd + needed > this.pool.length) this.compact(needed);
    const { pool } = this;
    const tag = ++this.tag;
    mark[pivot] = tag;
    const start = this.poolEnd;
    let end = start;
    let total = 0;
    const take = (from: number, to: number): void => {
      for (let k = from; k < to; k++) {
        const i = pool[k]!;
        if (weight[i] === 0 || mark[i] === tag) continue;
        mark[i] = tag;
        total += weight[i]!;
        pool[end++] = i;
        this.detach(i);
      }
    };
    const own = listStart[pivot]!;
    for (let k = 0; k < elementCount[pivot]!; k++) {
      const element = pool[own + k]!;
      if (liveElement[element] === 0) continue;
      take(listStart[element]!, listStart[element]! + listLength[element]!);
      liveElement[element] = 0;
      listLength[element] = 0;
    }
    take(own + elementCount[pivot]!, own + listLength[pivot]!);
    this.poolEnd = end;
    listStart[pivot] = start;
    listLength[pivot] = end - start;
    return total;
  }

  /** outside[e] ← weight of element e that lies outside the new element, for every element next to it. */
  private measureOutside(pivot: number): void {
    const { pool, listStart, listLength, elementCount, outside, outsideTag, degree, weight, liveElement, tag } = this;
    const start = listStart[pivot]!;
    for (let k = start; k < start + listLength[pivot]!; k++) {
      const i = pool[k]!;
      for (let e = listStart[i]!; e < listStart[i]! + elementCount[i]!; e++) {
        const element = pool[e]!;
        if (liveElement[element] === 0) continue;
        if (outsideTag[element] !== tag) {
          outsideTag[element] = tag;
          outside[element] = degree[element]!;
        }
        outside[element]! -= weight[i]!;
      }
    }
  }

  /** Prunes the lists of a variable next to the new element and bounds its degree. */
  private updateVariable(i: number, pivot: number, elementWeight: number, left: number): void {
    const { pool, listStart, listLength, elementCount, outside, weight, mark, scratch, liveElement, degree, tag } =
      this;
    const start = listStart[i]!;
    const elementsEnd = start + elementCount[i]!;
    const end = start + listLength[i]!;
    this.looked += end - start + 1;
    let count = 0;
    let external = 0;
    scratch[count++] = pivot;
    for (let k = start; k < elementsEnd; k++) {
      const element = pool[k]!;
      if (liveElement[element] === 0) continue;
      if (outside[element]! <= 0) {
        liveElement[element] = 0;
        continue;
      }
      external += outside[element]!;
      scratch[count++] = element;
    }
    const elements = count;
    for (let k = elementsEnd; k < end; k++) {
      const j = pool[k]!;
      if (weight[j] === 0 || mark[j] === tag) continue;
      external += weight[j]!;
      scratch[count++] = j;
    }
    if (external === 0) {
      this.merge(i, pivot);
      return;
    }
    for (let k = 0; k < count; k++) pool[start + k] = scratch[k]!;
    elementCount[i] = elements;
    listLength[i] = count;
    const withElement = elementWeight - weight[i]!;
    degree[i] = Math.min(degree[i]! + withElement, external + withElement, left - weight[i]!);
  }

  /** Makes variable `from` a member of `into`. */
  private merge(from: number, into: number): void {
    const { weight, memberNext, memberLast, listLength } = this;
    weight[into]! += weight[from]!;
    weight[from] = 0;
    memberNext[memberLast[into]!] = from;
    memberLast[into] = memberLast[from]!;
    listLength[from] = 0;
  }

  /** Merges variables of the new element whose lists are the same; equal sums of ids single out the pairs to compare. */
  private mergeIndistinguishable(start: number, length: number): void {
    const { pool, weight, listStart, listLength, elementCount, mark } = this;
    const groups = new Map<number, number[]>();
    for (let k = start; k < start + length; k++) {
      const i = pool[k]!;
      if (weight[i] === 0) continue;
      let sum = 0;
      for (let at = listStart[i]!; at < listStart[i]! + listLength[i]!; at++) sum += pool[at]!;
      const group = groups.get(sum);
      if (group === undefined) groups.set(sum, [i]);
      else group.push(i);
    }
    for (const group of groups.values()) {
      for (let a = 0; a + 1 < group.length; a++) {
        const i = group[a]!;
        if (weight[i] === 0) continue;
        const tag = ++this.tag;
        for (let at = listStart[i]!; at < listStart[i]! + listLength[i]!; at++) mark[pool[at]!] = tag;
        for (let b = a + 1; b < group.length; b++) {
          const j = group[b]!;
          if (weight[j] === 0 || listLength[j] !== listLength[i] || elementCount[j] !== elementCount[i]) continue;
          let equal = true;
          for (let at = listStart[j]!; equal && at < listStart[j]! + listLength[j]!; at++)
            equal = mark[pool[at]!] === tag;
          if (!equal) continue;
          this.degree[i] = Math.max(0, this.degree[i]! - weight[j]!);
          this.merge(j, i);
        }
      }
    }
  }

  /** Moves the live lists to the front of the pool, growing it when that is not enough. */
  private compact(needed: number): void {
    const { order, listStart, listLength, weight, liveElement } = this;
    const live: number[] = [];
    for (let i = 0; i < order; i++) if ((weight[i] !== 0 || liveElement[i] !== 0) && listLength[i]! > 0) live.push(i);
    live.sort((a, b) => listStart[a]! - listStart[b]!);
    let end = 0;
    for (const i of live) {
      this.pool.copyWithin(end, listStart[i]!, listStart[i]! + listLength[i]!);
      listStart[i] = end;
      end += listLength[i]!;
    }
    this.poolEnd = end;
    if (end + needed <= this.pool.length) return;
    const larger = new Int32Array(2 * (end + needed));
    larger.set(this.pool.subarray(0, end));
    this.pool = larger;
  }
}
