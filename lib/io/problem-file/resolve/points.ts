import type { OperatingPoint } from '../../../models/index.js';
import type { ProblemFile } from '../schema/index.js';

type PointEntry = ProblemFile['codec']['points'][number];

/** Default times and work space, per value and per kept value; see the schema's descriptions. */
const defaults = {
  encodeSeconds: [5e-9, 20e-9],
  decodeSeconds: [1e-9, 10e-9],
  serverShare: 1 / 20,
  workspaceBytes: [4, 8],
} as const;

/** An operating point of the domain, complete. */
export function resolvePoint(entry: PointEntry, valueBits: number): OperatingPoint {
  const kept = entry.keptFraction ?? 1;
  const encode = entry.encodeTime ?? defaults.encodeSeconds[0] + kept * defaults.encodeSeconds[1];
  const decode = entry.decodeTime ?? defaults.decodeSeconds[0] + kept * defaults.decodeSeconds[1];
  const ratio = pointRatio(entry, valueBits);
  return {
    name: entry.name ?? defaultName(entry, ratio),
    ratio,
    encodeSecondsPerValue: encode,
    decodeSecondsPerValue: decode,
    serverEncodeSecondsPerValue: entry.serverEncodeTime ?? encode * defaults.serverShare,
    serverDecodeSecondsPerValue: entry.serverDecodeTime ?? decode * defaults.serverShare,
    workspaceBytesPerValue: entry.workspace ?? defaults.workspaceBytes[0] + kept * defaults.workspaceBytes[1],
    ...(entry.keptFraction !== undefined && { keptFraction: entry.keptFraction }),
    ...(entry.bits !== undefined && { bitsPerKeptValue: entry.bits }),
  };
}

/** Whether adapters go through the codec at a point of their own. */
export function isExchangeCoded({ keptFraction, bits }: ProblemFile['exchange']): boolean {
  return keptFraction !== undefined || bits !== undefined;
}

/** The given ratio, or that of the size formula; the codec never sends more than the uncompressed tensor. */
export function pointRatio(entry: PointEntry, valueBits: number): number {
  if (entry.ratio !== undefined) return entry.ratio;
  const kept = entry.keptFraction ?? 1;
  const bits = entry.bits ?? valueBits;
  return Math.min(1, (kept * (bits + golombBitsPerPosition(kept))) / valueBits);
}

/**
 * Mean bits of a Golomb-coded gap between kept positions when a share p of them is kept: b + 1/(1 − (1 − p)^(2^b)) with
 * b = 1 + ⌊log2(ln(φ − 1) / ln(1 − p))⌋, φ the golden ratio; none when all are kept (Golomb 1966; Gallager and van
 * Voorhis 1975). Never more than a bitmap.
 */
export function golombBitsPerPosition(keptFraction: number): number {
  if (keptFraction >= 1) return 0;
  const golden = (Math.sqrt(5) + 1) / 2;
  const exponent = Math.max(0, 1 + Math.floor(Math.log2(Math.log(golden - 1) / Math.log1p(-keptFraction))));
  const bits = exponent + 1 / -Math.expm1(2 ** exponent * Math.log1p(-keptFraction));
  return Math.min(bits, 1 / keptFraction);
}

function defaultName(entry: PointEntry, ratio: number): string {
  if (entry.keptFraction === undefined && entry.bits === undefined) return `ratio ${Number(ratio.toPrecision(3))}`;
  const kept = entry.keptFraction === undefined || entry.keptFraction === 1 ? 'all' : `top ${percent(entry)} %`;
  return entry.bits === undefined ? kept : `${kept}, ${entry.bits} bit`;
}

function percent(entry: PointEntry): number {
  return Number((100 * (entry.keptFraction ?? 1)).toPrecision(3));
}
