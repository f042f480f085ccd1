import { randomStream } from '../../../random/index.js';
import { decibelFromRatio, ratioFromDecibel } from '../decibel.js';
import {
  leastDistanceMetre,
  lineOfSightProbability,
  pathLossDecibel,
  type PathLossModel,
  type Scenario,
  type ScenarioModel,
} from '../path-loss.js';
import { type Position } from './motion.js';
import {
  exponentialField,
  shadowingCorrelation,
  sightDecorrelationMetre,
  type ShadowingLaw,
  type SpatialField,
} from './shadowing.js';
import { normalCdf } from './trace.js';

/** Everything between a base station and any place around it that does not depend on the device. */
export interface SiteModel {
  /** Path loss without a state of sight, or a scenario of TR 38.901 with one. */
  readonly pathLoss: PathLossModel | ScenarioSight;
  /** One law for all, or by line of sight; deviation 0 for none. */
  readonly shadowing: { readonly los: ShadowingLaw; readonly nlos: ShadowingLaw };
  /** Of the base station and the devices together. */
  readonly antennaGainDecibel: number;
}

/** A scenario of TR 38.901 whose line of sight depends on the place: always, never, or by its probability at the distance. */
export interface ScenarioSight extends Omit<ScenarioModel, 'kind'> {
  readonly kind: 'scenario';
  /** Scenario of 3GPP TR 38.901 that gives path loss and probability of sight. */
  readonly scenario: Scenario;
  /** Whether the base station is seen: always, never, or as drawn by place. */
  readonly sight: 'line-of-sight' | 'obstructed' | 'drawn';
}

/** The channel at one place. */
export interface PlaceChannel {
  /** Distance from the base station, metre. */
  readonly distanceMetre: number;
  /** Absent for models without it. */
  readonly lineOfSight?: boolean;
  /** Loss without shadowing, dB. */
  readonly pathLossDecibel: number;
  /** What shadowing adds to the gain, dB. */
  readonly shadowingDecibel: number;
  /** Mean power gain, path loss, shadowing and antennas together. */
  readonly gain: number;
}

/**
 * The large-scale channel of one site as a function of the place. Shadowing is one field for each state of sight, and the
 * state itself is where another field lies below the normal quantile of its probability (TR 38.901 section 7.6.3.3, hard
 * change): all of it depends on the seed and the place alone, never on who asks.
 */
export class Site {
  private readonly losField: SpatialField;
  private readonly nlosField: SpatialField;
  private readonly sightField: SpatialField | undefined;

  constructor(
    private readonly model: SiteModel,
    seed: number,
  ) {
    const { pathLoss, shadowing } = model;
    this.losField = exponentialField(shadowing.los.decorrelationMetre, randomStream(seed, 'site/shadowing/los'));
    this.nlosField = exponentialField(shadowing.nlos.decorrelationMetre, randomStream(seed, 'site/shadowing/nlos'));
    if (pathLoss.kind === 'scenario' && pathLoss.sight === 'drawn') {
      const distance = sightDecorrelationMetre[pathLoss.scenario];
      this.sightField = exponentialField(distance, randomStream(seed, 'site/sight'));
    }
  }

  /** Channel at a place. */
  at(position: Position): PlaceChannel {
    const distanceMetre = Math.max(leastDistanceMetre, Math.hypot(position.xMetre, position.yMetre));
    const lineOfSight = this.hasSight(position, distanceMetre);
    const law = this.law(lineOfSight);
    const field = lineOfSight === false ? this.nlosField : this.losField;
    const shadowingDecibel = law.deviationDecibel === 0 ? 0 : law.deviationDecibel * field.at(position);
    const loss = pathLossDecibel(this.pathLoss(lineOfSight), distanceMetre);
    return {
      distanceMetre,
      ...(lineOfSight !== undefined && { lineOfSight }),
      pathLossDecibel: loss,
      shadowingDecibel,
      gain: ratioFromDecibel(this.model.antennaGainDecibel - loss + shadowingDecibel),
    };
  }

  /**
   * What the gain at a place will be after a way of so many metres, the shadowing alone being uncertain: mean and standard
   * deviation in dB, S(d) given S(0) being normal with mean r·S(0) and variance σ²·(1 − r²), r = exp(−d / d_cor).
   */
  forecast({ lineOfSight, shadowingDecibel, gain }: PlaceChannel, wayMetre: number): GainForecast {
    const law = this.law(lineOfSight);
    const correlation = shadowingCorrelation(wayMetre, law.decorrelationMetre);
    return {
      meanDecibel: decibelFromRatio(gain) - (1 - correlation) * shadowingDecibel,
      deviationDecibel: law.deviationDecibel * Math.sqrt(1 - correlation * correlation),
    };
  }

  private hasSight(position: Position, distanceMetre: number): boolean | undefined {
    const { pathLoss } = this.model;
    if (pathLoss.kind !== 'scenario') return undefined;
    if (!this.sightField) return pathLoss.sight === 'line-of-sight';
    return normalCdf(this.sightField.at(position)) < lineOfSightProbability(pathLoss.scenario, distanceMetre);
  }

  private law(lineOfSight: boolean | undefined): ShadowingLaw {
    const { los, nlos } = this.model.shadowing;
    return lineOfSight === false ? nlos : los;
  }

  private pathLoss(lineOfSight: boolean | undefined): PathLossModel {
    const { pathLoss } = this.model;
    return pathLoss.kind === 'scenario' ? scenarioOfSight(pathLoss, lineOfSight === true) : pathLoss;
  }
}

/**
 * The path loss of a scenario in one state of sight.
 *
 * @param sight - Scenario, carrier and heights.
 * @param lineOfSight - Whether the base station is in sight.
 * @example
 * ```ts
 * import { scenarioOfSight } from 'sft-opt/models';
 *
 * const heights = { carrierHz: 3.5e9, baseHeightMetre: 10, deviceHeightMetre: 1.5 };
 * console.log(scenarioOfSight({ kind: 'scenario', scenario: 'umi', sight: 'drawn', ...heights }, true).kind); // umi-los
 * ```
 */
export function scenarioOfSight(
  { scenario, carrierHz, baseHeightMetre, deviceHeightMetre }: ScenarioSight,
  lineOfSight: boolean,
): ScenarioModel {
  return { kind: `${scenario}-${lineOfSight ? 'los' : 'nlos'}`, carrierHz, baseHeightMetre, deviceHeightMetre };
}

/** A normal law of the gain in dB. */
export interface GainForecast {
  /** Expected gain, dB. */
  readonly meanDecibel: number;
  /** Standard deviation of the gain, dB. */
  readonly deviationDecibel: number;
}
