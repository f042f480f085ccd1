/** Sum with a running compensation (Neumaier 1974) and the sum of sizes, from which a rounding margin is taken. */
export class CarefulSum {
  size = 0;
  private sum = 0;
  private compensation = 0;

  add(term: number): void {
    const next = this.sum + term;
    this.compensation += Math.abs(this.sum) >= Math.abs(term) ? this.sum - next + term : term - next + this.sum;
    this.sum = next;
    this.size += Math.abs(term);
  }

  value(): number {
    return this.sum + this.compensation;
  }
}

/** What rounding may change in a sum of times or a mean over fading samples, relative to its size. */
export const roundingPart = 1e-13;

/**
 * A point just below the least x in [low, high] at which a condition that stays true once true begins to hold; undefined
 * if it does not hold at `high`.
 */
export function leastMeeting(holds: (x: number) => boolean, low: number, high: number): number | undefined {
  if (!holds(high)) return undefined;
  if (low > 0 && holds(low)) return low;
  let failing = low;
  let holding = high;
  if (low === 0 && holds(high * 1e-300)) return 0;
  for (let k = 0; k < 200 && holding - failing > 1e-13 * holding; k++) {
    const middle =
      failing < 1e-3 * holding ? Math.max(Math.sqrt(failing * holding), 1e-3 * holding) : (failing + holding) / 2;
    if (holds(middle)) holding = middle;
    else failing = middle;
  }
  return failing;
}

const golden = (Math.sqrt(5) - 1) / 2;

/**
 * A lower bound on the minimum of a convex function on [low, high], by golden sections: outside its middle two points a
 * convex function lies above the chord through them, between them above its neighbours' chords. Ends when the bound is
 * within 1e-12 of a value seen, or above `cutoff`.
 */
export function convexMinimumBelow(f: (x: number) => number, low: number, high: number, cutoff: number): number {
  let a = low;
  let b = high;
  let x = b - golden * (b - a);
  let y = a + golden * (b - a);
  let atA = f(a);
  let atB = f(b);
  let atX = f(x);
  let atY = f(y);
  let bound = -Infinity;
  for (let k = 0; k < 150; k++) {
    const least = Math.min(atA, atX, atY, atB);
    bound = Math.max(bound, Math.min(least, chordBound([a, x, y, b], [atA, atX, atY, atB])));
    if (bound > cutoff || least - bound <= 1e-12 * Math.abs(least)) return bound;
    if (!(x > a && y > x && b > y)) break;
    if (atX <= atY) {
      b = y;
      atB = atY;
      y = x;
      atY = atX;
      x = b - golden * (b - a);
      atX = f(x);
    } else {
      a = x;
      atA = atX;
      x = y;
      atX = atY;
      y = a + golden * (b - a);
      atY = f(y);
    }
  }
  return bound - 1e-12 * Math.abs(bound);
}

/** Lower bound on a convex function over [x0, x3] from its values at four points in order. */
function chordBound(
  x: readonly [number, number, number, number],
  f: readonly [number, number, number, number],
): number {
  const slope = (k: 0 | 1 | 2) => (f[k + 1]! - f[k]) / (x[k + 1]! - x[k]);
  const left = f[1] - Math.max(0, slope(1)) * (x[1] - x[0]);
  const right = f[2] + Math.min(0, slope(1)) * (x[3] - x[2]);
  const middleFromLeft = f[1] + Math.min(0, slope(0)) * (x[2] - x[1]);
  const middleFromRight = f[2] - Math.max(0, slope(2)) * (x[2] - x[1]);
  return Math.min(left, right, Math.max(middleFromLeft, middleFromRight));
}
