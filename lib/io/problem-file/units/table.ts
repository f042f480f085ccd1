/** Kinds of quantity a problem file speaks of, each with its SI unit and the units people write. */
export type Dimension =
  | 'frequency'
  | 'power'
  | 'power density'
  | 'power ratio'
  | 'level'
  | 'memory'
  | 'data rate'
  | 'throughput'
  | 'length'
  | 'time'
  | 'speed'
  | 'energy'
  | 'fraction';

/** One unit: a factor to the SI unit, or a decibel scale over a reference in the SI unit. */
export type Unit = { readonly factor: number } | { readonly decibelReference: number };

export interface DimensionTable {
  /** What a plain number means. */
  readonly plainUnit: string;
  /** Units by spelling, the usual ones first. */
  readonly units: ReadonlyMap<string, Unit>;
  /** Shown in messages and in the reference. */
  readonly examples: readonly string[];
}

const scaled = (entries: Readonly<Record<string, number>>): [string, Unit][] =>
  Object.entries(entries).map(([name, factor]) => [name, { factor }]);

const binary = 1024;

/** The single table of units; a dimension's units are listed in messages in this order. */
export const dimensions: Readonly<Record<Dimension, DimensionTable>> = {
  frequency: {
    plainUnit: 'Hz',
    units: new Map(scaled({ Hz: 1, kHz: 1e3, MHz: 1e6, GHz: 1e9 })),
    examples: ['20 MHz', '180 kHz'],
  },
  power: {
    plainUnit: 'W',
    units: new Map<string, Unit>([
      ...scaled({ W: 1, mW: 1e-3, kW: 1e3 }),
      ['dBm', { decibelReference: 1e-3 }],
      ['dBW', { decibelReference: 1 }],
    ]),
    examples: ['23 dBm', '0.2 W'],
  },
  'power density': {
    plainUnit: 'W/Hz',
    units: new Map<string, Unit>([
      ['dBm/Hz', { decibelReference: 1e-3 }],
      ['dBW/Hz', { decibelReference: 1 }],
      ...scaled({ 'W/Hz': 1, 'mW/Hz': 1e-3 }),
    ]),
    examples: ['-174 dBm/Hz'],
  },
  'power ratio': {
    plainUnit: 'linear factor',
    units: new Map<string, Unit>([['dB', { decibelReference: 1 }]]),
    examples: ['-104 dB', '4e-11'],
  },
  level: {
    plainUnit: 'dB',
    units: new Map(scaled({ dB: 1, dBi: 1 })),
    examples: ['8 dB'],
  },
  memory: {
    plainUnit: 'byte',
    units: new Map(
      scaled({
        B: 1,
        kB: 1e3,
        MB: 1e6,
        GB: 1e9,
        TB: 1e12,
        KiB: binary,
        MiB: binary ** 2,
        GiB: binary ** 3,
        TiB: binary ** 4,
      }),
    ),
    examples: ['4 GiB', '512 MB'],
  },
  'data rate': {
    plainUnit: 'bit/s',
    units: new Map(
      scaled({
        'bit/s': 1,
        'kbit/s': 1e3,
        'Mbit/s': 1e6,
        'Gbit/s': 1e9,
        bps: 1,
        kbps: 1e3,
        Mbps: 1e6,
        Gbps: 1e9,
        'B/s': 8,
        'kB/s': 8e3,
        'MB/s': 8e6,
        'GB/s': 8e9,
      }),
    ),
    examples: ['10 Mbit/s'],
  },
  throughput: {
    plainUnit: 'FLOP/s',
    units: new Map(
      scaled({
        'FLOP/s': 1,
        'kFLOP/s': 1e3,
        'MFLOP/s': 1e6,
        'GFLOP/s': 1e9,
        'TFLOP/s': 1e12,
        'PFLOP/s': 1e15,
        FLOPS: 1,
        MFLOPS: 1e6,
        GFLOPS: 1e9,
        TFLOPS: 1e12,
        PFLOPS: 1e15,
      }),
    ),
    examples: ['1.2 TFLOP/s', '50 GFLOP/s'],
  },
  length: {
    plainUnit: 'm',
    units: new Map(scaled({ m: 1, km: 1e3, cm: 1e-2 })),
    examples: ['120 m', '1.5 km'],
  },
  energy: {
    plainUnit: 'J',
    units: new Map(scaled({ J: 1, mJ: 1e-3, kJ: 1e3, Wh: 3600, mWh: 3.6 })),
    examples: ['50 J', '1 kJ'],
  },
  time: {
    plainUnit: 's',
    units: new Map(scaled({ s: 1, ms: 1e-3, us: 1e-6, µs: 1e-6, μs: 1e-6, ns: 1e-9, ps: 1e-12, min: 60, h: 3600 })),
    examples: ['20 ms', '5 ns'],
  },
  speed: {
    plainUnit: 'm/s',
    units: new Map(scaled({ 'm/s': 1, 'km/h': 1 / 3.6 })),
    examples: ['1.5 m/s', '30 km/h'],
  },
  fraction: {
    plainUnit: '0…1',
    units: new Map(scaled({ '%': 1e-2, '‰': 1e-3 })),
    examples: ['90 %', '0.9'],
  },
};

/** With the article a sentence needs. */
export function nameDimension(dimension: Dimension): string {
  return `a ${dimension}`;
}
