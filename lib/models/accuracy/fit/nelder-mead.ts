/** What a direct search found. */
export interface DirectSearchResult {
  /** Best point found. */
  readonly point: Float64Array;
  /** Function there. */
  readonly value: number;
  /** Evaluations of the function. */
  readonly evaluations: number;
}

/**
 * Minimum of a function without derivatives by the simplex search of Nelder and Mead (1965), coefficients adapted to
 * the number of variables (Gao & Han 2012). Ends when the simplex is flat and small, or after `evaluations` calls.
 *
 * @param f - The function; Infinity where it is not defined.
 * @param start - Where the search begins.
 * @param options - Size of the first simplex, tolerance and limit.
 * @example
 * ```ts
 * import { nelderMead } from 'sft-opt/models';
 *
 * const { point } = nelderMead(([x, y]) => (x! - 1) ** 2 + (y! + 2) ** 2, Float64Array.of(0, 0), { size: 1 });
 * console.log(point.map((value) => Math.round(1e3 * value) / 1e3)); // Float64Array(2) [ 1, -2 ]
 * ```
 */
export function nelderMead(
  f: (point: Float64Array) => number,
  start: Float64Array,
  options: { readonly size: number; readonly tolerance?: number; readonly evaluations?: number },
): DirectSearchResult {
  const n = start.length;
  const { size, tolerance = 1e-10, evaluations: most = 400 * n } = options;
  const [expansion, contraction, shrinkage] = [1 + 2 / n, 0.75 - 1 / (2 * n), 1 - 1 / n];
  let evaluations = 0;
  const evaluate = (point: Float64Array) => {
    evaluations++;
    const value = f(point);
    return Number.isNaN(value) ? Infinity : value;
  };
  const corners = Array.from({ length: n + 1 }, (_, k) => {
    const point = start.slice();
    if (k > 0) point[k - 1]! += size;
    return { point, value: evaluate(point) };
  });
  const along = (centre: Float64Array, from: Float64Array, factor: number) => {
    const point = centre.map((value, k) => value + factor * (value - from[k]!));
    return { point, value: evaluate(point) };
  };
  for (;;) {
    corners.sort((a, b) => a.value - b.value);
    const [best, worst, second] = [corners[0]!, corners[n]!, corners[n - 1] ?? corners[0]!];
    const width = corners.reduce(
      (most, { point }) => point.reduce((wide, value, k) => Math.max(wide, Math.abs(value - best.point[k]!)), most),
      0,
    );
    const isFlat = worst.value - best.value <= tolerance * (Math.abs(best.value) + 1e-300);
    if ((isFlat && width <= Math.sqrt(tolerance)) || evaluations >= most) {
      return { point: best.point, value: best.value, evaluations };
    }
    const centre = new Float64Array(n);
    for (let c = 0; c < n; c++) for (let k = 0; k < n; k++) centre[k]! += corners[c]!.point[k]! / n;
    const reflected = along(centre, worst.point, 1);
    if (reflected.value < best.value) {
      const expanded = along(centre, worst.point, expansion);
      corners[n] = expanded.value < reflected.value ? expanded : reflected;
    } else if (reflected.value < second.value) {
      corners[n] = reflected;
    } else {
      const outside = reflected.value < worst.value;
      const contracted = along(centre, worst.point, outside ? contraction : -contraction);
      if (contracted.value < Math.min(reflected.value, worst.value)) corners[n] = contracted;
      else {
        for (let c = 1; c <= n; c++) {
          const point = corners[c]!.point.map((value, k) => best.point[k]! + shrinkage * (value - best.point[k]!));
          corners[c] = { point, value: evaluate(point) };
        }
      }
    }
  }
}
