import type { MeasuredProfile } from '../../lib/io/index.js';

/** A profile with round numbers, for a model of 6 blocks, width 96 and 17 tokens. */
export function sampleProfile(change: Partial<MeasuredProfile> = {}): MeasuredProfile {
  const direction = (ratio: number, encode: number, decode: number) => ({
    ratio,
    encodeSecondsPerValue: encode,
    decodeSecondsPerValue: decode,
  });
  const entry = (activations: 'keep' | 'recompute', factor: number): MeasuredProfile['entries'][number] => ({
    batchSize: 16,
    activations,
    cuts: [1, 3, 5],
    forwardSeconds: { fixed: 0.001, perBlock: 0.01 },
    backwardSeconds: { fixed: -0.002, perBlock: 0.02 * factor },
    serverSeconds: { fixed: 0.004, perBlock: 0.03 * factor },
    serverBatchSeconds: { fixed: 0.002, perBlock: 0.006, fixedPerDevice: 0.002, perBlockPerDevice: 0.024 * factor },
    deviceBytes: { fixed: 8e6, perBlock: 4e6, atOneBlock: 11e6 },
    serverStateBytes: { fixed: 0, perBlock: 4e4 },
    serverActivationBytes: { fixed: 9e6, perBlock: 4e6 },
    spread: { forward: 0.01 },
    points: [
      { keptFraction: 0.05, bits: 4, up: direction(0.02, 5e-8, 2e-8), down: direction(0.019, 6e-8, 3e-8) },
      { keptFraction: 0.1, bits: 4, up: direction(0.03, 5e-8, 2e-8), down: direction(0.028, 6e-8, 3e-8) },
      { keptFraction: 0.3, bits: 6, up: direction(0.085, 7e-8, 3e-8), down: direction(0.083, 8e-8, 4e-8) },
      { keptFraction: 1, bits: 8, up: direction(0.24, 8e-8, 4e-8), down: direction(0.24, 8e-8, 4e-8) },
      { keptFraction: 1, bits: 32, up: direction(1, 1e-8, 1e-8), down: direction(1, 1e-8, 1e-8) },
    ],
  });
  return {
    kind: 'sft-opt profile',
    version: 1,
    created: '2026-01-01T00:00:00.000Z',
    machine: {
      cpu: 'test',
      cores: 2,
      memoryBytes: 8e9,
      backend: 'native',
      threads: '1',
      load: 0,
      references: { matrix: 0.003, codec: 0.0005 },
    },
    model: { name: 'embedded', blocks: 6, width: 96, heads: 3, mlpWidth: 384, tokens: 17, classes: 24 },
    lora: { rank: 8, targets: ['query', 'value'], trainHead: true, dropout: 0 },
    headerBytes: 70,
    adapterBytes: { fixed: 40, perBlock: 12_600 },
    serverModelBytes: { fixed: 2e4, perBlock: 4.5e5 },
    aggregationSeconds: { fixed: 0.001, perDevice: 0.002 },
    calibrationSeconds: 60,
    samples: { taken: 100, dropped: 2 },
    entries: [entry('keep', 1), entry('recompute', 1.5)],
    ...change,
  };
}
