/** An undirected graph without loops, each edge stored at both ends. */
export interface Graph {
  readonly count: number;
  /** Neighbours of vertex v: `neighbours[starts[v] … starts[v + 1])`. */
  readonly starts: Int32Array;
  readonly neighbours: Int32Array;
  /** Original edges that each edge stands for. */
  readonly edgeWeights: Int32Array;
  /** Original vertices that each vertex stands for. */
  readonly vertexWeights: Int32Array;
  readonly totalWeight: number;
}

/** A graph of unit weights. */
export function unitGraph(count: number, starts: Int32Array, neighbours: Int32Array): Graph {
  return {
    count,
    starts,
    neighbours,
    edgeWeights: new Int32Array(neighbours.length).fill(1),
    vertexWeights: new Int32Array(count).fill(1),
    totalWeight: count,
  };
}

/** The subgraph of some vertices, in their order; `place` is scratch of the graph's size. */
export function inducedSubgraph(graph: Graph, vertices: Int32Array, place: Int32Array): Graph {
  const { starts, neighbours } = graph;
  place.fill(-1, 0, graph.count);
  for (let k = 0; k < vertices.length; k++) place[vertices[k]!] = k;
  const ownStarts = new Int32Array(vertices.length + 1);
  const vertexWeights = new Int32Array(vertices.length);
  let length = 0;
  let totalWeight = 0;
  for (let k = 0; k < vertices.length; k++) {
    const v = vertices[k]!;
    vertexWeights[k] = graph.vertexWeights[v]!;
    totalWeight += vertexWeights[k]!;
    for (let e = starts[v]!; e < starts[v + 1]!; e++) if (place[neighbours[e]!]! >= 0) length++;
    ownStarts[k + 1] = length;
  }
  const own = new Int32Array(length);
  const edgeWeights = new Int32Array(length);
  let at = 0;
  for (const v of vertices) {
    for (let e = starts[v]!; e < starts[v + 1]!; e++) {
      const u = place[neighbours[e]!]!;
      if (u < 0) continue;
      own[at] = u;
      edgeWeights[at++] = graph.edgeWeights[e]!;
    }
  }
  return { count: vertices.length, starts: ownStarts, neighbours: own, edgeWeights, vertexWeights, totalWeight };
}

/** A graph with pairs of vertices merged, and the coarse vertex of each vertex. */
export interface Coarsening {
  readonly graph: Graph;
  readonly coarseOf: Int32Array;
}

/**
 * Merges matched pairs, heavy edges first (Karypis & Kumar 1998). `order` says in which order vertices choose a partner;
 * no vertex grows beyond `largestWeight`.
 */
export function coarsen(graph: Graph, order: Int32Array, largestWeight: number): Coarsening {
  const { count, starts, neighbours, edgeWeights, vertexWeights } = graph;
  const partner = new Int32Array(count).fill(-1);
  for (const v of order) {
    if (partner[v]! >= 0) continue;
    let best = v;
    let heaviest = 0;
    for (let e = starts[v]!; e < starts[v + 1]!; e++) {
      const u = neighbours[e]!;
      if (partner[u]! >= 0 || edgeWeights[e]! <= heaviest) continue;
      if (vertexWeights[u]! + vertexWeights[v]! > largestWeight) continue;
      best = u;
      heaviest = edgeWeights[e]!;
    }
    partner[v] = best;
    partner[best] = v;
  }
  const coarseOf = new Int32Array(count).fill(-1);
  const first: number[] = [];
  for (let v = 0; v < count; v++) {
    if (coarseOf[v]! >= 0) continue;
    coarseOf[v] = coarseOf[partner[v]!] = first.length;
    first.push(v);
  }
  return { graph: merge(graph, first, partner, coarseOf), coarseOf };
}

function merge(graph: Graph, first: readonly number[], partner: Int32Array, coarseOf: Int32Array): Graph {
  const { starts, neighbours, edgeWeights, vertexWeights } = graph;
  const count = first.length;
  const coarseStarts = new Int32Array(count + 1);
  const coarseNeighbours = new Int32Array(neighbours.length);
  const coarseEdges = new Int32Array(neighbours.length);
  const coarseVertices = new Int32Array(count);
  const place = new Int32Array(count).fill(-1);
  let length = 0;
  for (let c = 0; c < count; c++) {
    const begin = length;
    place[c] = length;
    const v = first[c]!;
    const both = partner[v] === v ? [v] : [v, partner[v]!];
    for (const member of both) {
      coarseVertices[c]! += vertexWeights[member]!;
      for (let e = starts[member]!; e < starts[member + 1]!; e++) {
        const u = coarseOf[neighbours[e]!]!;
        if (u === c) continue;
        const at = place[u]!;
        if (at >= begin && at < length && coarseNeighbours[at] === u) {
          coarseEdges[at]! += edgeWeights[e]!;
          continue;
        }
        place[u] = length;
        coarseNeighbours[length] = u;
        coarseEdges[length++] = edgeWeights[e]!;
      }
    }
    coarseStarts[c + 1] = length;
  }
  return {
    count,
    starts: coarseStarts,
    neighbours: coarseNeighbours.slice(0, length),
    edgeWeights: coarseEdges.slice(0, length),
    vertexWeights: coarseVertices,
    totalWeight: graph.totalWeight,
  };
}
