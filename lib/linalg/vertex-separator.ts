import { coarsen, type Graph } from './graph.js';
import { IndexedHeap } from './indexed-heap.js';

/** Part of each vertex: 0 or 1, or 2 for the separator, across which no edge leads from 0 to 1. */
export type Parts = Uint8Array;

const separator = 2;
/** Vertices at which coarsening ends. */
const coarsest = 100;
/** Bisections tried on the coarsest graph. */
const attempts = 8;
/** Share of the weight that one part may have. */
const largestShare = 0.6;
const passes = 6;

/** Pseudo-random integers below `limit`, the same in every run. */
export type RandomIndex = (limit: number) => number;

/**
 * A small vertex separator that splits a graph into two parts of similar weight, by the multilevel scheme (Karypis &
 * Kumar 1998): matched vertices are merged until the graph is small, a bisection is grown there, and on the way back the
 * separator is refined by moves of single vertices (Fiduccia–Mattheyses; Ashcraft & Liu 1997). Undefined when `stop`,
 * asked on every level, ended it.
 */
export function findSeparator(graph: Graph, random: RandomIndex, stop: () => boolean): Parts | undefined;
export function findSeparator(graph: Graph, random: RandomIndex): Parts;
export function findSeparator(graph: Graph, random: RandomIndex, stop = (): boolean => false): Parts | undefined {
  if (stop()) return undefined;
  if (graph.count <= coarsest) return bestBisection(graph, random);
  const order = shuffledByDegree(graph, random);
  const { graph: smaller, coarseOf } = coarsen(graph, order, Math.ceil((1.5 * graph.totalWeight) / coarsest));
  if (smaller.count > 0.95 * graph.count) return bestBisection(graph, random);
  const coarse = findSeparator(smaller, random, stop);
  if (coarse === undefined || stop()) return undefined;
  const parts = new Uint8Array(graph.count);
  for (let v = 0; v < graph.count; v++) parts[v] = coarse[coarseOf[v]!]!;
  new SeparatorRefinement(graph, parts).run();
  return parts;
}

/** Vertices of low degree first, in random order among those of the same degree. */
function shuffledByDegree({ count, starts }: Graph, random: RandomIndex): Int32Array {
  const order = Int32Array.from({ length: count }, (_, v) => v);
  for (let k = count - 1; k > 0; k--) {
    const other = random(k + 1);
    const kept = order[k]!;
    order[k] = order[other]!;
    order[other] = kept;
  }
  const largest = 1 + Math.ceil((0.7 * starts[count]!) / Math.max(1, count));
  const degree = (v: number): number => Math.min(largest, starts[v + 1]! - starts[v]!);
  const places = new Int32Array(largest + 2);
  for (let v = 0; v < count; v++) places[degree(v) + 1]! += 1;
  for (let d = 0; d <= largest; d++) places[d + 1]! += places[d]!;
  const sorted = new Int32Array(count);
  for (const v of order) sorted[places[degree(v)]!++] = v;
  return sorted;
}

/** The best of several grown bisections, refined. */
function bestBisection(graph: Graph, random: RandomIndex): Parts {
  let best: Parts | undefined;
  let least = Infinity;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const parts = growBisection(graph, random);
    const cost = new SeparatorRefinement(graph, parts).run();
    if (cost < least) {
      least = cost;
      best = parts;
    }
  }
  return best!;
}

/** Part 0 grows around a random vertex until it has half of the weight; its outer boundary is the separator. */
function growBisection({ count, starts, neighbours, vertexWeights, totalWeight }: Graph, random: RandomIndex): Parts {
  const parts: Parts = new Uint8Array(count).fill(1);
  const queue = new Int32Array(count);
  const seen = new Uint8Array(count);
  let head = 0;
  let tail = 0;
  let weight = 0;
  let fresh = 0;
  while (weight < 0.5 * totalWeight) {
    if (head === tail) {
      // The first vertex, or the next component.
      let v = tail === 0 ? random(count) : fresh;
      while (seen[v] === 1) v = ++fresh;
      seen[v] = 1;
      queue[tail++] = v;
    }
    const v = queue[head++]!;
    parts[v] = 0;
    weight += vertexWeights[v]!;
    for (let e = starts[v]!; e < starts[v + 1]!; e++) {
      const u = neighbours[e]!;
      if (seen[u] === 1) continue;
      seen[u] = 1;
      queue[tail++] = u;
    }
  }
  for (let k = head; k < tail; k++) parts[queue[k]!] = separator;
  return parts;
}

/** Moves vertices between separator and parts while the separator shrinks. */
class SeparatorRefinement {
  private readonly weights = [0, 0, 0];
  /** Weight of each separator vertex's neighbours in either part. */
  private readonly pull: readonly [Int32Array, Int32Array];
  private readonly queues: readonly [IndexedHeap, IndexedHeap];
  private readonly locked: Uint8Array;
  /** Vertices and the parts that they left, in order. */
  private readonly trail: Int32Array;
  private readonly trailFrom: Uint8Array;
  private trailLength = 0;

  constructor(
    private readonly graph: Graph,
    private readonly parts: Parts,
  ) {
    const { count } = graph;
    this.pull = [new Int32Array(count), new Int32Array(count)];
    this.queues = [new IndexedHeap(count), new IndexedHeap(count)];
    this.locked = new Uint8Array(count);
    this.trail = new Int32Array(4 * count + 16);
    this.trailFrom = new Uint8Array(4 * count + 16);
  }

  /** Refines the parts in place; returns a cost: the weight of the separator, and a little for imbalance. */
  run(): number {
    const { graph, parts, weights } = this;
    for (let v = 0; v < graph.count; v++) weights[parts[v]!]! += graph.vertexWeights[v]!;
    let cost = this.cost();
    for (let pass = 0; pass < passes; pass++) {
      const improved = this.pass();
      if (!(improved < cost)) break;
      cost = improved;
    }
    return cost;
  }

  private cost(): number {
    const { weights, graph } = this;
    const heavier = Math.max(weights[0]!, weights[1]!);
    const excess = Math.max(0, heavier - largestShare * graph.totalWeight);
    return weights[separator]! + 10 * excess + (1e-3 * Math.abs(weights[0]! - weights[1]!)) / graph.totalWeight;
  }

  private measurePull(v: number): void {
    const { graph, parts, pull } = this;
    let zero = 0;
    let one = 0;
    for (let e = graph.starts[v]!; e < graph.starts[v + 1]!; e++) {
      const u = graph.neighbours[e]!;
      if (parts[u] === 0) zero += graph.vertexWeights[u]!;
      else if (parts[u] === 1) one += graph.vertexWeights[u]!;
    }
    pull[0][v] = zero;
    pull[1][v] = one;
  }

  private pass(): number {
    const { graph, parts, queues, locked, pull } = this;
    const { vertexWeights, count } = graph;
    locked.fill(0);
    queues[0].clear();
    queues[1].clear();
    for (let v = 0; v < count; v++) {
      if (parts[v] !== separator) continue;
      this.measurePull(v);
      queues[0].set(v, vertexWeights[v]! - pull[1][v]!);
      queues[1].set(v, vertexWeights[v]! - pull[0][v]!);
    }
    this.trailLength = 0;
    let best = this.cost();
    let bestLength = 0;
    let idle = 0;
    const patience = Math.max(25, Math.min(300, count >> 5));
    while (idle < patience) {
      const to = this.chooseSide();
      if (to < 0) break;
      this.move(queues[to]!.top, to as 0 | 1);
      idle++;
      const cost = this.cost();
      if (cost < best) {
        best = cost;
        bestLength = this.trailLength;
        idle = 0;
      }
      if (this.trailLength + graph.count > this.trail.length) break;
    }
    this.undo(bestLength);
    return best;
  }

  /** Part that the best movable vertex of the separator goes to; −1 when none may move. */
  private chooseSide(): number {
    const { queues, weights, graph } = this;
    const limit = largestShare * graph.totalWeight;
    const gains = [0, 1].map((side) => {
      const v = queues[side]!.top;
      if (v < 0) return -Infinity;
      const grown = weights[side]! + graph.vertexWeights[v]!;
      return grown > limit && grown > weights[1 - side]! ? -Infinity : queues[side]!.priorityOf(v);
    });
    if (gains[0] === -Infinity && gains[1] === -Infinity) return -1;
    if (gains[0] !== gains[1]) return gains[0]! > gains[1]! ? 0 : 1;
    return weights[0]! <= weights[1]! ? 0 : 1;
  }

  private put(v: number, part: number): void {
    const { parts, weights, graph } = this;
    weights[parts[v]!]! -= graph.vertexWeights[v]!;
    weights[part]! += graph.vertexWeights[v]!;
    parts[v] = part;
  }

  private note(v: number): void {
    this.trail[this.trailLength] = v;
    this.trailFrom[this.trailLength++] = this.parts[v]!;
  }

  /** Moves a separator vertex to a part; its neighbours in the other part enter the separator. */
  private move(v: number, to: 0 | 1): void {
    const { graph, parts, queues, locked, pull } = this;
    const { starts, neighbours, vertexWeights } = graph;
    const other = (1 - to) as 0 | 1;
    queues[0].remove(v);
    queues[1].remove(v);
    locked[v] = 1;
    this.note(v);
    this.put(v, to);
    for (let e = starts[v]!; e < starts[v + 1]!; e++) {
      const u = neighbours[e]!;
      if (parts[u] === separator) {
        pull[to][u]! += vertexWeights[v]!;
        if (locked[u] === 0 && queues[other].has(u)) queues[other].set(u, vertexWeights[u]! - pull[to][u]!);
      } else if (parts[u] === other) this.drawIn(u, to, other);
    }
  }

  private drawIn(u: number, to: 0 | 1, other: 0 | 1): void {
    const { graph, parts, queues, locked, pull } = this;
    const { starts, neighbours, vertexWeights } = graph;
    this.note(u);
    this.put(u, separator);
    this.measurePull(u);
    if (locked[u] === 0) queues[to].set(u, vertexWeights[u]! - pull[other][u]!);
    for (let e = starts[u]!; e < starts[u + 1]!; e++) {
      const w = neighbours[e]!;
      if (parts[w] !== separator || w === u) continue;
      pull[other][w]! -= vertexWeights[u]!;
      if (locked[w] === 0 && queues[to].has(w)) queues[to].set(w, vertexWeights[w]! - pull[other][w]!);
    }
  }

  private undo(length: number): void {
    while (this.trailLength > length) {
      const at = --this.trailLength;
      this.put(this.trail[at]!, this.trailFrom[at]!);
    }
  }
}
