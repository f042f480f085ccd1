/** Multi-head self-attention on packed query/key/value rows: tokens × (3 · width), heads inside each third. */
export interface AttentionShape {
  readonly samples: number;
  readonly tokens: number;
  readonly heads: number;
  readonly width: number;
}

/** Softmax weights (samples · heads · tokens · tokens) and mixed values (samples · tokens × width). */
export function attention(qkv: Float32Array, shape: AttentionShape): { mixed: Float32Array; weights: Float32Array } {
  const { samples, tokens, heads, width } = shape;
  const size = width / heads;
  const scale = 1 / Math.sqrt(size);
  const mixed = new Float32Array(samples * tokens * width);
  const weights = new Float32Array(samples * heads * tokens * tokens);
  forEachQuery(shape, (queryStart, keyStart, weightStart, outStart) => {
    let largest = -Infinity;
    for (let j = 0; j < tokens; j++) {
      const key = keyStart + j * 3 * width;
      let dot = 0;
      for (let k = 0; k < size; k++) dot += qkv[queryStart + k]! * qkv[key + k]!;
      weights[weightStart + j] = dot * scale;
      largest = Math.max(largest, dot * scale);
    }
    let total = 0;
    for (let j = 0; j < tokens; j++) total += Math.exp(weights[weightStart + j]! - largest);
    for (let j = 0; j < tokens; j++) {
      const weight = Math.exp(weights[weightStart + j]! - largest) / total;
      weights[weightStart + j] = weight;
      const value = keyStart + width + j * 3 * width;
      for (let k = 0; k < size; k++) mixed[outStart + k] = mixed[outStart + k]! + weight * qkv[value + k]!;
    }
  });
  return { mixed, weights };
}

/** Gradient of `attention` with respect to the packed rows. */
export function attentionGradient(
  dMixed: Float32Array,
  qkv: Float32Array,
  weights: Float32Array,
  shape: AttentionShape,
): Float32Array {
  const { tokens, heads, width } = shape;
  const size = width / heads;
  const scale = 1 / Math.sqrt(size);
  const gradient = new Float32Array(qkv.length);
  const dWeights = new Float64Array(tokens);
  forEachQuery(shape, (queryStart, keyStart, weightStart, outStart) => {
    let inner = 0;
    for (let j = 0; j < tokens; j++) {
      const value = keyStart + width + j * 3 * width;
      const weight = weights[weightStart + j]!;
      let dot = 0;
      for (let k = 0; k < size; k++) {
        dot += dMixed[outStart + k]! * qkv[value + k]!;
        gradient[value + k] = gradient[value + k]! + weight * dMixed[outStart + k]!;
      }
      dWeights[j] = dot;
      inner += weight * dot;
    }
    for (let j = 0; j < tokens; j++) {
      const key = keyStart + j * 3 * width;
      const dScore = weights[weightStart + j]! * (dWeights[j]! - inner) * scale;
      for (let k = 0; k < size; k++) {
        gradient[queryStart + k] = gradient[queryStart + k]! + dScore * qkv[key + k]!;
        gradient[key + k] = gradient[key + k]! + dScore * qkv[queryStart + k]!;
      }
    }
  });
  return gradient;
}

function forEachQuery(
  { samples, tokens, heads, width }: AttentionShape,
  visit: (queryStart: number, keyStart: number, weightStart: number, outStart: number) => void,
): void {
  const size = width / heads;
  for (let sample = 0; sample < samples; sample++) {
    for (let head = 0; head < heads; head++) {
      for (let token = 0; token < tokens; token++) {
        const row = sample * tokens + token;
        visit(
          row * 3 * width + head * size,
          sample * tokens * 3 * width + width + head * size,
          ((sample * heads + head) * tokens + token) * tokens,
          row * width + head * size,
        );
      }
    }
  }
}
