export interface OpenNode<Node> {
  readonly node: Node;
  /** Valid lower bound, the parent's at first. */
  readonly bound: number;
  readonly depth: number;
}

interface Entry<Node> extends OpenNode<Node> {
  readonly order: number;
}

/**
 * Open nodes. A binary heap by bound (then by age), and a stack of the current dive; `best-first` never uses the stack,
 * `depth-first` nothing else. Ties are broken by order of arrival, so that runs repeat.
 */
export class NodeQueue<Node> {
  private readonly heap: Entry<Node>[] = [];
  private stack: Entry<Node>[] = [];
  private arrivals = 0;

  constructor(private readonly selection: 'best-first' | 'depth-first' | 'hybrid') {}

  get size(): number {
    return this.heap.length + this.stack.length;
  }

  /** Adds siblings, the most promising first. */
  push(siblings: readonly OpenNode<Node>[]): void {
    const entries = siblings.map((sibling) => ({ ...sibling, order: this.arrivals++ }));
    if (this.selection === 'best-first') {
      for (const entry of entries) this.insert(entry);
    } else if (this.selection === 'depth-first') {
      this.stack.push(...entries.reverse());
    } else {
      // One child to dive into; the others wait with everyone else.
      for (const entry of this.stack) this.insert(entry);
      for (const entry of entries.slice(1)) this.insert(entry);
      this.stack = entries.slice(0, 1);
    }
  }

  /** The next node below the cutoff; those at or above it are dropped. */
  pop(cutoff: number): OpenNode<Node> | undefined {
    for (;;) {
      const entry = this.stack.pop() ?? this.removeLeast();
      if (!entry || entry.bound < cutoff) return entry;
    }
  }

  leastBound(): number {
    let least = this.heap[0]?.bound ?? Infinity;
    for (const { bound } of this.stack) least = Math.min(least, bound);
    return least;
  }

  private insert(entry: Entry<Node>): void {
    const { heap } = this;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(entry, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  private removeLeast(): Entry<Node> | undefined {
    const { heap } = this;
    const least = heap[0];
    const last = heap.pop();
    if (!least || !last || heap.length === 0) return least;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return least;
  }
}

function before<Node>(a: Entry<Node>, b: Entry<Node>): boolean {
  return a.bound < b.bound || (a.bound === b.bound && a.order < b.order);
}
