import {
  allowedUse,
  choiceCosts,
  enumerateDecisions,
  type AccuracyModel,
  type CostTable,
  type Device,
  type OperatingPoint,
  type PlanningProblem,
} from '../../models/index.js';
import { checkRate, checkSupremum } from './check-rate.js';
import type {
  AccuracyDefinition,
  DeviceDefinition,
  PerCut,
  PlanningProblemDefinition,
  PointDefinition,
  StageDefinition,
} from './definition.js';
import { Issues, type DefinitionIssue } from './issues.js';
import { checkShape } from './shape.js';

/**
 * A planning problem from parts of one's own, checked as a whole: rate laws are sampled over the band, every cost of every cut
 * and every use of every choice is looked at once. Planner, bound and verifier take the parts as they are. Throws
 * `ProblemDefinitionError` with everything that is wrong, each with its place, what was found and what is allowed.
 *
 * @param given - Devices, stages, rates, limits and accuracy.
 * @throws ProblemDefinitionError with everything that is wrong, each with its place.
 * @example
 * ```ts
 * import { definePlanningProblem, defineRate, solvePlan } from 'sft-opt';
 *
 * const problem = definePlanningProblem({
 *   blocks: 4,
 *   bandwidthHz: 10e6,
 *   devices: ['a', 'b'].map((name) => ({
 *     name,
 *     uplink: defineRate({ bitsPerSecond: (b) => b * Math.log2(1 + 40e6 / b) }),
 *     downlink: { kind: 'linear', bitsPerSecondPerHz: 5 },
 *     stages: {
 *       forwardSeconds: (c) => 0.02 * c ** 1.5,
 *       backwardSeconds: (c) => 0.04 * c ** 1.5,
 *       serverSeconds: (c) => 0.01 * (4 - c),
 *       uplinkValues: 1e5,
 *       downlinkValues: 1e5,
 *     },
 *   })),
 * });
 * console.log(solvePlan(problem).status); // solved
 * ```
 */
export function definePlanningProblem(given: PlanningProblemDefinition): PlanningProblem {
  const issues = new Issues();
  // Without its shape nothing else of a definition can be looked at.
  if (!checkShape(given, issues)) issues.throwIfAny();
  checkFrame(given, issues);
  const upPoints = pointsOf('compression.up', given.compression?.up ?? uncompressed, issues);
  const own = given.compression?.down;
  const downPoints = own ? pointsOf('compression.down', own, issues) : upPoints;
  const devices = devicesOf(given, issues);
  const accuracy = accuracyOf(given.accuracy, issues);
  // What follows calls the caller's functions on a problem that is otherwise whole.
  issues.throwIfAny();
  const problem: PlanningProblem = {
    blockCount: given.blocks,
    stepsPerRound: given.stepsPerRound ?? 1,
    sharing: given.sharing ?? 'allocated',
    bandwidthHz: given.bandwidthHz,
    ...(given.resourceBlockHz !== undefined && { resourceBlockHz: given.resourceBlockHz }),
    ...(given.deadlineSeconds !== undefined && { deadlineSeconds: given.deadlineSeconds }),
    serverMemoryBytes: given.serverMemoryBytes ?? Infinity,
    aggregationSeconds: given.aggregationSeconds ?? 0,
    accuracy,
    upPoints,
    downPoints,
    tiedRatios: own === undefined,
    devices,
    ...(given.extraLimits && given.extraLimits.length > 0 && { extraLimits: given.extraLimits }),
  };
  checkPins(problem, issues);
  issues.throwIfAny();
  checkChoices(problem, issues);
  issues.throwIfAny();
  return problem;
}

const uncompressed: readonly PointDefinition[] = [{ name: 'uncompressed', ratio: 1 }];

function checkFrame(given: PlanningProblemDefinition, issues: Issues): void {
  issues.integer('blocks', given.blocks, 1, 10_000);
  issues.positive('bandwidthHz', given.bandwidthHz);
  if (given.stepsPerRound !== undefined) issues.integer('stepsPerRound', given.stepsPerRound, 1);
  if (given.sharing !== undefined) issues.oneOf('sharing', given.sharing, ['allocated', 'equal', 'batched']);
  if (given.resourceBlockHz !== undefined) issues.positive('resourceBlockHz', given.resourceBlockHz);
  if (given.deadlineSeconds !== undefined) issues.positive('deadlineSeconds', given.deadlineSeconds);
  if (given.serverMemoryBytes !== undefined) issues.limit('serverMemoryBytes', given.serverMemoryBytes);
  if (given.aggregationSeconds !== undefined) issues.nonNegative('aggregationSeconds', given.aggregationSeconds);
  if (given.devices.length === 0) issues.add('devices', 'none', 'at least one device');
  uniqueNames('devices', given.devices, issues);
  uniqueNames('extraLimits', given.extraLimits ?? [], issues);
  given.extraLimits?.forEach((limit, k) => {
    const path = `extraLimits[${k}]`;
    issues.oneOf(`${path}.scope`, limit.scope, ['sum', 'each']);
    if (typeof limit.use !== 'function') issues.add(`${path}.use`, limit.use, 'a function of device and choice');
    const perDevice = typeof limit.limit === 'function';
    if (perDevice && limit.scope === 'sum') issues.add(`${path}.limit`, limit.limit, 'a number: it is on the sum');
    if (!perDevice) issues.number(`${path}.limit`, limit.limit, 'a finite number', Number.isFinite);
  });
}

function uniqueNames(path: string, list: readonly { readonly name: string }[], issues: Issues): void {
  const seen = new Set<string>();
  list.forEach(({ name }, k) => {
    if (typeof name !== 'string' || name === '') issues.add(`${path}[${k}].name`, name, 'a name');
    else if (seen.has(name)) issues.add(`${path}[${k}].name`, name, 'a name that no other has');
    seen.add(name);
  });
}

/** Points by increasing ratio, as searches want them; names and costs completed. */
function pointsOf(path: string, given: readonly PointDefinition[], issues: Issues): OperatingPoint[] {
  if (given.length === 0) issues.add(path, 'none', 'at least one point');
  given.forEach((point, k) => {
    issues.number(`${path}[${k}].ratio`, point.ratio, 'above 0, at most 1', (x) => x > 0 && x <= 1);
    if (k > 0 && !(point.ratio > given[k - 1]!.ratio)) {
      issues.add(`${path}[${k}].ratio`, point.ratio, `above ${given[k - 1]!.ratio}, the ratio of the point before`);
    }
  });
  const costs = [
    'encodeSecondsPerValue',
    'decodeSecondsPerValue',
    'serverEncodeSecondsPerValue',
    'serverDecodeSecondsPerValue',
    'workspaceBytesPerValue',
  ] as const;
  return given.map((point, k) => {
    for (const cost of costs) if (point[cost] !== undefined) issues.nonNegative(`${path}[${k}].${cost}`, point[cost]);
    const free = Object.fromEntries(costs.map((cost) => [cost, 0])) as Record<(typeof costs)[number], number>;
    return { name: `ratio ${point.ratio}`, ...free, ...point };
  });
}

function devicesOf(given: PlanningProblemDefinition, issues: Issues): Device[] {
  return given.devices.map((device, n) => {
    const path = `devices[${n}]`;
    checkDevice(path, device, issues);
    for (const link of ['uplink', 'downlink'] as const) {
      if (given.bandwidthHz > 0 && given.bandwidthHz < Infinity) {
        checkRate(`${path}.${link}`, device[link], given.bandwidthHz, issues);
        checkSupremum(`${path}.${link}`, device[link], given.bandwidthHz, issues);
      }
    }
    if (device.energyLimitJoule !== undefined && device.uplink.kind !== 'shannon') {
      issues.add(`${path}.energyLimitJoule`, device.energyLimitJoule, 'only with an uplink of kind shannon');
    }
    const { stages, ...own } = device;
    return {
      weight: 1,
      optional: false,
      minimumBandwidthHz: 0,
      maximumBandwidthHz: Infinity,
      memoryBytes: Infinity,
      codecTimeFactor: 1,
      transmitPowerWatt: 0,
      computePowerWatt: 0,
      pinned: {},
      ...own,
      costs: costTable(`${path}.stages`, stages, given.blocks, issues),
    };
  });
}

function checkDevice(path: string, device: DeviceDefinition, issues: Issues): void {
  const { weight, minimumBandwidthHz, maximumBandwidthHz, memoryBytes, codecTimeFactor } = device;
  if (weight !== undefined) issues.positive(`${path}.weight`, weight);
  if (codecTimeFactor !== undefined) issues.positive(`${path}.codecTimeFactor`, codecTimeFactor);
  if (minimumBandwidthHz !== undefined) issues.nonNegative(`${path}.minimumBandwidthHz`, minimumBandwidthHz);
  if (maximumBandwidthHz !== undefined) issues.limit(`${path}.maximumBandwidthHz`, maximumBandwidthHz);
  if (minimumBandwidthHz! > maximumBandwidthHz!) {
    issues.add(`${path}.minimumBandwidthHz`, minimumBandwidthHz, `at most maximumBandwidthHz, ${maximumBandwidthHz}`);
  }
  if (device.optional !== undefined && typeof device.optional !== 'boolean') {
    issues.add(`${path}.optional`, device.optional, 'true or false');
  }
  if (memoryBytes !== undefined) issues.limit(`${path}.memoryBytes`, memoryBytes);
  for (const name of ['transmitPowerWatt', 'computePowerWatt'] as const) {
    if (device[name] !== undefined) issues.nonNegative(`${path}.${name}`, device[name]);
  }
  for (const name of ['energyLimitJoule', 'trafficLimitBits'] as const) {
    if (device[name] !== undefined) issues.number(`${path}.${name}`, device[name], 'a number above 0', (x) => x > 0);
  }
}

function costTable(path: string, stages: StageDefinition, blocks: number, issues: Issues): CostTable {
  const size = Number.isInteger(blocks) && blocks >= 1 && blocks <= 10_000 ? blocks : 1;
  const inner = Array.from({ length: Math.max(0, size - 1) }, (_, k) => k + 1);
  const cuts = [...(stages.cuts ?? inner)];
  if (cuts.length === 0) issues.add(`${path}.cuts`, 'none', 'at least one number of blocks');
  cuts.forEach((cut, k) => {
    if (!issues.integer(`${path}.cuts[${k}]`, cut, 0, size)) return;
    if (k > 0 && !(cut > cuts[k - 1]!)) issues.add(`${path}.cuts[${k}]`, cut, `above ${cuts[k - 1]}, the cut before`);
  });
  const column = (name: Exclude<keyof StageDefinition, 'cuts' | 'bitsPerValue' | 'headerBits'>, required = false) => {
    const values = new Float64Array(size + 1);
    const of: PerCut | undefined = stages[name];
    if (of === undefined) {
      if (required) issues.add(`${path}.${name}`, of, 'a number, or a function of the number of blocks');
      return values;
    }
    for (const cut of cuts) {
      const value = typeof of === 'function' ? issues.call(`${path}.${name}(${cut})`, () => of(cut)) : of;
      if (value !== undefined && issues.nonNegative(`${path}.${name}(${cut})`, value)) values[cut] = value;
    }
    return values;
  };
  if (stages.bitsPerValue !== undefined) issues.positive(`${path}.bitsPerValue`, stages.bitsPerValue);
  if (stages.headerBits !== undefined) issues.nonNegative(`${path}.headerBits`, stages.headerBits);
  return {
    allowedBlocks: cuts,
    forwardSeconds: column('forwardSeconds', true),
    backwardSeconds: column('backwardSeconds', true),
    serverSeconds: column('serverSeconds', true),
    deviceMemoryBytes: column('deviceMemoryBytes'),
    serverMemoryBytes: column('serverMemoryBytes'),
    adapterBits: column('adapterBits'),
    upValues: column('uplinkValues', true),
    downValues: column('downlinkValues', true),
    bitsPerValue: stages.bitsPerValue ?? 16,
    headerBits: stages.headerBits ?? 0,
  };
}

/** What stands where a formula is not read. */
const unread: Omit<AccuracyModel, 'custom'> = {
  limit: 1,
  combination: 'additive',
  up: { family: { kind: 'power', scale: 0, exponent: 1 }, cut: { kind: 'constant' } },
  fittedRatio: { minimum: 0, maximum: 1 },
};

function accuracyOf(given: AccuracyDefinition | undefined, issues: Issues): PlanningProblem['accuracy'] {
  if (!given) return { model: unread, minimum: -Infinity, scope: 'mean' };
  const { value, minimum = -Infinity, scope = 'mean' } = given;
  issues.oneOf('accuracy.scope', scope, ['mean', 'each']);
  issues.number('accuracy.minimum', minimum, 'a number below Infinity', (x) => x < Infinity);
  if (typeof value !== 'function' && typeof (value as Partial<AccuracyModel> | null | undefined)?.limit !== 'number') {
    issues.add('accuracy.value', value, 'a function (upRatio, downRatio, cut), or a fitted model');
  }
  return { model: typeof value === 'function' ? { ...unread, custom: value } : value, minimum, scope };
}

/**
 * What is wrong with the uses, the accuracy and the pins of a problem made in any way.
 *
 * @param problem - Cell, devices, model and limits, in SI units.
 * @example
 * ```ts
 * import { parseProblemFile } from 'sft-opt';
 * import { definitionIssues } from 'sft-opt/plan';
 *
 * const { problem } = parseProblemFile('{ version: 1, model: deit-tiny, devices: [{ name: a, count: 2, distance: 60 m }] }');
 * console.log(definitionIssues(problem)); // []
 * ```
 */
export function definitionIssues(problem: PlanningProblem): readonly DefinitionIssue[] {
  const issues = new Issues();
  checkPins(problem, issues);
  if (issues.list.length === 0) checkChoices(problem, issues);
  return issues.list;
}

function checkPins({ devices, upPoints, downPoints, tiedRatios }: PlanningProblem, issues: Issues): void {
  devices.forEach(({ pinned, costs }, n) => {
    const path = `devices[${n}].pinned`;
    const { blocks, upPoint, downPoint, bandwidthHz } = pinned;
    if (blocks !== undefined && !costs.allowedBlocks.includes(blocks)) {
      issues.add(`${path}.blocks`, blocks, `one of the cuts ${costs.allowedBlocks.join(', ')}`);
    }
    if (upPoint !== undefined) issues.integer(`${path}.upPoint`, upPoint, 0, upPoints.length - 1);
    if (downPoint !== undefined) issues.integer(`${path}.downPoint`, downPoint, 0, downPoints.length - 1);
    if (tiedRatios && downPoint !== undefined && downPoint !== upPoint) {
      issues.add(`${path}.downPoint`, downPoint, 'the same as upPoint: the ratios are tied');
    }
    if (bandwidthHz !== undefined) issues.positive(`${path}.bandwidthHz`, bandwidthHz);
  });
}

/** Accuracy and uses of every choice; the first issue of a device and part stands for the others. */
function checkChoices(problem: PlanningProblem, issues: Issues): void {
  const own = problem.accuracy.model.custom;
  problem.devices.forEach((device, n) => {
    const wrong = new Set<string>();
    const note = (path: string, found: unknown, at: string) => {
      if (wrong.has(path)) return;
      wrong.add(path);
      issues.add(path, `${String(found)} for ${device.name} at ${at}`, 'a finite number');
    };
    for (const { blocks, upPoint, downPoint } of enumerateDecisions(problem, device)) {
      const at = `cut ${blocks}, points ${upPoint} and ${downPoint}`;
      if (own && !wrong.has('accuracy.value')) {
        const value = issues.call('accuracy.value', () =>
          own(problem.upPoints[upPoint]!.ratio, problem.downPoints[downPoint]!.ratio, blocks),
        );
        if (value === undefined) return;
        if (typeof value !== 'number') note('accuracy.value', `a ${typeof value}`, at);
      }
      const costs = issues.call(`devices[${n}]`, () => choiceCosts(problem, device, blocks, upPoint, downPoint));
      if (costs === undefined) return;
      const { accuracy, extraUse } = costs as ReturnType<typeof choiceCosts>;
      if (!Number.isFinite(accuracy)) note('accuracy.value', accuracy, at);
      extraUse.forEach((use, k) => {
        if (!Number.isFinite(use)) note(`extraLimits[${k}].use`, use, at);
      });
    }
    problem.extraLimits?.forEach((limit, k) => {
      if (typeof limit.limit !== 'function') return;
      const allowed = issues.call(`extraLimits[${k}].limit`, () => allowedUse(limit, device));
      if (allowed !== undefined && (typeof allowed !== 'number' || Number.isNaN(allowed))) {
        note(`extraLimits[${k}].limit`, allowed, 'its own limit');
      }
    });
  });
}
