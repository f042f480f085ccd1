/** Values for each place of a grid: [1, lead + side², width]. */
interface GridValues {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/**
 * Position embeddings on another grid by bicubic interpolation with half-pixel centres and a = −0.75, the convention of
 * the frameworks these weights come from. The first `lead` entries (a class token's) are kept. What is no grid comes back as
 * it is.
 */
export function interpolateGrid(positions: GridValues, width: number, lead: number, to: number): GridValues {
  const from = Math.round(Math.sqrt(positions.shape[1]! - lead));
  if (from ** 2 + lead !== positions.shape[1] || positions.shape[2] !== width) return positions;
  const values = new Float32Array((to * to + lead) * width);
  values.set(positions.values.subarray(0, lead * width));
  const axis = Array.from({ length: to }, (_, k) => cubicTaps((k + 0.5) * (from / to) - 0.5, from));
  for (let row = 0; row < to; row++) {
    for (let column = 0; column < to; column++) {
      const target = (lead + row * to + column) * width;
      for (const [y, weightY] of axis[row]!) {
        for (const [x, weightX] of axis[column]!) {
          const source = (lead + y * from + x) * width;
          const weight = weightY * weightX;
          for (let k = 0; k < width; k++) values[target + k]! += weight * positions.values[source + k]!;
        }
      }
    }
  }
  return { shape: [1, to * to + lead, width], values };
}

/** Four neighbours of a position and their cubic-convolution weights (Keys 1981), clamped at the border. */
function cubicTaps(position: number, size: number): [number, number][] {
  const base = Math.floor(position);
  const a = -0.75;
  const weight = (distance: number) => {
    const t = Math.abs(distance);
    if (t <= 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
    return t < 2 ? ((a * t - 5 * a) * t + 8 * a) * t - 4 * a : 0;
  };
  return [-1, 0, 1, 2].map((offset) => {
    const index = Math.min(size - 1, Math.max(0, base + offset));
    return [index, weight(position - (base + offset))];
  });
}
