import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { parseProblemFile } from '../../lib/io/index.js';
import { choiceCosts, roundDelay, type Plan } from '../../lib/models/index.js';
import { playRound } from '../support/architecture/play-round.js';
import { families, roundCases, type RoundCase } from '../support/architecture/round-file.js';
import { samples } from '../support/samples.js';

vi.setConfig({ testTimeout: 300_000 });

const relative = (found: number, expected: number) =>
  found === expected ? 0 : Math.abs(found - expected) / Math.abs(expected);

/** The problem that the file stands for, and the same decisions as its plan. */
function plannedOf({ file, decisions }: RoundCase) {
  const { problem } = parseProblemFile(JSON.stringify(file));
  const { sharing } = problem;
  const plan: Plan = {
    devices: decisions.map(({ blocks, upPoint, downPoint, band, server }) => ({
      participates: true,
      blocks,
      upPoint,
      downPoint,
      bandwidthHz: band * problem.bandwidthHz,
      serverShare: sharing === 'batched' ? 1 : sharing === 'equal' ? 1 / decisions.length : server,
    })),
  };
  const costs = problem.devices.map((device, n) => {
    const { blocks, upPoint, downPoint } = decisions[n]!;
    return choiceCosts(problem, device, blocks, upPoint, downPoint);
  });
  return { problem, plan, costs };
}

/** What a case has, by name: each must be reached. */
function traitsOf({ file, decisions, family }: RoundCase): string[] {
  const { model, lora, training, radio, server } = file;
  const { sharing } = server;
  const last = model.blocks;
  const starts = (blocks: number) => decisions.some((decision) => decision.blocks === blocks);
  const first = ['query', 'key', 'value', 'output', 'gate', 'up', 'down'].find((target) =>
    (lora.targets as readonly string[]).includes(target),
  );
  const traits: Readonly<Record<string, boolean>> = {
    'cut 0': starts(0),
    'cut 1': last > 1 && starts(1),
    'cut between': decisions.some(({ blocks }) => blocks > 1 && blocks < last),
    'all blocks': starts(last),
    'trained head on the server': training.trainedHead && decisions.some(({ blocks }) => blocks < last),
    'trained head on a device': training.trainedHead && starts(last),
    'batch curve': server.batchWork !== undefined && decisions.length > 1,
    'batch curve between two sizes': server.batchWork !== undefined && decisions.length === 3,
    'grouped keys': model.keyValueHeads < model.heads,
    'half attention': model.causal && model.attention === 'half',
    'pruned eager': training.lowestBlock === 'pruned' && training.attentionMemory === 'eager',
    'pruned fused': training.lowestBlock === 'pruned' && training.attentionMemory === 'fused',
    'half-precision adapters': lora.bytesPerParameter === 2,
  };
  return [
    family,
    sharing,
    training.activations,
    training.attentionMemory,
    training.lowestBlock,
    training.optimizer,
    `temporaries ${training.gradientTemporaries}`,
    `first adapter at ${first}`,
    `uplink ${radio.rateLaw}`,
    `downlink power over ${radio.downlinkPower}`,
    ...Object.keys(traits).filter((name) => traits[name]),
  ];
}

const everyTrait = [
  ...families,
  ...['allocated', 'equal', 'batched', 'keep', 'recompute', 'eager', 'fused', 'whole', 'pruned'],
  ...['adam', 'momentum', 'sgd', 'temporaries ignored', 'temporaries counted', 'uplink shannon', 'uplink linear'],
  ...['downlink power over band', 'downlink power over device', 'cut 0', 'cut 1', 'cut between', 'all blocks'],
  ...['trained head on the server', 'trained head on a device', 'batch curve', 'batch curve between two sizes'],
  ...['grouped keys', 'half attention', 'pruned eager', 'pruned fused', 'half-precision adapters'],
  ...['query', 'key', 'value', 'output', 'gate', 'up', 'down'].map((target) => `first adapter at ${target}`),
];

describe('a round played layer by layer', () => {
  const runs = samples(300, 20_000);

  it('takes the time and the memory that the model says, under every option', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(roundCases(), (drawn) => {
        const { problem, plan, costs } = plannedOf(drawn);
        const played = playRound(drawn.file, drawn.decisions);
        expect(relative(roundDelay(problem, plan).totalSeconds, played.totalSeconds)).toBeLessThanOrEqual(1e-9);
        costs.forEach(({ deviceMemoryBytes, serverMemoryBytes }, n) => {
          expect(relative(deviceMemoryBytes, played.devicePeakBytes[n]!)).toBeLessThanOrEqual(1e-9);
          expect(relative(serverMemoryBytes, played.serverPeakBytes[n]!)).toBeLessThanOrEqual(1e-9);
        });
        expect(
          relative(drawn.file.server.memory - problem.serverMemoryBytes, played.serverModelBytes),
        ).toBeLessThanOrEqual(1e-9);
        const together = costs.reduce((sum, { serverMemoryBytes }) => sum + serverMemoryBytes, played.serverModelBytes);
        expect(played.serverJointPeakBytes).toBeLessThanOrEqual(together * (1 + 1e-9));
        // One batch takes all devices through the layers together, so that their peaks coincide.
        if (problem.sharing === 'batched') {
          expect(relative(together, played.serverJointPeakBytes)).toBeLessThanOrEqual(1e-9);
        }
        for (const trait of traitsOf(drawn)) seen.set(trait, (seen.get(trait) ?? 0) + 1);
      }),
      { numRuns: runs, seed: 5 },
    );
    expect(everyTrait.filter((trait) => (seen.get(trait) ?? 0) < runs / 100)).toEqual([]);
  });

  it('holds no more where the lowest block forms only the gradients that it needs', () => {
    let less = 0;
    fc.assert(
      fc.property(roundCases(), (drawn) => {
        const { file, decisions } = drawn;
        const training = { ...file.training, gradientTemporaries: 'counted' as const };
        const counted = { ...file, training };
        const asAnyOther = playRound(counted, decisions).devicePeakBytes;
        playRound(counted, decisions, { lowestGradients: 'needed' }).devicePeakBytes.forEach((peak, n) => {
          expect(peak).toBeLessThanOrEqual(asAnyOther[n]! * (1 + 1e-12));
          if (peak >= asAnyOther[n]! * (1 - 1e-9)) return;
          less++;
          expect(decisions[n]!.blocks).toBe(1);
        });
      }),
      { numRuns: samples(200, 3000), seed: 6 },
    );
    expect(less).toBeGreaterThan(20);
  });
});
