import { outsideCuts } from './checks/index.js';
import { defaultLossModel } from './family-losses.js';
import { signalToNoiseDecibel, type ResolvedSections } from './resolve/index.js';
import type { RawIssue } from './source/index.js';
import { formatQuantity, significant, type Dimension } from './units/index.js';

/** Sizes outside which a quantity is more likely a slip of the unit than meant. */
const usual = {
  bandwidth: [10e3, 2e9],
  carrier: [100e6, 100e9],
  noiseDensity: [1e-21, 1e-17],
  serverPower: [1e-3, 1000],
  serverThroughput: [1e9, 1e18],
  deviceThroughput: [1e7, 1e15],
  deviceMemory: [1024 ** 2, 1024 ** 4],
  transmitPower: [1e-4, 5],
  distance: [1, 50e3],
  signalToNoiseDecibel: [-15, 80],
} as const;

/** What is odd about a file though it can be planned: sizes that look like a slip, and settings without effect. */
export function analyse(resolved: ResolvedSections): RawIssue[] {
  return [...oddSizes(resolved), ...oddDevices(resolved), ...borrowedAccuracy(resolved), ...oddChoices(resolved)];
}

function oddSizes({ file }: ResolvedSections): RawIssue[] {
  const { radio, server } = file;
  return [
    ...odd(['radio', 'bandwidth'], radio.bandwidth, usual.bandwidth, 'frequency'),
    ...odd(['radio', 'carrier'], radio.carrier, usual.carrier, 'frequency'),
    ...odd(['radio', 'noiseDensity'], radio.noiseDensity, usual.noiseDensity, 'power density'),
    ...odd(['radio', 'serverPower'], radio.serverPower, usual.serverPower, 'power'),
    ...odd(['server', 'throughput'], server.throughput, usual.serverThroughput, 'throughput'),
  ];
}

function oddDevices({ file, problem, summaries }: ResolvedSections): RawIssue[] {
  const issues: RawIssue[] = [];
  const seen = new Set<string>();
  const once = (entry: number, key: string, found: readonly RawIssue[]) => {
    if (found.length === 0 || seen.has(`${entry}/${key}`)) return;
    seen.add(`${entry}/${key}`);
    issues.push(...found);
  };
  for (const [n, device] of problem.devices.entries()) {
    const { entry, throughputFlopsPerSecond, link } = summaries[n]!;
    const at = (key: string) => ['devices', entry, key];
    once(entry, 'throughput', odd(at('throughput'), throughputFlopsPerSecond, usual.deviceThroughput, 'throughput'));
    if (device.memoryBytes !== Infinity) {
      once(entry, 'memory', odd(at('memory'), device.memoryBytes, usual.deviceMemory, 'memory'));
    }
    once(entry, 'transmitPower', odd(at('transmitPower'), device.transmitPowerWatt, usual.transmitPower, 'power'));
    if (link.distanceMetre !== undefined) {
      once(entry, 'distance', odd(at('distance'), link.distanceMetre, usual.distance, 'length'));
    }
    if (device.uplink.kind === 'shannon') {
      const share = file.radio.bandwidth / problem.devices.length;
      const ratio = signalToNoiseDecibel(device.uplink.snrBandwidthHz, share);
      const [least, largest] = usual.signalToNoiseDecibel;
      if (ratio < least || ratio > largest) {
        const message = `\`${device.name}\` would see ${significant(ratio)} dB of signal to noise in an equal share of the band: is that meant?`;
        once(entry, 'signal', [{ path: ['devices', entry], message }]);
      }
    }
  }
  return issues;
}

/** Losses of another model, and splits at which none were measured. */
function borrowedAccuracy({ file, shape, problem }: ResolvedSections): RawIssue[] {
  const { accuracy, model } = file;
  const issues: RawIssue[] = [];
  const name = typeof model === 'string' ? model : 'preset' in model ? model.preset : 'an explicit shape';
  const { measuredOn = defaultLossModel(accuracy.up, name, shape) } = accuracy;
  if (measuredOn !== undefined && measuredOn !== name && problem.accuracy.minimum > 0 && !accuracy.allowOtherModel) {
    const whose = accuracy.measuredOn === undefined ? 'the default losses were' : 'they were';
    issues.push({
      path: ['accuracy'],
      message: `${whose} measured on ${measuredOn}, the model is ${name}: give losses of its own (\`up\`), or say \`allowOtherModel: true\``,
    });
  }
  const blocks = [...new Set(problem.devices.flatMap(({ costs, pinned }) => pinned.blocks ?? costs.allowedBlocks))]
    .filter((count) => count < shape.blocks)
    .sort((a, b) => a - b);
  for (const direction of ['up', 'down'] as const) {
    const cut = accuracy[direction]?.cut;
    if (cut === undefined || typeof cut === 'string' || !('cuts' in cut)) continue;
    const outside = outsideCuts([cut.cuts[0]!, cut.cuts.at(-1)!], blocks, accuracy.allowExtrapolation);
    if (outside !== undefined) issues.push({ path: ['accuracy', direction, 'cut'], message: outside });
  }
  return issues;
}

function oddChoices({ file, problem }: ResolvedSections): RawIssue[] {
  const issues: RawIssue[] = [];
  if (!problem.tiedRatios && !problem.accuracy.model.down) {
    issues.push({
      path: ['accuracy'],
      message: 'ratios are separate but no `down` loss is given: compressing gradients costs no accuracy in this model',
    });
  }
  for (const [list, points] of [
    ['points', problem.upPoints],
    ['downPoints', file.codec.downPoints ? problem.downPoints : []],
  ] as const) {
    const twin = points.find((point, k) => k > 0 && point.ratio === points[k - 1]!.ratio);
    if (twin) issues.push({ path: ['codec', list], message: `\`${twin.name}\` has the same ratio as another point` });
  }
  if (problem.devices.every((device) => device.optional)) {
    issues.push({ path: ['devices'], message: 'every device is optional: the empty round is a plan' });
  }
  const { minimum, model } = problem.accuracy;
  if (minimum > model.limit) {
    issues.push({
      path: ['accuracy', 'minimum'],
      message: `is above the accuracy without compression, ${formatQuantity(model.limit, 'fraction')}`,
    });
  }
  return issues;
}

function odd(
  path: (string | number)[],
  value: number,
  [least, largest]: readonly [number, number],
  dimension: Dimension,
): RawIssue[] {
  if (value >= least && value <= largest) return [];
  const usually = `${formatQuantity(least, dimension)} to ${formatQuantity(largest, dimension)}`;
  return [
    {
      path,
      message: `${formatQuantity(value, dimension)} is an unusual size (usually ${usually}): is the unit right?`,
    },
  ];
}
