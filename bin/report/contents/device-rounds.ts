import type { DeviceRound } from '../../../lib/simulate/index.js';
import { table, text, type Part } from '../page.js';
import type { SchemeRounds } from './scheme-rounds.js';

interface Sums {
  rounds: number;
  chain: number;
  longest: number;
  blocks: number;
  bandwidth: number;
  energy: number;
  distance: number;
}

/** Each device over all rounds, where the records have every device. */
export function deviceParts(schemes: readonly SchemeRounds[]): Part[] {
  const rows = schemes.flatMap(({ name, rounds }) => {
    const devices = new Map<string, Sums>();
    for (const { perDevice = [] } of rounds) for (const each of perDevice) add(devices, each);
    return [...devices].map(([device, sums]) => [
      name,
      device,
      sums.rounds,
      sums.chain / sums.rounds,
      sums.longest,
      sums.blocks / sums.rounds,
      sums.bandwidth / sums.rounds / 1e6,
      sums.energy / sums.rounds,
      sums.distance / sums.rounds,
    ]);
  });
  if (rows.length === 0) return [];
  return [
    table({
      caption: 'Each device, means over the rounds in which it took part',
      columns: [
        'scheme',
        'device',
        'rounds',
        'own time, s',
        'longest, s',
        'blocks',
        'bandwidth, MHz',
        'energy, J',
        'distance, m',
      ],
      rows,
      fileName: 'devices.csv',
    }),
    text('The page has no single rounds of single devices: simulate --details --out rounds.jsonl writes them.'),
  ];
}

function add(devices: Map<string, Sums>, each: DeviceRound): void {
  let sums = devices.get(each.device);
  if (!sums) {
    sums = { rounds: 0, chain: 0, longest: 0, blocks: 0, bandwidth: 0, energy: 0, distance: 0 };
    devices.set(each.device, sums);
  }
  sums.rounds++;
  sums.chain += each.chainSeconds;
  sums.longest = Math.max(sums.longest, each.chainSeconds);
  sums.blocks += each.blocks;
  sums.bandwidth += each.bandwidthHz;
  sums.energy += each.energyJoule;
  sums.distance += each.distanceMetre;
}
