import { inducedSubgraph, unitGraph, type Graph } from './graph.js';
import { minimumDegreeOrder } from './minimum-degree.js';
import { findSeparator, type RandomIndex } from './vertex-separator.js';

/** Parts of at most so many vertices are ordered by minimum degree. */
const leafSize = 120;
/** Vertices of more than this times √n neighbours are left to the end. */
const denseFactor = 10;

/**
 * Fill-reducing order by nested dissection (George 1973): the vertices of a small separator are eliminated last, after
 * those of the two parts that it leaves, which are ordered in the same way. Far better than minimum degree on large
 * graphs with small separators that no local rule finds; takes several times longer. Deterministic. Undefined when
 * `stop` ended it.
 *
 * @param count - Number of vertices.
 * @param starts - Where each vertex' neighbours begin, length count + 1.
 * @param neighbours - Neighbours of each vertex, vertex by vertex, without itself.
 * @param stop - Asked now and then; true ends the work.
 * @example
 * ```ts
 * import { nestedDissectionOrder } from 'sft-opt/linalg';
 *
 * // A path of five vertices.
 * const starts = Int32Array.of(0, 1, 3, 5, 7, 8);
 * const order = nestedDissectionOrder(5, starts, Int32Array.of(1, 0, 2, 1, 3, 2, 4, 3), () => false)!;
 * console.log([...order].sort()); // [ 0, 1, 2, 3, 4 ]
 * ```
 */
export function nestedDissectionOrder(
  count: number,
  starts: Int32Array,
  neighbours: Int32Array,
  stop: () => boolean,
): Int32Array | undefined;
export function nestedDissectionOrder(count: number, starts: Int32Array, neighbours: Int32Array): Int32Array;
export function nestedDissectionOrder(
  count: number,
  starts: Int32Array,
  neighbours: Int32Array,
  stop?: () => boolean,
): Int32Array | undefined {
  const limit = Math.max(40, denseFactor * Math.sqrt(count));
  const sparse: number[] = [];
  const dense: number[] = [];
  for (let v = 0; v < count; v++) (starts[v + 1]! - starts[v]! > limit ? dense : sparse).push(v);
  const order = new Int32Array(count);
  order.set(dense, sparse.length);
  const whole = unitGraph(count, starts, neighbours);
  const vertices = Int32Array.from(sparse);
  const place = new Int32Array(count);
  let state = 12345;
  const random: RandomIndex = (bound) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return Math.floor((state / 0x80000000) * bound);
  };
  const done = dissect(inducedSubgraph(whole, vertices, place), vertices, order, 0, { random, place, stop });
  return done ? order : undefined;
}

interface Dissection {
  readonly random: RandomIndex;
  readonly place: Int32Array;
  readonly stop: (() => boolean) | undefined;
}

/** Writes the order of a subgraph, whose vertices have these names, from `position` on; false when stopped. */
function dissect(graph: Graph, names: Int32Array, order: Int32Array, position: number, tools: Dissection): boolean {
  const stop = tools.stop ?? never;
  const leave = (): boolean => {
    const local = minimumDegreeOrder(graph.count, graph.starts, graph.neighbours, stop);
    if (local === undefined) return false;
    for (let k = 0; k < local.length; k++) order[position + k] = names[local[k]!]!;
    return true;
  };
  if (stop()) return false;
  if (graph.count <= leafSize) return leave();
  const parts = findSeparator(graph, tools.random, stop);
  if (parts === undefined) return false;
  const members: [number[], number[], number[]] = [[], [], []];
  for (let v = 0; v < graph.count; v++) members[parts[v] as 0 | 1 | 2].push(v);
  // A graph without a separator worth the name.
  if (members[0].length === 0 || members[1].length === 0) return leave();
  let at = position;
  for (const part of [members[0], members[1]]) {
    const vertices = Int32Array.from(part);
    const own = vertices.map((v) => names[v]!);
    if (!dissect(inducedSubgraph(graph, vertices, tools.place), own, order, at, tools)) return false;
    at += part.length;
  }
  for (const v of members[2]) order[at++] = names[v]!;
  return true;
}

const never = (): boolean => false;
