/**
 * The diagonal y that maximises −Σ yᵢ subject to Diag(y) + M positive definite: the dual of the semidefinite relaxation of
 * min zᵀMz over z ∈ {−1, 1}ᵐ, by the primal–dual interior-point method of Helmberg, Rendl, Vanderbei & Wolkowicz (1996).
 * Undefined where it fails. M is dense, row-major.
 */
export function semidefiniteDiagonal(matrix: Float64Array, m: number): Float64Array | undefined {
  const y = new Float64Array(m);
  for (let i = 0; i < m; i++) {
    let sum = 0;
    for (let j = 0; j < m; j++) sum += Math.abs(matrix[i * m + j]!);
    y[i] = 1.1 * sum + 1e-6;
  }
  const primal = new Float64Array(m * m);
  for (let i = 0; i < m; i++) primal[i * m + i] = 1;
  const slack = dualSlack(matrix, y, m);
  let complementarity = innerProduct(slack, primal) / (2 * m);
  for (let iteration = 0; iteration < 40; iteration++) {
    const dual = -y.reduce((sum, value) => sum + value, 0);
    const value = innerProduct(matrix, primal);
    if (value - dual <= 1e-5 * Math.max(1, Math.abs(dual))) return y;
    const inverse = inverted(slack, m);
    if (!inverse) return undefined;
    // (Z⁻¹ ∘ X)·dy = μ·diag(Z⁻¹) − e.
    const system = inverse.map((entry, k) => entry * primal[k]!);
    const step = solved(
      system,
      Float64Array.from(y, (_, i) => complementarity * inverse[i * m + i]! - 1),
      m,
    );
    if (!step) return undefined;
    const scaledPrimal = primal.map((entry, k) => step[Math.floor(k / m)]! * entry);
    const product = multiplied(inverse, scaledPrimal, m);
    const change = new Float64Array(m * m);
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < m; j++) {
        change[i * m + j] =
          complementarity * inverse[i * m + j]! -
          primal[i * m + j]! -
          0.5 * (product[i * m + j]! + product[j * m + i]!);
      }
    }
    const primalLength = stepLength(primal, change, m);
    primal.forEach((entry, k) => (primal[k] = entry + primalLength * change[k]!));
    const diagonal = new Float64Array(m * m);
    for (let i = 0; i < m; i++) diagonal[i * m + i] = step[i]!;
    const dualLength = stepLength(slack, diagonal, m);
    for (let i = 0; i < m; i++) {
      y[i]! += dualLength * step[i]!;
      slack[i * m + i]! += dualLength * step[i]!;
    }
    complementarity = innerProduct(slack, primal) / (2 * m);
    if (primalLength + dualLength > 1.8) complementarity /= 2;
  }
  return y;
}

function dualSlack(matrix: Float64Array, y: Float64Array, m: number): Float64Array {
  const slack = Float64Array.from(matrix);
  for (let i = 0; i < m; i++) slack[i * m + i]! += y[i]!;
  return slack;
}

function innerProduct(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!;
  return sum;
}

function multiplied(a: Float64Array, b: Float64Array, m: number): Float64Array {
  const product = new Float64Array(m * m);
  for (let i = 0; i < m; i++) {
    for (let k = 0; k < m; k++) {
      const factor = a[i * m + k]!;
      for (let j = 0; j < m; j++) product[i * m + j]! += factor * b[k * m + j]!;
    }
  }
  return product;
}

function stepLength(matrix: Float64Array, change: Float64Array, m: number): number {
  let length = 1;
  for (let k = 0; k < 60; k++) {
    if (
      choleskyFactor(
        matrix.map((entry, at) => entry + length * change[at]!),
        m,
      )
    )
      break;
    length *= 0.8;
  }
  return length < 1 ? 0.95 * length : 1;
}

/** Lower factor of a positive definite matrix; undefined if it is not. */
export function choleskyFactor(matrix: Float64Array, m: number): Float64Array | undefined {
  const factor = new Float64Array(m * m);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j <= i; j++) {
      let value = matrix[i * m + j]!;
      for (let k = 0; k < j; k++) value -= factor[i * m + k]! * factor[j * m + k]!;
      if (i === j) {
        if (!(value > 0)) return undefined;
        factor[i * m + i] = Math.sqrt(value);
      } else factor[i * m + j] = value / factor[j * m + j]!;
    }
  }
  return factor;
}

function solved(matrix: Float64Array, right: Float64Array, m: number): Float64Array | undefined {
  const factor = choleskyFactor(matrix, m);
  return factor && substituted(factor, right, m);
}

function substituted(factor: Float64Array, right: Float64Array, m: number): Float64Array {
  const x = Float64Array.from(right);
  for (let i = 0; i < m; i++) {
    for (let k = 0; k < i; k++) x[i]! -= factor[i * m + k]! * x[k]!;
    x[i]! /= factor[i * m + i]!;
  }
  for (let i = m - 1; i >= 0; i--) {
    for (let k = i + 1; k < m; k++) x[i]! -= factor[k * m + i]! * x[k]!;
    x[i]! /= factor[i * m + i]!;
  }
  return x;
}

function inverted(matrix: Float64Array, m: number): Float64Array | undefined {
  const factor = choleskyFactor(matrix, m);
  if (!factor) return undefined;
  const inverse = new Float64Array(m * m);
  const unit = new Float64Array(m);
  for (let j = 0; j < m; j++) {
    unit.fill(0);
    unit[j] = 1;
    const column = substituted(factor, unit, m);
    for (let i = 0; i < m; i++) inverse[i * m + j] = column[i]!;
  }
  return inverse;
}
