import {
  coherenceBlocks,
  dopplerHz,
  distanceBetween,
  decibelFromRatio,
  noiseRiseSteps,
  onOffProcess,
  pathOf,
  ratioFromDecibel,
  Site,
  traceAt,
  type CostTable,
  type Device,
  type MovingCell,
  type MovingDevice,
  type OnOffProcess,
  type Path,
  type PlaceChannel,
  type PlanningProblem,
  type ProblemSource,
} from '../models/index.js';
import { randomStream } from '../random/index.js';
import type { Outlook, SimulationOptions } from './options.js';

/** What a device is in one round, whoever decides. */
export interface DeviceMoment {
  /** As in the problem. */
  readonly name: string;
  /** Whether the device is there. */
  readonly isPresent: boolean;
  /** Its channel. */
  readonly channel: PlaceChannel;
  /** Mean power gain with walls. */
  readonly gain: number;
  /** Factor of its throughput. */
  readonly throughputFactor: number;
  /** Factor of its memory. */
  readonly memoryFactor: number;
}

/** Most parts of a round that are told apart when fading is averaged over them. */
const mostBlocks = 64;

/**
 * The cell in any round, from a seed. Each quantity of each device has a stream of its own, so that one more device, scheme or
 * round changes nothing of the others: all schemes see the same cell.
 */
export class World {
  private readonly site: Site;
  private readonly paths: readonly Path[];
  private readonly presence: readonly (OnOffProcess | undefined)[];
  private readonly rises: readonly number[];
  private readonly bounded: ReadonlySet<number>;
  private readonly bases = new Map<string, ProblemSource>();
  private latest: Moment | undefined;

  constructor(
    readonly cell: MovingCell,
    private readonly options: SimulationOptions,
    readonly seed: number,
  ) {
    this.site = new Site(cell.site, seed);
    this.paths = cell.devices.map(({ name, motion }) => pathOf(motion, randomStream(seed, `device/${name}/motion`)));
    this.presence = cell.devices.map(({ name, present }) =>
      present && 'meanOnSeconds' in present
        ? onOffProcess(present, randomStream(seed, `device/${name}/presence`))
        : undefined,
    );
    const rise =
      cell.noiseRise && noiseRiseSteps(cell.noiseRise, options.intervalSeconds, randomStream(seed, 'site/load'));
    this.rises = Array.from({ length: options.rounds }, () => rise?.() ?? 1);
    this.bounded = boundedRounds(options, seed);
  }

  /** The cell at the start of a round; the same every time. */
  at(round: number): Moment {
    if (this.latest?.round !== round) this.latest = this.momentOf(round);
    return this.latest;
  }

  /** The problem without some devices, worked out anew by its source. */
  base(without: readonly string[]): ProblemSource {
    if (without.length === 0) return this.cell.source;
    const key = without.join('\n');
    let source = this.bases.get(key);
    if (!source) {
      const rebuilt = this.cell.source.rebuild({ without });
      if (!rebuilt.ok) throw new Error(`the cell without ${without.join(', ')} is no problem: ${rebuilt.reason}`);
      source = rebuilt.source;
      this.bases.set(key, source);
    }
    return source;
  }

  private momentOf(round: number): Moment {
    const seconds = round * this.options.intervalSeconds;
    const devices = this.cell.devices.map((device, n): DeviceMoment => {
      const channel = this.site.at(this.paths[n]!.at(seconds));
      return {
        name: device.name,
        isPresent: this.isPresent(device, n, seconds),
        channel,
        gain: device.measuredGain ?? channel.gain * ratioFromDecibel(-device.buildingDecibel),
        throughputFactor: device.throughput ? traceAt(device.throughput, seconds) : 1,
        memoryFactor: device.memory ? traceAt(device.memory, seconds) : 1,
      };
    });
    return new Moment(this, this.options, round, devices);
  }

  private isPresent({ present }: MovingDevice, n: number, seconds: number): boolean {
    if (!present) return true;
    if ('fromSeconds' in present) return seconds >= present.fromSeconds && seconds < present.untilSeconds;
    return this.presence[n]!.isOnAt(seconds);
  }

  /** The gain to decide for: see `Outlook`. */
  plannedGain(n: number, moment: DeviceMoment, seconds: number, outlook: Outlook): number {
    const device = this.cell.devices[n]!;
    if (outlook.kind === 'now' || device.measuredGain !== undefined) return moment.gain;
    if (outlook.kind === 'worst') {
      let least = moment.gain;
      for (let ahead = 1; ahead < outlook.horizonRounds; ahead++) {
        least = Math.min(least, this.forecastGain(n, moment, seconds, ahead * this.options.intervalSeconds));
      }
      return least;
    }
    const aheadSeconds = (outlook.horizonRounds * this.options.intervalSeconds) / 2;
    if (outlook.kind === 'forecast') return this.forecastGain(n, moment, seconds, aheadSeconds);
    const law = this.site.forecast(moment.channel, device.speedMetrePerSecond * aheadSeconds);
    const shift = outlook.kind === 'quantile' ? outlook.normalQuantile * law.deviationDecibel : 0;
    return ratioFromDecibel(law.meanDecibel + shift - device.buildingDecibel);
  }

  /** Mean gain in dB where a device will be: the place is known, the shadowing there only as far as it is that of here. */
  private forecastGain(n: number, { channel }: DeviceMoment, seconds: number, aheadSeconds: number): number {
    const here = this.paths[n]!.at(seconds);
    const there = this.paths[n]!.at(seconds + aheadSeconds);
    const place = this.site.at(there);
    const alike = this.site.forecast(channel, distanceBetween(here, there));
    const shadowing = alike.meanDecibel - decibelFromRatio(channel.gain) + channel.shadowingDecibel;
    const { buildingDecibel } = this.cell.devices[n]!;
    return place.gain * ratioFromDecibel(shadowing - place.shadowingDecibel - buildingDecibel);
  }

  /** Noise and interference of a round over thermal noise, as a factor ≥ 1. */
  noiseRise(round: number): number {
    return this.rises[round] ?? 1;
  }

  /** Whether a lower bound is worked out for a round. */
  isBounded(round: number): boolean {
    return this.bounded.has(round);
  }

  /** How the fading of a round is averaged; undefined where it is treated as the plan treats it. */
  blocks(n: number, round: number): { readonly count: number; readonly stream: string } | undefined {
    if (this.options.fading === 'planned') return undefined;
    const { name, speedMetrePerSecond } = this.cell.devices[n]!;
    const doppler = dopplerHz(speedMetrePerSecond, this.cell.carrierHz);
    const count = coherenceBlocks(this.options.intervalSeconds, doppler, mostBlocks);
    // The fades of a world are its own: the seed of the world is part of the stream's name.
    return { count, stream: `${name}/fades/${this.seed}/${round}` };
  }
}

/** One round of each so many, drawn: decisions at equal intervals would otherwise meet all bounds, or none. */
function boundedRounds({ rounds, boundEvery }: SimulationOptions, seed: number): ReadonlySet<number> {
  const random = randomStream(seed, 'site/bounded-rounds');
  const found = new Set<number>();
  for (let first = 0; boundEvery > 0 && first < rounds; first += boundEvery)
    found.add(first + random.integer(boundEvery));
  return found;
}

/** The cell in one round. */
export class Moment {
  private readonly problems = new Map<string, PlanningProblem>();

  constructor(
    private readonly world: World,
    private readonly options: SimulationOptions,
    readonly round: number,
    readonly devices: readonly DeviceMoment[],
  ) {}

  /** From the start of the simulation. */
  get seconds(): number {
    return this.round * this.options.intervalSeconds;
  }

  /** Whether a lower bound is worked out for this round. */
  get isBounded(): boolean {
    return this.world.isBounded(this.round);
  }

  /** The problem of this round without some devices; undefined when nobody is left. The same object for the same devices. */
  problem(without: ReadonlySet<string>): PlanningProblem | undefined {
    return this.cached(without, 'round', (n) => this.devices[n]!.gain, true);
  }

  /** The problem that the large time scale decides for. */
  outlook(without: ReadonlySet<string>): PlanningProblem | undefined {
    const { outlook } = this.options;
    if (outlook.kind === 'now' && this.options.fading === 'planned') return this.problem(without);
    return this.cached(
      without,
      'outlook',
      (n) => this.world.plannedGain(n, this.devices[n]!, this.seconds, outlook),
      false,
    );
  }

  private cached(
    without: ReadonlySet<string>,
    kind: string,
    gainOf: (n: number) => number,
    isActual: boolean,
  ): PlanningProblem | undefined {
    const absent = this.devices.flatMap(({ name, isPresent }) => (isPresent && !without.has(name) ? [] : [name]));
    if (absent.length === this.devices.length) return undefined;
    const key = [kind, ...absent].join('\n');
    let problem = this.problems.get(key);
    if (!problem) {
      problem = this.build(new Set(absent), gainOf, isActual);
      this.problems.set(key, problem);
    }
    return problem;
  }

  private build(absent: ReadonlySet<string>, gainOf: (n: number) => number, isActual: boolean): PlanningProblem {
    const base = this.world.base([...absent]).problem;
    const places = this.devices.flatMap(({ name }, n) => (absent.has(name) ? [] : [n]));
    return { ...base, devices: base.devices.map((device, k) => this.device(device, places[k]!, gainOf, isActual)) };
  }

  private device(device: Device, n: number, gainOf: (n: number) => number, isActual: boolean): Device {
    const { throughputFactor, memoryFactor } = this.devices[n]!;
    const blocks = isActual ? this.world.blocks(n, this.round) : undefined;
    const laws = this.world.cell.devices[n]!.laws({
      gain: gainOf(n),
      noiseRise: this.world.noiseRise(this.round),
      ...(blocks && { blocks }),
    });
    return {
      ...device,
      ...laws,
      memoryBytes: device.memoryBytes * memoryFactor,
      ...(throughputFactor !== 1 && {
        costs: slowed(device.costs, throughputFactor),
        codecTimeFactor: device.codecTimeFactor / throughputFactor,
      }),
    };
  }
}

/** The costs of a device at a part of its throughput. */
function slowed(costs: CostTable, factor: number): CostTable {
  return {
    ...costs,
    forwardSeconds: costs.forwardSeconds.map((seconds) => seconds / factor),
    backwardSeconds: costs.backwardSeconds.map((seconds) => seconds / factor),
  };
}
