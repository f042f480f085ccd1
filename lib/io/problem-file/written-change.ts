import type { DeviceChange, SourceChange } from '../../models/index.js';
import { valueAt } from './source/index.js';
import { exactQuantity, type Dimension } from './units/index.js';

/** Stands for "no limit" where taking a member's key away would bring back the group's. */
const noLimit = { memory: '1e18', maximumBandwidth: '1e15' } as const;

/** A change as settings of the problem file that holds `document`: in its own keys and units. */
export function writtenChange(change: SourceChange, document: unknown): string[] {
  const { bandwidthHz, deadlineSeconds, minimumAccuracy, serverMemoryBytes, trafficLimitBits } = change;
  const { devices = {}, without = [] } = change;
  return [
    ...setting('radio.bandwidth', bandwidthHz, 'frequency'),
    ...setting('deadline', deadlineSeconds, 'time'),
    ...(minimumAccuracy === undefined ? [] : accuracySettings(minimumAccuracy, document)),
    ...setting('server.memory', serverMemoryBytes, 'memory'),
    ...setting('traffic.maximumTotal', trafficLimitBits && trafficLimitBits / 8, 'memory'),
    ...Object.entries(devices).flatMap(([name, device]) => deviceSettings(name, device, document)),
    ...without.map((name) => (isEntry(name, document) ? `devices[${name}]=null` : `devices[${name}].absent=true`)),
  ];
}

function setting(key: string, value: number | undefined, dimension: Dimension): string[] {
  if (value === undefined) return [];
  return [`${key}=${value === Infinity ? 'null' : exactQuantity(value, dimension)}`];
}

function accuracySettings(minimum: number, document: unknown): string[] {
  const limit = Math.min(1, Math.max(0, minimum));
  const settings = [`accuracy.minimum=${exactQuantity(limit, 'fraction')}`];
  return valueAt(document, ['accuracy', 'maximumLoss']) === undefined
    ? settings
    : ['accuracy.maximumLoss=null', ...settings];
}

function deviceSettings(name: string, change: DeviceChange, document: unknown): string[] {
  const open = (key: keyof typeof noLimit) => (isEntry(name, document) ? 'null' : noLimit[key]);
  const { memoryBytes, energyLimitJoule, trafficLimitBits, minimumBandwidthHz, maximumBandwidthHz } = change;
  const at = (key: string, value: string) => `devices[${name}].${key}=${value}`;
  const upper = (key: keyof typeof noLimit, value: number | undefined, dimension: Dimension) =>
    value === undefined ? [] : [at(key, value === Infinity ? open(key) : exactQuantity(value, dimension))];
  return [
    ...upper('memory', memoryBytes, 'memory'),
    ...(energyLimitJoule === undefined ? [] : [at('energyLimit', exactQuantity(energyLimitJoule, 'energy'))]),
    ...(trafficLimitBits === undefined ? [] : [at('trafficLimit', exactQuantity(trafficLimitBits / 8, 'memory'))]),
    ...(minimumBandwidthHz === undefined
      ? []
      : [at('minimumBandwidth', exactQuantity(minimumBandwidthHz, 'frequency'))]),
    ...upper('maximumBandwidth', maximumBandwidthHz, 'frequency'),
  ];
}

/** Whether a device is an entry of its own, rather than a member of a group. */
function isEntry(name: string, document: unknown): boolean {
  const devices = valueAt(document, ['devices']);
  return (
    Array.isArray(devices) &&
    devices.some((entry) => valueAt(entry, ['name']) !== undefined && String(valueAt(entry, ['name'])) === name)
  );
}
