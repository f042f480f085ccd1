/** A point of a line; null where there is nothing, which breaks the line. */
export type LinePoint = readonly [x: number, y: number | null];

/**
 * At most some four points for each of `columns` equal intervals of x: the first, the least, the greatest and the last (Jugel and
 * others, M4, 2014). A line drawn no wider than `columns` pixels looks as it does with all points. Points are in order of x; a gap
 * stays where a whole interval has nothing.
 */
export function thinned(points: readonly LinePoint[], columns: number): readonly LinePoint[] {
  if (points.length <= 4 * columns) return points;
  const first = points[0]![0];
  const width = (points.at(-1)![0] - first) / columns;
  if (!(width > 0)) return points;
  const kept: LinePoint[] = [];
  let from = 0;
  while (from < points.length) {
    const column = Math.floor((points[from]![0] - first) / width);
    let to = from + 1;
    while (to < points.length && Math.floor((points[to]![0] - first) / width) === column) to++;
    kept.push(...extremes(points, from, to));
    from = to;
  }
  return kept;
}

function extremes(points: readonly LinePoint[], from: number, to: number): LinePoint[] {
  let [least, most, first, last] = [-1, -1, -1, -1];
  for (let k = from; k < to; k++) {
    const y = points[k]![1];
    if (y === null) continue;
    if (first < 0) first = k;
    last = k;
    if (least < 0 || y < points[least]![1]!) least = k;
    if (most < 0 || y > points[most]![1]!) most = k;
  }
  if (first < 0) return [points[from]!];
  return [...new Set([first, least, most, last])].sort((a, b) => a - b).map((k) => points[k]!);
}

/** Every k-th of many, and the last: no more than `most`. */
export function everyNth<Item>(items: readonly Item[], most: number): readonly Item[] {
  const step = Math.ceil(items.length / most);
  return step <= 1 ? items : items.filter((_, k) => k % step === 0 || k === items.length - 1);
}
