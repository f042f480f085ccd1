import {
  scenarioShadowing,
  polar,
  type Motion,
  type MovingCell,
  type MovingDevice,
  type RoundChannel,
  type SiteModel,
  type StepTrace,
} from '../../models/index.js';
import { randomStream } from '../../random/index.js';
import type { ResolvedOrigin } from '../problem-file/origin.js';
import { EntryDraws, LinkResolver, type DeviceSummary } from '../problem-file/resolve/index.js';
import { fadingDefaults, type DeviceEntry } from '../problem-file/schema/index.js';
import type { MotionEntry, MovingDeviceEntry, SimulationSettings } from './schema.js';
import type { TraceReader } from './trace.js';

/** Decorrelation distance for path losses without a table, metres. */
const usualDecorrelation = 50;

/** The cell of a problem file over time, from settings that are right. */
export function resolveCell(start: ResolvedOrigin, settings: SimulationSettings, traces: TraceReader): MovingCell {
  const links = new LinkSource(start);
  const { radio } = start.file;
  const { noiseRise } = settings;
  return {
    source: start,
    carrierHz: radio.carrier,
    site: siteModel(links.resolver.sitePathLoss, start, settings),
    ...(noiseRise && {
      noiseRise: {
        fullLoadDecibel: noiseRise.fullLoad,
        load: noiseRise.load,
        correlationSeconds: noiseRise.correlation,
      },
    }),
    devices: start.summaries.map((summary) => movingDevice(summary, start, settings, links, traces)),
  };
}

function siteModel(pathLoss: SiteModel['pathLoss'], { file }: ResolvedOrigin, settings: SimulationSettings): SiteModel {
  const table = pathLoss.kind === 'scenario' ? scenarioShadowing[pathLoss.scenario] : undefined;
  const { deviation, decorrelation } = settings.shadowing;
  const law = (state: 'los' | 'nlos') => ({
    deviationDecibel: deviation === 'scenario' && table ? table[state].deviationDecibel : file.radio.shadowing,
    decorrelationMetre: decorrelation ?? table?.[state].decorrelationMetre ?? usualDecorrelation,
  });
  return { pathLoss, shadowing: { los: law('los'), nlos: law('nlos') }, antennaGainDecibel: file.radio.antennaGain };
}

function movingDevice(
  { name, entry: entryIndex, link }: DeviceSummary,
  start: ResolvedOrigin,
  settings: SimulationSettings,
  links: LinkSource,
  traces: TraceReader,
): MovingDevice {
  const group = start.file.devices[entryIndex]!;
  const entry = { ...group, ...group.members?.[name] };
  const own = settingsOf(settings, group, name);
  const motion = own.motion ?? settings.motion;
  const angle = 2 * Math.PI * randomStream(start.file.seed, `device/${name}/angle`).uniform();
  const { from, until, meanPresent, meanAbsent, battery, throughput, memory } = own;
  return {
    name,
    motion: motionOf(motion, polar(link.distanceMetre ?? 1, angle), traces),
    speedMetrePerSecond: speedOf(motion, traces),
    buildingDecibel: link.buildingDecibel ?? 0,
    ...(entry.gain !== undefined && { measuredGain: entry.gain }),
    laws: (channel) => links.laws(entry, name, channel),
    ...((from !== undefined || until !== undefined) && {
      present: { fromSeconds: from ?? 0, untilSeconds: until ?? Infinity },
    }),
    ...(meanPresent !== undefined && {
      present: { meanOnSeconds: meanPresent, meanOffSeconds: meanAbsent! },
    }),
    ...(battery !== undefined && { batteryJoule: battery }),
    ...(throughput && { throughput: stepTrace(throughput) }),
    ...(memory && { memory: stepTrace(memory) }),
  };
}

/** What the section says of a member, over what it says of its entry. */
function settingsOf({ devices = {} }: SimulationSettings, entry: DeviceEntry, name: string): MovingDeviceEntry {
  const own = (key: string) => (Object.hasOwn(devices, key) ? devices[key] : undefined);
  return { ...own(entry.name), ...own(name) };
}

function motionOf(entry: MotionEntry, place: { xMetre: number; yMetre: number }, traces: TraceReader): Motion {
  switch (entry.model) {
    case 'static':
      return { kind: 'static', start: place };
    case 'waypoint':
      return {
        kind: 'waypoint',
        start: place,
        radiusMetre: entry.radius,
        speedMetrePerSecond: rangeOf(entry.speed),
        pauseSeconds: rangeOf(entry.pause),
      };
    case 'road':
      return {
        kind: 'road',
        start: place,
        headingRadian: (entry.heading * Math.PI) / 180,
        lengthMetre: entry.length,
        speedMetrePerSecond: rangeOf(entry.speed)[1],
      };
    case 'trace':
      return { kind: 'trace', points: traces.points(entry.file!) };
  }
}

function speedOf(entry: MotionEntry, traces: TraceReader): number {
  if (entry.model === 'static') return 0;
  if (entry.model !== 'trace') return rangeOf(entry.speed)[1];
  const points = traces.points(entry.file!);
  let fastest = 0;
  points.slice(1).forEach((point, k) => {
    const before = points[k]!;
    const metres = Math.hypot(point.xMetre - before.xMetre, point.yMetre - before.yMetre);
    fastest = Math.max(fastest, metres / (point.seconds - before.seconds));
  });
  return fastest;
}

/** A value as the range that holds it alone. */
export function rangeOf(value: number | readonly [number, number]): readonly [number, number] {
  return typeof value === 'number' ? [value, value] : value;
}

function stepTrace(steps: readonly (readonly [number, number])[]): StepTrace {
  const whole = steps[0]![0] > 0 ? [[0, 1] as const, ...steps] : steps;
  return { seconds: whole.map(([at]) => at), values: whole.map(([, value]) => value) };
}

/** Rate laws of the file's devices at gains that change. */
class LinkSource {
  readonly resolver: LinkResolver;
  private readonly byCount = new Map<number, LinkResolver>();

  constructor(private readonly start: ResolvedOrigin) {
    this.resolver = new LinkResolver(start.file.radio);
  }

  laws(entry: DeviceEntry, name: string, { gain, noiseRise, blocks }: RoundChannel) {
    const { seed } = this.start.file;
    if (!blocks) return this.resolver.lawsAt(entry, gain, new EntryDraws(seed, name), noiseRise);
    return this.averaging(blocks.count).lawsAt(entry, gain, new EntryDraws(seed, blocks.stream), noiseRise);
  }

  /** The same links with 1/R averaged over so many fades. */
  private averaging(count: number): LinkResolver {
    let resolver = this.byCount.get(count);
    if (!resolver) {
      const { radio } = this.start.file;
      const fading = typeof radio.fading === 'string' ? fadingDefaults(radio.fading) : radio.fading;
      resolver = new LinkResolver({ ...radio, fading: { ...fading, treatment: 'samples', samples: count } });
      this.byCount.set(count, resolver);
    }
    return resolver;
  }
}
