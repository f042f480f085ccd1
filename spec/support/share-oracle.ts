import type { CompiledAllocation } from '../../lib/plan/bandwidth/index.js';

/**
 * Plain bisections, sharing no code with the searches: seconds of one row at bandwidth share b, the least share that meets a
 * delay, and the least delay whose shares fit. One row a device.
 */
export function bisectedDelay(problem: CompiledAllocation): number {
  const limits = (n: number) => ({
    least: 1 / problem.greatestReciprocal[n]!,
    most: problem.leastReciprocal[n]! > 0 ? Math.min(1, 1 / problem.leastReciprocal[n]!) : 1,
  });
  let low = 0;
  let high = 0;
  for (let n = 0; n < problem.count; n++) {
    low = Math.max(low, rowSeconds(problem, n, limits(n).most));
    high = Math.max(high, rowSeconds(problem, n, Math.max(limits(n).least, 0.5 / problem.count)));
  }
  const fits = (delay: number) => {
    let sum = 0;
    for (let n = 0; n < problem.count; n++) sum += leastShare(problem, n, delay, limits(n));
    return sum <= 1 + 1e-14;
  };
  if (fits(low)) return low;
  while (!fits(high)) high *= 2;
  for (let k = 0; k < 200 && high - low > 1e-13 * high; k++) {
    const middle = 0.5 * (low + high);
    if (fits(middle)) high = middle;
    else low = middle;
  }
  return high;
}

function rowSeconds(problem: CompiledAllocation, row: number, share: number): number {
  const { floor, linear, termStart, termWeight, termScale, termKink, termLine } = problem.rows;
  let seconds = floor[row]! + linear[row]! / share;
  for (let k = termStart[row]!; k < termStart[row + 1]!; k++) {
    const x = termScale[k]! / share;
    if (1 / share > termKink[k]!) {
      seconds += termLine[k]! / share - termWeight[k]!;
      continue;
    }
    // x / ln(1 + x) − 1 cancels for small x: its series x/2 − x²/12 takes over.
    seconds += termWeight[k]! * (x < 1e-5 ? x / 2 - (x * x) / 12 : (x - Math.log1p(x)) / Math.log1p(x));
  }
  return seconds;
}

function leastShare(
  problem: CompiledAllocation,
  row: number,
  delay: number,
  limits: { least: number; most: number },
): number {
  if (limits.least > 0 && rowSeconds(problem, row, limits.least) <= delay) return limits.least;
  if (rowSeconds(problem, row, limits.most) > delay) return Infinity;
  let low = Math.log(Math.max(limits.least, 1e-30));
  let high = Math.log(limits.most);
  for (let k = 0; k < 120 && high - low > 1e-15 * Math.abs(low); k++) {
    const middle = 0.5 * (low + high);
    if (rowSeconds(problem, row, Math.exp(middle)) <= delay) high = middle;
    else low = middle;
  }
  return Math.exp(high);
}
