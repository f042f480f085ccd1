/** Largest distance between the distribution of some samples and a law: Kolmogorov and Smirnov's statistic. */
export function kolmogorovSmirnov(samples: readonly number[], cdf: (x: number) => number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  let distance = 0;
  sorted.forEach((x, k) => {
    const value = cdf(x);
    distance = Math.max(distance, (k + 1) / sorted.length - value, value - k / sorted.length);
  });
  return distance;
}

/** The statistic that a sample of the law itself passes with probability 1 − `significance` (Smirnov's asymptotic law). */
export function smirnovLimit(count: number, significance: number): number {
  return Math.sqrt(-Math.log(significance / 2) / (2 * count));
}

/** Mean, and its standard error. */
export function meanAndError(values: readonly number[]): { readonly mean: number; readonly error: number } {
  const mean = values.reduce((sum, each) => sum + each, 0) / values.length;
  const variance = values.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (values.length - 1);
  return { mean, error: Math.sqrt(variance / values.length) };
}

/** Φ by a series (Marsaglia 2004): another way than the package's. */
export function normalDistribution(x: number): number {
  if (x < -8) return 0;
  if (x > 8) return 1;
  let [sum, term] = [x, x];
  for (let k = 3; sum + term !== sum; k += 2) {
    term *= (x * x) / k;
    sum += term;
  }
  return 0.5 + sum * Math.exp(-0.5 * x * x - 0.9189385332046727);
}
