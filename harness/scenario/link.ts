import type { RadioLinkOptions } from '../transport/index.js';
import type { LinkEntry } from '../../lib/io/training-file/index.js';

const ratio = (decibel: number) => 10 ** (decibel / 10);

/** A link of a scenario file in the terms of the rate laws. */
export function radioLink(entry: LinkEntry): RadioLinkOptions {
  const { latency, burst, gains, bandwidth } = entry;
  const common = {
    bandwidthHz: bandwidth,
    latencySeconds: latency,
    burstBytes: burst,
    ...(gains && { gainTrace: gains.map(ratio) }),
  };
  if ('uplinkSnr' in entry) {
    const law = (decibel: number) => ({ kind: 'shannon', snrBandwidthHz: bandwidth * ratio(decibel) }) as const;
    return { ...common, uplink: law(entry.uplinkSnr), downlink: law(entry.downlinkSnr) };
  }
  const law = (bitsPerSecond: number) => ({ kind: 'linear', bitsPerSecondPerHz: bitsPerSecond / bandwidth }) as const;
  return { ...common, uplink: law(entry.uplink), downlink: law(entry.downlink) };
}
