import {
  buildingLoss,
  decibelFromRatio,
  efficiencyTable,
  fadingQuantile,
  lineOfSightProbability,
  pathLossDecibel,
  ratioFromDecibel,
  scenarioOfSight,
  shannonLaw,
  spreadLaw,
  type Building,
  type EfficiencyTable,
  type Fading,
  type FadingTreatment,
  type LinkBudget,
  type LinkLimits,
  type PathLossModel,
  type RateLaw,
  type Scenario,
  type SiteModel,
} from '../../../models/index.js';
import { fadingDefaults, pathLossDefaults, type DeviceEntry, type ProblemFile } from '../schema/index.js';
import type { EntryDraws } from './draw.js';

/** Heights of base stations in TR 38.901, metres. */
const baseHeights: Readonly<Record<Scenario, number>> = { uma: 25, umi: 10, rma: 35, inh: 3 };

type RadioSection = ProblemFile['radio'];

/** How one device reaches the server. */
export interface ResolvedLink {
  /** Rate over bandwidth from device to server. */
  readonly uplink: RateLaw;
  /** Rate over bandwidth from server to device. */
  readonly downlink: RateLaw;
  /** Absent with a measured gain. */
  readonly distanceMetre?: number;
  /** Mean power gain, path loss, shadowing and antennas together. */
  readonly gain: number;
  /** True where TR 38.901 drew line of sight; absent for models without it. */
  readonly lineOfSight?: boolean;
  /** Loss of the building around the device, dB; absent outdoors. */
  readonly buildingDecibel?: number;
}

/** What all links have in common, worked out once. */
export class LinkResolver {
  private readonly fading: Fading;
  private readonly treatment: FadingTreatment;
  /** Factor of the gain that stands for a quantile of the fading. */
  private readonly plannedShare: number;
  private readonly upLimits: LinkLimits;
  private readonly downLimits: LinkLimits;
  private readonly pathLoss: Exclude<RadioSection['pathLoss'], string>;
  readonly sitePathLoss: SiteModel['pathLoss'];

  constructor(private readonly radio: RadioSection) {
    const fading = typeof radio.fading === 'string' ? fadingDefaults(radio.fading) : radio.fading;
    this.pathLoss = typeof radio.pathLoss === 'string' ? pathLossDefaults(radio.pathLoss) : radio.pathLoss;
    this.sitePathLoss = pathLossOfSite(this.pathLoss, radio.carrier);
    this.fading =
      fading.kind === 'rician'
        ? { kind: 'rician', factor: ratioFromDecibel(fading.riceFactor) }
        : { kind: fading.kind };
    this.treatment = fading.treatment === 'samples' ? { kind: 'samples', count: fading.samples } : { kind: 'mean' };
    this.plannedShare = fading.treatment === 'quantile' ? fadingQuantile(this.fading, fading.quantile) : 1;
    const { efficiency, efficiencyLimit } = radio;
    // Where it is to be decided, one half stands for it.
    const uplinkFraction = radio.uplinkFraction === 'optimal' ? 0.5 : radio.uplinkFraction;
    const loses = fading.treatment === 'quantile' && fading.outage === 'resent' && fading.kind !== 'none';
    const common = {
      ...(efficiency !== 'shannon' && { efficiencyTable: resolveTable(efficiency) }),
      ...(efficiencyLimit !== undefined && { efficiencyLimit }),
      ...(loses && { deliveredFraction: 1 - fading.quantile }),
    };
    this.upLimits = { ...common, ...(uplinkFraction !== undefined && { frameFraction: uplinkFraction }) };
    this.downLimits = { ...common, ...(uplinkFraction !== undefined && { frameFraction: 1 - uplinkFraction }) };
  }

  /** The link of the next member of an entry. */
  resolve(entry: DeviceEntry, draws: EntryDraws): ResolvedLink {
    const channel = entry.gain === undefined ? this.drawChannel(entry, draws) : { gain: entry.gain };
    return { ...channel, ...this.lawsAt(entry, channel.gain, draws) };
  }

  /** Rate laws of an entry at a mean power gain, the noise of the base station and the devices `noiseRise` times as high. */
  lawsAt(
    entry: DeviceEntry,
    gain: number,
    draws: EntryDraws,
    noiseRise = 1,
  ): Pick<ResolvedLink, 'uplink' | 'downlink'> {
    const { radio } = this;
    const budget = (powerWatt: number, noiseFigure: number): LinkBudget => ({
      powerWatt,
      gain: gain * this.plannedShare,
      noiseDensityWattPerHz: radio.noiseDensity * noiseRise,
      noiseFactor: ratioFromDecibel(noiseFigure),
      capacityGap: ratioFromDecibel(radio.capacityGap),
    });
    const up = budget(entry.transmitPower, radio.noiseFigure);
    const down = budget(radio.serverPower, radio.deviceNoiseFigure);
    return {
      uplink: this.law(entry.uplinkRate, up, radio.rateLaw === 'shannon', this.upLimits, draws),
      downlink: this.law(entry.downlinkRate, down, radio.downlinkPower === 'device', this.downLimits, draws),
    };
  }

  /** A measured rate is taken as it was measured, without limits. */
  private law(
    measured: number | undefined,
    budget: LinkBudget,
    ownShare: boolean,
    limits: LinkLimits,
    draws: EntryDraws,
  ): RateLaw {
    const band = this.radio.bandwidth;
    if (measured !== undefined) return { kind: 'linear', bitsPerSecondPerHz: measured / band };
    const stream = draws.stream('fading');
    return ownShare
      ? shannonLaw(budget, this.fading, this.treatment, stream, limits)
      : spreadLaw(budget, band, this.fading, this.treatment, stream, limits);
  }

  private drawChannel(entry: DeviceEntry, draws: EntryDraws) {
    const { radio } = this;
    const distanceMetre = draws.next('distance', entry.distance);
    const { model, lineOfSight } = this.pathLossAt(distanceMetre, draws);
    const shadowing = radio.shadowing === 0 ? 0 : radio.shadowing * draws.stream('shadowing').normal();
    const inside = entry.building === undefined ? 0 : this.drawBuilding(entry.building, draws);
    const decibel = radio.antennaGain - pathLossDecibel(model, distanceMetre) + shadowing - inside;
    return {
      gain: ratioFromDecibel(decibel),
      distanceMetre,
      ...(lineOfSight !== undefined && { lineOfSight }),
      ...(entry.building !== undefined && { buildingDecibel: inside }),
    };
  }

  /** Wall, the way inside (a uniform depth; of two the lesser, TR 38.901 section 7.4.3.1) and their deviation, dB. */
  private drawBuilding(building: Building, draws: EntryDraws): number {
    const { wallDecibel, decibelPerMetre, deviationDecibel } = buildingLoss(building, this.radio.carrier);
    const random = draws.stream('building');
    const deepest = this.pathLoss.model === 'rma' ? 10 : 25;
    const [one, other, deviation] = [random.uniform(), random.uniform(), random.normal()];
    const depth = deepest * (building === 'below-6-ghz' ? one : Math.min(one, other));
    return wallDecibel + decibelPerMetre * depth + deviationDecibel * deviation;
  }

  private pathLossAt(distanceMetre: number, draws: EntryDraws): { model: PathLossModel; lineOfSight?: boolean } {
    const { sitePathLoss } = this;
    if (sitePathLoss.kind !== 'scenario') return { model: sitePathLoss };
    const { scenario, sight } = sitePathLoss;
    const lineOfSight =
      sight === 'drawn'
        ? draws.stream('sight').uniform() < lineOfSightProbability(scenario, distanceMetre)
        : sight === 'line-of-sight';
    return { lineOfSight, model: scenarioOfSight(sitePathLoss, lineOfSight) };
  }
}

/** The path loss of a file around its base station. */
function pathLossOfSite(pathLoss: Exclude<RadioSection['pathLoss'], string>, carrierHz: number): SiteModel['pathLoss'] {
  switch (pathLoss.model) {
    case 'macro':
      return { kind: 'macro' };
    case 'free-space':
      return { kind: 'free-space', carrierHz };
    case 'log-distance': {
      const { exponent, referenceDistance, referenceLoss } = pathLoss;
      const referenceDecibel = referenceLoss ?? pathLossDecibel({ kind: 'free-space', carrierHz }, referenceDistance);
      return { kind: 'log-distance', referenceDecibel, referenceMetre: referenceDistance, exponent };
    }
    case 'uma':
    case 'umi':
    case 'rma':
    case 'inh':
      return {
        kind: 'scenario',
        scenario: pathLoss.model,
        sight: pathLoss.sight,
        carrierHz,
        baseHeightMetre: pathLoss.baseHeight ?? baseHeights[pathLoss.model],
        deviceHeightMetre: pathLoss.deviceHeight,
      };
  }
}

function resolveTable(efficiency: Exclude<RadioSection['efficiency'], 'shannon'>): EfficiencyTable {
  if (typeof efficiency === 'string') return efficiencyTable(efficiency);
  return efficiency.map(({ bitsPerHertz, snr }) => ({
    bitsPerSecondPerHz: bitsPerHertz,
    signalToNoise: ratioFromDecibel(snr),
  }));
}

/** Signal-to-noise ratio that one share of the band would see, in dB. */
export function signalToNoiseDecibel(snrBandwidthHz: number, bandwidthHz: number): number {
  return decibelFromRatio(snrBandwidthHz / bandwidthHz);
}
