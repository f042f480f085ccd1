import type { CustomRate, Device, PlanningProblem } from '../../lib/models/index.js';
import { randomStream, type RandomStream } from '../../lib/random/index.js';

/**
 * A piecewise linear concave law of 2 to 12 corners: the efficiency falls from corner to corner, the last stretch is exactly flat,
 * nearly flat (10^-6 … 10^-14 of the first slope) or rising; a corner may lie at the band.
 */
export function piecewiseRate(random: RandomStream, bandHz: number): CustomRate {
  const count = 2 + random.integer(11);
  const corners = Array.from({ length: count }, () => bandHz * 10 ** (-3.5 * random.uniform())).sort((a, b) => a - b);
  if (random.uniform() < 0.3) corners[count - 1] = bandHz;
  const first = 1 + 5 * random.uniform();
  const slopes = [first];
  for (let k = 1; k < count; k++) slopes.push(slopes[k - 1]! * (0.2 + 0.75 * random.uniform()));
  const kind = random.integer(3);
  slopes.push(
    kind === 0
      ? 0
      : kind === 1
        ? Math.min(slopes[count - 1]!, first * 10 ** (-6 - 8 * random.uniform()))
        : slopes[count - 1]! / 2,
  );
  const values = [0];
  corners.forEach((corner, k) => values.push(values[k]! + slopes[k]! * (corner - (corners[k - 1] ?? 0))));
  const pieceOf = (hertz: number) => {
    let k = 0;
    while (k < count && hertz >= corners[k]!) k++;
    return k;
  };
  return {
    kind: 'custom',
    bitsPerSecond: (hertz) => {
      const k = pieceOf(hertz);
      return values[k]! + slopes[k]! * (hertz - (corners[k - 1] ?? 0));
    },
    slope: (hertz) => slopes[pieceOf(hertz)]!,
    ...(kind === 0 && { supremumBitsPerSecond: values[count]! }),
  };
}

/** The same problem with links under such laws, faded links excepted now and then. */
export function withPiecewiseRates(problem: PlanningProblem, seed: number): PlanningProblem {
  const random = randomStream(seed, 'piecewise');
  const devices = problem.devices.map((device): Device => ({
    ...device,
    uplink: piecewiseRate(random, problem.bandwidthHz),
    downlink: random.uniform() < 0.7 ? piecewiseRate(random, problem.bandwidthHz) : device.downlink,
  }));
  return { ...problem, devices };
}
