import type { ResolvedOrigin } from '../problem-file/origin.js';
import { rawIssues, valueAt, type IssuePath, type RawIssue } from '../problem-file/source/index.js';
import { rangeOf } from './resolve.js';
import { simulationSection, type MotionEntry, type MovingDeviceEntry, type SimulationSettings } from './schema.js';
import type { TraceReader } from './trace.js';

/** What is right in a section, and what is wrong. */
export interface CheckedSimulation {
  /** Defaults stand where something is wrong. */
  readonly settings: SimulationSettings;
  readonly issues: readonly RawIssue[];
}

/** Checks the section by itself and what must fit together in it: one mistake does not hide another. */
export function checkSimulation(simulation: unknown, traces: TraceReader): CheckedSimulation {
  const { settings, wrong, issues } = readable(simulation);
  const isOpen = ({ path }: RawIssue) => !wrong.some((at) => at.every((part, k) => path[k + 1] === part));
  return { settings, issues: [...issues, ...checkParts(settings, traces).filter(isOpen)] };
}

/** The settings without the keys that are wrong, whose places are `wrong`. */
function readable(simulation: unknown) {
  const checked = simulationSection.safeParse(simulation ?? {});
  if (checked.success) return { settings: checked.data, wrong: [], issues: [] };
  const issues = rawIssues(checked.error.issues, simulation, ['simulation']);
  const rest: unknown = structuredClone(simulation);
  const wrong = checked.error.issues.flatMap((issue): IssuePath[] => {
    // A list with a wrong entry is wrong as a whole.
    const entry = issue.path.findIndex((part) => typeof part === 'number');
    const path = (entry < 0 ? issue.path : issue.path.slice(0, entry)) as IssuePath;
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => [...path, key]);
    // Of the two mean times neither says anything without the other.
    const isMean = path.at(-1) === 'meanPresent' || path.at(-1) === 'meanAbsent';
    return isMean ? ['meanPresent', 'meanAbsent'].map((key) => [...path.slice(0, -1), key]) : [path];
  });
  for (const path of wrong) {
    const section = valueAt(rest, path.slice(0, -1));
    const last = path.at(-1);
    if (last !== undefined && typeof section === 'object' && section !== null) Reflect.deleteProperty(section, last);
  }
  const again = simulationSection.safeParse(rest);
  return again.success
    ? { settings: again.data, wrong, issues }
    : { settings: simulationSection.parse({}), wrong: [[]], issues };
}

function checkParts(settings: SimulationSettings, traces: TraceReader): RawIssue[] {
  const issues = [
    ...checkMotion(settings.motion, ['simulation', 'motion'], traces),
    ...Object.entries(settings.devices ?? {}).flatMap(([name, device]) =>
      checkDevice(device, ['simulation', 'devices', name], traces),
    ),
  ];
  const add = (path: IssuePath, message: string) => issues.push({ path: ['simulation', ...path], message });
  const { noiseRise, schemes } = settings;
  if (noiseRise && noiseRise.load[0] > noiseRise.load[1]) {
    add(['noiseRise', 'load'], 'the first of the two must not be above the second');
  }
  if (settings.points === 'small' && settings.serverShares === 'large') {
    add(['points'], '`small` needs `serverShares: small`: points and shares are found together');
  }
  const twice = schemes.findIndex((name, index) => schemes.indexOf(name) !== index);
  if (twice >= 0) add(['schemes', twice], 'listed twice');
  return issues;
}

function checkMotion(motion: MotionEntry, path: IssuePath, traces: TraceReader): RawIssue[] {
  const { speed, pause } = motion;
  const reversed = Object.entries({ speed, pause }).flatMap(([key, value]): RawIssue[] => {
    const [least, largest] = rangeOf(value);
    const message = 'the first of the two must not be above the second';
    return least > largest ? [{ path: [...path, key], message }] : [];
  });
  return [...reversed, ...traces.read(motion, path)];
}

function checkDevice(device: MovingDeviceEntry, path: IssuePath, traces: TraceReader): RawIssue[] {
  const issues = device.motion ? checkMotion(device.motion, [...path, 'motion'], traces) : [];
  issues.push(...checkPresence(device, path));
  for (const key of ['throughput', 'memory'] as const) {
    const steps = device[key] ?? [];
    const late = steps.findIndex(([at], k) => k > 0 && at <= steps[k - 1]![0]);
    if (late > 0) issues.push({ path: [...path, key, late], message: 'times must increase' });
  }
  return issues;
}

function checkPresence({ from, until, meanPresent, meanAbsent }: MovingDeviceEntry, path: IssuePath): RawIssue[] {
  const issues: RawIssue[] = [];
  const add = (key: keyof MovingDeviceEntry, message: string) => issues.push({ path: [...path, key], message });
  if (from !== undefined && until !== undefined && from >= until) add('until', 'must be later than `from`');
  if ((meanPresent === undefined) !== (meanAbsent === undefined)) {
    add(meanPresent === undefined ? 'meanAbsent' : 'meanPresent', 'needs the other mean time, too');
  }
  if (meanPresent !== undefined && (from !== undefined || until !== undefined)) {
    add('meanPresent', 'give either `from` and `until` or mean times');
  }
  return issues;
}

/** What must fit the devices of the file. */
export function checkAgainst({ summaries, file, problem }: ResolvedOrigin, settings: SimulationSettings): RawIssue[] {
  const names = new Set([...summaries, ...file.devices].map(({ name }) => name));
  const issues = checkNames(settings, (name) => names.has(name));
  const limited = problem.devices.some(({ energyLimitJoule }) => energyLimitJoule !== undefined);
  if (settings.fading === 'blocks' && limited) {
    const message = 'an energy limit needs an uplink at one gain: `planned`';
    issues.push({ path: ['simulation', 'fading'], message });
  }
  const { devices = {} } = settings;
  for (const { name, entry } of summaries) {
    const group = file.devices[entry]!.name;
    if (group === name || !Object.hasOwn(devices, group) || !Object.hasOwn(devices, name)) continue;
    issues.push(...checkTogether(name, devices[name]!, group, devices[group]!));
  }
  return issues;
}

/** What a member has of its own must go with what its entry has. */
function checkTogether(name: string, own: MovingDeviceEntry, group: string, shared: MovingDeviceEntry): RawIssue[] {
  const path = ['simulation', 'devices', name];
  const alone = [...checkPresence(own, path), ...checkPresence(shared, path)];
  if (alone.length > 0) return [];
  return checkPresence({ ...shared, ...own }, path).map(({ message }) => {
    return { path, message: `together with what \`${group}\` has: ${message}` };
  });
}

/** As `checkAgainst`, as far as a file says which devices it has that is wrong in itself. */
export function checkAgainstWritten(document: unknown, settings: SimulationSettings): RawIssue[] {
  const entries = valueAt(document, ['devices']);
  if (!Array.isArray(entries)) return [];
  const names = entries.map((entry) => valueAt(entry, ['name']));
  if (!names.every((name) => typeof name === 'string')) return [];
  return checkNames(settings, (name) =>
    names.some(
      (known) => known === name || (name.startsWith(`${known}-`) && /^\d+$/u.test(name.slice(known.length + 1))),
    ),
  );
}

function checkNames({ devices = {} }: SimulationSettings, isKnown: (name: string) => boolean): RawIssue[] {
  return Object.keys(devices).flatMap((name) =>
    isKnown(name) ? [] : [{ path: ['simulation', 'devices', name], message: 'there is no such device', atKey: true }],
  );
}
