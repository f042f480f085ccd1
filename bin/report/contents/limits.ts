import type { PlanFile } from '../../../lib/io/index.js';
import type { PlanningProblem } from '../../../lib/models/index.js';
import { limitAmount } from '../../render/sections.js';
import { barChart, type Bar } from '../chart/bars.js';
import type { ChartLibrary } from '../chart/library.js';
import { figure, table, type Part } from '../page.js';
import { inUnit, unitFor } from './units.js';

type Answer = NonNullable<PlanFile['answer']>;

/** Devices of the pictures; all are in the table of devices. */
const mostBars = 40;

/** Shared limits and each device’s memory against what there is, traffic of each device, and what is tight. */
export function limitParts(library: ChartLibrary, answer: Answer, problem: PlanningProblem | undefined): Part[] {
  return [
    ...(problem ? [sharedLimits(library, answer, problem)] : []),
    ...memoryOfDevices(library, answer),
    trafficOfDevices(library, answer),
    ...(answer.activeLimits.length > 0 ? [tightLimits(answer)] : []),
  ];
}

function sharedLimits(library: ChartLibrary, { use, roundDelaySeconds }: Answer, problem: PlanningProblem): Part {
  const parts: readonly (readonly [name: string, used: number, allowed: number | undefined])[] = [
    ['bandwidth', use.bandwidthHz, problem.bandwidthHz],
    ['server share', use.serverShare, problem.sharing === 'allocated' ? 1 : undefined],
    ['server memory', use.serverMemoryBytes, problem.serverMemoryBytes],
    ['traffic', use.trafficBits, problem.trafficLimitBits],
    ['deadline', roundDelaySeconds, problem.deadlineSeconds],
  ];
  const bars = parts.flatMap(([name, used, allowed]): Bar[] =>
    allowed === undefined || !Number.isFinite(allowed) || allowed <= 0 ? [] : [{ name, values: [used / allowed] }],
  );
  const words = {
    title: 'Shared limits',
    description: bars.map(({ name, values: [value] }) => `${name} ${Math.round(100 * value!)} % used`).join(', '),
    xLabel: 'part of the limit in use',
    yLabel: 'limit',
  };
  return figure(barChart(library, bars, words, { parts: ['used'], limit: 1, fileName: 'limits.csv' }));
}

function memoryOfDevices(library: ChartLibrary, { devices }: Answer): Part[] {
  const limited = devices
    .flatMap(({ name, memoryBytes, memoryLimitBytes: limit }) =>
      limit === null || limit <= 0 ? [] : [{ name, values: [memoryBytes / limit] }],
    )
    .sort((a, b) => b.values[0]! - a.values[0]!);
  if (limited.length === 0) return [];
  const bars = limited.slice(0, mostBars);
  const words = {
    title: `Memory of the devices${bars.length < limited.length ? `, the ${bars.length} fullest of ${limited.length}` : ''}`,
    description: `The fullest is ${bars[0]!.name}.`,
    xLabel: 'part of the limit in use',
    yLabel: 'device',
  };
  return [figure(barChart(library, bars, words, { parts: ['used'], limit: 1, fileName: 'memory.csv' }))];
}

function trafficOfDevices(library: ChartLibrary, { devices, traffic }: Answer): Part {
  const sorted = devices
    .map(({ name, uplinkBitsPerRound: up, downlinkBitsPerRound: down }) => ({ name, bytes: [up / 8, down / 8] }))
    .sort((a, b) => b.bytes[0]! + b.bytes[1]! - a.bytes[0]! - a.bytes[1]!);
  const drawn = sorted.slice(0, mostBars);
  const unit = unitFor(
    'memory',
    drawn.flatMap(({ bytes }) => bytes),
  );
  const bars = drawn.map(({ name, bytes }) => ({ name, values: bytes.map((value) => inUnit(value, unit)) }));
  const sent = traffic.uplinkBitsPerRound + traffic.downlinkBitsPerRound;
  const words = {
    title: `Traffic of a round${bars.length < sorted.length ? `, the ${bars.length} devices with most of ${sorted.length}` : ''}`,
    description: `All devices ${limitAmount('traffic', sent)}, uncompressed ${limitAmount('traffic', traffic.uncompressedBitsPerRound)}.`,
    xLabel: `traffic, ${unit.name}`,
    yLabel: 'device',
  };
  return figure(barChart(library, bars, words, { parts: ['up', 'down'], fileName: 'traffic.csv' }));
}

function tightLimits({ activeLimits }: Answer): Part {
  return table({
    caption: 'Limits that hold the answer',
    columns: ['limit', 'device', 'used', 'allowed'],
    rows: activeLimits.map(({ limit, device = '', used, allowed }) => [
      limit,
      device,
      used === null ? '' : limitAmount(limit, used, 4),
      allowed === null ? '' : limitAmount(limit, allowed, 4),
    ]),
    fileName: 'tight-limits.csv',
  });
}
