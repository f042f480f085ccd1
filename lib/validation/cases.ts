import type { MeasuredProfile } from '../io/index.js';
import type { TransformerShape } from '../models/index.js';
import type { CodecPoint } from './points.js';

/** What one device of a case is like, and what is decided for it. */
export interface CaseDevice {
  readonly speedFactor: number;
  /** Rate of the whole band both ways, bit/s. */
  readonly uplinkRate: number;
  readonly downlinkRate: number;
  readonly cut: number;
  readonly up: CodecPoint;
  readonly down: CodecPoint;
  /** Share of the band and of the server, 0 … 1. */
  readonly bandShare: number;
  readonly serverShare: number;
}

/** A plan of a scenario; plans of one scenario differ in their decisions alone and can be ranked. */
export interface ValidationCase {
  readonly scenario: string;
  readonly name: string;
  readonly sharing: 'allocated' | 'equal' | 'batched';
  readonly activations: 'keep' | 'recompute';
  readonly batchSize: number;
  readonly stepsPerRound: number;
  readonly serverFactor: number;
  readonly devices: readonly CaseDevice[];
  /** Text of the problem file that the plan is of; absent: made from the fields above. */
  readonly problemText?: string;
}

const mild: CodecPoint = { keptFraction: 0.3, bits: 6 };
const middle: CodecPoint = { keptFraction: 0.1, bits: 4 };
const strong: CodecPoint = { keptFraction: 0.05, bits: 4 };
const eightBit: CodecPoint = { keptFraction: 1, bits: 8 };

interface ScenarioSketch {
  readonly name: string;
  readonly sharing: ValidationCase['sharing'];
  readonly activations: ValidationCase['activations'];
  readonly speeds: readonly number[];
  readonly serverFactor: number;
  /** Share of a step that the link would take at the middle cut with the first plan's points, about. */
  readonly linkShare: number;
  /** Relative depths of cuts by device (0 … 1 of the blocks), points up and down, shares of the band. */
  readonly plans: readonly (readonly [
    depths: readonly number[],
    up: CodecPoint,
    down: CodecPoint,
    band?: readonly number[],
  ])[];
}

const sketches: readonly ScenarioSketch[] = [
  {
    name: 'one device',
    sharing: 'allocated',
    activations: 'keep',
    speeds: [1],
    serverFactor: 0.5,
    linkShare: 0.3,
    plans: [
      [[0.34], mild, mild],
      [[0.34], middle, strong],
      [[0.67], middle, middle],
      [[0.67], eightBit, mild],
    ],
  },
  {
    name: 'one slow device, recomputing',
    sharing: 'allocated',
    activations: 'recompute',
    speeds: [2.5],
    serverFactor: 0.3,
    linkShare: 0.25,
    plans: [
      [[0.34], middle, middle],
      [[0.67], mild, strong],
      [[0.34], eightBit, eightBit],
    ],
  },
  {
    name: 'two devices, shares of the server',
    sharing: 'allocated',
    activations: 'keep',
    speeds: [1, 2],
    serverFactor: 0.25,
    linkShare: 0.35,
    plans: [
      [[0.67, 0.34], middle, middle],
      [[0.34, 0.67], middle, middle],
      [[0.67, 0.34], mild, middle, [0.65, 0.35]],
      [[0.34, 0.34], strong, strong],
    ],
  },
  {
    name: 'three devices, equal shares',
    sharing: 'equal',
    activations: 'keep',
    speeds: [1, 1.5, 3],
    serverFactor: 0.2,
    linkShare: 0.5,
    plans: [
      [[0.67, 0.67, 0.34], middle, strong],
      [[0.34, 0.34, 0.34], mild, mild],
      [[0.67, 0.34, 0.17], strong, strong, [0.3, 0.3, 0.4]],
      [[0.5, 0.67, 0.34], middle, middle],
    ],
  },
  {
    name: 'two devices in a batch',
    sharing: 'batched',
    activations: 'keep',
    speeds: [1, 1.5],
    serverFactor: 0.4,
    linkShare: 0.3,
    plans: [
      [[0.34, 0.34], middle, middle],
      [[0.67, 0.67], middle, middle],
      [[0.67, 0.34], mild, strong],
    ],
  },
  {
    name: 'three devices in a batch, recomputing',
    sharing: 'batched',
    activations: 'recompute',
    speeds: [1, 1, 2],
    serverFactor: 0.4,
    linkShare: 0.48,
    plans: [
      [[0.67, 0.67, 0.34], middle, middle],
      [[0.34, 0.34, 0.34], strong, strong],
      [[0.67, 0.5, 0.17], mild, middle, [0.3, 0.3, 0.4]],
    ],
  },
  {
    name: 'four devices, recomputing',
    sharing: 'allocated',
    activations: 'recompute',
    speeds: [1, 1, 2, 4],
    serverFactor: 0.15,
    linkShare: 0.32,
    plans: [
      [[0.67, 0.67, 0.34, 0.17], middle, strong],
      [[0.34, 0.34, 0.34, 0.34], middle, middle],
      [[0.67, 0.34, 0.34, 0.34], mild, mild, [0.2, 0.2, 0.25, 0.35]],
      [[0.34, 0.67, 0.34, 0.17], strong, strong],
    ],
  },
];

/**
 * The built-in grid: splits and mixtures of splits, points, bandwidths, one to four devices, all sharings and both memory
 * modes, none of which calibration has run. Rates are chosen so that the link takes about the wanted part of a step on
 * the machine of the profile. Plans in a batch size, memory mode or operating point that the profile has not measured are left out.
 * `every` takes each n-th plan alone.
 */
export function builtInCases(
  profile: MeasuredProfile,
  shape: TransformerShape,
  batchSize: number,
  every = 1,
): ValidationCase[] {
  const measured = sketches.filter(({ activations }) => entryOf(profile, batchSize, activations));
  const all = measured.flatMap((sketch) => {
    const rate = bandRate(sketch, profile, shape, batchSize);
    return sketch.plans.map(([depths, up, down, band], index): ValidationCase => {
      const { speeds, sharing, serverFactor, activations } = sketch;
      const count = speeds.length;
      return {
        scenario: sketch.name,
        name: `${sketch.name} ${index + 1}`,
        sharing,
        activations,
        batchSize,
        stepsPerRound: stepsOf(sketch),
        serverFactor,
        devices: speeds.map((speedFactor, k) => ({
          speedFactor,
          uplinkRate: rate,
          downlinkRate: 2 * rate,
          cut: Math.min(shape.blocks - 1, Math.max(1, Math.round(depths[k]! * shape.blocks))),
          up,
          down,
          bandShare: band?.[k] ?? 1 / count,
          serverShare: 1 / count,
        })),
      };
    });
  });
  const known = all.filter(({ activations, devices }) => {
    const { points } = entryOf(profile, batchSize, activations)!;
    return devices.every(({ up, down }) => isMeasured(points, up) && isMeasured(points, down));
  });
  return known.filter((_, k) => k % every === 0);
}

function entryOf({ entries }: MeasuredProfile, batchSize: number, activations: ValidationCase['activations']) {
  return entries.find((entry) => entry.batchSize === batchSize && entry.activations === activations);
}

function isMeasured(points: MeasuredProfile['entries'][number]['points'], { keptFraction, bits }: CodecPoint): boolean {
  return points.some((point) => point.keptFraction === keptFraction && point.bits === bits);
}

/** What a profile lacks of the built-in grid, in words. */
export function unmeasured(profile: MeasuredProfile, batchSize: number): string | undefined {
  const modes = [...new Set(sketches.map(({ activations }) => activations))];
  const missing = modes.filter((mode) => !entryOf(profile, batchSize, mode));
  const points = profile.entries.filter((entry) => entry.batchSize === batchSize).map((entry) => entry.points);
  const unknown = [mild, middle, strong, eightBit].filter((point) => points.some((own) => !isMeasured(own, point)));
  const lacks = [
    ...missing.map((mode) => `no \`${mode}\``),
    ...unknown.map(({ keptFraction, bits }) => `not ${100 * keptFraction} % at ${bits} bits`),
  ];
  return lacks.length === 0 ? undefined : `the profile has ${lacks.join(' and ')} at batches of ${batchSize}`;
}

/** Enough for a round to be more than its adapters, few enough for many rounds. */
function stepsOf({ speeds }: ScenarioSketch): number {
  return speeds.length > 2 ? 4 : 6;
}

/** Rate of the band at which a step's link time stands to the rest as wanted, for the first plan's points. */
function bandRate(
  sketch: ScenarioSketch,
  profile: MeasuredProfile,
  shape: TransformerShape,
  batchSize: number,
): number {
  const entry = entryOf(profile, batchSize, sketch.activations)!;
  const [, up, down] = sketch.plans[0]!;
  const ratio = (point: CodecPoint, direction: 'up' | 'down') => {
    const found = entry.points.find(({ keptFraction, bits }) => {
      return keptFraction === point.keptFraction && bits === point.bits;
    });
    return found?.[direction].ratio ?? 1;
  };
  const half = shape.blocks / 2;
  const at = ({ fixed, perBlock }: { fixed: number; perBlock: number }) => fixed + half * perBlock;
  const speed = sketch.speeds.reduce((sum, factor) => sum + factor, 0) / sketch.speeds.length;
  const computing =
    speed * (at(entry.forwardSeconds) + at(entry.backwardSeconds)) +
    sketch.serverFactor * sketch.speeds.length * at(entry.serverSeconds);
  const adapters = (8 * 1.5 * at(profile.adapterBytes)) / stepsOf(sketch);
  const bits = adapters + 32 * batchSize * shape.tokens * shape.width * (ratio(up, 'up') + ratio(down, 'down') / 2);
  const linkSeconds = (computing * sketch.linkShare) / (1 - sketch.linkShare);
  return Number(((bits * sketch.speeds.length) / linkSeconds).toPrecision(3));
}
