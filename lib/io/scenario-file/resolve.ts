import {
  scenarioShadowing,
  polar,
  type Motion,
  type MovingCell,
  type MovingDevice,
  type RoundChannel,
  type SiteModel,
  type StepTrace,
  type TracePoint,
} from '../../models/index.js';
import { randomStream } from '../../random/index.js';
import type { ResolvedOrigin } from '../problem-file/origin.js';
import { EntryDraws, LinkResolver, type DeviceSummary } from '../problem-file/resolve/index.js';
import { fadingDefaults, type DeviceEntry } from '../problem-file/schema/index.js';
import type { IssuePath, RawIssue } from '../problem-file/source/index.js';
import type { MotionEntry, MovingDeviceEntry, SimulationSettings } from './schema.js';
import { readTrace } from './trace.js';

type CellOutcome =
  { readonly ok: true; readonly cell: MovingCell } | { readonly ok: false; readonly issues: readonly RawIssue[] };

/** Decorrelation distance for path losses without a table, metres. */
const usualDecorrelation = 50;

/** The cell of a problem file over time. */
export function resolveCell(
  start: ResolvedOrigin,
  settings: SimulationSettings,
  readFile: (path: string) => string,
): CellOutcome {
  const issues = checkSettings(start, settings);
  const traces = new TraceReader(readFile, issues);
  traces.read(settings.motion, ['simulation', 'motion']);
  for (const [name, { motion }] of Object.entries(settings.devices ?? {})) {
    if (motion) traces.read(motion, ['simulation', 'devices', name, 'motion']);
  }
  if (issues.length > 0) return { ok: false, issues };
  const links = new LinkSource(start);
  const { radio } = start.file;
  const { noiseRise } = settings;
  return {
    ok: true,
    cell: {
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
    },
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
  const entry = start.file.devices[entryIndex]!;
  const own = settingsOf(settings, entry, name);
  const motion = own.motion ?? settings.motion;
  const angle = 2 * Math.PI * randomStream(start.file.seed, `device/${name}/angle`).uniform();
  const { from, until, meanPresent, meanAbsent, battery, throughput, memory } = own;
  return {
    name,
    motion: motionOf(motion, polar(link.distanceMetre ?? 1, angle), traces),
    speedMetrePerSecond: speedOf(motion, traces),
    buildingDecibel: link.buildingDecibel ?? 0,
    ...(entry.gain !== undefined && { measuredGain: entry.gain }),
    laws: (channel) => links.laws({ ...entry, ...entry.members?.[name] }, name, channel),
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

function rangeOf(value: number | readonly [number, number]): readonly [number, number] {
  return typeof value === 'number' ? [value, value] : value;
}

function stepTrace(steps: readonly (readonly [number, number])[]): StepTrace {
  return { seconds: steps.map(([at]) => at), values: steps.map(([, value]) => value) };
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

/** Reads each trace once; what is wrong with one is an issue where it is named. */
class TraceReader {
  private readonly known = new Map<string, readonly TracePoint[]>();

  constructor(
    private readonly readFile: (path: string) => string,
    private readonly issues: RawIssue[],
  ) {}

  read({ model, file }: MotionEntry, path: IssuePath): void {
    if (model !== 'trace') return;
    if (file === undefined) {
      this.issues.push({ path: [...path, 'file'], message: 'missing; a trace needs the name of its CSV file' });
      return;
    }
    try {
      if (!this.known.has(file)) this.known.set(file, readTrace(this.readFile(file)));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.issues.push({ path: [...path, 'file'], message: `cannot be used: ${reason}` });
    }
  }

  points(file: string): readonly TracePoint[] {
    return this.known.get(file)!;
  }
}

/** What must fit together in the section, and with the devices. */
function checkSettings({ summaries, file }: ResolvedOrigin, settings: SimulationSettings): RawIssue[] {
  const issues: RawIssue[] = [];
  const add = (path: IssuePath, message: string) => issues.push({ path: ['simulation', ...path], message });
  const checkMotion = ({ speed, pause }: MotionEntry, path: IssuePath) => {
    for (const [key, value] of Object.entries({ speed, pause })) {
      const [least, largest] = rangeOf(value);
      if (least > largest) add([...path, key], 'the first of the two must not be above the second');
    }
  };
  checkMotion(settings.motion, ['motion']);
  const names = new Set([...summaries.map(({ name }) => name), ...file.devices.map(({ name }) => name)]);
  for (const [name, device] of Object.entries(settings.devices ?? {})) {
    const path = ['devices', name];
    if (!names.has(name))
      issues.push({ path: ['simulation', ...path], message: 'there is no such device', atKey: true });
    if (device.motion) checkMotion(device.motion, [...path, 'motion']);
    if (device.from !== undefined && device.until !== undefined && device.from >= device.until) {
      add([...path, 'until'], 'must be later than `from`');
    }
    if ((device.meanPresent === undefined) !== (device.meanAbsent === undefined)) {
      add([...path, device.meanPresent === undefined ? 'meanAbsent' : 'meanPresent'], 'needs the other mean time, too');
    }
    if (device.meanPresent !== undefined && (device.from !== undefined || device.until !== undefined)) {
      add([...path, 'meanPresent'], 'give either `from` and `until` or mean times');
    }
    for (const key of ['throughput', 'memory'] as const) {
      const steps = device[key] ?? [];
      const late = steps.findIndex(([at], k) => k > 0 && at <= steps[k - 1]![0]);
      if (late > 0) add([...path, key, late], 'times must increase');
    }
  }
  const { noiseRise } = settings;
  if (noiseRise && noiseRise.load[0] > noiseRise.load[1]) {
    add(['noiseRise', 'load'], 'the first of the two must not be above the second');
  }
  const twice = settings.schemes.findIndex((name, index) => settings.schemes.indexOf(name) !== index);
  if (twice >= 0) add(['schemes', twice], 'listed twice');
  const limited = file.devices.some(({ energyLimit }) => energyLimit !== undefined);
  if (settings.fading === 'blocks' && limited) {
    add(['fading'], 'an energy limit needs an uplink at one gain: `planned`');
  }
  return issues;
}
