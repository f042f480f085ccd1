/** Pixels of an RGB image: row × column × channel, 0 … 255. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/** Fixed-point bits of a coefficient in Pillow's 8-bit resampling. */
const precision = 2 ** 22;

/**
 * Bicubic resize (a = −0.5, antialiased when shrinking) as Pillow does it for 8-bit images: rows first, then columns,
 * both in fixed point and rounded to 8 bits in between.
 */
export function resizeBicubic(image: RgbImage, width: number, height: number): RgbImage {
  const wide = width === image.width ? image : resizeRows(image, width);
  return height === wide.height ? wide : transposed(resizeRows(transposed(wide), height));
}

interface Taps {
  readonly first: number;
  /** Integers in units of 1 / `precision`. */
  readonly weights: readonly number[];
}

function resizeRows({ width, height, pixels }: RgbImage, newWidth: number): RgbImage {
  const taps = resampleTaps(width, newWidth);
  const out = new Uint8Array(newWidth * height * 3);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < newWidth; column++) {
      const { first, weights } = taps[column]!;
      for (let channel = 0; channel < 3; channel++) {
        let sum = precision / 2;
        for (let k = 0; k < weights.length; k++) {
          sum += weights[k]! * pixels[(row * width + first + k) * 3 + channel]!;
        }
        out[(row * newWidth + column) * 3 + channel] = Math.min(255, Math.max(0, Math.floor(sum / precision)));
      }
    }
  }
  return { width: newWidth, height, pixels: out };
}

function transposed({ width, height, pixels }: RgbImage): RgbImage {
  const out = new Uint8Array(pixels.length);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const from = (row * width + column) * 3;
      out.set(pixels.subarray(from, from + 3), (column * height + row) * 3);
    }
  }
  return { width: height, height: width, pixels: out };
}

/** For each new pixel the old ones it is made from. */
function resampleTaps(size: number, newSize: number): Taps[] {
  const scale = size / newSize;
  const stretch = Math.max(1, scale);
  const support = 2 * stretch;
  return Array.from({ length: newSize }, (_, k) => {
    const centre = (k + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const last = Math.min(size, Math.trunc(centre + support + 0.5));
    const raw = Array.from({ length: last - first }, (_, j) => cubic((first + j - centre + 0.5) / stretch));
    const total = raw.reduce((sum, weight) => sum + weight, 0);
    const weights = raw.map((weight) => {
      const scaled = (weight / total) * precision;
      return Math.trunc(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    });
    return { first, weights };
  });
}

/** Cubic convolution with a = −0.5 (Keys 1981). */
function cubic(distance: number): number {
  const a = -0.5;
  const t = Math.abs(distance);
  if (t < 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  return t < 2 ? (((t - 5) * t + 8) * t - 4) * a : 0;
}
