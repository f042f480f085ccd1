import { ratioFromDecibel } from './decibel.js';

/** Mean attenuation between device and server by distance. Distances are horizontal, in metres. */
export type PathLossModel =
  /** 128.1 + 37.6·log10(d / km) dB: 3GPP TR 36.814, macro cell at 2 GHz. */
  | { readonly kind: 'macro' }
  | ScenarioModel
  /** referenceDecibel + 10·exponent·log10(d / referenceMetre). */
  | {
      readonly kind: 'log-distance';
      /** Loss at the reference distance, dB. */
      readonly referenceDecibel: number;
      /** Reference distance, metre. */
      readonly referenceMetre: number;
      /** Path-loss exponent. */
      readonly exponent: number;
    }
  /** 20·log10(4π·d·f / c). */
  | {
      readonly kind: 'free-space';
      /** f of the formula: carrier frequency, Hz. */
      readonly carrierHz: number;
    };

/** Scenarios of 3GPP TR 38.901: urban macro, urban micro (street canyon), rural macro, indoor office. */
export type Scenario = 'uma' | 'umi' | 'rma' | 'inh';

/** Version of TR 38.901 whose tables 7.4.1-1, 7.4.2-1, 7.4.3-1 to 7.4.3-3, 7.5-6 (shadowing) and 7.6.3.1-2 the scenarios follow. */
export const scenarioSpecVersion = '16.1.0';

/** 3GPP TR 38.901 table 7.4.1-1, with or without line of sight. */
export interface ScenarioModel {
  /** Scenario of the table and whether the base station is in sight. */
  readonly kind: `${Scenario}-${'los' | 'nlos'}`;
  /** Carrier frequency, Hz. */
  readonly carrierHz: number;
  /** Height of the base station's antenna, metre. */
  readonly baseHeightMetre: number;
  /** Height of the device, metre. */
  readonly deviceHeightMetre: number;
}

const speedOfLight = 299_792_458;
/** As TR 38.901 writes it, for its break points. */
const roundedSpeedOfLight = 3e8;
/** Effective environment height of TR 38.901, note 1: that of UMi, and of UMa for devices below 13 m. */
const environmentHeightMetre = 1;
/** Average height of buildings and width of streets of RMa, the defaults of TR 38.901 table 7.4.1-1. */
const buildingHeightMetre = 5;
const streetWidthMetre = 20;
/** Below this distance the models do not hold; closer devices count as standing here. */
export const leastDistanceMetre = 1;

/**
 * Path loss in dB at a horizontal distance.
 *
 * @param model - Which law of distance.
 * @param distanceMetre - Horizontal distance, metre.
 * @example
 * ```ts
 * import { pathLossDecibel } from 'sft-opt/models';
 *
 * console.log(pathLossDecibel({ kind: 'macro' }, 1000)); // 128.1
 * ```
 */
export function pathLossDecibel(model: PathLossModel, distanceMetre: number): number {
  const distance = Math.max(distanceMetre, leastDistanceMetre);
  switch (model.kind) {
    case 'macro':
      return 128.1 + 37.6 * Math.log10(distance / 1000);
    case 'log-distance':
      return model.referenceDecibel + 10 * model.exponent * Math.log10(distance / model.referenceMetre);
    case 'free-space':
      return 20 * Math.log10((4 * Math.PI * distance * model.carrierHz) / speedOfLight);
    default:
      return scenarioLoss(model, distance);
  }
}

/**
 * Mean power gain, the linear inverse of the path loss.
 *
 * @param model - Which law of distance.
 * @param distanceMetre - Horizontal distance, metre.
 * @example
 * ```ts
 * import { pathGain } from 'sft-opt/models';
 *
 * console.log(pathGain({ kind: 'log-distance', referenceDecibel: 40, referenceMetre: 1, exponent: 3 }, 10)); // 1e-7
 * ```
 */
export function pathGain(model: PathLossModel, distanceMetre: number): number {
  return ratioFromDecibel(-pathLossDecibel(model, distanceMetre));
}

function scenarioLoss(model: ScenarioModel, horizontal: number): number {
  const direct = Math.hypot(horizontal, model.baseHeightMetre - model.deviceHeightMetre);
  const lineOfSight = lineOfSightLoss(model, horizontal, direct);
  return model.kind.endsWith('-los') ? lineOfSight : Math.max(lineOfSight, obstructedLoss(model, direct));
}

function scenarioOf(model: ScenarioModel): Scenario {
  return model.kind.slice(0, 3) as Scenario;
}

function obstructedLoss(model: ScenarioModel, direct: number): number {
  const gigahertz = Math.log10(model.carrierHz / 1e9);
  const distance = Math.log10(direct);
  const { baseHeightMetre: base, deviceHeightMetre: device } = model;
  switch (scenarioOf(model)) {
    case 'uma':
      return 13.54 + 39.08 * distance + 20 * gigahertz - 0.6 * (device - 1.5);
    case 'umi':
      return 22.4 + 35.3 * distance + 21.3 * gigahertz - 0.3 * (device - 1.5);
    case 'inh':
      return 17.3 + 38.3 * distance + 24.9 * gigahertz;
    case 'rma':
      return (
        161.04 -
        7.1 * Math.log10(streetWidthMetre) +
        7.5 * Math.log10(buildingHeightMetre) -
        (24.37 - 3.7 * (buildingHeightMetre / base) ** 2) * Math.log10(base) +
        (43.42 - 3.1 * Math.log10(base)) * (distance - 3) +
        20 * gigahertz -
        (3.2 * Math.log10(11.75 * device) ** 2 - 4.97)
      );
  }
}

function lineOfSightLoss(model: ScenarioModel, horizontal: number, direct: number): number {
  const carrier = 20 * Math.log10(model.carrierHz / 1e9);
  switch (scenarioOf(model)) {
    case 'inh':
      return 32.4 + 17.3 * Math.log10(direct) + carrier;
    case 'rma':
      return ruralLoss(model, horizontal, direct);
    case 'uma':
      return twoSlopes(model, horizontal, direct, { near: 28, slope: 22, beyond: 9 }) + carrier;
    case 'umi':
      return twoSlopes(model, horizontal, direct, { near: 32.4, slope: 21, beyond: 9.5 }) + carrier;
  }
}

/** Two slopes that meet at the break point 4·h'_BS·h'_UT·f / c, primes for heights above the environment's. */
function twoSlopes(
  model: ScenarioModel,
  horizontal: number,
  direct: number,
  { near, slope, beyond }: { near: number; slope: number; beyond: number },
): number {
  const breakPoint =
    (4 *
      (model.baseHeightMetre - environmentHeightMetre) *
      (model.deviceHeightMetre - environmentHeightMetre) *
      model.carrierHz) /
    roundedSpeedOfLight;
  if (horizontal <= breakPoint) return near + slope * Math.log10(direct);
  const heightDifference = model.baseHeightMetre - model.deviceHeightMetre;
  return near - beyond * Math.log10(breakPoint ** 2 + heightDifference ** 2) + 40 * Math.log10(direct);
}

/** RMa: its break point 2π·h_BS·h_UT·f / c takes the heights as they are. */
function ruralLoss(model: ScenarioModel, horizontal: number, direct: number): number {
  const near = (distance: number) =>
    20 * Math.log10((40 * Math.PI * distance * (model.carrierHz / 1e9)) / 3) +
    Math.min(0.03 * buildingHeightMetre ** 1.72, 10) * Math.log10(distance) -
    Math.min(0.044 * buildingHeightMetre ** 1.72, 14.77) +
    0.002 * Math.log10(buildingHeightMetre) * distance;
  const breakPoint =
    (2 * Math.PI * model.baseHeightMetre * model.deviceHeightMetre * model.carrierHz) / roundedSpeedOfLight;
  return horizontal <= breakPoint ? near(direct) : near(breakPoint) + 40 * Math.log10(direct / breakPoint);
}

/**
 * Probability of line of sight: 3GPP TR 38.901 table 7.4.2-1, for devices up to 13 m high and the mixed office.
 *
 * @param scenario - Where the base station stands.
 * @param distanceMetre - Horizontal distance, metre.
 * @example
 * ```ts
 * import { lineOfSightProbability } from 'sft-opt/models';
 *
 * console.log(lineOfSightProbability('umi', 10), lineOfSightProbability('umi', 100)); // 1 0.230985
 * ```
 */
export function lineOfSightProbability(scenario: Scenario, distanceMetre: number): number {
  switch (scenario) {
    case 'rma':
      return distanceMetre <= 10 ? 1 : Math.exp(-(distanceMetre - 10) / 1000);
    case 'inh':
      if (distanceMetre <= 1.2) return 1;
      return distanceMetre < 6.5
        ? Math.exp(-(distanceMetre - 1.2) / 4.7)
        : 0.32 * Math.exp(-(distanceMetre - 6.5) / 32.6);
    default: {
      if (distanceMetre <= 18) return 1;
      const near = 18 / distanceMetre;
      return near + Math.exp(-distanceMetre / (scenario === 'uma' ? 63 : 36)) * (1 - near);
    }
  }
}

/** How a building attenuates: the two models of TR 38.901 table 7.4.3-2 and the one below 6 GHz of table 7.4.3-3. */
export const buildings = ['low-loss', 'high-loss', 'below-6-ghz'] as const;
/** Kind of building that a signal enters. */
export type Building = (typeof buildings)[number];

/** What a building takes from a signal, by TR 38.901. */
export interface BuildingLoss {
  /** Of the outer wall, dB. */
  readonly wallDecibel: number;
  /** Of a metre inside, dB/m. */
  readonly decibelPerMetre: number;
  /** Standard deviation of both together, dB. */
  readonly deviationDecibel: number;
}

/**
 * Outdoor-to-indoor loss: 3GPP TR 38.901 section 7.4.3.1, materials of table 7.4.3-1.
 *
 * @param building - `low` or `high` loss: share of coated glass.
 * @param carrierHz - Carrier frequency, Hz.
 * @example
 * ```ts
 * import { buildingLoss } from 'sft-opt/models';
 *
 * console.log(buildingLoss('low-loss', 3.5e9).wallDecibel); // 12.6975
 * ```
 */
export function buildingLoss(building: Building, carrierHz: number): BuildingLoss {
  const gigahertz = carrierHz / 1e9;
  const glass = 2 + 0.2 * gigahertz;
  const coatedGlass = 23 + 0.3 * gigahertz;
  const concrete = 5 + 4 * gigahertz;
  const wall = (glassPart: number, glassDecibel: number) =>
    5 - 10 * Math.log10(glassPart * ratioFromDecibel(-glassDecibel) + (1 - glassPart) * ratioFromDecibel(-concrete));
  switch (building) {
    case 'low-loss':
      return { wallDecibel: wall(0.3, glass), decibelPerMetre: 0.5, deviationDecibel: 4.4 };
    case 'high-loss':
      return { wallDecibel: wall(0.7, coatedGlass), decibelPerMetre: 0.5, deviationDecibel: 6.5 };
    case 'below-6-ghz':
      return { wallDecibel: 20, decibelPerMetre: 0.5, deviationDecibel: 0 };
  }
}
