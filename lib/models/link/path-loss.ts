import { ratioFromDecibel } from './decibel.js';

/** Mean attenuation between device and server by distance. Distances are horizontal, in metres. */
export type PathLossModel =
  /** 128.1 + 37.6·log10(d / km) dB: 3GPP TR 36.814, macro cell at 2 GHz. */
  | { readonly kind: 'macro' }
  /** 3GPP TR 38.901 table 7.4.1-1: urban macro or urban micro, with or without line of sight. */
  | {
      readonly kind: 'uma-los' | 'uma-nlos' | 'umi-los' | 'umi-nlos';
      readonly carrierHz: number;
      readonly baseHeightMetre: number;
      readonly deviceHeightMetre: number;
    }
  /** referenceDecibel + 10·exponent·log10(d / referenceMetre). */
  | {
      readonly kind: 'log-distance';
      readonly referenceDecibel: number;
      readonly referenceMetre: number;
      readonly exponent: number;
    }
  /** 20·log10(4π·d·f / c). */
  | { readonly kind: 'free-space'; readonly carrierHz: number };

const speedOfLight = 299_792_458;
/** Effective environment height of TR 38.901, note 1 (its usual value for both scenarios). */
const environmentHeightMetre = 1;
/** Below this distance the models do not hold; closer devices count as standing here. */
export const leastDistanceMetre = 1;

/** Path loss in dB at a horizontal distance. */
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
      return urbanPathLoss(model, distance);
  }
}

/** Mean power gain, the linear inverse of the path loss. */
export function pathGain(model: PathLossModel, distanceMetre: number): number {
  return ratioFromDecibel(-pathLossDecibel(model, distanceMetre));
}

type UrbanModel = Extract<PathLossModel, { baseHeightMetre: number }>;

function urbanPathLoss(model: UrbanModel, horizontal: number): number {
  const direct = Math.hypot(horizontal, model.baseHeightMetre - model.deviceHeightMetre);
  const carrierGigahertz = model.carrierHz / 1e9;
  const lineOfSight = lineOfSightLoss(model, horizontal, direct);
  switch (model.kind) {
    case 'uma-los':
    case 'umi-los':
      return lineOfSight;
    case 'uma-nlos':
      return Math.max(
        lineOfSight,
        13.54 + 39.08 * Math.log10(direct) + 20 * Math.log10(carrierGigahertz) - 0.6 * (model.deviceHeightMetre - 1.5),
      );
    case 'umi-nlos':
      return Math.max(
        lineOfSight,
        22.4 + 35.3 * Math.log10(direct) + 21.3 * Math.log10(carrierGigahertz) - 0.3 * (model.deviceHeightMetre - 1.5),
      );
  }
}

/** Two slopes that meet at the break point 4·h'_BS·h'_UT·f / c. */
function lineOfSightLoss(model: UrbanModel, horizontal: number, direct: number): number {
  const macro = model.kind.startsWith('uma');
  const carrier = 20 * Math.log10(model.carrierHz / 1e9);
  const breakPoint =
    (4 *
      (model.baseHeightMetre - environmentHeightMetre) *
      (model.deviceHeightMetre - environmentHeightMetre) *
      model.carrierHz) /
    speedOfLight;
  if (horizontal <= breakPoint)
    return (macro ? 28 + 22 * Math.log10(direct) : 32.4 + 21 * Math.log10(direct)) + carrier;
  const heightDifference = model.baseHeightMetre - model.deviceHeightMetre;
  const beyond = Math.log10(breakPoint ** 2 + heightDifference ** 2);
  return (macro ? 28 - 9 * beyond : 32.4 - 9.5 * beyond) + 40 * Math.log10(direct) + carrier;
}
