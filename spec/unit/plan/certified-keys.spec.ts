import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { writeCertificate } from '../../../bin/solver/certificate.js';
import { parseProblemFile, problemFileJsonSchema } from '../../../lib/io/index.js';
import { verifyPlan } from '../../../lib/plan/certify/index.js';
import { solvePlan } from '../../../lib/plan/index.js';
import { sampleProfile } from '../../support/measured-profile.js';

/** Small problem files that have every key of the format among them. */
const files: Readonly<Record<string, string>> = {
  shape: `
version: 1
name: shape
description: a model of its own
seed: 3
model:
  { blocks: 4, width: 64, heads: 4, keyValueHeads: 2, mlpWidth: 128, gatedMlp: true, tokens: 17, biases: false, norm: rms,
    finalNorm: false, causal: true, attention: half, embedding: { kind: patches, patchSize: 4, channels: 3, classToken: true },
    head: { kind: classifier, classes: 10 } }
lora: { rank: 4, targets: [query, value, output], bytesPerParameter: 2 }
training:
  { batchSize: 8, stepsPerRound: 5, activations: recompute, attentionMemory: fused, lowestBlock: pruned, trainedHead: true, gradientTemporaries: counted,
    weightBytes: 2, activationBytes: 2, optimizer: sgd }
split: { minimum: 1, maximum: 3 }
deadline: 1 h
devices: [{ name: a, count: 2, throughput: 20 GFLOP/s, memory: 4 GiB, memoryOverhead: 10 MiB, distance: 100 m, batchSize: 4 }]
`,
  tokens: `
version: 1
model:
  { blocks: 4, width: 64, heads: 4, mlpWidth: 128, tokens: 16,
    embedding: { kind: tokens, vocabulary: 1000, positions: 32, types: 2, norm: true }, head: { kind: language-model, tied: false } }
accuracy: { maximumLoss: 50 %, allowOtherModel: true }
devices: [{ name: a }]
`,
  pooler: `
version: 1
model:
  { blocks: 4, width: 64, heads: 4, mlpWidth: 128, tokens: 16, embedding: { kind: tokens, vocabulary: 1000 }, head: { kind: pooler } }
accuracy: { maximumLoss: 50 %, measuredOn: another }
devices: [{ name: a }]
`,
  preset: `
version: 1
model: { preset: vit-b16, tokens: 101, classes: 20, attention: full }
accuracy: { maximumLoss: 50 % }
split: { maximum: 3 }
devices: [{ name: a, members: { a-2: { memory: 6 GiB } }, count: 2 }]
`,
  codec: `
version: 1
model: deit-tiny
split: { maximum: 4 }
codec:
  ratios: separate
  valueBits: 16
  header: 32 B
  points:
    - { name: fine, ratio: 0.2, keptFraction: 0.5, bits: 8, encodeTime: 5 ns, decodeTime: 2 ns, serverEncodeTime: 1 ns,
        serverDecodeTime: 1 ns, workspace: 8 B }
    - { name: coarse, ratio: 0.05 }
  downPoints:
    - { name: down, ratio: 0.1, keptFraction: 0.3, bits: 4, encodeTime: 5 ns, decodeTime: 2 ns, serverEncodeTime: 1 ns,
        serverDecodeTime: 1 ns, workspace: 8 B }
exchange: { ratio: 0.5, header: 10 B, encodeTime: 1 ns, decodeTime: 1 ns, accuracyLoss: 0.01 % }
accuracy:
  { minimum: 70 %, scope: each, limit: 91 %, combination: product, fittedRatios: [0.01, 0.5], fittedCuts: [1, 11],
    allowExtrapolation: true, up: { family: power, scale: 0.002, exponent: 0.9, cut: { decay: 0.1 } },
    down: { family: exponential, scale: 0.1, rate: 30, cut: { cuts: [1, 6, 11], factors: [1, 0.5, 0.2] } } }
pinned: { upPoint: fine, downPoint: down }
devices: [{ name: a, codecTimeFactor: 2, pinned: { downPoint: down } }, { name: b, pinned: { upPoint: coarse } }]
`,
  losses: `
version: 1
model: deit-tiny
split: { maximum: 4 }
accuracy:
  { maximumLoss: 5 %, leftOut: 80 %, up: { family: logistic, scale: 0.2, midpoint: 0.02, steepness: 2, cut: constant },
    down: { family: table, ratios: [0.01, 0.1, 0.5], losses: [3 %, 1 %, 0 %], cut: { decay: 0.2 } } }
exchange: { keptFraction: 20 %, bits: 4 }
traffic: { maximum: 2 GB, maximumTotal: 5 GB }
pinned: { point: 0.03027, blocks: 2 }
devices:
  - { name: a, optional: true, weight: 2, trafficLimit: 1 GB }
  - { name: b, pinned: { point: 0.01881, blocks: 3 }, minimumBandwidth: 1 MHz, maximumBandwidth: 15 MHz }
`,
  'other losses': `
version: 1
model: deit-tiny
split: { maximum: 2 }
accuracy:
  { maximumLoss: 5 %, up: { family: exponential, scale: 0.1, rate: 30, cut: { cuts: [1, 11], factors: [1, 0.2] } },
    down: { family: power, scale: 0.002, exponent: 0.9 },
    spread: { deviation: 0.2, degreesOfFreedom: 3 }, confidence: 80 % }
devices: [{ name: a }]
`,
  'measured losses': `
version: 1
model: deit-tiny
split: { maximum: 2 }
accuracy:
  { maximumLoss: 5 %, up: { family: table, ratios: [0.01, 0.1, 0.5], losses: [3 %, 1 %, 0 %] },
    down: { family: logistic, scale: 0.2, midpoint: 0.02, steepness: 2 } }
devices: [{ name: a }]
`,
  radio: `
version: 1
model: deit-tiny
split: { maximum: 3 }
radio:
  { bandwidth: 10 MHz, resourceBlock: 180 kHz, carrier: 2 GHz, pathLoss: { model: uma, sight: drawn, specVersion: 16.1.0, baseHeight: 25 m, deviceHeight: 1.5 m },
    shadowing: 6 dB, fading: { kind: rician, riceFactor: 5 dB, treatment: mean }, noiseDensity: -174 dBm/Hz,
    noiseFigure: 5 dB, deviceNoiseFigure: 7 dB, antennaGain: 3 dB, serverPower: 40 dBm, downlinkPower: device, rateLaw: shannon,
    efficiencyLimit: 7.4, capacityGap: 1 dB, uplinkFraction: 0.6 }
devices:
  - { name: a, count: 2, building: low-loss, transmitPower: 20 dBm, computePower: 4 W, energyLimit: 500 J, pinned: { bandwidth: 3600 kHz } }
`,
  'radio by distance': `
version: 1
model: deit-tiny
split: { maximum: 3 }
radio:
  { pathLoss: { model: log-distance, exponent: 3, referenceLoss: 40 dB, referenceDistance: 1 m },
    fading: { kind: rayleigh, treatment: quantile, quantile: 0.2, outage: resent } }
server: { throughput: 10 TFLOP/s, memory: 20 GB, sharing: equal, aggregation: 10 ms }
pinned: { bandwidth: equal }
devices: [{ name: a, gain: -90 dB }, { name: b, uplinkRate: 20 Mbit/s, downlinkRate: 50 Mbit/s }]
`,
  drawn: `
version: 1
model: deit-tiny
split: { maximum: 3 }
radio: { fading: { treatment: samples, samples: 4 } }
server: { sharing: equal }
devices:
  - { name: a, throughput: { uniform: [10 GFLOP/s, 50 GFLOP/s] }, memory: { uniform: [3 GiB, 5 GiB] }, distance: { uniform: [50 m, 200 m] } }
  - name: b
    throughput: { logNormal: { median: 30 GFLOP/s, sigma: 0.4 } }
    memory: { logNormal: { median: 4 GiB, sigma: 0.1 } }
    distance: { logNormal: { median: 100 m, sigma: 0.2 } }
  - name: c
    throughput: { choice: [20 GFLOP/s, 40 GFLOP/s], weights: [1, 2] }
    memory: { choice: [4 GiB, 6 GiB], weights: [1, 1] }
    distance: { choice: [60 m, 90 m], weights: [1, 1] }
  - { name: d, distance: { disc: { radius: 200 m, minimum: 60 m } } }
`,
  batch: `
version: 1
model: deit-tiny
split: { maximum: 2 }
server: { sharing: batched, batchWork: [{ devices: 1, work: 1 }, { devices: 8, work: 0.5 }] }
devices: [{ name: a, count: 2 }]
`,
  schemes: `
version: 1
model: deit-tiny
split: { maximum: 2 }
radio: { efficiency: [{ bitsPerHertz: 1, snr: 0 dB }, { bitsPerHertz: 3, snr: 9 dB }] }
devices: [{ name: a }]
`,
  profile: `
version: 1
model: deit-tiny
split: { maximum: 3 }
devices:
  - name: a
    profileFactor: 1.5
    pinned: { upPoint: 0.03027 }
    profile:
      forward: { fixed: 10 ms, perBlock: 20 ms }
      backward: { fixed: 10 ms, perBlock: 40 ms }
      server: { fixed: 10 ms, perBlock: 5 ms }
      deviceMemory: { fixed: 100 MiB, perBlock: 50 MiB, atOneBlock: 160 MiB }
      serverMemory: { fixed: 10 MiB, perBlock: 20 MiB }
      adapters: { fixed: 1 kB, perBlock: 50 kB }
`,
  calibration: `
version: 1
calibration: machine.json
model:
  { blocks: 6, width: 96, heads: 3, mlpWidth: 384, tokens: 17, embedding: { kind: patches, patchSize: 4 },
    head: { kind: classifier, classes: 24 } }
training: { trainedHead: true }
codec: { points: [{ keptFraction: 0.05, bits: 4 }, { keptFraction: 0.3, bits: 6 }] }
server: { profileFactor: 0.1 }
accuracy: { maximumLoss: 50 %, allowExtrapolation: true, allowOtherModel: true }
devices: [{ name: a, count: 2 }]
`,
};

/** Files that say more than a certificate can state, with the refusal. */
const refused: Readonly<Record<string, RegExp>> = { schemes: /cannot state a custom law of a link/u };

interface Schema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly items?: Schema | boolean;
}

/** Every key of the format, by its path. */
function keysOf(root: Schema): Set<string> {
  const found = new Set<string>();
  const walk = (node: Schema, path: string) => {
    if (node.$ref) walk(root.$defs![node.$ref.split('/').at(-1)!]!, path);
    for (const entry of [...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])]) walk(entry, path);
    if (typeof node.items === 'object') walk(node.items, `${path}[]`);
    for (const [name, entry] of Object.entries(node.properties ?? {})) {
      found.add(`${path}.${name}`);
      walk(entry, `${path}.${name}`);
    }
  };
  walk(root, '');
  return found;
}

function usedIn(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((entry) => usedIn(entry, `${path}[]`));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, entry]) => [`${path}.${name}`, ...usedIn(entry, `${path}.${name}`)]);
}

const python = '.cache/peers/bin/python3';
const usable = existsSync(python) && spawnSync(python, ['-c', 'import mpmath']).status === 0;
const folder = mkdtempSync(join(tmpdir(), 'keys-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('every key of a problem file', () => {
  it('stands in one of these files', () => {
    const used = new Set(Object.values(files).flatMap((text) => usedIn(parse(text))));
    const missing = [...keysOf(problemFileJsonSchema() as Schema)].filter((key) => !used.has(key));
    expect(missing).toEqual([]);
  });

  it.each(Object.keys(files))('is certified and verified by both checkers, or refused by name: %s', async (name) => {
    const readFile = () => JSON.stringify(sampleProfile());
    const resolved = parseProblemFile(files[name]!, { readFile });
    const source = join(folder, `${name}.yaml`);
    const target = join(folder, `${name}.json`);
    writeFileSync(source, files[name]!);
    const report = solvePlan(resolved.problem, { baselines: false, whatIf: 'never', timeLimitSeconds: 20 });
    const written = writeCertificate(target, report, resolved, source);
    if (refused[name]) {
      await expect(written).rejects.toThrow(refused[name]);
      return;
    }
    await written;
    const text = readFileSync(target, 'utf8');
    const verdict = await verifyPlan(resolved.problem, text);
    expect(verdict.reason).toBeUndefined();
    expect(verdict.boundSeconds).toBeGreaterThan(0);
    if (report.answer) {
      expect(verdict.planSeconds).toBeCloseTo(report.answer.delay.totalSeconds, 6);
      expect(verdict.boundSeconds).toBeLessThan(verdict.planSeconds!);
    } else expect(verdict.boundSeconds).toBe(Infinity);
    if (!usable) return;
    const second = spawnSync(python, ['docs/certificate/check_certificate.py', target], { encoding: 'utf8' });
    expect(second.stdout).toMatch(/^proven/u);
  });
});
