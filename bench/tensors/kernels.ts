/** Plain matrix kernels of a small transformer, row-major float32 with float64 accumulation. */

/** y = x·wᵀ + bias with x: rows × inputs, w: outputs × inputs, y: rows × outputs. */
export function linear(x: Float32Array, w: Float32Array, bias: Float32Array, inputs: number): Float32Array {
  const outputs = bias.length;
  const rows = x.length / inputs;
  const y = new Float32Array(rows * outputs);
  for (let row = 0; row < rows; row += 1) {
    const xStart = row * inputs;
    for (let out = 0; out < outputs; out += 4) {
      let [a, b, c, d] = [0, 0, 0, 0];
      let w0 = out * inputs;
      let w1 = w0 + inputs;
      let w2 = w1 + inputs;
      let w3 = w2 + inputs;
      for (let k = xStart; k < xStart + inputs; k++) {
        const value = x[k]!;
        a += value * w[w0++]!;
        b += value * w[w1++]!;
        c += value * w[w2++]!;
        d += value * w[w3++]!;
      }
      const yStart = row * outputs + out;
      y[yStart] = a + bias[out]!;
      y[yStart + 1] = b + bias[out + 1]!;
      y[yStart + 2] = c + bias[out + 2]!;
      y[yStart + 3] = d + bias[out + 3]!;
    }
  }
  return y;
}

/** Gradient of `linear` with respect to x: dx = dy·w. */
export function linearInputGradient(dy: Float32Array, w: Float32Array, inputs: number, outputs: number): Float32Array {
  const transposed = new Float32Array(w.length);
  for (let out = 0; out < outputs; out++) {
    for (let k = 0; k < inputs; k++) transposed[k * outputs + out] = w[out * inputs + k]!;
  }
  return linear(dy, transposed, new Float32Array(inputs), outputs);
}

/** What the backward pass of a layer norm needs. */
export interface NormCache {
  readonly normalized: Float32Array;
  readonly inverseDeviation: Float64Array;
}

/** Layer norm over the last axis. */
export function layerNorm(
  x: Float32Array,
  weight: Float32Array,
  bias: Float32Array,
  epsilon: number,
): { y: Float32Array; cache: NormCache } {
  const width = weight.length;
  const rows = x.length / width;
  const y = new Float32Array(x.length);
  const normalized = new Float32Array(x.length);
  const inverseDeviation = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const start = row * width;
    let mean = 0;
    for (let k = 0; k < width; k++) mean += x[start + k]!;
    mean /= width;
    let variance = 0;
    for (let k = 0; k < width; k++) variance += (x[start + k]! - mean) ** 2;
    const inverse = 1 / Math.sqrt(variance / width + epsilon);
    inverseDeviation[row] = inverse;
    for (let k = 0; k < width; k++) {
      const value = (x[start + k]! - mean) * inverse;
      normalized[start + k] = value;
      y[start + k] = value * weight[k]! + bias[k]!;
    }
  }
  return { y, cache: { normalized, inverseDeviation } };
}

/** Gradient of `layerNorm` with respect to x. */
export function layerNormGradient(dy: Float32Array, weight: Float32Array, cache: NormCache): Float32Array {
  const width = weight.length;
  const dx = new Float32Array(dy.length);
  for (let row = 0; row < dy.length / width; row++) {
    const start = row * width;
    let mean = 0;
    let projection = 0;
    for (let k = 0; k < width; k++) {
      const g = dy[start + k]! * weight[k]!;
      mean += g;
      projection += g * cache.normalized[start + k]!;
    }
    mean /= width;
    projection /= width;
    const inverse = cache.inverseDeviation[row]!;
    for (let k = 0; k < width; k++) {
      dx[start + k] = inverse * (dy[start + k]! * weight[k]! - mean - cache.normalized[start + k]! * projection);
    }
  }
  return dx;
}

/** erf by Abramowitz & Stegun 7.1.26, absolute error below 1.5e-7. */
function erf(x: number): number {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.sign(x) * (1 - poly * Math.exp(-x * x));
}

/** GELU with the exact normal distribution function. */
export function gelu(x: Float32Array): Float32Array {
  return x.map((value) => 0.5 * value * (1 + erf(value * Math.SQRT1_2)));
}

/** dy times the derivative of GELU at x. */
export function geluGradient(dy: Float32Array, x: Float32Array): Float32Array {
  return dy.map((g, k) => {
    const value = x[k]!;
    const density = Math.exp(-0.5 * value * value) / Math.sqrt(2 * Math.PI);
    return g * (0.5 * (1 + erf(value * Math.SQRT1_2)) + value * density);
  });
}

/** Elementwise sum. */
export function add(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((value, k) => value + b[k]!);
}
