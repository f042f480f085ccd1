import {
  buildingLoss,
  lineOfSightProbability,
  pathLossDecibel,
  pointInDisc,
  type Scenario,
  type ScenarioModel,
} from '../../lib/models/index.js';
import { scenarioShadowing } from '../../lib/models/link/moving/index.js';
import { randomStream, type RandomStream } from '../../lib/random/index.js';

/** A large-scale calibration case of 3GPP TR 38.901 table 7.8-1. */
export interface CalibrationCase {
  readonly scenario: 'umi' | 'uma' | 'inh';
  readonly carrierHz: number;
}

interface Layout {
  readonly sites: readonly (readonly [number, number])[];
  readonly baseHeight: number;
  /** Zenith angle of the electrical tilt. */
  readonly tiltDegree: number;
  place(random: RandomStream): {
    readonly x: number;
    readonly y: number;
    readonly indoor: boolean;
    readonly height: number;
  };
}

/**
 * What the serving sector of each of so many users is like: coupling loss and geometry without noise, dB. The world around the
 * package's path losses, line of sight, shadowing and buildings (sites, sectors, antennas, users) is that of the calibration:
 * 19 sites of three sectors or an office of twelve, ten elements under each other, users on all floors, four of five indoors.
 */
export function calibrationUsers({ scenario, carrierHz }: CalibrationCase, count: number, seed: number) {
  const random = randomStream(seed, `calibration/${scenario}/${carrierHz}`);
  const layout = layouts[scenario];
  return Array.from({ length: count }, () => {
    const user = layout.place(random);
    const building = random.uniform() < 0.5 ? 'low-loss' : 'high-loss';
    const insideMetre = user.indoor ? 25 * Math.min(random.uniform(), random.uniform()) : 0;
    const { wallDecibel, decibelPerMetre, deviationDecibel } = buildingLoss(building, carrierHz);
    const entry = user.indoor ? wallDecibel + decibelPerMetre * insideMetre + deviationDecibel * random.normal() : 0;
    const gains: number[] = [];
    for (const [siteX, siteY] of layout.sites) {
      const distance = Math.max(1, Math.hypot(user.x - siteX, user.y - siteY));
      const outside = Math.max(0, distance - insideMetre);
      const hasSight = random.uniform() < sightProbability(scenario, outside, user.height);
      const model: ScenarioModel = {
        kind: `${scenario}-${hasSight ? 'los' : 'nlos'}`,
        carrierHz,
        baseHeightMetre: layout.baseHeight,
        deviceHeightMetre: user.height,
      };
      const laws = scenarioShadowing[scenario];
      const deviation = user.indoor ? indoorDeviation : (hasSight ? laws.los : laws.nlos).deviationDecibel;
      const shadowing = deviation * random.normal();
      const loss = pathLossDecibel(model, distance) + entry + shadowing;
      const azimuth = (Math.atan2(user.y - siteY, user.x - siteX) * 180) / Math.PI;
      const zenith = 90 + (Math.atan2(layout.baseHeight - user.height, distance) * 180) / Math.PI;
      for (const sector of [30, 150, 270]) {
        gains.push(antennaGainDecibel(zenith, azimuth - sector, layout.tiltDegree) - loss);
      }
    }
    const best = Math.max(...gains);
    const others = gains.reduce((sum, gain) => sum + 10 ** (gain / 10), 0) - 10 ** (best / 10);
    return { couplingGainDecibel: best, geometryDecibel: best - 10 * Math.log10(others) };
  });
}

/** Shadowing of users in buildings (table 7.5-6, O2I). */
const indoorDeviation = 7;

/** Table 7.4.2-1; what the package leaves out: users above 13 m of UMa, and the open office. */
function sightProbability(scenario: Scenario, distance: number, height: number): number {
  if (scenario === 'inh') {
    if (distance <= 5) return 1;
    return distance <= 49 ? Math.exp(-(distance - 5) / 70.8) : 0.54 * Math.exp(-(distance - 49) / 211.7);
  }
  const low = lineOfSightProbability(scenario, distance);
  if (scenario !== 'uma' || height <= 13 || distance <= 18) return low;
  return low * (1 + ((height - 13) / 10) ** 1.5 * 1.25 * (distance / 100) ** 3 * Math.exp(-distance / 150));
}

/** Ten elements of table 7.3-1, half a wavelength apart under each other, steered to a zenith angle. */
function antennaGainDecibel(zenith: number, azimuth: number, tilt: number): number {
  const turned = ((((azimuth + 180) % 360) + 360) % 360) - 180;
  const vertical = Math.min(12 * ((zenith - 90) / 65) ** 2, 30);
  const horizontal = Math.min(12 * (turned / 65) ** 2, 30);
  const element = 8 - Math.min(vertical + horizontal, 30);
  const phase = Math.PI * (Math.cos((zenith * Math.PI) / 180) - Math.cos((tilt * Math.PI) / 180));
  let [real, imaginary] = [0, 0];
  for (let m = 0; m < 10; m++) {
    real += Math.cos(m * phase) / Math.sqrt(10);
    imaginary += Math.sin(m * phase) / Math.sqrt(10);
  }
  return element + 10 * Math.log10(real * real + imaginary * imaginary);
}

function hexagon(spacing: number): [number, number][] {
  const sites: [number, number][] = [];
  for (let a = -2; a <= 2; a++) {
    for (let b = -2; b <= 2; b++) {
      if (Math.abs(a + b) <= 2) sites.push([spacing * (a + b / 2), (spacing * b * Math.sqrt(3)) / 2]);
    }
  }
  return sites;
}

function streets(spacing: number, leastMetre: number, baseHeight: number): Layout {
  return {
    sites: hexagon(spacing),
    baseHeight,
    tiltDegree: 102,
    place(random) {
      let place = pointInDisc(0.93 * spacing, random);
      while (Math.hypot(place.xMetre, place.yMetre) < leastMetre) place = pointInDisc(0.93 * spacing, random);
      const { xMetre: x, yMetre: y } = place;
      const indoor = random.uniform() < 0.8;
      const floors = 4 + random.integer(5);
      return { x, y, indoor, height: indoor ? 3 * random.integer(floors) + 1.5 : 1.5 };
    },
  };
}

const layouts: Readonly<Record<CalibrationCase['scenario'], Layout>> = {
  umi: streets(200, 10, 10),
  uma: streets(500, 35, 25),
  inh: {
    sites: [10, 30, 50, 70, 90, 110].flatMap((x) => [15, 35].map((y) => [x, y] as const)),
    baseHeight: 3,
    tiltDegree: 110,
    place: (random) => ({ x: 120 * random.uniform(), y: 50 * random.uniform(), indoor: false, height: 1 }),
  },
};
