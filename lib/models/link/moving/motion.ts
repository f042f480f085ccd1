import type { RandomStream } from '../../../random/index.js';

/** A place around the base station, which stands at the origin; metres. */
export interface Position {
  /** First coordinate, metre. */
  readonly xMetre: number;
  /** Second coordinate, metre. */
  readonly yMetre: number;
}

/** A place at a time, seconds from the start. */
export interface TracePoint extends Position {
  /** Time since the start. */
  readonly seconds: number;
}

/** How a device moves. */
export type Motion =
  | {
      readonly kind: 'static';
      /** Where the device stays, metres from the base station. */
      readonly start: Position;
    }
  | WaypointMotion
  | RoadMotion
  /** Straight between the points, which are in order of time; at rest before the first and after the last. */
  | {
      readonly kind: 'trace';
      /** Places by time, increasing; straight lines between them. */
      readonly points: readonly TracePoint[];
    };

/**
 * Random waypoint (Johnson and Maltz 1996): straight to a point drawn evenly from the disc, a pause, and on. Positions over
 * time are not even over the disc: devices are more often near its middle than where they start (Bettstetter et al. 2003).
 */
export interface WaypointMotion {
  readonly kind: 'waypoint';
  /** Where the device is at second 0. */
  readonly start: Position;
  /** Radius of the disc around the base station that it stays in, metre. */
  readonly radiusMetre: number;
  /** Each leg's speed is drawn evenly from this range, m/s; 0 < least ≤ largest. */
  readonly speedMetrePerSecond: readonly [number, number];
  /** Each pause is drawn evenly from this range. */
  readonly pauseSeconds: readonly [number, number];
}

/** To and fro on a straight road of this length that begins at `start`. */
export interface RoadMotion {
  readonly kind: 'road';
  /** Where the device is at second 0. */
  readonly start: Position;
  /** Direction of the road, from the first axis towards the second, radian. */
  readonly headingRadian: number;
  /** Length of the road, metre. */
  readonly lengthMetre: number;
  /** Speed, metre a second. */
  readonly speedMetrePerSecond: number;
}

/** Where a device is at any time; the same however often and in whatever order it is asked. */
export interface Path {
  /** Place at a second. */
  at(seconds: number): Position;
}

/**
 * The path of a motion; `random` belongs to the path alone.
 *
 * @param motion - How the device moves.
 * @param random - Stream of random numbers: the same stream gives the same answer.
 * @example
 * ```ts
 * import { pathOf, randomStream } from 'sft-opt/models';
 *
 * const path = pathOf({ kind: 'static', start: { xMetre: 30, yMetre: 40 } }, randomStream(1, 'path'));
 * console.log(path.at(10)); // { xMetre: 30, yMetre: 40 }
 * ```
 */
export function pathOf(motion: Motion, random: RandomStream): Path {
  switch (motion.kind) {
    case 'static':
      return { at: () => motion.start };
    case 'road':
      return { at: (seconds) => onRoad(motion, seconds) };
    case 'trace':
      return { at: (seconds) => onTrace(motion.points, seconds) };
    case 'waypoint':
      return new WaypointPath(motion, random);
  }
}

/**
 * Metres between two places.
 *
 * @param a - One place.
 * @param b - The other.
 * @example
 * ```ts
 * import { distanceBetween } from 'sft-opt/models';
 *
 * console.log(distanceBetween({ xMetre: 0, yMetre: 0 }, { xMetre: 30, yMetre: 40 })); // 50
 * ```
 */
export function distanceBetween(a: Position, b: Position): number {
  return Math.hypot(a.xMetre - b.xMetre, a.yMetre - b.yMetre);
}

/**
 * Evenly drawn from a disc around the base station.
 *
 * @param radiusMetre - Radius, metre.
 * @param random - Stream of random numbers: the same stream gives the same answer.
 * @example
 * ```ts
 * import { distanceBetween, pointInDisc, randomStream } from 'sft-opt/models';
 *
 * const place = pointInDisc(100, randomStream(1, 'places'));
 * console.log(distanceBetween(place, { xMetre: 0, yMetre: 0 }) <= 100); // true
 * ```
 */
export function pointInDisc(radiusMetre: number, random: RandomStream): Position {
  return polar(radiusMetre * Math.sqrt(random.uniform()), 2 * Math.PI * random.uniform());
}

/**
 * The place at a distance and an angle from the base station.
 *
 * @param distanceMetre - Distance, metre.
 * @param angleRadian - Angle from the first axis, radian.
 * @example
 * ```ts
 * import { polar } from 'sft-opt/models';
 *
 * console.log(polar(100, 0)); // { xMetre: 100, yMetre: 0 }
 * ```
 */
export function polar(distanceMetre: number, angleRadian: number): Position {
  return { xMetre: distanceMetre * Math.cos(angleRadian), yMetre: distanceMetre * Math.sin(angleRadian) };
}

/** A share of the way from one place to another. */
function between(from: Position, to: Position, share: number): Position {
  return {
    xMetre: from.xMetre + share * (to.xMetre - from.xMetre),
    yMetre: from.yMetre + share * (to.yMetre - from.yMetre),
  };
}

function onRoad({ start, headingRadian, lengthMetre, speedMetrePerSecond }: RoadMotion, seconds: number): Position {
  const there = (speedMetrePerSecond * seconds) % (2 * lengthMetre);
  const along = there <= lengthMetre ? there : 2 * lengthMetre - there;
  const { xMetre, yMetre } = polar(along, headingRadian);
  return { xMetre: start.xMetre + xMetre, yMetre: start.yMetre + yMetre };
}

function onTrace(points: readonly TracePoint[], seconds: number): Position {
  const next = points.findIndex((point) => point.seconds > seconds);
  if (next < 0) return points.at(-1)!;
  if (next === 0) return points[0]!;
  const from = points[next - 1]!;
  const to = points[next]!;
  return between(from, to, (seconds - from.seconds) / (to.seconds - from.seconds));
}

/** A leg from `from` at `startSeconds` to `to` at `arrivalSeconds`, and the pause that follows until `endSeconds`. */
interface Leg {
  readonly from: Position;
  readonly to: Position;
  readonly startSeconds: number;
  readonly arrivalSeconds: number;
  readonly endSeconds: number;
}

class WaypointPath implements Path {
  private readonly legs: Leg[] = [];
  private last = 0;

  constructor(
    private readonly motion: WaypointMotion,
    private readonly random: RandomStream,
  ) {}

  at(seconds: number): Position {
    const leg = this.legAt(Math.max(0, seconds));
    if (seconds >= leg.arrivalSeconds) return leg.to;
    return between(leg.from, leg.to, (seconds - leg.startSeconds) / (leg.arrivalSeconds - leg.startSeconds));
  }

  private legAt(seconds: number): Leg {
    while (this.legs.length === 0 || this.legs.at(-1)!.endSeconds <= seconds) this.legs.push(this.nextLeg());
    while (this.legs[this.last]!.startSeconds > seconds) this.last--;
    while (this.legs[this.last]!.endSeconds <= seconds) this.last++;
    return this.legs[this.last]!;
  }

  private nextLeg(): Leg {
    const { motion, random } = this;
    const before = this.legs.at(-1);
    const from = before?.to ?? motion.start;
    const startSeconds = before?.endSeconds ?? 0;
    const to = pointInDisc(motion.radiusMetre, random);
    const speed = drawFrom(motion.speedMetrePerSecond, random);
    const arrivalSeconds = startSeconds + Math.max(distanceBetween(from, to), 1e-3) / speed;
    return {
      from,
      to,
      startSeconds,
      arrivalSeconds,
      endSeconds: arrivalSeconds + drawFrom(motion.pauseSeconds, random),
    };
  }
}

function drawFrom([least, largest]: readonly [number, number], random: RandomStream): number {
  return least + (largest - least) * random.uniform();
}
