import { describe, expect, it } from 'vitest';
import {
  assembleSparse,
  multiplyLowerTriangle,
  nestedDissectionOrder,
  SparseSymmetricFactor,
  type SparseMatrix,
} from '../../../lib/linalg/index.js';
import { coarsen, inducedSubgraph, unitGraph, type Graph } from '../../../lib/linalg/graph.js';
import { IndexedHeap } from '../../../lib/linalg/indexed-heap.js';
import { findSeparator } from '../../../lib/linalg/vertex-separator.js';
import { randomStream } from '../../../lib/random/index.js';

const random = randomStream(5, 'nested-dissection');

function graphOf(count: number, edges: readonly (readonly [number, number])[]): Graph {
  const neighbours: number[][] = Array.from({ length: count }, () => []);
  for (const [a, b] of edges) {
    neighbours[a]!.push(b);
    neighbours[b]!.push(a);
  }
  const starts = new Int32Array(count + 1);
  for (let v = 0; v < count; v++) starts[v + 1] = starts[v]! + neighbours[v]!.length;
  return unitGraph(count, starts, Int32Array.from(neighbours.flat()));
}

function randomGraph(count: number, degree: number): Graph {
  const edges = new Map<number, [number, number]>();
  for (let k = 0; k < (count * degree) / 2; k++) {
    const a = random.integer(count);
    const b = random.integer(count);
    if (a !== b) edges.set(Math.min(a, b) * count + Math.max(a, b), [a, b]);
  }
  return graphOf(count, [...edges.values()]);
}

function gridGraph(side: number): Graph {
  const edges: [number, number][] = [];
  for (let k = 0; k < side * side; k++) {
    if (k % side !== side - 1) edges.push([k, k + 1]);
    if (k + side < side * side) edges.push([k, k + side]);
  }
  return graphOf(side * side, edges);
}

/** Vertex i is tied to 2i + 1, 3i + 2 and 5i + 4 modulo n, as in many test problems: cliques whose factors fill. */
function filling(count: number): SparseMatrix {
  const rows: number[] = [];
  const columns: number[] = [];
  const values: number[] = [];
  for (let i = 0; i < count; i++) {
    const group = [i, (2 * i + 1) % count, (3 * i + 2) % count, (5 * i + 4) % count];
    for (const a of group) {
      for (const b of group) {
        rows.push(Math.max(a, b));
        columns.push(Math.min(a, b));
        values.push(a === b ? 10 : 0.5);
      }
    }
  }
  return assembleSparse(count, count, rows, columns, values).matrix;
}

const choose = (limit: number): number => random.integer(limit);

describe('IndexedHeap', () => {
  it('always has the item of highest priority on top', () => {
    for (let trial = 0; trial < 50; trial++) {
      const heap = new IndexedHeap(30);
      const known = new Map<number, number>();
      for (let step = 0; step < 200; step++) {
        const item = random.integer(30);
        if (random.uniform() < 0.3) {
          heap.remove(item);
          known.delete(item);
        } else {
          const priority = random.integer(40);
          heap.set(item, priority);
          known.set(item, priority);
        }
        expect(heap.has(item)).toBe(known.has(item));
        const best = Math.max(...known.values());
        if (known.size === 0) expect(heap.top).toBe(-1);
        else expect(known.get(heap.top)).toBe(best);
      }
      heap.clear();
      expect(heap.top).toBe(-1);
    }
  });
});

describe('graphs', () => {
  it('keep their weights when vertices are merged, and edges between merged vertices add up', () => {
    for (let trial = 0; trial < 30; trial++) {
      const graph = randomGraph(80, 5);
      const order = Int32Array.from({ length: 80 }, (_, v) => v);
      const { graph: coarse, coarseOf } = coarsen(graph, order, 2);
      expect(coarse.vertexWeights.reduce((sum, weight) => sum + weight, 0)).toBe(80);
      const between = new Map<string, number>();
      for (let v = 0; v < 80; v++) {
        for (let e = graph.starts[v]!; e < graph.starts[v + 1]!; e++) {
          const a = coarseOf[v]!;
          const b = coarseOf[graph.neighbours[e]!]!;
          if (a !== b) between.set(`${a} ${b}`, (between.get(`${a} ${b}`) ?? 0) + 1);
        }
      }
      let found = 0;
      for (let a = 0; a < coarse.count; a++) {
        for (let e = coarse.starts[a]!; e < coarse.starts[a + 1]!; e++, found++) {
          expect(coarse.edgeWeights[e]).toBe(between.get(`${a} ${coarse.neighbours[e]!}`));
        }
      }
      expect(found).toBe(between.size);
      expect(coarse.count).toBeLessThan(60);
    }
  });

  it('give induced subgraphs with the edges among the chosen vertices', () => {
    const graph = gridGraph(4);
    const sub = inducedSubgraph(graph, Int32Array.of(0, 1, 5, 15), new Int32Array(16));
    expect(Array.from(sub.starts)).toEqual([0, 1, 3, 4, 4]);
    expect(Array.from(sub.neighbours)).toEqual([1, 0, 2, 1]);
  });
});

describe('findSeparator', () => {
  it('leaves no edge between the parts and neither part with nearly everything', () => {
    for (let trial = 0; trial < 40; trial++) {
      const graph = trial % 4 === 0 ? gridGraph(5 + random.integer(30)) : randomGraph(50 + random.integer(600), 4);
      const parts = findSeparator(graph, choose);
      const sizes = [0, 0, 0];
      let crossing = 0;
      for (let v = 0; v < graph.count; v++) {
        sizes[parts[v]!]! += 1;
        for (let e = graph.starts[v]!; e < graph.starts[v + 1]!; e++) {
          if (parts[v] === 0 && parts[graph.neighbours[e]!] === 1) crossing++;
        }
      }
      expect(crossing).toBe(0);
      expect(Math.max(sizes[0]!, sizes[1]!)).toBeLessThanOrEqual(0.65 * graph.count);
    }
  });

  it('cuts a grid by about one of its lines', () => {
    const parts = findSeparator(gridGraph(40), choose);
    expect(parts.filter((part) => part === 2).length).toBeLessThanOrEqual(56);
  });
});

describe('nestedDissectionOrder', () => {
  it('returns a permutation for graphs of many shapes, the same each time', () => {
    for (let trial = 0; trial < 40; trial++) {
      const graph = randomGraph(1 + random.integer(500), 8 * random.uniform());
      const order = nestedDissectionOrder(graph.count, graph.starts, graph.neighbours);
      expect(Array.from(order).sort((a, b) => a - b)).toEqual(Array.from({ length: graph.count }, (_, i) => i));
      expect(nestedDissectionOrder(graph.count, graph.starts, graph.neighbours)).toEqual(order);
    }
  });

  it('puts vertices with very many neighbours last', () => {
    const count = 3000;
    const edges: [number, number][] = [];
    for (let v = 1; v < count; v++) {
      edges.push([0, v]);
      if (v > 1) edges.push([v - 1, v]);
    }
    const { starts, neighbours } = graphOf(count, edges);
    expect(nestedDissectionOrder(count, starts, neighbours)[count - 1]).toBe(0);
  });

  it('halves the work on a graph whose short cuts mislead local rules', () => {
    const count = 3000;
    const matrix = filling(count);
    const edges: [number, number][] = [];
    for (let j = 0; j < count; j++) {
      for (let k = matrix.columnStarts[j]!; k < matrix.columnStarts[j + 1]!; k++) {
        if (matrix.rowIndices[k]! !== j) edges.push([matrix.rowIndices[k]!, j]);
      }
    }
    const { starts, neighbours } = graphOf(count, edges);
    const order = nestedDissectionOrder(count, starts, neighbours);
    const natural = Int32Array.from({ length: count }, (_, i) => i);
    const dissected = new SparseSymmetricFactor(matrix, order).operations;
    expect(dissected).toBeLessThan(0.1 * new SparseSymmetricFactor(matrix, natural).operations);
    // What the constructor chooses by itself is no worse.
    expect(new SparseSymmetricFactor(matrix).operations).toBeLessThanOrEqual(1.01 * dissected);
  });
});

describe('the analysis of a pattern', () => {
  const matrix = filling(2000);
  const questionsOf = (end: number): { asked: number; factor: SparseSymmetricFactor } => {
    let asked = 0;
    const factor = new SparseSymmetricFactor(matrix, undefined, undefined, () => ++asked >= end);
    return { asked, factor };
  };

  it('asks often whether to stop, and ends with the first answer that says so', () => {
    const { asked: all } = questionsOf(Infinity);
    expect(all).toBeGreaterThan(100);
    for (const share of [0, 0.01, 0.05, 0.2, 0.5, 0.9]) {
      const end = 1 + Math.floor(share * (all - 1));
      const { asked, factor } = questionsOf(end);
      expect(asked).toBe(end);
      expect(factor.operations).toBe(Infinity);
    }
  });

  it('is made up for by the next factorisation that is not stopped', () => {
    const { factor } = questionsOf(3);
    expect(factor.factor(matrix.values, { stop: () => true })).toBe(false);
    expect(() => factor.solve(new Float64Array(matrix.columns))).toThrow(RangeError);
    expect(factor.factor(matrix.values)).toBe(true);
    const solution = Float64Array.from({ length: matrix.columns }, (_, k) => Math.sin(k));
    const rightHandSide = new Float64Array(matrix.columns);
    multiplyLowerTriangle(matrix, solution, rightHandSide);
    factor.solve(rightHandSide);
    rightHandSide.forEach((value, k) => expect(value).toBeCloseTo(solution[k]!, 8));
  });
});
